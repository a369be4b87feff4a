"""Wall time to instants, so that clock changes come out the way people mean them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def instant_of(day: date, wall: time, zone: str) -> datetime:
    """The instant (UTC) at which the clocks of `zone` first show `wall` on `day`. A time that is skipped in spring
    is the moment of the change; one that comes twice in autumn is its first passage. Never runs backwards: a later
    wall time is never an earlier instant."""
    return _instant(datetime.combine(day, wall), zone)


def instant_at(wall: datetime, zone: str) -> datetime:
    """The same for a date and time in one value (without a zone of its own)."""
    return _instant(wall, zone)


@lru_cache(maxsize=16384)
def _instant(wall: datetime, zone: str) -> datetime:
    local = wall.replace(tzinfo=ZoneInfo(zone))
    found = local.astimezone(UTC)
    if found.astimezone(local.tzinfo).replace(tzinfo=None) == wall:
        return found
    return change_between(local.replace(fold=1).astimezone(UTC), found, zone) or found


def passages(day: date, wall: time, zone: str) -> list[datetime]:
    """Every instant (UTC) at which the clocks of `zone` show `wall` on `day`: none, one or two."""
    both = {datetime.combine(day, wall, ZoneInfo(zone)).replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = datetime.combine(day, wall)
    return sorted(one for one in both if one.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown)


@lru_cache(maxsize=16384)
def change_on(day: date, zone: str) -> datetime | None:
    """The instant at which the clocks of `zone` are set on that UTC day; None on the other days."""
    start = datetime.combine(day, time(), UTC)
    return change_between(start, start + DAY, zone)


def change_between(start: datetime, end: datetime, zone: str) -> datetime | None:
    """The first second after `start` and up to `end` with another offset than at `start`, when `end` has another."""
    where = ZoneInfo(zone)
    before = start.astimezone(where).utcoffset()
    if end.astimezone(where).utcoffset() == before:
        return None
    while end - start > _SECOND:
        middle = start + timedelta(seconds=int((end - start).total_seconds()) // 2)
        if middle.astimezone(where).utcoffset() == before:
            start = middle
        else:
            end = middle
    return end
