"""Plan, batch, publish, fail: done twice, half done, overtaken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.errors import Conflict, ValidationFailed
from tests.support import forecasting

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def filled(plant: Any) -> Any:
    for number, code in enumerate(("A", "B", "C", "D", "E")):
        plant.sku(code, reorder_point=50)
        plant.weeks(code, [20 + number, 30, 25] * 10)
    plant.stock("A", 10)
    return plant


def plan(service: ForecastService, plant: Any, execution: str = "") -> dict[str, Any]:
    """Planned, prepared and dealt, for weeks."""
    return forecasting.plan(service, {"tenant_id": str(plant.tenant_id), "periods": ["weekly"]}, execution)


def run_id(planned: dict[str, Any]) -> str:
    return str(planned["versions"][0]["run_id"])


def rows(plant: Any) -> list[tuple[Any, ...]]:
    found = plant.query(
        """SELECT entity_id, bucket_start, value, lower_95, upper_95, method FROM forecast.forecasts
           ORDER BY entity_id, bucket_start"""
    )
    return [tuple(row.values()) for row in found]


def test_batches_are_slices_in_the_order_of_the_codes(filled: Any, service: ForecastService) -> None:
    planned = plan(service, filled)
    assert [one["batch"] for one in planned["batches"]] == [0, 1, 2]
    dealt = filled.query("SELECT sku_code, batch FROM forecast.forecast_series ORDER BY sku_code")
    assert [(row["sku_code"], row["batch"]) for row in dealt] == [
        ("A", 0), ("B", 0), ("C", 1), ("D", 1), ("E", 2), ("PLANT/EA", 2),
    ]  # fmt: skip


def test_the_same_data_are_not_forecast_twice(filled: Any, run: Run, bus: Any) -> None:
    run(filled)
    before, sent = rows(filled), len(bus.sent)
    again = run(filled)
    assert again["skip"] is True
    assert "same data" in again["reasons"][0]
    assert rows(filled) == before
    assert len(bus.sent) == sent
    assert len(filled.query("SELECT id FROM forecast.forecast_versions")) == 1


def test_every_step_may_be_repeated(filled: Any, service: ForecastService, bus: Any) -> None:
    planned = plan(service, filled)
    for batch in planned["batches"]:
        service.run({"task": "batch", **batch})
    before = rows(filled)
    for batch in planned["batches"]:
        assert service.run({"task": "batch", **batch})["status"] == "completed"
    assert rows(filled) == before
    first = forecasting.publish(service, planned)
    before = rows(filled)  # levels add up now
    state = filled.query("SELECT id, seen_count, status FROM forecast.forecast_alerts")
    second = forecasting.publish(service, planned)
    assert first["published"][0]["status"] == "published"
    assert second["published"] == [{"version": "DEMAND-W-20250330-01", "status": "published", "events": 0}]
    assert filled.query("SELECT id, seen_count, status FROM forecast.forecast_alerts") == state
    late = service.run({"task": "batch", **planned["batches"][0]})
    assert late["status"] == "published"
    assert rows(filled) == before
    attempts = filled.query("SELECT attempts, status, latency_ms FROM forecast.model_executions ORDER BY batch")
    assert [(one["attempts"], one["status"]) for one in attempts] == [(1, "completed")] * 3
    assert all(one["latency_ms"] > 0 for one in attempts)


def test_nothing_is_published_with_a_batch_missing(filled: Any, service: ForecastService) -> None:
    planned = plan(service, filled)
    service.run({"task": "batch", **planned["batches"][0]})
    for task in ("reconcile", "publish"):
        with pytest.raises(Conflict, match="4 of its series have not been computed"):
            service.run({"task": task, **planned["versions"][0]})


def test_a_broken_run_closes_its_draft_and_keeps_the_published_one(
    filled: Any, service: ForecastService, run: Run
) -> None:
    run(filled)
    filled.order("A", filled.as_of, 40)
    planned = plan(service, filled)
    error = {"Error": "MemoryError", "Cause": "too small"}
    closed = service.run({"task": "fail", "state": {"planned": planned, "error": error}, "error": error})
    assert closed["failed"] == [planned["versions"][0]["version_id"]]
    found = filled.query("SELECT status, error FROM forecast.forecast_versions ORDER BY code")
    assert [(row["status"], row["error"]) for row in found] == [
        ("published", None), ("failed", "MemoryError: too small"),
    ]  # fmt: skip
    ended = filled.query("SELECT status, error FROM forecast.forecast_runs WHERE id = :id", id=run_id(planned))
    assert ended == [{"status": "failed", "error": "MemoryError: too small"}]
    assert service.run({"task": "fail", "state": {"error": error}, "error": error}) == {"failed": []}


def test_a_plan_that_broke_leaves_a_failed_run(plant: Any, service: ForecastService) -> None:
    asked = {"input": {"tenant_id": str(plant.tenant_id)}, "execution": "e-1"}
    error = {"Error": "ValueError", "Cause": "no"}
    service.run({"task": "fail", "asked": asked, "state": {"asked": asked}, "error": error})
    assert plant.query("SELECT status, error FROM forecast.forecast_runs") == [
        {"status": "failed", "error": "ValueError: no"}
    ]


def test_an_older_draft_does_not_replace_a_newer_version(filled: Any, service: ForecastService, run: Run) -> None:
    old = plan(service, filled, "older")
    for batch in old["batches"]:
        service.run({"task": "batch", **batch})
    filled.order("A", filled.as_of, 40)
    run(filled)
    late = forecasting.publish(service, old)
    assert late["published"][0]["status"] == "failed"
    assert late["finished"]["ok"] is True  # newer data are in force: nothing is wrong
    in_force = filled.query("SELECT code FROM forecast.forecast_versions WHERE status = 'published'")
    assert [row["code"] for row in in_force] == ["DEMAND-W-20250330-02"]


def test_too_few_weeks_are_refused_with_the_reason(plant: Any, run: Run) -> None:
    plant.sku("NEW")
    plant.weeks("NEW", [10, 12, 9])
    run(plant)
    series = plant.query("SELECT status, reason, history_periods FROM forecast.forecast_series")[0]
    assert series["status"] == "refused"
    assert "too few data: 3 observed periods" in series["reason"]
    assert plant.query("SELECT * FROM forecast.forecasts") == []
    version = plant.query("SELECT status, forecast_count, refused_count FROM forecast.forecast_versions")[0]
    assert version == {"status": "published", "forecast_count": 0, "refused_count": 1}


def test_a_plant_without_orders_still_gets_its_reorder_points_checked(plant: Any, run: Run) -> None:
    plant.sku("RAW", type="raw", reorder_point=100)
    plant.stock("RAW", 40)
    done = run(plant)
    assert done["batches"] == []
    risk = plant.query("SELECT * FROM forecast.inventory_risks")[0]
    assert (risk["risk_level"], risk["stockout_probability"], risk["reorder_needed"]) == (None, None, True)


def test_an_empty_plant_is_skipped(plant: Any, run: Run) -> None:
    assert run(plant)["reasons"] == ["there is neither demand nor stock to look at yet"]


def test_all_active_tenants_are_planned(make_plant: Callable[..., Any], service: ForecastService) -> None:
    plants = [make_plant(code) for code in ("plant-one", "plant-two", "plant-shut")]
    for one in plants:
        one.sku("A")
        one.weeks("A", [10] * 20)
    with plants[2].owner.tenant(plants[2].tenant_id) as tx:
        tx.execute("UPDATE platform.tenants SET status = 'suspended'")
    planned = service.run({"task": "plan", "input": {"all_tenants": True, "periods": ["weekly"]}})
    assert {one["tenant_id"] for one in planned["versions"]} == {str(one.tenant_id) for one in plants[:2]}


def test_a_new_day_is_a_new_version(make_plant: Callable[..., Any], service: ForecastService, clock: Any) -> None:
    live = make_plant(as_of=None)
    live.sku("A")
    live.weeks("A", [10] * 20)
    first = plan(service, live)
    clock.advance(timedelta(days=7))
    second = plan(service, live)
    assert first["versions"] != second["versions"]
    found = live.query("SELECT as_of, horizon_start FROM forecast.forecast_versions ORDER BY as_of")
    assert [row["horizon_start"] for row in found] == [date(2025, 3, 31), date(2025, 4, 7)]
    assert [row["as_of"] for row in found] == [date(2025, 3, 31), date(2025, 4, 7)]


def test_a_run_for_nobody_is_refused(service: ForecastService) -> None:
    with pytest.raises(ValidationFailed, match="for whom"):
        service.run({"task": "plan", "input": {}})


def test_accuracy_is_measured_on_what_was_published_then(make_plant: Callable[..., Any], run: Run, clock: Any) -> None:
    """A week passes; the forecast made before it is judged, not the one made after (P-52)."""
    live = make_plant(as_of=None)
    clock.instant = datetime(2025, 3, 31, 9, tzinfo=UTC)
    live.sku("A")
    live.weeks("A", [100] * 40, last=date(2025, 3, 24))
    run(live)
    live.order("A", date(2025, 3, 31), 160)
    clock.advance(timedelta(days=7))
    run(live)
    found = live.query(
        """SELECT m.* FROM forecast.forecast_accuracy_metrics m JOIN forecast.forecast_versions v
               ON v.id = m.version_id WHERE v.status = 'published' AND m.kind = 'live' AND m.level = 'total'
               AND v.period = 'weekly' ORDER BY m.lag_basis"""
    )
    assert [(one["lag_basis"], one["lag"], one["n"]) for one in found] == [("fixed", 1, 1), ("lead_time", 0, 1)]
    assert found[0]["bias"] == pytest.approx(60 / 160, abs=0.01)
    assert found[0]["wape"] == pytest.approx(60 / 160, abs=0.01)
    assert (found[0]["window_start"], found[0]["window_end"]) == (date(2025, 3, 31), date(2025, 4, 6))
