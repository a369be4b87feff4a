"""What a plant's calendar tells: shifts, days on which nobody works, what is planned.

The tables are those of `opscopilot.manufacturing`; whoever must know them without knowing that context (who may be
disturbed, what is explained by a shutdown) is handed a PlantCalendar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Literal, Protocol

from opscopilot.kernel.db import Tx

EVERY_DAY = frozenset(range(1, 8))
PlannedKind = Literal["closed", "holiday", "shutdown", "event", "maintenance", "trial"]


@dataclass(frozen=True, slots=True)
class Shift:
    """From `start` up to `end` in wall time of `zone`; an `end` at or before `start` is on the next day.

    It belongs to the day on which it starts: `weekdays` (ISO, Monday = 1), `valid_from` and `valid_to` (included)
    speak of that day. `place` is a location's code; None: the whole plant.
    """

    code: str
    start: time
    end: time
    zone: str
    weekdays: frozenset[int] = EVERY_DAY
    place: str | None = None
    name: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def takes_place(self, day: date) -> bool:
        """Whether it starts on that day, holidays aside."""
        known = (self.valid_from is None or day >= self.valid_from) and (self.valid_to is None or day <= self.valid_to)
        return known and day.isoweekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A day without work at `place` (a location's code; None: everywhere)."""

    day: date
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """Something planned from `first` to `last` (both included) at `place` (None: everywhere)."""

    kind: PlannedKind
    name: str
    first: date
    last: date
    place: str | None = None


class PlantCalendar(Protocol):
    """The tenant's calendar, read within its transaction."""

    def shifts(self, tx: Tx) -> Sequence[Shift]:
        """Every shift, past and future ones included."""
        ...

    def free_days(self, tx: Tx, first: date, last: date) -> Sequence[FreeDay]:
        """Days from `first` to `last` on which no work is done."""
        ...

    def planned(self, tx: Tx, first: date, last: date) -> Sequence[Planned]:
        """What touches the days `first` to `last`; days of one kind, name and place that follow each other are one."""
        ...


@dataclass(frozen=True)
class FixedCalendar:
    """A calendar that says what it was given; with nothing given, a plant that told nothing."""

    told_shifts: Sequence[Shift] = ()
    told_free: Sequence[FreeDay] = ()
    told_plans: Sequence[Planned] = ()

    def shifts(self, tx: Tx) -> Sequence[Shift]:  # noqa: ARG002
        """Those given."""
        return self.told_shifts

    def free_days(self, tx: Tx, first: date, last: date) -> Sequence[FreeDay]:  # noqa: ARG002
        """Those given, of these days."""
        return [one for one in self.told_free if first <= one.day <= last]

    def planned(self, tx: Tx, first: date, last: date) -> Sequence[Planned]:  # noqa: ARG002
        """Those given that touch these days."""
        return [one for one in self.told_plans if one.first <= last and one.last >= first]
