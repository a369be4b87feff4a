"""Where a plant's history ends, bucket by bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from opscopilot.forecasting.demand.periods import WEEKLY, Period
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.tenancy import PlantSettings


@dataclass(frozen=True, slots=True)
class DataCut:
    """`as_of` is the plant's today. `complete_day` is the last day whose demand is fully known: today itself
    when the plant is frozen at its end, yesterday while the day is still running."""

    as_of: date
    complete_day: date
    week_start: int

    def horizon_start(self, period: Period = WEEKLY) -> date:
        """First forecast bucket: the one that holds the first day not fully known (P-56)."""
        return period.start_of(self.complete_day + timedelta(days=1), self.week_start)

    def history_end(self, period: Period = WEEKLY) -> date:
        """Last day of the last complete bucket."""
        return self.horizon_start(period) - timedelta(days=1)

    def last_bucket(self, period: Period = WEEKLY) -> date:
        """First day of the last complete bucket."""
        return period.following(self.horizon_start(period), -1)

    def horizon_end(self, period: Period, count: int) -> date:
        """Last day of the last of `count` forecast buckets."""
        return period.following(self.horizon_start(period), count) - timedelta(days=1)


def data_cut(plant: PlantSettings, clock: Clock) -> DataCut:
    """Where the plant's data are cut now."""
    today = plant.today(clock)
    complete = today if plant.as_of is not None else today - timedelta(days=1)
    return DataCut(today, complete, plant.week_start)
