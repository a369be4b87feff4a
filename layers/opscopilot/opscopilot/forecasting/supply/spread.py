"""Lead times as equally likely points, which is how demand over a lead time is mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.leadtime import spread_lead_times
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.supply.leadtimes import LeadTime


def lead_time_points(found: Sequence[LeadTime], period_days: float, extra_days: float = 0.0) -> FloatArray:
    """(N, 9) equally likely lead times in periods, `extra_days` (a review time) added to each.

    What was observed keeps its shape; where only mean and spread are known they are spread as a gamma distribution.
    """
    mean, sd = np.array([one.mean for one in found]), np.array([one.sd for one in found])
    points = spread_lead_times(mean, sd) if len(found) else np.zeros((0, 9))
    for row, one in enumerate(found):
        if one.points:
            points[row] = one.points
    result: FloatArray = (points + extra_days) / period_days
    return result
