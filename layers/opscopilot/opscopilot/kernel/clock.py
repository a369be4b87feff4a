"""Time: instants are UTC, a plant's day is its own. Nothing else in the package calls datetime.now()."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where the present comes from; tests give a FixedClock."""

    def now(self) -> datetime:
        """The current instant, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is told to move."""

    instant: datetime

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.instant

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`."""
        self.instant += step


def elapsed(start: datetime, end: datetime) -> timedelta:
    """The time between two instants (P-06). Python subtracts wall times where both carry the same zone, which is
    an hour wrong across a clock change; ValueError for a wall time without a zone."""
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("a duration needs two instants: give both a time zone")
    return end.astimezone(UTC) - start.astimezone(UTC)


def on_the_wall(instant: datetime, zone: str) -> str:
    """An instant as the clock on a wall in `zone` shows it: `2026-11-22 07:00 Europe/Berlin`."""
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def production_day(instant: datetime, zone: str, day_start: time) -> date:
    """The plant's production day of `instant`: a night shift belongs to the day on which it started.

    `day_start` is the local wall time at which a production day begins (06:00 in many plants).
    """
    local = instant.astimezone(ZoneInfo(zone))
    return local.date() if local.time() >= day_start else local.date() - timedelta(days=1)


Deadline = Callable[[], float]
"""Seconds that are left before the caller must be done."""
