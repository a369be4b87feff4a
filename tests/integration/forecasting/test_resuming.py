"""Runs that are interrupted, fail in part, or work on the same version at once: nothing is lost, nothing done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from opscopilot.forecasting import queries_runs
from opscopilot.forecasting.runs.claims import BatchBusy
from opscopilot.forecasting.runs.cost import USD_PER_GB_SECOND, cost
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import Conflict
from tests.support import forecasting

Opened = Callable[[str], Database]
Run = Callable[..., dict[str, Any]]
ERROR = {"Error": "MemoryError", "Cause": "too small"}


@pytest.fixture
def filled(plant: Any) -> Any:
    for number, code in enumerate(("A", "B", "C", "D", "E")):
        plant.sku(code, reorder_point=50)
        plant.weeks(code, [20 + number, 30, 25] * 10)
    plant.stock("A", 10)
    return plant


def plan(service: ForecastService, plant: Any, execution: str, *periods: str) -> dict[str, Any]:
    asked = {"tenant_id": str(plant.tenant_id), "periods": list(periods or ("weekly",))}
    return forecasting.plan(service, asked, execution)


def do(service: ForecastService, batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [service.run({"task": "batch", **batch}) for batch in batches]


def seen(plant: Any, opened: Opened, planned: dict[str, Any]) -> Any:
    """The run as the API tells it."""
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        return queries_runs.run(tx, planned["versions"][0]["run_id"])


def test_an_interrupted_run_goes_on_where_it_stopped(filled: Any, service: ForecastService, opened: Opened) -> None:
    first = plan(service, filled, "first")
    do(service, first["batches"][1:2])
    again = plan(service, filled, "second")
    assert [one["version_id"] for one in again["versions"]] == [one["version_id"] for one in first["versions"]]
    assert len(again["batches"]) == len(first["batches"]) - 1
    do(service, again["batches"])
    assert forecasting.deal(service, again) == []
    assert forecasting.publish(service, again)["finished"]["ok"] is True
    told = seen(filled, opened, again)
    assert (told.status, told.step, told.resumed_batches) == ("completed", "done", len(first["batches"]))
    assert told.periods[0].status == "published"
    assert {one["attempts"] for one in filled.query("SELECT attempts FROM forecast.model_executions")} == {1}


def test_a_batch_that_fails_is_noted_and_the_next_run_does_just_that_one(
    filled: Any, service: ForecastService, opened: Opened, run: Run
) -> None:
    run(filled)
    filled.order("A", filled.as_of, 40)
    broken = plan(service, filled, "broken")
    do(service, broken["batches"][1:])
    service.run({"task": "batch_failed", **broken["batches"][0], "error": ERROR})
    (version,) = broken["versions"]
    with pytest.raises(Conflict, match=r"Batch 0: MemoryError: too small"):
        service.run({"task": "reconcile", **version})
    service.run({"task": "fail_version", **version, "error": ERROR})
    ended = service.run({"task": "finish", "versions": [version]})
    assert ended["ok"] is False
    told = seen(filled, opened, broken)
    assert (told.status, told.periods[0].batches_failed) == ("failed", 1)
    assert "MemoryError: too small" in told.error
    in_force = filled.query("SELECT code FROM forecast.forecast_versions WHERE status = 'published'")
    assert [row["code"] for row in in_force] == ["DEMAND-W-20250330-01"]
    again = plan(service, filled, "again")
    assert [one["batch"] for one in again["batches"]] == [0]
    do(service, again["batches"])
    assert forecasting.publish(service, again)["finished"]["ok"] is True
    noted = filled.query(
        "SELECT attempts, status, error FROM forecast.model_executions WHERE version_id = :id AND batch = 0",
        id=version["version_id"],
    )
    assert noted == [{"attempts": 2, "status": "completed", "error": None}]


def test_what_is_wrong_with_one_period_does_not_hold_up_the_other(filled: Any, service: ForecastService) -> None:
    planned = plan(service, filled, "e", "weekly", "monthly")
    weekly, monthly = planned["versions"]
    do(service, [one for one in planned["batches"] if one["version_id"] == monthly["version_id"]])
    service.run({"task": "fail_version", **weekly, "error": ERROR})
    service.run({"task": "reconcile", **monthly})
    assert service.run({"task": "publish", **monthly})["status"] == "published"
    ended = service.run({"task": "finish", "versions": planned["versions"]})
    assert ended["ok"] is False
    assert ended["runs"][0]["versions"] == {"DEMAND-M-20250330-01": "published", "DEMAND-W-20250330-01": "failed"}


def test_two_runs_share_the_batches_and_neither_computes_what_the_other_does(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    one, two = plan(service, filled, "one"), plan(service, filled, "two")
    first = one["batches"][0]
    with opened("ops_forecast").tenant(filled.tenant_id) as tx:
        tx.execute(
            """INSERT INTO forecast.model_executions (tenant_id, model_id, version_id, batch, status, input_hash, run_id)
               SELECT tenant_id, model_id, id, 0, 'running', '', :run FROM forecast.forecast_versions""",
            run=first["run_id"],
        )
    with pytest.raises(BatchBusy):
        service.run({"task": "batch", **two["batches"][0]})
    assert do(service, two["batches"][1:])[0]["status"] == "completed"
    assert do(service, [first])[0]["status"] == "completed"
    assert service.run({"task": "batch", **two["batches"][0]}) == {"batch": 0, "status": "completed"}
    for run in (one, two):
        assert forecasting.publish(service, run)["published"][0]["status"] == "published"
    assert len(filled.query("SELECT id FROM forecast.forecast_versions")) == 1


@pytest.mark.parametrize("gone", ["ended", "silent"])
def test_a_batch_of_a_run_that_is_gone_is_taken_over(
    filled: Any, service: ForecastService, opened: Opened, gone: str
) -> None:
    dead, alive = plan(service, filled, "dead"), plan(service, filled, "alive")
    with opened("ops_forecast").tenant(filled.tenant_id) as tx:
        tx.execute(
            """INSERT INTO forecast.model_executions (tenant_id, model_id, version_id, batch, status, input_hash, run_id,
                   started_at)
               SELECT tenant_id, model_id, id, 0, 'running', '', :run, now() - make_interval(secs => :age)
               FROM forecast.forecast_versions""",
            run=dead["batches"][0]["run_id"], age=300 if gone == "silent" else 0,
        )  # fmt: skip
        if gone == "ended":
            tx.execute(
                "UPDATE forecast.forecast_runs SET status = 'failed', error = 'x' WHERE id = :id",
                id=dead["batches"][0]["run_id"],
            )
    assert do(service, alive["batches"][:1])[0]["status"] == "completed"


def test_a_failing_run_does_not_close_what_another_one_works_on(filled: Any, service: ForecastService) -> None:
    """The hole through which a run once ended well with nothing published."""
    one, two = plan(service, filled, "one"), plan(service, filled, "two")
    assert service.run({"task": "fail", "state": {"planned": two}, "error": ERROR})["failed"] == []
    do(service, one["batches"])
    assert forecasting.publish(service, one)["finished"]["ok"] is True
    assert filled.query("SELECT status FROM forecast.forecast_versions") == [{"status": "published"}]


def test_a_run_whose_version_was_closed_by_somebody_else_does_not_end_well(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    planned = plan(service, filled, "e")
    with opened("ops_forecast").tenant(filled.tenant_id) as tx:
        tx.execute("UPDATE forecast.forecast_versions SET status = 'failed', error = 'The run was abandoned.'")
    do(service, planned["batches"])
    done = forecasting.publish(service, planned)
    assert done["published"][0]["status"] == "failed"
    assert done["finished"]["ok"] is False
    assert "The run was abandoned." in done["finished"]["runs"][0]["error"]


def test_the_same_batch_at_the_same_time_is_computed_once(filled: Any, service: ForecastService) -> None:
    one, two = plan(service, filled, "one"), plan(service, filled, "two")
    said: list[Any] = []

    def work(planned: dict[str, Any]) -> None:
        for batch in planned["batches"]:
            try:
                said.append(service.run({"task": "batch", **batch})["status"])
            except BatchBusy as error:
                said.append(type(error).__name__)

    threads = [threading.Thread(target=work, args=(planned,)) for planned in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(said) <= {"completed", "BatchBusy"}
    rows = filled.query("SELECT attempts, status FROM forecast.model_executions")
    assert {(row["attempts"], row["status"]) for row in rows} == {(1, "completed")}
    assert len(rows) == len(one["batches"])


def test_a_run_says_how_far_it_is_how_fast_and_what_it_cost(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    planned = plan(service, filled, "e")
    do(service, planned["batches"][:1])
    told = seen(filled, opened, planned)
    assert (told.status, told.step, told.started_by) == ("running", "forecast", "request")
    (weekly,) = told.periods
    assert (weekly.batches_done, weekly.batches) == (1, len(planned["batches"]))
    assert (told.series_done, told.series) == (2, weekly.series)
    assert told.series_per_second > 0
    assert told.seconds_left >= 0
    latency = filled.query("SELECT latency_ms, gb_seconds, memory_mb FROM forecast.model_executions")[0]
    assert latency["gb_seconds"] == pytest.approx(
        Decimal(latency["latency_ms"]) / 1000 * 1769 / 1024, abs=Decimal("0.01")
    )
    assert told.cost.gb_seconds == pytest.approx(latency["gb_seconds"], abs=Decimal("0.001"))
    assert told.cost.usd_per_1000_series > 0


def test_cost_is_gigabyte_seconds_and_requests_at_list_price() -> None:
    found = cost(2000, 0, Decimal(1000))
    assert found.usd == 1000 * USD_PER_GB_SECOND
    assert found.usd_per_1000 == found.usd / 2
    assert cost(0, 1, Decimal(0)).usd_per_1000 is None


def test_runs_are_listed_in_pages_newest_first(
    filled: Any, service: ForecastService, opened: Opened, make_plant: Callable[..., Any]
) -> None:
    other = make_plant("plant-two")
    for number in range(3):
        plan(service, filled, f"e{number}")
    with opened("ops_copilot").tenant(filled.tenant_id) as tx:
        first = queries_runs.runs(tx, None, 2)
        second = queries_runs.runs(tx, first.next_cursor, 2)
    assert (first.total, len(first.items), len(second.items), second.next_cursor) == (3, 2, 1, None)
    shown = [*first.items, *second.items]
    assert len({one.run_id for one in shown}) == 3
    assert [one.started_at for one in shown] == sorted((one.started_at for one in shown), reverse=True)
    with opened("ops_copilot").tenant(other.tenant_id) as tx:
        assert queries_runs.runs(tx).items == []
        assert queries_runs.run(tx, uuid4()) is None
        assert queries_runs.run(tx, shown[0].run_id) is None
