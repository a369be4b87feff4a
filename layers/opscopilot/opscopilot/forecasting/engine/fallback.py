"""Answers for series no model can be fitted to: nothing observed, no demand at all, a handful of points."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.cleaning import History
from opscopilot.forecasting.engine.countdist import gamma_quantiles
from opscopilot.forecasting.engine.types import FloatArray

_PRIOR_CV = 0.6
"""Coefficient of variation assumed for an item nothing is known about, worth two observations."""


_SLOW = (1, 4)
"""Years and quarters: the last one says more than the mean of a few."""
_FADE = 0.4
"""What a year or a quarter counts relative to the next one."""


def fallback_name(history: History, season: int) -> str:
    """What a planner reads as the method."""
    if history.kind == "none":
        return "zero (no history)"
    if not history.values.any():
        return "zero (no demand in history)"
    weighted = "weighted " if season in _SLOW else ""
    return f"{weighted}mean of {len(history.values)} periods (too few data for a model)"


def fallback_quantiles(
    history: History, horizon: int, season: int, taus: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Mean per period, (h, Q) quantiles per period and of running sums, wide on purpose."""
    n = len(history.values)
    fade = _FADE if season in _SLOW else 1.0
    mean = float(np.average(history.values, weights=fade ** np.arange(n - 1, -1, -1.0))) if n else 0.0
    if mean <= 0:
        nothing = np.zeros((horizon, len(taus)))
        return 0.0, nothing, nothing.copy()
    own = float(((history.values / mean - 1) ** 2).sum())
    variance = (own + 2 * _PRIOR_CV**2) / (n + 1)
    steps = np.arange(1, horizon + 1, dtype=np.float64)
    one = gamma_quantiles(np.ones(1), np.full(1, variance * (1 + 1 / n)), taus)
    sums = gamma_quantiles(steps, variance * (1 + steps / n), taus)
    return mean, np.repeat(one, horizon, axis=0) * mean, sums * mean
