"""Dynamic optimised theta (Fiorucci et al. 2016) over a grid of alpha and theta, likelihood weighted.

The level of the model does not depend on theta, and its one-step forecast is linear in omega = 1 - 1/theta. So
one sweep per alpha gives the squared error of every theta: sum(r - omega g)^2 = S0 - 2 omega S1 + omega^2 S2.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.smoothing import likelihood_weights
from opscopilot.forecasting.engine.types import FloatArray

ALPHA = np.array((0.05, 0.1, 0.2, 0.32, 0.45, 0.6, 0.75, 0.88, 0.98))
OMEGA = 1 - 1 / np.array((1.0, 1.5, 2.0, 4.0, 8.0, 20.0))
_TEMPER = 2.5
LOG_LOW, LOG_HIGH = 7.0, 1.0
"""On the log scale nothing is read below e^-7 of the mean, nor forecast above e times the highest value."""


def theta_path(columns: Columns, y: FloatArray, horizon: int, chunk: int = 512) -> FloatArray:
    """(h, C) forecast of `y` (T, C), laid out as `columns`."""
    out = np.empty((horizon, columns.count))
    for low in range(0, columns.count, chunk):
        part = slice(low, min(columns.count, low + chunk))
        out[:, part] = _chunk_path(columns, y[:, part], part, horizon)
    return out


def log_theta_path(columns: Columns, y: FloatArray, horizon: int, otherwise: FloatArray) -> FloatArray:
    """(h, C) theta of the logarithm: growth in per cent; `otherwise` for columns that touch zero."""
    valid = columns.valid()
    index = np.flatnonzero(np.where(valid, y, 1.0).min(axis=0) > 0)
    out = otherwise.copy()
    if not len(index):
        return out
    sub, seen = columns.take(index), valid[:, index]
    z = np.where(seen, np.log(np.maximum(y[:, index], np.exp(-LOG_LOW))), 0.0)
    centre = z.sum(axis=0) / sub.n
    z = np.where(seen, z - centre, 0.0)
    path = theta_path(sub, z, horizon) + centre
    top = np.where(seen, z, -np.inf).max(axis=0) + centre
    out[:, index] = np.exp(np.clip(path, -LOG_LOW - 1, top + LOG_HIGH))
    return out


def _lines(columns: Columns, y: FloatArray, part: slice) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Least-squares line through the first 0..T rows of each column: (T + 1, C) age, mean, intercept and slope."""
    start, rows = columns.start[part], columns.rows
    age = np.maximum(np.arange(rows + 1)[:, None] - start[None, :], 0).astype(np.float64)
    total, moment = np.zeros((rows + 1, y.shape[1])), np.zeros((rows + 1, y.shape[1]))
    np.cumsum(y, axis=0, out=total[1:])
    np.cumsum(y * age[1:], axis=0, out=moment[1:])
    n = np.maximum(age, 1.0)
    mean = total / n
    slope = np.where(age > 1, 12 * (moment - total * (n + 1) / 2) / np.where(age > 1, n * (n * n - 1), 1.0), 0.0)
    return age, mean, mean - slope * (n + 1) / 2, slope


def _chunk_path(columns: Columns, y: FloatArray, part: slice, horizon: int) -> FloatArray:
    start, n = columns.start[part], columns.n[part].astype(np.float64)
    count, alpha, keep = len(start), ALPHA[:, None], 1 - ALPHA[:, None]
    level = 0.5 * y[start, np.arange(count)][None, :] * np.ones_like(alpha)
    power = np.ones_like(level)
    sums = np.zeros((3, *level.shape))
    age, mean, intercept, slope = _lines(columns, y, part)
    active = np.searchsorted(start, np.arange(columns.rows), side="right")
    for t in range(int(start[0]), columns.rows):
        on = slice(0, int(active[t]))
        p, state = power[:, on], level[:, on]
        step = alpha * (y[t, on] - state)
        p_keep = p * keep
        line = p * intercept[t, on] + (1 - p_keep) * (slope[t, on] / alpha)
        used = slice(0, int(np.searchsorted(start, t - 2, side="right")))
        r, g = step[:, used] / alpha, line[:, used]
        sums[0, :, used] += r * r
        sums[1, :, used] += r * g
        sums[2, :, used] += g * g
        state += step
        power[:, on] = p_keep
    weight, omega = _posterior(sums, n)
    last = (age[-1], mean[-1], intercept[-1], slope[-1])
    return _ahead(level, power, last, weight, omega, horizon)


def _posterior(sums: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(K, C) weight of every alpha and its mean omega, from the three error sums of every alpha."""
    omega = OMEGA[:, None, None]
    squares = np.maximum(sums[0] - 2 * omega * sums[1] + omega**2 * sums[2], 0.0) * (n / np.maximum(n - 2, 1))
    flat = squares.reshape(-1, squares.shape[2])
    weight = likelihood_weights(flat, n, temper=_TEMPER).reshape(squares.shape)
    total = weight.sum(axis=0)
    return total, (weight * omega).sum(axis=0) / np.maximum(total, 1e-300)


def _ahead(
    level: FloatArray,
    power: FloatArray,
    line: tuple[FloatArray, ...],
    weight: FloatArray,
    omega: FloatArray,
    horizon: int,
) -> FloatArray:
    """Iterate the model on its own forecasts."""
    alpha, keep = ALPHA[:, None], 1 - ALPHA[:, None]
    age, mean, intercept, slope = line
    out = np.empty((horizon, level.shape[1]))
    for k in range(horizon):
        guess = level + omega * (power * intercept + (1 - power * keep) / alpha * slope)
        out[k] = (weight * guess).sum(axis=0)
        level = level * keep + alpha * guess
        now = age + k + 1
        slope = np.where(now > 1, ((now - 2) * slope + 6 / now * (guess - mean)) / (now + 1), 0.0)
        mean = ((now - 1) * mean + guess) / now
        intercept = mean - slope * (now + 1) / 2
        power = power * keep
    return out
