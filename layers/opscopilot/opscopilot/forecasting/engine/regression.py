"""Pooled regression: one linear model of the last periods for all series, learnt across the batch.

Windows of every history, in logarithms and relative to their own recent level and spread, are regressed on the
periods that followed, one equation per step ahead (a global linear model, Montero-Manso and Hyndman 2021). What
one short history cannot show, many can. Every origin is fitted on its own columns only, so that a backtest never
sees what it is scored on.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

RIDGE = 0.02
MOST_WINDOWS = 30_000
"""About as many windows a fit uses at most; of long histories every second, third, ..."""
FEWEST_SERIES = 20
"""Series below which there is nothing to pool."""
_CONSTANT = 0.3
_LIMIT = 6.0


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


def _scaled(window: FloatArray, lags: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Windows (L, C) as rows of a design (C, L + 1), their level (C,) and spread (C,)."""
    level: FloatArray = window[-min(lags, max(3, lags // 3)) :].mean(axis=0)
    x = (window - level).T
    spread: FloatArray = x.std(axis=1) + 0.02
    scaled = np.clip(x / spread[:, None], -_LIMIT, _LIMIT)
    return np.concatenate([scaled, np.full((len(x), 1), _CONSTANT)], axis=1), level, spread


def _fit(log: FloatArray, n: IntArray, horizon: int, lags: int) -> FloatArray | None:
    """(L + 1, h) ridge coefficients, None when no history has a window and what followed it."""
    rows = len(log)
    designs, targets = [], []
    every = max(1, int(np.maximum(n - lags - horizon, 0).sum()) // MOST_WINDOWS)
    for end in range(rows - horizon, lags - 1, -every):
        has: BoolArray = n >= rows - end + lags
        if not has.any():
            break
        x, level, spread = _scaled(log[end - lags : end, has], lags)
        designs.append(x)
        targets.append(np.clip((log[end : end + horizon, has] - level) / spread, -_LIMIT, _LIMIT).T)
    if not designs:
        return None
    x, z = np.concatenate(designs), np.concatenate(targets)
    gram = x.T @ x / len(x) + RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(gram, x.T @ z / len(x)), dtype=np.float64)


def _predict(log: FloatArray, beta: FloatArray, lags: int) -> FloatArray:
    """(h, C) forecast from the last window of every column."""
    x, level, spread = _scaled(log[len(log) - lags :], lags)
    result: FloatArray = np.exp(np.clip((x @ beta) * spread[:, None], -3, 3) + level[:, None]).T
    return result
