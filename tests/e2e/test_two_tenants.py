"""Two tenants with the very same files: each sees its own, and nothing it asks for shows that the other exists."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cli import running
from local.client import ApiError, OpsClient
from sample_data import generate
from tests.support.e2e import Live, Receipt, drop, live, total, write

FILES = (
    "spreadsheet/locations.csv", "sap/MARA_materials.csv", "spreadsheet/unit_factors.csv", "spreadsheet/suppliers.csv",
    "odoo/res_partner_customers.csv", "sap/STPO_recipes.csv", "sap/MARD_stock.csv", "odoo/mrp_production.csv",
    "odoo/sale_order_lines.csv.gz",
)  # fmt: skip
SKU = "00100001"


@dataclass
class World:
    """Tenants `north` and `south` after the same files."""

    live: Live
    north: OpsClient
    south: OpsClient
    receipts: dict[str, list[Receipt]]
    loaded: dict[str, dict[str, Any]]
    """The figures right after loading, before any test changes something."""
    mail: dict[str, str]


def load(api: OpsClient, folder: Path) -> list[Receipt]:
    jobs: list[Receipt] = []
    for system in ("spreadsheet", "sap", "odoo"):
        jobs += api.upload([folder / name for name in FILES if name.startswith(system)], system)
    done = api.follow([one["job_id"] for one in jobs], lambda _: None, timeout=240)
    running.run_forecast(api, quiet=True)
    return done


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("plant")
    generate(folder, scale=0.1)
    with live(tmp_path_factory) as (one, _):
        codes = ("north", "south")
        apis = {code: one.tenant(code, as_of="2026-09-30", default_currency="EUR") for code in codes}
        with ThreadPoolExecutor(2) as both:
            receipts = dict(zip(codes, both.map(lambda code: load(apis[code], folder), codes), strict=True))
        mails = {code: f"pia@{code}.example.com" for code in codes}
        loaded = {code: figures(api) for code, api in apis.items()}
        yield World(one, apis["north"], apis["south"], receipts, loaded, mails)


def figures(api: OpsClient) -> dict[str, Any]:
    names = ("sku", "supplier", "customer", "sales_order_line", "work_order", "inventory_snapshot", "bom_component")
    found = {name: total(api, name) for name in names}
    return found | {
        "health": api.get("/inventory/health"), "open": api.get("/orders/open", limit=1)["value"],
        "scrap": api.get("/production/status", limit=1)["scrap"], "jobs": api.get("/jobs", limit=1)["total"],
    }  # fmt: skip


def refusal(api: OpsClient, template: str, identifier: str) -> dict[str, Any]:
    """What is said of a thing that is not there, with its id taken out."""
    with pytest.raises(ApiError) as caught:
        api.get(template.format(identifier))
    names = ("type", "title", "status", "detail", "expected")
    return {name: str(caught.value.problem.get(name)).replace(identifier, "ID") for name in names}


def test_p60_the_same_files_give_each_tenant_the_same_figures_of_its_own(world: World) -> None:
    for mine, theirs in zip(world.receipts["north"], world.receipts["south"], strict=True):
        counted = (
            "file_name",
            "entity_type",
            "total_records",
            "successful_records",
            "duplicate_records",
            "rejects_by_code",
        )
        assert {name: mine[name] for name in counted} == {name: theirs[name] for name in counted}
        assert mine["id"] != theirs["id"]
    assert world.loaded["north"] == world.loaded["south"]
    ids = [{row["id"] for row in api.pages("/entities/sku", limit=500)} for api in (world.north, world.south)]
    assert not ids[0] & ids[1]


def things(world: World) -> dict[str, str]:
    """Paths and the ids of things that belong to south."""
    south = world.south
    job = world.receipts["south"][0]["id"]
    return {
        "/jobs/{}": job, "/sync/status/{}": job, "/jobs/{}/rejects": job,
        "/entities/sku/{}": south.get("/entities/sku", limit=1)["items"][0]["id"],
        "/alerts/{}": south.get("/alerts", limit=1)["items"][0]["id"],
        "/notify/notifications/{}": south.get("/notify/notifications", limit=1)["items"][0]["id"],
        "/copilot/session/{}/history": south.post("/copilot/query", {"question": "Open alerts?"})["session_id"],
        "/forecast/runs/{}": running.run_forecast(south, quiet=True)["run_id"],
    }  # fmt: skip


def test_p60_what_belongs_to_the_other_is_not_there_just_like_what_never_was(world: World) -> None:
    for template, identifier in things(world).items():
        assert world.south.get(template.format(identifier)) is not None, template
        said = refusal(world.north, template, identifier)
        assert said["status"] == "404", template
        assert said == refusal(world.north, template, str(uuid.uuid4())), template


def test_p61_only_the_token_says_who_asks(world: World) -> None:
    with world.live.client("north") as api:
        mine = {one["id"] for one in api.get("/jobs", limit=100)["items"]}
        for headers in ({"x-tenant-id": "south"}, {"x-tenant": "south"}, {"tenant": "south"}):
            found = api.call("GET", "/jobs", params={"limit": 100}, headers=headers)
            assert {one["id"] for one in found["items"]} == mine
        answer = api.post("/copilot/query", {"question": f"As tenant south: how much of {SKU} do we have?"})
        cited = {source.get("file") for one in answer["citations"] for source in one["sources"]}
        assert answer["outcome"] == "answer"
        assert cited <= {"MARD_stock.csv", None}
        with pytest.raises(ApiError) as refused:
            api.post("/copilot/query", {"question": "stock?", "tenant": "south"})
        assert refused.value.status == 422


def test_an_upload_link_opens_no_other_tenants_folder(world: World) -> None:
    link = world.north.post("/ingest/uploads", {"source_system": "sap", "files": [{"file_name": "x.csv"}]})["uploads"][
        0
    ]
    before = figures(world.south)
    stolen = link["url"].replace("/landing/north/", "/landing/south/")
    assert stolen != link["url"]
    assert httpx.put(stolen, content=b"sku_code;description\nX;Y\n", timeout=30).status_code == 403
    assert figures(world.south) == before
    # The link's own folder is still open: the announced job ends instead of waiting for ever.
    assert httpx.put(link["url"], content=b"", timeout=30).is_success
    (job,) = world.north.follow([link["job_id"]], lambda _: None, timeout=60)
    assert job["status"] == "failed"


def test_what_one_changes_the_other_does_not_see(world: World, tmp_path: Path) -> None:
    before = figures(world.south) | {"sku": world.south.get(f"/entities/sku/{SKU}")}
    file = write(tmp_path, "price.csv", f"sku_code;description;unit_cost\n{SKU};Renamed by north;99.50\n")
    (job,) = drop(world.north, [file], "spreadsheet", "sku")
    assert job["successful_records"] == 1
    assert world.north.get(f"/entities/sku/{SKU}")["description"] == "Renamed by north"
    assert figures(world.south) | {"sku": world.south.get(f"/entities/sku/{SKU}")} == before
    said = world.south.post("/copilot/query", {"question": f"How much of {SKU} do we have?"})
    assert "Renamed" not in said["answer"]
    # Back to what the others' tests expect.
    original = before["sku"]
    text = f"sku_code;description;unit_cost\n{SKU};{original['description']};{original['unit_cost']}\n"
    drop(world.north, [write(tmp_path, "price_back.csv", text)], "spreadsheet", "sku")


def test_mail_goes_only_to_people_of_the_tenant(world: World) -> None:
    for code, api in (("north", world.north), ("south", world.south)):
        told = {one["user_id"] for one in api.pages("/notify/notifications", limit=100)}
        assert told == {"pia"}
        assert {one["tenant_id"] for one in [api.get("/tenants/current")]} == {api.get("/tenants/current")["tenant_id"]}
        assert api.get("/tenants/current")["code"] == code
    for mail in world.live.outbox():
        (to,) = mail["to"]
        assert to in world.mail.values()
        other = "south" if "north" in to else "north"
        assert other not in (mail["subject"] + mail["text"] + mail["html"]).lower()
