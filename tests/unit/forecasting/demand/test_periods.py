"""Buckets of every length, and the last complete one of each (P-56)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import PERIODS, PeriodName


@pytest.mark.parametrize(
    ("name", "day", "start", "next_start"),
    [
        ("daily", "2025-03-30", "2025-03-30", "2025-03-31"),
        ("weekly", "2025-03-30", "2025-03-24", "2025-03-31"),
        ("monthly", "2024-02-29", "2024-02-01", "2024-03-01"),
        ("monthly", "2024-12-31", "2024-12-01", "2025-01-01"),
        ("quarterly", "2025-03-31", "2025-01-01", "2025-04-01"),
        ("quarterly", "2025-11-02", "2025-10-01", "2026-01-01"),
    ],
)
def test_bucket_of_a_day(name: PeriodName, day: str, start: str, next_start: str) -> None:
    period = PERIODS[name]
    found = period.start_of(date.fromisoformat(day), 1)
    assert (found.isoformat(), period.following(found).isoformat()) == (start, next_start)
    assert period.following(period.following(found), -1) == found


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize("week_start", range(1, 8))
def test_buckets_cover_every_day_once(name: PeriodName, week_start: int) -> None:
    period, day = PERIODS[name], date(2023, 12, 1)
    for _ in range(800):
        start = period.start_of(day, week_start)
        assert start <= day <= period.last_day(start)
        assert period.start_of(period.last_day(start), week_start) == start
        day += timedelta(days=1)
    starts = period.buckets(period.start_of(day, week_start), 9)
    assert starts == sorted(set(starts))
    assert starts[8] == period.following(starts[0], 8)


@pytest.mark.parametrize(
    ("name", "horizon_start", "last_bucket", "horizon_end"),
    [
        ("daily", "2025-03-27", "2025-03-26", "2025-03-28"),
        ("weekly", "2025-03-24", "2025-03-17", "2025-04-06"),
        ("monthly", "2025-03-01", "2025-02-01", "2025-04-30"),
        ("quarterly", "2025-01-01", "2024-10-01", "2025-06-30"),
    ],
)
def test_p56_history_ends_with_the_last_complete_bucket(
    name: PeriodName, horizon_start: str, last_bucket: str, horizon_end: str
) -> None:
    cut, period = DataCut(date(2025, 3, 26), date(2025, 3, 26), 1), PERIODS[name]
    assert cut.horizon_start(period).isoformat() == horizon_start
    assert cut.last_bucket(period).isoformat() == last_bucket
    assert cut.history_end(period) == cut.horizon_start(period) - timedelta(days=1)
    assert cut.horizon_end(period, 2).isoformat() == horizon_end


def test_a_bucket_that_ends_with_the_complete_day_is_history() -> None:
    cut = DataCut(date(2025, 3, 31), date(2025, 3, 31), 1)
    assert cut.last_bucket(PERIODS["quarterly"]) == date(2025, 1, 1)
    assert cut.last_bucket(PERIODS["monthly"]) == date(2025, 3, 1)
