"""Seasonal exponential smoothing with evolving seasonality, a likelihood-weighted grid.

Multiplicative where a season multiplies (all values positive), additive where the history touches zero.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.seasonality import Season
from opscopilot.forecasting.engine.smoothing import likelihood_weights, opening
from opscopilot.forecasting.engine.types import BoolArray, FloatArray


def _grid() -> FloatArray:
    out = []
    for a in (0.03, 0.12, 0.3, 0.55, 0.85):
        for g in (0.05, 0.2, 0.4, 0.65):
            out.append((a, 0.0, 0.0, g))
            out += [(a, a * b, phi, g) for b in (0.05, 0.2) for phi in (0.9, 0.98)]
    return np.array(out).T


ALPHA, BETA, PHI, GAMMA = _grid()
_SMALL = 1e-3


def seasonal_path(columns: Columns, season: Season, horizon: int, chunk: int = 96) -> FloatArray:
    """(h, C) forecast of the seasonal columns; NaN for the columns without a season."""
    out = np.full((horizon, columns.count), np.nan)
    additive = (season.factor == 1).all(axis=0)
    for kind in (False, True):
        index = np.flatnonzero(season.flag & (additive == kind))
        for low in range(0, len(index), chunk):
            use = index[low : low + chunk]
            out[:, use] = _chunk_path(columns.take(use), season.take(use), horizon, additive=kind)
    return out


def _chunk_path(columns: Columns, season: Season, horizon: int, *, additive: bool) -> FloatArray:
    m, count = season.length, columns.count
    plain = season.remove(columns.y)
    begin, slope0, early = opening(columns, plain, slice(0, count), points=2 * m)
    damped = PHI[:, None] > 0
    level = np.where(damped, begin[None, :], early[None, :])
    slope = np.where(damped, slope0[None, :], 0.0)
    start = season.offset if additive else season.factor
    shape = np.repeat(start[:, None, :], len(ALPHA), axis=1)
    squares = np.zeros_like(level)
    active = columns.active()
    for t in range(int(columns.start[0]), columns.rows):
        on = slice(0, int(active[t]))
        j = (t - columns.rows) % m
        step = _additive_step if additive else _multiplicative_step
        step(columns.y[t, on], level[:, on], slope[:, on], shape[j][:, on], squares[:, on])
    weight = likelihood_weights(squares, columns.n.astype(np.float64))
    return _ahead(level, slope, shape, weight, horizon, additive=additive)


def _multiplicative_step(
    y: FloatArray, level: FloatArray, slope: FloatArray, shape: FloatArray, squares: FloatArray
) -> None:
    """One observation into level, slope and the index of its phase, in place."""
    base = np.maximum(level + slope * PHI[:, None], _SMALL)
    error = y - base * shape
    squares += error * error
    unit = error / np.maximum(shape, 0.02)
    level[:] = base + ALPHA[:, None] * unit
    slope *= PHI[:, None]
    slope += BETA[:, None] * unit
    shape += GAMMA[:, None] * error / base


def _additive_step(y: FloatArray, level: FloatArray, slope: FloatArray, shape: FloatArray, squares: FloatArray) -> None:
    base = level + slope * PHI[:, None]
    error = y - base - shape
    squares += error * error
    level[:] = base + ALPHA[:, None] * error
    slope *= PHI[:, None]
    slope += BETA[:, None] * error
    shape += GAMMA[:, None] * error


def _ahead(
    level: FloatArray, slope: FloatArray, shape: FloatArray, weight: FloatArray, horizon: int, *, additive: bool
) -> FloatArray:
    out = np.empty((horizon, level.shape[1]))
    earned = np.zeros((len(PHI), 1))
    for k in range(horizon):
        earned = earned + PHI[:, None] ** (k + 1)
        base, own = level + earned * slope, shape[k % len(shape)]
        path = base + own if additive else np.maximum(base, 0.0) * own
        out[k] = (weight * path).sum(axis=0)
    return out


def use_where(flag: BoolArray, path: FloatArray, otherwise: FloatArray) -> FloatArray:
    """The seasonal path where there is a season, else the other."""
    return np.where(flag[None, :], path, otherwise)
