"""The `ops` command as a person types it, each time in a process of its own, against a running stack."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.client import OpsClient
from local.identity import Identity
from tests.support.e2e import live, ops, ops_json, until, write

TENANT = ("--tenant", "harbour")
JAM = "00100234"
TODAY = date(2026, 9, 30)
SKUS = f"sku_code,description,base_uom,unit_cost,reorder_point\n{JAM},Strawberry jam,EA,1.5,5000\n00200001,Sugar,KG,0.8,10\n"
BAD_ROWS = "supplier_code,name,status\n0001,Stone Mill,active\n0002,,active\n0003,Møller,perhaps\n"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a stack with a tenant that sells jam."""
    with live(tmp_path_factory) as (_, stack):
        folder = stack.folder.path
        made = ops_json(
            folder, "tenants", "create", "harbour", "--as-of", str(TODAY), "--time-zone", "Europe/Copenhagen"
        )
        assert made["code"] == "harbour"
        files = tmp_path_factory.mktemp("files")
        jobs = ops_json(
            folder, "drop", str(write(files, "skus.csv", SKUS)), str(write(files, "places.csv", "code,name,type\nW1,Hall,warehouse\n")),
            str(write(files, "customers.csv", "customer_code,name\nC1,Corner shop\n")),
            str(write(files, "orders.csv", orders())), str(write(files, "stock.csv", stock())), *TENANT,
        )  # fmt: skip
        assert [(job["file_name"], job["error_summary"]) for job in jobs if job["status"] != "completed"] == []
        yield folder


def orders() -> str:
    """Two years of weekly orders."""
    days = [TODAY - timedelta(weeks=week) for week in range(104)]
    lines = [f"SO{n},1,C1,{day},{JAM},{100 + n % 7},EA,2.5,EUR,completed,{day}" for n, day in enumerate(days)]
    head = "order_number,line_no,customer_code,order_date,sku_code,ordered_qty,uom,unit_price,currency,status,ship_date"
    return "\n".join([head, *lines, ""])


def stock() -> str:
    return f"sku_code,location_code,snapshot_at,quantity_on_hand\n{JAM},W1,2026-09-30T06:00:00Z,40\n"


@pytest.fixture(scope="module")
def forecast(state: Path) -> Any:
    """The first forecast of the plant."""
    return ops_json(state, "forecast", "run", *TENANT)


def test_creating_a_tenant_twice_changes_nothing(state: Path) -> None:
    again = ops_json(state, "tenants", "create", "harbour", "--name", "Another name")
    assert (again["name"], again["as_of"]) == ("harbour", str(TODAY))
    assert "tenant harbour" in ops(state, "tenants", "create", "harbour").stdout


def test_status_says_where_it_runs(state: Path) -> None:
    found = ops_json(state, "status")
    assert found["state"] == "running"
    assert found["api_url"] in ops(state, "status").stdout


def test_status_of_nothing_is_an_error_code(tmp_path: Path) -> None:
    done = ops(tmp_path, "status")
    assert (done.returncode, done.stdout.strip()) == (1, "stopped")
    talking = ops(tmp_path, "jobs")
    assert talking.returncode == 1
    assert "ops up" in talking.stderr
    assert "Traceback" not in talking.stderr


def test_drop_prints_a_receipt_and_rejects_say_what_is_wrong(state: Path, tmp_path: Path) -> None:
    done = ops(state, "drop", str(write(tmp_path, "suppliers.csv", BAD_ROWS)), *TENANT)
    assert done.returncode == 0, done.stderr
    assert "supplier" in done.stdout
    assert "required_missing 1" in done.stdout
    assert "bad_enum 1" in done.stdout
    job = next(one for one in ops_json(state, "jobs", *TENANT)["items"] if one["file_name"] == "suppliers.csv")
    assert ops_json(state, "job", job["id"], *TENANT)["rejects_by_code"] == {"bad_enum": 1, "required_missing": 1}
    rejects = ops_json(state, "rejects", job["id"], *TENANT)
    wrong = {error["code"]: (one["record_no"], error) for one in rejects["items"] for error in one["errors"]}
    assert wrong["required_missing"][0] == 2
    number, error = wrong["bad_enum"]
    assert (number, error["field"], error["raw_value"]) == (3, "status", "perhaps")
    assert "active" in error["expected"]
    shown = ops(state, "rejects", job["id"], *TENANT).stdout
    assert "perhaps" in shown
    assert "suppliers.csv" in ops(state, "job", job["id"], *TENANT).stdout
    assert "suppliers.csv" in ops(state, "jobs", *TENANT).stdout


def test_rejects_are_corrected_and_replayed_and_the_one_who_asked_is_told(state: Path, tmp_path: Path) -> None:
    api = json.loads((state / "stack.json").read_text())["api_url"]
    with OpsClient(api, Identity(state).issue("harbour", "planner")) as planner:
        planner.post("/notify/preferences", {"min_severity": "low", "email": "planner@harbour.example.com"})
    rows = "supplier_code,name,status\n0011,Old Mill,active\n0012,,active\n0013,=Holm,perhaps\n"
    (job,) = ops_json(state, "drop", str(write(tmp_path, "mills.csv", rows)), *TENANT)
    assert (job["status"], job["failed_records"]) == ("partially_failed", 2)
    target = tmp_path / "rejects.csv"
    assert ops(state, "rejects", job["id"], "--download", str(target), *TENANT).returncode == 0
    target.write_text(target.read_text("utf-8-sig").replace(",perhaps\n", ",active\n"), encoding="utf-8")
    first = ops_json(state, "replay", job["id"], "--file", str(target), *TENANT)
    assert (first["replay"]["loaded_records"], first["job"]["failed_records"]) == (1, 1)
    second = ops_json(state, "replay", job["id"], "--set", "2:name=New Mill", *TENANT)
    assert second["job"]["status"] == "completed"
    page = tmp_path / "receipt.html"
    assert "all 3 suppliers are loaded" in ops(state, "job", job["id"], "--html", str(page), *TENANT).stdout
    assert "all 3 suppliers are loaded" in page.read_text()

    def mails() -> list[dict[str, Any]]:
        found = httpx.get(f"{api}/_local/outbox", params={"format": "json"}, timeout=30).json()["items"]
        return [mail for mail in found if "mills.csv" in mail["subject"]]

    (mail,) = until(mails, 180, "mail about the file")
    assert mail["subject"] == "[LOW] mills.csv: 2 of 3 suppliers could not be loaded"


def test_a_forecast_is_run_and_drawn(state: Path, forecast: Any) -> None:
    assert forecast["status"] == "completed"
    shown = ops_json(state, "forecast", "show", JAM, *TENANT)
    assert (shown["sku_code"], len(shown["forecast_values"])) == (JAM, 13)
    drawn = ops(state, "forecast", "show", JAM, *TENANT).stdout
    assert "Strawberry jam" in drawn
    assert "13 from" in drawn or "13 weeks from" in drawn
    again = ops_json(state, "forecast", "run", *TENANT)
    assert again["version"] == forecast["version"]


def test_ask_answers_with_sources_and_keeps_the_conversation(state: Path) -> None:
    first = ops_json(state, "ask", "How much strawberry jam do we have?", *TENANT)
    assert "40 ea available" in first["answer"]
    follow = ops_json(state, "ask", "and sugar?", "--session", first["session_id"], *TENANT)
    assert follow["session_id"] == first["session_id"]
    assert "00200001" in follow["answer"]
    shown = ops(state, "ask", "How much strawberry jam do we have?", *TENANT).stdout
    assert "stock.csv" in shown
    assert "confidence" in shown


def test_a_token_opens_the_tenant_it_names(state: Path) -> None:
    printed = ops(state, "token", "--tenant", "harbour", "--role", "buyer").stdout.strip()
    claims = Identity(state).verify(printed)
    assert (claims["tenant"], claims["role"]) == ("harbour", "buyer")


def test_a_template_is_taken_back_as_it_is(state: Path, tmp_path: Path) -> None:
    text = ops(state, "template", "supplier", *TENANT).stdout
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["supplier_code"]
    (job,) = ops_json(state, "drop", str(write(tmp_path, "filled.csv", text)), *TENANT)
    assert (job["entity_type"], job["status"], job["failed_records"]) == ("supplier", "completed", 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("template", "wizard"), "There are: "), (("job", "00000000-0000-7000-8000-000000000000", *TENANT), "There is no job"),
        (("job", "17", *TENANT), "job_id"), (("forecast", "show", "nonsense", *TENANT), "nonsense"),
        (("jobs", "--tenant", "nobody"), "ops tenants create"), (("drop", "no-such-file.csv", *TENANT), "does not exist"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_readable_line(state: Path, arguments: tuple[str, ...], says: str) -> None:
    done = ops(state, *arguments)
    assert done.returncode in (1, 2)
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_help_teaches(tmp_path: Path) -> None:
    shown = ops(tmp_path, "--help").stdout
    for command in (
        "up",
        "down",
        "status",
        "drop",
        "jobs",
        "job",
        "rejects",
        "forecast",
        "ask",
        "token",
        "template",
        "tenants",
    ):
        assert command in shown
    assert "OPS_TOKEN" in shown
    assert json.loads(ops(tmp_path, "status", "--json").stdout) == {"state": "stopped"}
