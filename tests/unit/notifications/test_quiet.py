"""Quiet hours: what the user's own clock shows decides (P-85)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.notifications.people.quiet import QuietHours

BERLIN = "Europe/Berlin"
NIGHT = (time(22), time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "hours", "zone", "release"),
    [
        # Berlin is UTC+1 in winter: 22:00 local is 21:00 UTC.
        ("2026-01-14 20:59:59", NIGHT, BERLIN, None),
        ("2026-01-14 21:00", NIGHT, BERLIN, "2026-01-15 06:00"),
        ("2026-01-15 02:30:17", NIGHT, BERLIN, "2026-01-15 06:00"),
        ("2026-01-15 05:59:59", NIGHT, BERLIN, "2026-01-15 06:00"),
        ("2026-01-15 06:00", NIGHT, BERLIN, None),
        # inside one day
        ("2026-01-15 11:30", (time(12), time(13)), BERLIN, "2026-01-15 12:00"),
        ("2026-01-15 12:00", (time(12), time(13)), BERLIN, None),
        # spring: the night of 29 March 2026 is an hour shorter, the fall one an hour longer
        ("2026-03-28 22:00", NIGHT, BERLIN, "2026-03-29 05:00"),
        ("2026-10-24 21:00", NIGHT, BERLIN, "2026-10-25 06:00"),
        # an end inside the skipped hour (02:00 becomes 03:00 at 01:00 UTC) ends at the change itself
        ("2026-03-28 23:30", (time(22), time(2, 30)), BERLIN, "2026-03-29 01:00"),
        # an end inside the repeated hour ends at its first passage; a start in the second passage is quiet again
        ("2026-10-24 23:30", (time(22), time(2, 30)), BERLIN, "2026-10-25 00:30"),
        ("2026-10-25 01:10", (time(22), time(2, 30)), BERLIN, "2026-10-25 01:30"),
        # half-hour zones, and a zone that is already on the next day
        ("2026-01-14 16:30", NIGHT, "Asia/Kolkata", "2026-01-15 01:30"),
        ("2026-01-14 08:00", NIGHT, "Pacific/Kiritimati", "2026-01-14 17:00"),
        ("2026-01-14 12:00", (time(8), time(8)), BERLIN, None),
    ],
)  # fmt: skip
def test_p85_release(now: str, hours: tuple[time, time], zone: str, release: str | None) -> None:
    found = QuietHours(*hours, zone).release(utc(now))
    assert found == (utc(release) if release else None)


WALL = st.integers(0, 1439).map(lambda m: time(m // 60, m % 60))
ZONES = st.sampled_from(
    [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC", "Africa/Casablanca"]
)
MOMENTS = st.integers(0, 2 * 365 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


@settings(max_examples=150, deadline=None)
@given(start=WALL, end=WALL, zone=ZONES, now=MOMENTS)
def test_p85_release_is_the_first_minute_that_is_not_quiet(start: time, end: time, zone: str, now: datetime) -> None:
    quiet = QuietHours(start, end, zone)
    release = quiet.release(now)
    if release is None:
        assert not quiet.covers(now)
        return
    assert now < release <= now + timedelta(hours=49)
    assert not quiet.covers(release)
    assert release.second == 0
    assert quiet.covers(max(now, release - timedelta(minutes=1)))


def test_p85_the_users_zone_counts_not_the_plants() -> None:
    now = utc("2026-01-14 23:00")
    assert QuietHours(*NIGHT, BERLIN).covers(now)
    assert not QuietHours(*NIGHT, "America/Chicago").covers(now)
    assert now.astimezone(ZoneInfo("America/Chicago")).hour == 17
