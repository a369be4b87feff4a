"""A longer season than the stated one: weeks of a year, hours of a week, days of a year.

A file of weekly numbers often says "season 1", one of hours "season 24". Where histories are long enough the
longer season is estimated on what the shorter one leaves and offered as further members; the rolling origins say
how much weight it deserves, so nothing is decided on a name.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from opscopilot.forecasting.engine import seasonality
from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.regression import pooled_regression
from opscopilot.forecasting.engine.seasonality import Season
from opscopilot.forecasting.engine.smoothing import smooth
from opscopilot.forecasting.engine.theta import theta_path
from opscopilot.forecasting.engine.types import FloatArray, IntArray

LONGER = {1: 52, 7: 365, 24: 168}
"""Stated season -> the one that may lie on top of it."""
_SEASONS_NEEDED = {1: 3.0, 7: 2.0, 24: 2.5}
_READ_PER_PHASE = {24: 2}
"""Seasons from which the longer one is read per phase: few are enough where a shorter one was taken out first."""
_MOST_LAGS = 200


def longer_members(
    columns: Columns, season: Season, horizon: int, m: int, paths: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Name -> (h, C) further paths in scaled units; empty where no column shows the longer season.

    A column without it repeats the member that ignores it.
    """
    length = LONGER.get(m, 0)
    index = np.flatnonzero(columns.n >= _SEASONS_NEEDED.get(m, np.inf) * length)
    if not len(index):
        return {}
    sub, short = columns.take(index), season.take(index)
    left = replace(sub, y=np.where(sub.valid(), short.remove(sub.y), 0.0))
    long = seasonality.estimate(left, length, _READ_PER_PHASE.get(m, seasonality.ENOUGH_SEASONS))
    if not long.flag.any():
        return {}
    found = _on_the_rest(left, long, short, horizon, paths, index)
    lags = length + max(m, 8)
    if lags <= _MOST_LAGS:
        regressed = paths["theta"].copy()
        regressed[:, index] = pooled_regression(sub, sub.y, horizon, lags, found["long theta"][:, index])
        found["long regression"] = regressed
    naive = paths["theta"].copy()
    naive[:, index] = sub.y[sub.rows - length :][np.arange(horizon) % length]
    return found | {"long seasonal naive": naive}


def _on_the_rest(
    left: Columns, long: Season, short: Season, horizon: int, paths: dict[str, FloatArray], index: IntArray
) -> dict[str, FloatArray]:
    """Theta and smoothing of what both seasons leave, with both put back."""
    rest = np.where(left.valid(), long.remove(left.y), 0.0)
    raw = {"theta": theta_path(left, rest, horizon), "smoothing": smooth(left, rest).path(horizon)}
    out = {}
    for name, path in raw.items():
        whole = paths[name].copy()
        whole[:, index] = np.where(long.flag, short.apply(long.apply(path)), whole[:, index])
        out[f"long {name}"] = whole
    return out
