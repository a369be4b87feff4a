"""Dynamic optimised theta (Fiorucci et al. 2016) over a grid of alpha and theta, likelihood weighted."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.smoothing import likelihood_weights
from opscopilot.forecasting.engine.types import FloatArray

_ALPHAS = (0.05, 0.1, 0.2, 0.32, 0.45, 0.6, 0.75, 0.88, 0.98)
_THETAS = (1.0, 1.5, 2.0, 4.0, 8.0, 20.0)
ALPHA = np.repeat(np.array(_ALPHAS), len(_THETAS))
OMEGA = np.tile(1 - 1 / np.array(_THETAS), len(_ALPHAS))
_TEMPER = 2.5


class _Line:
    """Running least-squares line through a column, updated one observation at a time."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean, self.intercept, self.slope = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def update(self, y: FloatArray, age: FloatArray, on: slice) -> None:
        """Take in the `age`-th observation of the columns in `on` (last axis)."""
        mean, slope = self.mean[..., on], self.slope[..., on]
        grown = np.where(age > 1, ((age - 2) * slope + 6 / age * (y - mean)) / (age + 1), 0.0)
        self.slope[..., on] = grown
        self.mean[..., on] = ((age - 1) * mean + y) / age
        self.intercept[..., on] = self.mean[..., on] - grown * (age + 1) / 2

    def spread(self, rows: int) -> _Line:
        """The same line once per candidate, so that each can go its own way into the future."""
        other = _Line((rows, len(self.mean)))
        other.mean[:], other.intercept[:], other.slope[:] = self.mean, self.intercept, self.slope
        return other


def theta_path(columns: Columns, y: FloatArray, horizon: int, chunk: int = 256) -> FloatArray:
    """(h, C) forecast of `y` (T, C), laid out as `columns`."""
    out = np.empty((horizon, columns.count))
    for low in range(0, columns.count, chunk):
        part = slice(low, min(columns.count, low + chunk))
        out[:, part] = _chunk_path(columns, y[:, part], part, horizon)
    return out


def _chunk_path(columns: Columns, y: FloatArray, part: slice, horizon: int) -> FloatArray:
    start, n = columns.start[part], columns.n[part].astype(np.float64)
    count = len(start)
    alpha, omega, keep = ALPHA[:, None], OMEGA[:, None], 1 - ALPHA[:, None]
    level = 0.5 * y[start, np.arange(count)][None, :] * np.ones_like(alpha)
    squares, power = np.zeros_like(level), np.ones_like(level)
    line, age = _Line((count,)), np.zeros(count)
    active = np.searchsorted(start, np.arange(columns.rows), side="right")
    for t in range(int(start[0]), columns.rows):
        on = slice(0, int(active[t]))
        now, p = age[on] + 1, power[:, on]
        guess = level[:, on] + omega * (p * line.intercept[on] + (1 - p * keep) / alpha * line.slope[on])
        error = y[t, on] - guess
        squares[:, on] += np.where(now > 2, error * error, 0.0)
        level[:, on] = level[:, on] * keep + alpha * y[t, on]
        line.update(y[t, on], now, on)
        power[:, on] = p * keep
        age[on] = now
    weight = likelihood_weights(squares * (n / np.maximum(n - 2, 1)), n, temper=_TEMPER)
    return _ahead(level, power, line.spread(len(ALPHA)), age, weight, horizon)


def _ahead(
    level: FloatArray, power: FloatArray, line: _Line, age: FloatArray, weight: FloatArray, horizon: int
) -> FloatArray:
    """Iterate the model on its own forecasts."""
    alpha, omega, keep = ALPHA[:, None], OMEGA[:, None], 1 - ALPHA[:, None]
    everything = slice(None)
    out = np.empty((horizon, level.shape[1]))
    for k in range(horizon):
        guess = level + omega * (power * line.intercept + (1 - power * keep) / alpha * line.slope)
        out[k] = (weight * guess).sum(axis=0)
        level = level * keep + alpha * guess
        line.update(guess, age + k + 1, everything)
        power = power * keep
    return out
