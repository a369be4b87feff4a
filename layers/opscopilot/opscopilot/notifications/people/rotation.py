"""Layers of an on-call schedule: whose turn it is, and during which hours the layer counts at all.

Turns change at wall times of the schedule's zone: a weekly handover on Monday at 08:00 stays at 08:00 through clock
changes, and the turn is then an hour shorter or longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from opscopilot.kernel.plant_calendar import EVERY_DAY, Shift
from opscopilot.notifications.people.rota import Stretch, hours_of, names
from opscopilot.notifications.people.wall import DAY, instant_at, instant_of

Unit = Literal["hours", "days", "weeks"]


@dataclass(frozen=True)
class Restriction:
    """When a layer counts: on `weekdays` (ISO) from `start` to `end` in wall time, past midnight when `end` is not
    later; or while one of the named `shifts` is worked. A night belongs to the day on which it begins."""

    weekdays: frozenset[int] = EVERY_DAY
    start: time = time()
    end: time = time()
    shifts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """`users` take turns of `every` `unit`, beginning at `handover` on `starts_on`, until `ends_on` (included)."""

    users: tuple[str, ...]
    every: int
    unit: Unit
    starts_on: date
    handover: time = time()
    ends_on: date | None = None
    restriction: Restriction | None = None
    name: str = ""

    @property
    def turn(self) -> timedelta:
        """The length of a turn in wall time."""
        return timedelta(**{self.unit: self.every})

    def handover_at(self, number: int, zone: str) -> datetime:
        """The instant at which turn `number` (0 is the first) begins."""
        return instant_at(datetime.combine(self.starts_on, self.handover) + number * self.turn, zone)

    def turn_at(self, instant: datetime, zone: str) -> int | None:
        """The number of the turn at `instant`; None before the first and after the end."""
        over = self.ends_on is not None and instant.astimezone(ZoneInfo(zone)).date() > self.ends_on
        number = self._number(instant, zone)
        return None if over or number < 0 else number

    def _number(self, instant: datetime, zone: str) -> int:
        """The turn it would be if there were no beginning and no end."""
        local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        number = (local - datetime.combine(self.starts_on, self.handover)) // self.turn
        while instant < self.handover_at(number, zone):
            number -= 1
        while instant >= self.handover_at(number + 1, zone):
            number += 1
        return number

    def person(self, instant: datetime, zone: str, active: Collection[str] | None) -> str | None:
        """Whose turn it is. Whoever is not `active` (None: all are) is stood in for by the next in the order."""
        number = self.turn_at(instant, zone)
        if number is None:
            return None
        order = [self.users[(number + step) % len(self.users)] for step in range(len(self.users))]
        return next((one for one in order if active is None or one in active), None)

    def counts(self, instant: datetime, zone: str, shifts: Collection[Shift]) -> bool:
        """Whether the restriction, if there is one, lets the layer count at `instant`."""
        if self.restriction is None:
            return True
        day = instant.astimezone(ZoneInfo(zone)).date()
        near = windows(self.restriction, zone, shifts, day - DAY, day + DAY)
        return any(start <= instant < end for start, end in near)

    def changes(self, start: datetime, end: datetime, zone: str, shifts: Collection[Shift]) -> Iterator[datetime]:
        """The instants in between at which the layer's answer may change."""
        first = max(self._number(start, zone), 0)
        while (at := self.handover_at(first, zone)) < end:
            yield at
            first += 1
        if self.ends_on is not None:
            yield instant_of(self.ends_on + DAY, time(), zone)
        if self.restriction is not None:
            days = start.astimezone(ZoneInfo(zone)).date() - DAY, end.astimezone(ZoneInfo(zone)).date() + DAY
            for window in windows(self.restriction, zone, shifts, *days):
                yield from window


def windows(
    restriction: Restriction, zone: str, shifts: Collection[Shift], first: date, last: date
) -> Iterator[Stretch]:
    """The stretches that begin on the days `first` to `last`. Plant holidays change nothing: somebody is on call."""
    for number in range((last - first).days + 1):
        day = first + number * DAY
        for shift in shifts:
            if shift.takes_place(day) and not names(shift).isdisjoint(restriction.shifts):
                yield hours_of(shift, day)
        if not restriction.shifts and day.isoweekday() in restriction.weekdays:
            until = day if restriction.end > restriction.start else day + DAY
            yield instant_of(day, restriction.start, zone), instant_of(until, restriction.end, zone)
