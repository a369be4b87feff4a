"""How long a snooze from a message lasts: one hour, four, or until the plant's next morning."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Snooze = Literal["1h", "4h", "morning"]
MORNING = time(6)
_FIXED: dict[str, timedelta] = {"1h": timedelta(hours=1), "4h": timedelta(hours=4)}


def snooze_until(choice: Snooze, now: datetime, zone: str) -> datetime:
    """The instant, in UTC, at which the alert may be told again.

    `morning` is the first 06:00 on the plant's clock that is at least four hours away: somebody on the night shift who
    says "in the morning" at 01:00 means the one that is coming, not the one thirty hours later.
    """
    if choice in _FIXED:
        return now + _FIXED[choice]
    earliest = now + _FIXED["4h"]
    day = earliest.astimezone(ZoneInfo(zone)).date()
    morning = _at_six(day, zone)
    return morning if morning >= earliest else _at_six(day + timedelta(days=1), zone)


def choices(now: datetime, zone: str) -> dict[Snooze, datetime]:
    """All three, in the order in which they are offered."""
    return {one: snooze_until(one, now, zone) for one in ("1h", "4h", "morning")}


def _at_six(day: date, zone: str) -> datetime:
    return datetime.combine(day, MORNING, ZoneInfo(zone)).astimezone(UTC)
