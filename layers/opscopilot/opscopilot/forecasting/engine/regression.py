"""Pooled regression: one linear model of the last periods for all series, learnt across the batch.

Windows of every history, in logarithms and relative to their own recent level and spread, are regressed on the
periods that followed, one equation per step ahead (a global linear model, Montero-Manso and Hyndman 2021). What
one short history cannot show, many can. Every origin is fitted on its own columns only, so that a backtest never
sees what it is scored on.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import FloatArray, IntArray

RIDGE = 0.02
MOST_WINDOWS = 24_000
"""About as many windows a fit uses at most; of long histories every second, third, ..."""
FEWEST_SERIES = 20
"""Series below which there is nothing to pool."""
WINDOWS_PER_LAG = 200
"""More than that where the equation is long."""
_CONSTANT = 0.3
_LIMIT = 6.0
_LEAST_SPREAD = 0.02
_CALENDAR = 2 * 3 * 7 * 13
"""Windows begin at every phase of a season if their distance has no divisor in common with it."""


def pooled_regression(columns: Columns, y: FloatArray, horizon: int, lags: int, otherwise: FloatArray) -> FloatArray:
    """(h, C) forecast of `y` (T, C); `otherwise` where a history is too short, touches zero or has no peers."""
    out = otherwise.copy()
    positive = np.where(columns.valid(), y, 1.0).min(axis=0) > 0
    for slot in np.unique(columns.slot):
        index = np.flatnonzero((columns.slot == slot) & positive & (columns.n >= lags))
        if len(index) < FEWEST_SERIES:
            continue
        log, n = np.log(np.maximum(y[:, index], 1e-6)), columns.n[index]
        beta = _fit(log, n, horizon, lags)
        if beta is not None:
            out[:, index] = _predict(log, beta, lags)
    return out


def _recent(lags: int) -> int:
    """Periods whose mean is the level of a window."""
    return min(lags, max(3, lags // 3))


def _designed(window: FloatArray, level: FloatArray, spread: FloatArray) -> FloatArray:
    """(W, L + 1) rows of the design from windows (W, L), their level and spread (W,)."""
    out = np.empty((len(window), window.shape[1] + 1))
    np.subtract(window, level[:, None], out=out[:, :-1])
    out[:, :-1] /= spread[:, None]
    np.clip(out[:, :-1], -_LIMIT, _LIMIT, out=out[:, :-1])
    out[:, -1] = _CONSTANT
    return out


def _moving(log: FloatArray, lags: int) -> tuple[FloatArray, FloatArray]:
    """(T - L + 1, C) level and spread of the window that begins at each row."""
    total, square = (np.concatenate([np.zeros((1, log.shape[1])), np.cumsum(x, axis=0)]) for x in (log, log * log))
    mean = (total[lags:] - total[:-lags]) / lags
    variance = (square[lags:] - square[:-lags]) / lags - mean * mean
    recent = _recent(lags)
    level = (total[lags:] - total[lags - recent : -recent]) / recent
    return level, np.sqrt(np.maximum(variance, 0.0)) + _LEAST_SPREAD


def _fit(log: FloatArray, n: IntArray, horizon: int, lags: int) -> FloatArray | None:
    """(L + 1, h) ridge coefficients, None when no history has a window and what followed it."""
    rows = len(log)
    every = max(1, int(np.maximum(n - lags - horizon + 1, 0).sum()) // max(MOST_WINDOWS, WINDOWS_PER_LAG * lags))
    while gcd(every, _CALENDAR) > 1:
        every += 1
    begin = np.arange(rows - horizon - lags, -1, -every)
    at, column = np.nonzero(begin[:, None] >= (rows - n)[None, :])
    if not len(at):
        return None
    level, spread = _moving(log, lags)
    first = begin[at]
    level, spread = level[first, column], spread[first, column]
    windows = np.lib.stride_tricks.sliding_window_view(log, lags + horizon, axis=0)[first, column]
    x = _designed(windows[:, :lags], level, spread)
    z = np.clip((windows[:, lags:] - level[:, None]) / spread[:, None], -_LIMIT, _LIMIT)
    gram = x.T @ x / len(x) + RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(gram, x.T @ z / len(x)), dtype=np.float64)


def _predict(log: FloatArray, beta: FloatArray, lags: int) -> FloatArray:
    """(h, C) forecast from the last window of every column."""
    level, spread = (part[-1] for part in _moving(log[len(log) - lags :], lags))
    x = _designed(log[len(log) - lags :].T, level, spread)
    result: FloatArray = np.exp(np.clip((x @ beta) * spread[:, None], -3, 3) + level[:, None]).T
    return result
