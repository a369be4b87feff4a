"""kill -9 in the middle of the work, and start again: the figures are those of a run nobody disturbed."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.client import OpsClient
from local.identity import Identity
from sample_data import Truth, generate
from tests.support.e2e import Live, Receipt, ops, ops_json, total, until

ENTITIES = (
    "sku", "sku_uom", "supplier", "customer", "location", "sku_supplier", "bom_component", "operation", "work_order",
    "purchase_order_line", "receipt", "sales_order", "sales_order_line", "shipment_line", "inventory_snapshot",
    "inventory_movement",
)  # fmt: skip
COUNTERS = ("total_records", "successful_records", "failed_records", "duplicate_records")
OPEN = ("pending", "running")
_numbers = itertools.count(1)


@dataclass
class Machine:
    """A stack in a process of its own, over a folder that outlives it."""

    state: Path
    truth: Truth
    pid: int = 0
    live: Live | None = None

    def up(self) -> None:
        """Start it as a person would."""
        info = ops_json(self.state, "up", "--port", "0")
        self.pid, self.live = info["pid"], Live(info["api_url"], Identity(self.state))

    def kill(self) -> None:
        """Pull the plug."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.live is not None
        self.live.close()

    def tenant(self) -> str:
        """A tenant nobody used before."""
        code = f"plant{next(_numbers)}"
        self.running.tenant(code, as_of="2026-09-30")
        return code

    @property
    def running(self) -> Live:
        """The stack that runs now."""
        assert self.live is not None
        return self.live

    def upload(self, code: str, only: tuple[str, ...] = ()) -> list[str]:
        """Drop every file of the plant, or those that hold these entities; the ids of the jobs."""
        kinds = {Path(one["file"]).name: one["entity"] for one in self.truth.facts["files"]}
        jobs: list[dict[str, Any]] = []
        for system in ("spreadsheet", "sap", "odoo"):
            files = [path for path in self.truth.files if path.parent.name == system]
            wanted = [path for path in files if not only or kinds[path.name] in only]
            jobs += self.running.api(code).upload(wanted, system)
        return [one["job_id"] for one in jobs]

    def finish(self, code: str, jobs: list[str]) -> list[Receipt]:
        """Follow the jobs to their end."""
        return self.running.api(code).follow(jobs, lambda _: None, timeout=240)


@dataclass
class Outcome:
    """What a plant looks like in the end."""

    receipts: dict[str, dict[str, Any]]
    rows: dict[str, int]
    figures: dict[str, Any]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    truth = generate(tmp_path_factory.mktemp("plant"), scale=0.1)
    one = Machine(tmp_path_factory.mktemp("machine"), truth)
    one.up()
    try:
        yield one
    finally:
        one.running.close()
        assert ops(one.state, "down").returncode == 0


@pytest.fixture(scope="module")
def undisturbed(machine: Machine) -> Outcome:
    """The plant without any accident."""
    code = machine.tenant()
    return outcome(machine, code, machine.finish(code, machine.upload(code)))


def outcome(machine: Machine, code: str, receipts: list[Receipt]) -> Outcome:
    api = machine.running.api(code)
    assert api.get("/jobs", limit=1)["total"] == len(receipts)
    for job in receipts:
        assert job["total_records"] == sum(job[name] for name in COUNTERS[1:]), job["file_name"]
    said = {
        job["file_name"]: {name: job[name] for name in ("status", "entity_type", *COUNTERS, "rejects_by_code")}
        for job in receipts
    }
    figures = {
        "health": api.get("/inventory/health"), "below": api.get("/inventory/current", below_reorder="true", limit=200),
        "open": {k: v for k, v in api.get("/orders/open", limit=1).items() if k in ("orders", "lines", "value")},
        "production": {k: v for k, v in api.get("/production/status", limit=1).items() if k not in ("items", "next_cursor")},
        "sold": api.get("/orders/summary", group_by="month"),
    }  # fmt: skip
    return Outcome(said, {name: total(api, name) for name in ENTITIES}, figures)


def states(api: OpsClient) -> list[str]:
    return [str(one["status"]) for one in api.get("/jobs", limit=100)["items"]]


def some_loaded(api: OpsClient) -> bool:
    """Normalize is at work: some files are in, others are not."""
    return any(one not in OPEN for one in states(api))


def most_loaded(api: OpsClient) -> bool:
    """The large files are being written."""
    return sum(one not in OPEN for one in states(api)) >= 10


@pytest.mark.parametrize("moment", [None, some_loaded, most_loaded])
def test_killed_in_the_middle_of_an_ingest(
    machine: Machine, undisturbed: Outcome, moment: Callable[[OpsClient], bool] | None
) -> None:
    code = machine.tenant()
    jobs = machine.upload(code)
    if moment is not None:
        until(lambda: moment(machine.running.api(code)), 120, moment.__doc__ or "progress")
    machine.kill()
    machine.up()
    found = outcome(machine, code, machine.finish(code, jobs))
    assert found.receipts == undisturbed.receipts
    assert found.rows == undisturbed.rows
    assert found.figures == undisturbed.figures


def test_the_receipts_are_those_of_the_truth(machine: Machine, undisturbed: Outcome) -> None:
    for one in machine.truth.facts["files"]:
        job = undisturbed.receipts[Path(one["file"]).name]
        assert job["rejects_by_code"] == one["rejected"], one["file"]
        assert job["successful_records"] + job["duplicate_records"] == one["accepted"] + one["duplicates"], one["file"]


def test_killed_while_forecasting_alerts_once(machine: Machine) -> None:
    code = machine.tenant()
    entities = ("location", "sku", "sku_uom", "customer", "sales_order_line", "inventory_snapshot")
    machine.finish(code, machine.upload(code, entities))
    machine.running.api(code).post("/forecast/run")
    machine.kill()
    machine.up()
    done = ops_json(machine.state, "forecast", "run", "--tenant", code)
    assert done["status"] == "completed"
    api = machine.running.api(code)
    published = {one["period"]: one["code"] for one in api.get("/forecast/versions", status="published")["items"]}
    assert published["weekly"] == done["version"]
    assert set(published) == {"weekly", "monthly"}
    assert {one["status"] for one in api.get("/forecast/runs")["items"]} == {"completed"}
    alerts = api.get("/alerts", status="open", limit=200)["items"]
    assert len({one["dedupe_key"] for one in alerts}) == len(alerts) > 0
    until(lambda: _told(api), 180, "word of each alert")
    told = [(one["alert_id"], one["user_id"], one["channel"]) for one in api.pages("/notify/notifications", limit=100)]
    assert len(told) == len(set(told))


def _told(api: OpsClient) -> bool:
    """Nothing is under way any more: it went out, or it is gathered with the others of the storm."""
    notes = list(api.pages("/notify/notifications", limit=100))
    return bool(notes) and all(one["status"] == "sent" or one["held_by"] == "storm" for one in notes)
