"""Quiet hours: a stretch of wall-clock time in the user's own zone, which may cross midnight and clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
# Two days and an hour: the clock change may swallow one whole waking stretch, never two in a row.
_HORIZON_MINUTES = 49 * 60


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
        """The first minute, in UTC, at which a message met at `instant` may go out; None if it is not quiet."""
        if not self.covers(instant):
            return None
        return _first_loud_minute(self, instant.astimezone(UTC).replace(second=0, microsecond=0))

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"


@lru_cache(maxsize=4096)
def _first_loud_minute(quiet: QuietHours, minute: datetime) -> datetime:
    """Walk forward minute by minute: what the clock shows is the definition, so gaps and folds come out right.

    An end inside a skipped hour (02:30 when 02:00 becomes 03:00) releases at the moment of the change; in a
    repeated hour the first passage of the end releases. Costs up to two milliseconds, once per minute and setting.
    """
    for _ in range(_HORIZON_MINUTES):
        minute += _MINUTE
        if not quiet.covers(minute):
            break
    return minute
