"""Weeks as the plant counts them, and where its history ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from opscopilot.forecasting.config import PERIOD_DAYS
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.tenancy import PlantSettings


def week_of(day: date, week_start: int) -> date:
    """First day of the week that holds `day`; `week_start` 1 = Monday … 7 = Sunday (C31)."""
    return day - timedelta(days=(day.isoweekday() - week_start) % 7)


@dataclass(frozen=True, slots=True)
class DataCut:
    """`as_of` is the plant's today. `complete_day` is the last day whose demand is fully known: today itself
    when the plant is frozen at its end, yesterday while the day is still running."""

    as_of: date
    complete_day: date
    week_start: int

    @property
    def horizon_start(self) -> date:
        """First forecast week: the one that holds the first day not fully known (P-56)."""
        return week_of(self.complete_day + timedelta(days=1), self.week_start)

    @property
    def history_end(self) -> date:
        """Last day of the last complete week."""
        return self.horizon_start - timedelta(days=1)

    def horizon_end(self, periods: int) -> date:
        """Last day of the last forecast week."""
        return self.horizon_start + timedelta(days=PERIOD_DAYS * periods - 1)


def data_cut(plant: PlantSettings, clock: Clock) -> DataCut:
    """Where the plant's data are cut now."""
    today = plant.today(clock)
    complete = today if plant.as_of is not None else today - timedelta(days=1)
    return DataCut(today, complete, plant.week_start)
