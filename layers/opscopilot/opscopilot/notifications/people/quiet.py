"""Quiet hours: a stretch of wall-clock time in the user's own zone, which may cross midnight and clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from opscopilot.notifications.people.wall import DAY, change_on, passages

# The clock change may swallow one whole waking stretch, never two in a row.
_DAYS_AHEAD = 4


@dataclass(frozen=True)
class QuietHours:
    """From `start` up to, not including, `end`, in local time of `zone`. Equal times mean no quiet hours."""

    start: time
    end: time
    zone: str

    def covers(self, instant: datetime) -> bool:
        """Is it quiet at `instant` (aware)? What counts is what the user's clock shows (P-85)."""
        shown = instant.astimezone(ZoneInfo(self.zone)).time()
        if self.start <= self.end:
            return self.start <= shown < self.end
        return shown >= self.start or shown < self.end

    def release(self, instant: datetime) -> datetime | None:
        """The first moment, in UTC, at which a message met at `instant` may go out; None if it is not quiet.

        An end inside a skipped hour (02:30 when 02:00 becomes 03:00) releases at the moment of the change; in a
        repeated hour the first passage of the end releases.
        """
        if not self.covers(instant):
            return None
        at = instant.astimezone(UTC)
        day = at.date()
        ends = (end for number in range(_DAYS_AHEAD) for end in _ends(self, datetime.combine(day, time()), number))
        return next(end for end in ends if end > at and not self.covers(end))

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"


@lru_cache(maxsize=4096)
def _ends(quiet: QuietHours, midnight: datetime, number: int) -> list[datetime]:
    """Where the quiet may end on the UTC day `number` days after `midnight`, in order: the passages of the end, and
    the moment at which the clocks are set."""
    day = midnight.date() + number * DAY
    local = (day - DAY, day, day + DAY)
    found = {one for each in local for one in passages(each, quiet.end, quiet.zone) if one.date() == day}
    change = change_on(day, quiet.zone)
    return sorted(found | ({change} if change else set()))
