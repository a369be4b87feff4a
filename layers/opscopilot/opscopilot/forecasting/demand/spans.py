"""The days behind the buckets of a history and of what lies ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import Period
from opscopilot.forecasting.engine.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Span:
    """The days of `back` buckets of history and of the buckets ahead. `edges` are the first day of each bucket as an
    offset from `first`, `back` of them past."""

    first: date
    days: int
    edges: IntArray
    back: int

    def mean(self, daily: FloatArray) -> FloatArray:
        """(buckets,) mean over each bucket's days of (days,) daily values."""
        width = np.diff(np.append(self.edges, self.days))
        result: FloatArray = np.add.reduceat(daily, self.edges) / width
        return result


def span_of(period: Period, cut: DataCut, back: int, horizon: int) -> Span:
    """Days from `back` buckets before the horizon to its end."""
    start = cut.horizon_start(period)
    buckets = [period.following(start, i) for i in range(-back, horizon + 1)]
    edges = np.array([(day - buckets[0]).days for day in buckets], dtype=np.int64)
    return Span(buckets[0], int(edges[-1]), edges[:-1], back)
