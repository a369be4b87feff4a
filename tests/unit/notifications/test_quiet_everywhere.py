"""Quiet hours in every zone: what a walk over the user's clock finds is what comes out (P-85)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.people.wall import change_on

ZONES = st.sampled_from(sorted(available_timezones()))
WALL = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))
DAYS = st.integers(0, 729).map(lambda day: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day))


def near_a_change(zone: str, day: datetime) -> datetime:
    """The next moment from `day` on at which the clocks of `zone` are set, or `day` itself where they never are."""
    days = (day + timedelta(days=number) for number in range(366))
    return next((change for one in days if (change := change_on(one.date(), zone))), day)


def first_loud_minute(quiet: QuietHours, minute: datetime) -> datetime:
    """By walking."""
    while quiet.covers(minute):
        minute += timedelta(minutes=1)
    return minute


@settings(max_examples=60, deadline=None)
@given(start=WALL, end=WALL, zone=ZONES, day=DAYS, minutes=st.integers(-2880, 2880), at_change=st.booleans())
def test_p85_release_is_the_first_moment_that_is_not_quiet(
    start: time, end: time, zone: str, day: datetime, minutes: int, at_change: bool
) -> None:
    quiet = QuietHours(start, end, zone)
    now = (near_a_change(zone, day) if at_change else day) + timedelta(minutes=minutes)
    release = quiet.release(now)
    if release is None:
        assert not quiet.covers(now)
    else:
        assert release == first_loud_minute(quiet, now)
        assert release.tzinfo is UTC


def test_p85_both_changes_of_every_zone_that_has_them() -> None:
    """A night from 22:00 to 07:00 is an hour shorter or longer; its end is where the clock shows 07:00."""
    changing = 0
    for zone in sorted(available_timezones()):
        change = near_a_change(zone, datetime(2026, 1, 1, tzinfo=UTC))
        quiet = QuietHours(time(22), time(7), zone)
        for minute in (-300, -1, 0, 1, 120):
            release = quiet.release(change + timedelta(minutes=minute))
            if release is not None:
                assert not quiet.covers(release)
                assert quiet.covers(release - timedelta(seconds=1))
        changing += change != datetime(2026, 1, 1, tzinfo=UTC)
    assert changing > 100
