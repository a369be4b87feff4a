"""Days, weeks, months and quarters as buckets of demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

PeriodName = Literal["daily", "weekly", "monthly", "quarterly"]

_MONTHS = {"monthly": 1, "quarterly": 3}
_DAYS = {"daily": 1, "weekly": 7}


def week_of(day: date, week_start: int) -> date:
    """First day of the week that holds `day`; `week_start` 1 = Monday … 7 = Sunday (C31)."""
    return day - timedelta(days=(day.isoweekday() - week_start) % 7)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of bucket. `letter` stands in version codes, `season` is the buckets of one cycle, `horizon` the
    buckets forecast by default, `days` the mean length of a bucket, which turns times in days into buckets."""

    name: PeriodName
    letter: str
    season: int
    horizon: int
    days: float

    def start_of(self, day: date, week_start: int) -> date:
        """First day of the bucket that holds `day`. `week_start` (1 = Monday … 7 = Sunday) matters to weeks only."""
        if self.name in _DAYS:
            return day if self.name == "daily" else week_of(day, week_start)
        months = _MONTHS[self.name]
        return date(day.year, day.month - (day.month - 1) % months, 1)

    def following(self, start: date, count: int = 1) -> date:
        """First day of the bucket `count` buckets after the one that starts on `start`; negative goes back."""
        if self.name in _DAYS:
            return start + timedelta(days=_DAYS[self.name] * count)
        months = start.year * 12 + start.month - 1 + _MONTHS[self.name] * count
        return date(months // 12, months % 12 + 1, 1)

    def buckets(self, start: date, count: int) -> list[date]:
        """First days of `count` buckets, the first one starting on `start`."""
        return [self.following(start, i) for i in range(count)]

    def last_day(self, start: date) -> date:
        """Last day of the bucket that starts on `start`."""
        return self.following(start) - timedelta(days=1)


PERIODS: dict[PeriodName, Period] = {
    "daily": Period("daily", "D", 7, 28, 1.0),
    "weekly": Period("weekly", "W", 52, 13, 7.0),
    "monthly": Period("monthly", "M", 12, 12, 30.4375),
    "quarterly": Period("quarterly", "Q", 4, 4, 91.3125),
}
WEEKLY = PERIODS["weekly"]
