"""The ticker fires the template's schedules, with the clock in the test's hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from local.aws import LocalAws
from local.ticker import Ticker
from tests.contract.local.support import Journal, finished, wait_for


def test_schedules_fire_when_their_time_has_come(aws: LocalAws, journal: Journal) -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    ticker = Ticker(aws, lambda: now)
    assert ticker.tick() == 0
    now += timedelta(seconds=59)
    assert ticker.tick() == 0
    now += timedelta(seconds=1)
    assert ticker.tick() == 1
    assert wait_for(lambda: {"task": "sweep"} in journal.events("NotifyFunction"))
    now = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # two o'clock in Oslo
    assert ticker.tick() == 2  # a sweep missed many times fires once
    (execution,) = finished(aws, "ForecastingStateMachine")
    assert execution["status"] == "SUCCEEDED"
    assert execution["input"] == '{"all_tenants": true}'
