"""Exponential smoothing as a mixture: a fixed grid of models for all columns in one sweep over time.

Instead of optimising parameters per series, every candidate (level only, damped trend, trend) is run and
weighted by its likelihood. That is faster than an optimiser, has nothing to fail, and averages over what a
short history cannot tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import FloatArray

MEMORY = 60
"""Most observations a likelihood may count: weights stay open to change in long histories."""
FORGET = 0.98
"""What a squared error still counts one period later, so that an old regime stops choosing the model."""


def _grid() -> FloatArray:
    level = [(a, 0.0, 0.0, 0.0) for a in (0.05, 0.15, 0.3, 0.5, 0.7, 0.95)]
    trend = [(a, a * b, phi, 1.0) for a in (0.08, 0.2, 0.45, 0.8) for b in (0.04, 0.25) for phi in (0.88, 0.96, 1.0)]
    return np.array(level + trend).T


ALPHA, BETA, PHI, TREND = _grid()
_PENALTY = np.where(TREND > 0, np.where(PHI < 1, 2.0, 1.5), 0.0)
FAST_PENALTY = 6.0 * ALPHA + 3.0 * TREND
"""Extra prior for weekly and daily demand: noise is large, trends rarely last."""


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Final states (K, C), mixture weights (K, C) and one-step squared errors (K, C) of the candidates."""

    level: FloatArray
    slope: FloatArray
    weight: FloatArray
    squares: FloatArray

    def path(self, horizon: int) -> FloatArray:
        """(h, C) mixture forecast."""
        result: FloatArray = self.flat()[None] + damping(horizon) @ (self.weight * self.slope)
        return result

    def flat(self) -> FloatArray:
        """(C,) mixture level."""
        result: FloatArray = (self.weight * self.level).sum(axis=0)
        return result

    def deviation(self, horizon: int, n: FloatArray) -> FloatArray:
        """(h, C) analytic standard deviation of the forecast error, a scale for the conformal step."""
        variance = self.squares / np.maximum(n - 2, 1)
        growth = error_growth(horizon)
        result: FloatArray = np.sqrt(np.stack([(self.weight * variance * g[:, None]).sum(axis=0) for g in growth]))
        return result


def damping(horizon: int) -> FloatArray:
    """(h, K) sum of phi^1..phi^h: how much of the slope each step has earned."""
    steps = np.arange(1, horizon + 1)[:, None]
    result: FloatArray = np.cumsum(PHI[None, :] ** steps * TREND[None, :], axis=0)
    return result


def error_growth(horizon: int) -> FloatArray:
    """(h, K) variance of the h-step error in units of the one-step variance."""
    carried = ALPHA[None, :] + BETA[None, :] * damping(horizon)[: horizon - 1]
    result: FloatArray = 1 + np.vstack([np.zeros((1, len(ALPHA))), np.cumsum(carried**2, axis=0)])
    return result


def smooth(columns: Columns, y: FloatArray, chunk: int = 256, *, fast: bool = False) -> Smoothed:
    """Run the grid over `y` (T, C), laid out as `columns` (scaled, possibly deseasonalised)."""
    shape = (len(ALPHA), columns.count)
    level, slope, squares = np.empty(shape), np.empty(shape), np.empty(shape)
    for low in range(0, columns.count, chunk):
        part = slice(low, min(columns.count, low + chunk))
        level[:, part], slope[:, part], squares[:, part] = _sweep(columns, y, part)
    n = columns.n.astype(np.float64)
    squares *= n / ((1 - FORGET**n) / (1 - FORGET))
    penalty = _PENALTY + FAST_PENALTY if fast else _PENALTY
    return Smoothed(level, slope, likelihood_weights(squares, n, penalty), squares)


def likelihood_weights(
    squares: FloatArray, n: FloatArray, penalty: FloatArray | None = None, temper: float = 1.0
) -> FloatArray:
    """(K, C) normalised Gaussian likelihood weights from one-step squared errors."""
    log_mse = np.log(squares / n + 1e-12)
    score = -0.5 * np.minimum(n, MEMORY) * temper * (log_mse - log_mse.min(axis=0))
    if penalty is not None:
        score = score - penalty[:, None]
    weight = np.exp(score - score.max(axis=0))
    result: FloatArray = weight / weight.sum(axis=0)
    return result


def opening(
    columns: Columns, y: FloatArray, part: slice, points: int = 10
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(C,) level one step before the start and slope by regression on the first points; early mean."""
    start, n = columns.start[part], columns.n[part]
    k = np.minimum(n, points)
    offset = np.arange(points)[:, None]
    inside = offset < k[None, :]
    rows = np.minimum(start[None, :] + offset, columns.rows - 1)
    z = np.where(inside, y[rows, np.arange(part.start, part.stop)[None, :]], 0.0)
    x = np.where(inside, offset - (k - 1) / 2, 0.0)
    slope = (x * z).sum(axis=0) / np.maximum((x * x).sum(axis=0), 1e-9)
    mean = z.sum(axis=0) / k
    early = z[:4].sum(axis=0) / np.minimum(k, 4)
    return mean - slope * (k + 1) / 2, slope, early


def _sweep(columns: Columns, y: FloatArray, part: slice) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Error-correction recursions of every candidate for one chunk of columns."""
    begin, slope0, early = opening(columns, y, part)
    trended = TREND[:, None] > 0
    level = np.where(trended, begin[None, :], early[None, :])
    slope = np.where(trended, slope0[None, :], 0.0)
    squares, guess, error = np.zeros_like(level), np.empty_like(level), np.empty_like(level)
    alpha, beta, phi = ALPHA[:, None], BETA[:, None], PHI[:, None]
    active = np.searchsorted(columns.start[part], np.arange(columns.rows), side="right")
    for t in range(int(columns.start[part.start]), columns.rows):
        on = slice(0, int(active[t]))
        lv, sl, f, e = level[:, on], slope[:, on], guess[:, on], error[:, on]
        np.multiply(sl, phi, out=sl)
        np.add(lv, sl, out=f)
        np.subtract(y[t, part][on], f, out=e)
        np.multiply(e, alpha, out=lv)
        lv += f
        np.multiply(e, beta, out=f)
        sl += f
        np.multiply(e, e, out=e)
        squares[:, on] *= FORGET
        squares[:, on] += e
    return level, slope, squares
