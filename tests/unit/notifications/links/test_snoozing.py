"""How long a snooze lasts, on the plant's clock, over both clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.notifications.links.snoozing import choices, snooze_until

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("local_now", "morning"),
    [
        ("2026-01-14T12:00", "2026-01-15T06:00"), ("2026-01-14T23:30", "2026-01-15T06:00"),
        ("2026-01-14T02:00", "2026-01-14T06:00"),  # the night shift's "in the morning" is the one that is coming
        ("2026-01-14T02:01", "2026-01-15T06:00"),  # but it is never shorter than the four hours beside it
        ("2026-01-14T05:59", "2026-01-15T06:00"),
        ("2026-03-28T22:00", "2026-03-29T06:00"), ("2026-10-24T22:00", "2026-10-25T06:00"),
        ("2026-12-31T22:00", "2027-01-01T06:00"),
    ],
)  # fmt: skip
def test_the_next_morning(local_now: str, morning: str) -> None:
    now = datetime.fromisoformat(local_now).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    until = snooze_until("morning", now, BERLIN)
    assert until.astimezone(ZoneInfo(BERLIN)).isoformat()[:16] == morning


def test_an_hour_and_four_hours_are_hours_also_when_the_clocks_change() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert snooze_until("1h", before, BERLIN) - before == timedelta(hours=1)
    assert snooze_until("4h", before, BERLIN) - before == timedelta(hours=4)


@settings(max_examples=60, deadline=None)
@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    zone=st.sampled_from([BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Pacific/Apia"]),
)
def test_the_three_are_offered_in_order_and_the_morning_is_six_on_the_plants_clock(minutes: int, zone: str) -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    offered = choices(now, zone)
    assert list(offered) == ["1h", "4h", "morning"]
    assert list(offered.values()) == sorted(offered.values())
    assert offered["morning"].astimezone(ZoneInfo(zone)).strftime("%H:%M") == "06:00"
    assert timedelta(hours=4) <= offered["morning"] - now <= timedelta(hours=29)
