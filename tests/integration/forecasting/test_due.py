"""New data start a forecast once: not for every file, not while files are still coming, and never not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import DataNormalized, record
from tests.support import forecasting

Opened = Callable[[str], Database]
EARLIER = timedelta(seconds=60)


@pytest.fixture
def filled(plant: Any) -> Any:
    plant.sku("A", reorder_point=50)
    plant.weeks("A", [20, 30, 25] * 10)
    return plant


def data_event(
    plant: Any, opened: Opened, entity: str = "sales_order_line", ago: timedelta = timedelta()
) -> dict[str, Any]:
    event = DataNormalized(
        tenant_id=plant.tenant_id, occurred_at=datetime.now(UTC) - ago, correlation_id="c", job_id=uuid4(),
        entity_type=entity, successful_records=1, failed_records=0, duplicate_records=0,
    )  # fmt: skip
    with opened("ops_normalize").tenant(plant.tenant_id) as tx:
        record(tx, event)
    return {"detail-type": "DataNormalized", "source": event.source, "detail": event.model_dump(mode="json")}


def job(plant: Any, opened: Opened, status: str, minutes_old: int = 0) -> None:
    with opened("ops_normalize").tenant(plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.ingestion_jobs (tenant_id, source_system, status, file_name, created_at, updated_at)
               VALUES (:tenant, 'test', :status, 'f.csv', now() - make_interval(mins => :old),
                   now() - make_interval(mins => :old))""",
            tenant=plant.tenant_id, status=status, old=minutes_old,
        )  # fmt: skip


def plan(service: ForecastService, event: dict[str, Any], started: datetime | None = None) -> dict[str, Any]:
    since = (started or service.clock.now()).isoformat()
    name = f"e-{event['detail']['event_id']}"
    return service.run({"task": "plan", "input": event, "execution": name, "started": since})


def test_only_the_newest_file_of_a_group_starts_a_forecast(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    first, second = (data_event(filled, opened) for _ in range(2))
    data_event(filled, opened, entity="customer")
    skipped = plan(service, first)
    assert skipped["skip"] is True
    assert "newer data" in skipped["reasons"][0]
    assert plan(service, second)["skip"] is False
    assert [row["started_by"] for row in filled.query("SELECT started_by FROM forecast.forecast_runs")] == ["data"]


def test_entities_that_change_nothing_start_nothing(filled: Any, service: ForecastService, opened: Opened) -> None:
    answer = plan(service, data_event(filled, opened, entity="customer"))
    assert answer["skip"] is True
    assert answer["wait"] is False


def test_rows_that_were_committed_late_are_not_left_to_a_newer_event_whose_plan_is_over(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    """The newer file's plan ran before this one's rows could be seen; waiting for it would lose them."""
    late = data_event(filled, opened, ago=EARLIER)
    newer = data_event(filled, opened, ago=EARLIER)
    assert plan(service, newer)["skip"] is False
    filled.order("A", filled.as_of, 40)
    answer = plan(service, late)
    assert answer["skip"] is False
    assert len(filled.query("SELECT id FROM forecast.forecast_versions WHERE period = 'weekly'")) == 2


def test_an_event_whose_data_another_run_is_forecasting_leaves_it_to_that_run(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    first, second = (data_event(filled, opened, ago=EARLIER) for _ in range(2))
    assert plan(service, second)["skip"] is False
    answer = plan(service, first)
    assert answer["skip"] is True
    assert all("being made from the same data by another run" in one for one in answer["reasons"])


def test_an_event_takes_over_from_a_run_that_failed(filled: Any, service: ForecastService, opened: Opened) -> None:
    first, second = (data_event(filled, opened, ago=EARLIER) for _ in range(2))
    broken = plan(service, second)
    service.run({"task": "fail", "state": {"planned": broken}, "error": {"Error": "E", "Cause": "c"}})
    again = plan(service, first)
    assert [one["version_id"] for one in again["versions"]] == [one["version_id"] for one in broken["versions"]]


@pytest.mark.parametrize(
    ("status", "minutes_old", "waits"),
    [
        ("running", 0, True), ("pending", 0, True), ("needs_mapping", 0, False), ("failed", 0, False),
        ("cancelled", 0, False), ("pending", 10, False), ("running", 10, True), ("running", 45, False),
    ],
)  # fmt: skip
def test_files_that_are_being_loaded_are_waited_for(
    filled: Any, service: ForecastService, opened: Opened, status: str, minutes_old: int, waits: bool
) -> None:
    event = data_event(filled, opened)
    job(filled, opened, status, minutes_old)
    answer = plan(service, event)
    assert answer["wait"] is waits
    assert answer["skip"] is waits


def test_the_last_event_runs_although_the_last_file_failed_and_sent_none(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    """The open job is waited for, not trusted: it ends without an event, and the forecast is made all the same."""
    event = data_event(filled, opened)
    job(filled, opened, "running")
    assert plan(service, event)["wait"] is True
    with opened("ops_normalize").tenant(filled.tenant_id) as tx:
        tx.execute("UPDATE staging.ingestion_jobs SET status = 'failed'")
    assert plan(service, event)["skip"] is False


def test_files_that_never_stop_coming_do_not_hold_up_a_forecast_for_ever(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    event = data_event(filled, opened)
    job(filled, opened, "running")
    started = service.clock.now() - timedelta(minutes=21)
    assert plan(service, event, started)["skip"] is False


def test_whoever_asks_for_a_run_does_not_wait(filled: Any, service: ForecastService, opened: Opened) -> None:
    job(filled, opened, "running")
    assert forecasting.plan(service, {"tenant_id": str(filled.tenant_id)})["skip"] is False


def test_any_order_of_looks_ends_in_a_version_of_all_the_data(
    filled: Any, service: ForecastService, opened: Opened
) -> None:
    """Three files, their looks in every order the clock allows: the version in force always holds the last row."""
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)):
        events = []
        for number in range(3):
            filled.order("A", filled.as_of, 10 + number)
            events.append(data_event(filled, opened, ago=EARLIER - timedelta(seconds=20 * number)))
        for number in order:
            planned = plan(service, events[number])
            if planned["skip"]:
                continue
            for version in planned["versions"]:
                service.run({"task": "prepare", **version})
            for batch in forecasting.deal(service, planned):
                service.run({"task": "batch", **batch})
            forecasting.publish(service, planned)
        again = service.run({"task": "plan", "input": {"tenant_id": str(filled.tenant_id)}})
        assert again["skip"] is True, order
        assert all("same data" in reason for reason in again["reasons"])
