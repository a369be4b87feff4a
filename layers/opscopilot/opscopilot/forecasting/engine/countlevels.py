"""Levels of quantiles set right on what came: the nominal level that kept the level asked for, out of sample.

Demand is counted, so "at or below" and "below" are not the same. A stock that demand just reaches does not run out:
in the upper half a tie counts whole. Below the median it counts half, else every small quantile of demand that is
mostly zero would be zero.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray


def log_odds(p: FloatArray) -> FloatArray:
    """log(p / (1 - p))."""
    result: FloatArray = np.log(p) - np.log1p(-p)
    return result


def kept_levels(quantiles: FloatArray, came: FloatArray, grid: FloatArray, taus: FloatArray) -> FloatArray:
    """(Q,) log odds of the nominal level of `grid` whose quantiles (n, G) kept each of `taus` against `came` (n,)."""
    y = came[:, None]
    tie = np.clip(0.5 + (grid - 0.5) / 0.6, 0.5, 1.0)
    slack = 1e-9 * np.maximum(y, 1.0)
    reached = (y < quantiles - slack).mean(axis=0) + tie * (np.abs(y - quantiles) <= slack).mean(axis=0)
    reached = np.clip(np.maximum.accumulate(reached) + 1e-9 * np.arange(len(grid)), 1e-6, 1 - 1e-6)
    result: FloatArray = np.interp(log_odds(taus), log_odds(reached), log_odds(grid))
    return result


def read_at(quantiles: FloatArray, grid: FloatArray, levels: FloatArray) -> FloatArray:
    """(n, Q) quantiles at `levels` (log odds) from those at the nominal grid (n, G), straight between them."""
    place = np.interp(levels, log_odds(grid), np.arange(len(grid)))
    low = np.minimum(place.astype(np.int64), len(grid) - 2)
    share = place - low
    result: FloatArray = quantiles[:, low] * (1 - share) + quantiles[:, low + 1] * share
    return result
