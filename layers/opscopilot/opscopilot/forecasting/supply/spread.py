"""Lead times as equally likely points, which is how demand over a lead time is mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.leadtime import foreseen_lead_times, spread_lead_times
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.supply.leadtimes import LeadTime

_POINTS = 9
_LEAST_DAYS = 0.5


def lead_time_points(found: Sequence[LeadTime], period_days: float, extra_days: float = 0.0) -> FloatArray:
    """(N, 9) equally likely lead times in periods, `extra_days` (a review time) added to each.

    What was observed keeps its shape, smoothed as far as the list is short: the next delivery may be later than the
    latest so far. Where only mean and spread are known they are spread as a gamma distribution. The mean stays.
    """
    mean, sd = np.array([one.mean for one in found]), np.array([one.sd for one in found])
    points = spread_lead_times(mean, sd) if len(found) else np.zeros((0, _POINTS))
    counts = np.array([len(one.past) for one in found], dtype=np.int64)
    for count in np.unique(counts[counts > 0]):
        rows = np.flatnonzero(counts == count)
        foreseen = foreseen_lead_times(np.array([one.past for one in found if len(one.past) == count]), _POINTS)
        stretch = mean[rows] / foreseen.mean(axis=1)
        points[rows] = np.maximum(foreseen * stretch[:, None], _LEAST_DAYS)
    result: FloatArray = (points + extra_days) / period_days
    return result
