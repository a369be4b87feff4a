"""A crew's rota: which shifts it works in which week, and from when to when that is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from opscopilot.kernel.plant_calendar import FreeDay, Shift
from opscopilot.notifications.people.wall import DAY, instant_of

Stretch = tuple[datetime, datetime]
LOOK_AHEAD = timedelta(days=14)
"""Who has no shift within these days is not held for one: a calendar that ends, a code that no longer exists or a
leave of weeks would otherwise keep a message until nobody can act on it."""
WEEK = 7


def hours_of(shift: Shift, day: date) -> Stretch:
    """From when to when (UTC) the shift that starts on `day` lasts."""
    last = day if shift.end > shift.start else day + DAY
    return instant_of(day, shift.start, shift.zone), instant_of(last, shift.end, shift.zone)


def names(shift: Shift) -> frozenset[str]:
    """How a cycle may name the shift: by its code, or by code and place where several places have that code."""
    return frozenset({shift.code, f"{shift.code}@{shift.place}"} if shift.place else {shift.code})


def merged(stretches: Collection[Stretch]) -> list[Stretch]:
    """In order, those that touch or overlap made one; empty ones left out."""
    found: list[Stretch] = []
    for start, end in sorted(one for one in stretches if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


@dataclass(frozen=True)
class Rota:
    """`cycle`: per week the shifts worked (names, see `names`); the first week is that of `start`, and after the last
    one it begins again. An empty cycle: every shift of the plant. One object serves everybody of a crew."""

    cycle: tuple[tuple[str, ...], ...]
    start: date | None
    shifts: Sequence[Shift]
    free: frozenset[FreeDay] = frozenset()
    _known: dict[date, list[Stretch]] = field(default_factory=dict, compare=False, repr=False)

    def next_work(self, instant: datetime) -> Stretch | None:
        """The stretch of work that is under way at `instant` or begins next, within LOOK_AHEAD; None: there is none.
        One that goes on for weeks is told as far as it was looked at."""
        stretches = self._around(instant.astimezone(UTC).date())
        at = bisect_right(stretches, instant, key=lambda one: one[1])
        if at == len(stretches) or stretches[at][0] > instant + LOOK_AHEAD:
            return None
        return stretches[at]

    def works(self, shift: Shift, day: date) -> bool:
        """Whether this crew works that shift when it starts on `day`."""
        if not shift.takes_place(day) or FreeDay(day) in self.free or FreeDay(day, shift.place) in self.free:
            return False
        if not self.cycle:
            return True
        since = (day - self.start).days if self.start else 0
        return not names(shift).isdisjoint(self.cycle[since // WEEK % len(self.cycle)])

    def _around(self, day: date) -> list[Stretch]:
        if day not in self._known:
            days = [day + number * DAY for number in range(-2, LOOK_AHEAD.days + 3)]
            self._known[day] = merged([hours_of(s, one) for s in self.shifts for one in days if self.works(s, one)])
        return self._known[day]
