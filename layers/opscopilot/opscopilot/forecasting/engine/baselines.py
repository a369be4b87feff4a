"""The simple forecasts every model has to beat before it may be used."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import FloatArray, IntArray

_WINDOWS = {1: 3, 4: 4, 7: 28, 12: 3}
_DEFAULT_WINDOW = 13


def recent_window(season: int) -> int:
    """Periods in the recent mean: a quarter of a year (13 weeks, 3 months), a year of quarters, 4 weeks of days."""
    return _WINDOWS.get(season, _DEFAULT_WINDOW)


def baseline_names(season: int, window: int) -> tuple[str, ...]:
    """Names in the order of `run_baselines`, as shown to a planner."""
    names = ("naive last", f"mean of last {window}", "historic mean")
    return (*names, "seasonal naive") if season > 1 else names


def run_baselines(columns: Columns, horizon: int, season: int, window: int) -> dict[str, FloatArray]:
    """Name -> (C, h) in input units. Seasonal naive falls back to the last value below one season."""
    y, n = columns.y, columns.n
    paths = [y[-1], recent_mean(y, n, window), y.sum(axis=0) / n]
    flat = [np.repeat((p * columns.scale)[:, None], horizon, axis=1) for p in paths]
    if season > 1:
        flat.append(_seasonal_naive(columns, horizon, season))
    return dict(zip(baseline_names(season, window), flat, strict=True))


def recent_mean(y: FloatArray, n: IntArray, window: int) -> FloatArray:
    """(C,) mean of the last `window` rows of (T, C) right-aligned columns, fewer where there are fewer."""
    result: FloatArray = y[max(0, len(y) - window) :].sum(axis=0) / np.minimum(n, window)
    return result


def _seasonal_naive(columns: Columns, horizon: int, season: int) -> FloatArray:
    out = np.repeat(columns.y[-1][:, None], horizon, axis=1)
    use = columns.n >= season
    if use.any():
        last = columns.y[columns.rows - season :, :][np.arange(horizon) % season]
        out = np.where(use[:, None], last.T, out)
    return out * columns.scale[:, None]
