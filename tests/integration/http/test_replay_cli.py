"""`ops rejects`, `ops replay`, `ops job`, `ops cancel` against the API itself, with the pipeline behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from starlette.testclient import TestClient
from typer.testing import CliRunner

from local.cli import app, context, corrected
from local.client import OpsClient
from opscopilot.entrypoints.parts import Outside
from tests.support.api import Api
from tests.support.fixtures import NewPlant
from tests.support.floor import Floor
from tests.support.outside import MemoryStore

ITEMS = "sku_code;description;base_uom;unit_cost\n00100;Jam;EA;1,50\n00200;=1+1;EA;cheap\n00300;Oil;EA;dear\n"
Ops = Callable[..., Result]


@pytest.fixture
def floor(api: Api, around: Outside, new_plant: NewPlant) -> Floor:
    assert isinstance(around.landing.store, MemoryStore)
    return Floor(api, new_plant(), around.landing.store)


@pytest.fixture
def ops(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ops]:
    """Run a command; a file that the API puts is taken in at once."""
    opened: list[OpsClient] = []

    def settle(answer: httpx.Response) -> None:
        if answer.request.method == "POST":
            floor.settle()

    def client(*_args: Any, **_more: Any) -> OpsClient:
        found = OpsClient("http://api.test", floor.planner)
        found._http.close()
        found._http = TestClient(floor.api.app, headers={"authorization": f"Bearer {floor.planner}"})
        found._http.event_hooks = {"response": [settle]}
        opened.append(found)
        return found

    monkeypatch.setattr(context, "client", client)
    yield lambda *args: CliRunner().invoke(app, [str(one) for one in args])
    for one in opened:
        one.close()


def test_download_correct_and_replay(floor: Floor, ops: Ops, tmp_path: Path) -> None:
    job, target = floor.drop("items.csv", ITEMS), tmp_path / "rejects.csv"
    assert json.loads(ops("rejects", job, "--json").stdout)["total"] == 2
    assert ops("rejects", job, "--download", target).exit_code == 0
    text = target.read_text(encoding="utf-8-sig")
    target.write_text(text.replace(";", ",").replace(",EA,cheap", ',EA,"2,50"'), encoding="utf-8")
    done = json.loads(ops("replay", job, "--file", target, "--json").stdout)
    assert (done["replay"]["loaded_records"], done["job"]["failed_records"]) == (1, 1)
    assert ops("replay", job, "--set", "3:unit_cost=4", "--set", "3:description=Olive oil").exit_code == 0
    assert floor.counters(job)[0] == "completed"
    found = floor.plant.rows("SELECT description FROM manufacturing.skus ORDER BY sku_code")
    assert [row["description"] for row in found] == ["Jam", "=1+1", "Olive oil"]


def test_a_workbook_goes_there_and_back(floor: Floor, ops: Ops, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    job, target = floor.drop("items.csv", ITEMS), tmp_path / "rejects.xlsx"
    assert ops("rejects", job, "--download", target, "--json").exit_code == 0
    book = openpyxl.load_workbook(target)
    book.active["G2"], book.active["G3"] = "2,50", 4
    book.active["G2"].data_type = "s"
    book.active["E2"].data_type = "s"
    book.save(target)
    done = json.loads(ops("replay", job, "--file", target, "--json").stdout)
    assert done["job"]["status"] == "completed"
    assert floor.plant.rows("SELECT 1 FROM manufacturing.skus WHERE sku_code = '00200' AND description = '=1+1'")
    book.active["G2"] = 2.5
    book.save(target)
    refused = ops("replay", job, "--file", target)
    assert refused.exit_code != 0
    assert "row 2, column 7" in str(refused.exception)


def test_a_large_correction_goes_through_a_link(
    floor: Floor, ops: Ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, target = floor.drop("items.csv", ITEMS), tmp_path / "rejects.csv"
    ops("rejects", job, "--download", target)
    monkeypatch.setattr(corrected, "ONE_CALL", 10)

    def put(url: str, content: bytes, **_more: Any) -> httpx.Response:
        floor.store.objects["landing", url.split("?")[0].removeprefix("https://s3.test/landing/")] = content
        floor.settle()
        return httpx.Response(200)

    monkeypatch.setattr("local.cli.corrected.httpx.put", put)
    target.write_bytes(target.read_bytes().replace(b",EA,cheap", b',EA,"2,50"'))
    assert json.loads(ops("replay", job, "--file", target, "--json").stdout)["replay"]["loaded_records"] == 1


def test_the_receipt_is_shown_and_written_as_a_page(floor: Floor, ops: Ops, tmp_path: Path) -> None:
    job = floor.drop("items.csv", ITEMS)
    shown = ops("job", job, "--html", tmp_path / "receipt.html")
    assert "2 of 3 skus could not be loaded" in shown.stdout
    assert "ops replay" in shown.stdout
    assert (tmp_path / "receipt.html").read_text().startswith("<!doctype html>")
    assert "items.csv" in ops("rejects").stdout
    assert "items.csv" in ops("freshness").stdout


def test_what_cannot_be_meant_is_refused_before_anything_is_sent(floor: Floor, ops: Ops, tmp_path: Path) -> None:
    job = floor.drop("items.csv", ITEMS)
    for wrong in (("--set", "unit_cost=4"), ("--set", "2:unit_cost"), ()):
        assert ops("replay", job, *wrong).exit_code == 1
    body = {"source_system": "sap", "files": [{"file_name": "x.csv"}]}
    waiting = floor.post("/ingest/uploads", body).json["uploads"][0]["job_id"]
    assert "cancelled" in ops("cancel", waiting).stdout
    assert ops("cancel", waiting).exit_code == 1
