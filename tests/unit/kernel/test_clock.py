"""Instants, durations and the plant's production day, across midnight and both clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.clock import FixedClock, SystemClock, elapsed, production_day

COPENHAGEN = "Europe/Copenhagen"
SIX = time(6)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    """A wall time in a zone; `fold` 1 is the second of the two hours in autumn."""
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[arg-type, misc]


def test_p05_a_batch_over_midnight_lasts_130_minutes_and_belongs_to_the_day_its_shift_started() -> None:
    start, end = local(COPENHAGEN, 2024, 9, 3, 22, 55), local(COPENHAGEN, 2024, 9, 4, 1, 5)
    assert elapsed(start, end) == timedelta(minutes=130)
    assert production_day(start, COPENHAGEN, SIX) == production_day(end, COPENHAGEN, SIX) == date(2024, 9, 3)


@pytest.mark.parametrize(
    ("start", "hours"), [((2025, 10, 25), 9), ((2025, 3, 29), 7), ((2025, 6, 10), 8)], ids=["autumn", "spring", "June"]
)
def test_p06_a_night_shift_has_an_hour_more_in_autumn_and_one_less_in_spring(
    start: tuple[int, int, int], hours: int
) -> None:
    evening = local(COPENHAGEN, *start, 22)
    morning = local(COPENHAGEN, start[0], start[1], start[2] + 1, 6)
    assert elapsed(evening, morning) == timedelta(hours=hours)


def test_p06_the_hour_that_happens_twice_is_told_apart_and_is_one_production_day() -> None:
    first, second = local(COPENHAGEN, 2025, 10, 26, 2, 30), local(COPENHAGEN, 2025, 10, 26, 2, 30, fold=1)
    assert elapsed(first, second) == timedelta(hours=1)
    assert production_day(first, COPENHAGEN, SIX) == production_day(second, COPENHAGEN, SIX) == date(2025, 10, 25)


def test_p06_a_duration_needs_instants_and_not_wall_times() -> None:
    naive = datetime(2025, 10, 25, 22)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        elapsed(naive, local(COPENHAGEN, 2025, 10, 26, 6))


def test_p07_the_production_day_is_the_plants_and_not_the_askers() -> None:
    asked_in_london = local("Europe/London", 2026, 7, 1, 13)
    assert production_day(asked_in_london, "Pacific/Auckland", time(0)) == date(2026, 7, 2)
    assert production_day(asked_in_london, "Pacific/Auckland", SIX) == date(2026, 7, 1)
    assert production_day(asked_in_london, "America/Los_Angeles", SIX) == date(2026, 6, 30)


@pytest.mark.parametrize(("hour", "minute", "day"), [(5, 59, 9), (6, 0, 10), (23, 59, 10)])
def test_p05_the_day_turns_at_its_start_to_the_minute(hour: int, minute: int, day: int) -> None:
    assert production_day(local(COPENHAGEN, 2026, 2, 10, hour, minute), COPENHAGEN, SIX) == date(2026, 2, day)


@pytest.mark.parametrize("zone", [COPENHAGEN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@settings(deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_p06_production_days_never_run_backwards(zone: str, moment: datetime) -> None:
    """Also where the clock is put back: an hour later is never an earlier production day."""
    now = moment.replace(tzinfo=UTC)
    assert production_day(now, zone, SIX) <= production_day(now + timedelta(hours=1), zone, SIX)


def test_clocks_speak_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(days=1))
    assert clock.now() == datetime(2026, 1, 2, tzinfo=UTC)
