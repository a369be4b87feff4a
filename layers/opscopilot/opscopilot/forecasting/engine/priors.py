"""Shipped prior quantiles of studentised errors, for blocks too small to learn their own.

Learnt once from rolling origins inside the training part of public collections (M1, tourism, hospital, retail
and pasta sales), never from what this engine is scored on. Rows are the forecast steps `STEPS`, columns `TAUS`.
"none": no season given; "slow": quarters and months; "fast": weeks and days, whose errors are smaller relative
to the one-step scale but more skewed.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray, is_fast

TAUS = np.array([0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995])
STEPS = np.array([1, 4, 13])
STEP = {
    "none": np.array(
        [
            [-4.87, -2.92, -2.24, -1.52, -0.79, -0.32, 0.06, 0.41, 0.76, 1.16, 1.67, 2.58, 3.44, 4.44, 5.94, 7.21],
            [-5.09, -3.07, -2.22, -1.47, -0.70, -0.21, 0.20, 0.58, 1.02, 1.51, 2.17, 3.38, 4.68, 6.14, 8.38, 10.96],
            [-4.45, -2.74, -1.98, -1.29, -0.59, -0.15, 0.23, 0.59, 0.99, 1.45, 2.08, 3.24, 4.50, 5.91, 8.13, 10.60],
        ]
    ),
    "slow": np.array(
        [
            [-4.28, -2.67, -2.04, -1.46, -0.85, -0.45, -0.12, 0.18, 0.49, 0.81, 1.24, 1.88, 2.54, 3.20, 4.28, 5.40],
            [-4.14, -2.49, -1.88, -1.34, -0.74, -0.35, -0.05, 0.23, 0.53, 0.85, 1.26, 1.93, 2.59, 3.25, 4.13, 4.95],
            [-2.85, -1.83, -1.40, -0.99, -0.53, -0.22, 0.02, 0.24, 0.48, 0.74, 1.08, 1.65, 2.22, 2.80, 3.62, 4.23],
        ]
    ),
    "fast": np.array(
        [
            [-2.03, -1.48, -1.24, -0.98, -0.68, -0.48, -0.32, -0.16, 0.01, 0.23, 0.55, 1.14, 1.76, 2.49, 3.60, 4.82],
            [-2.08, -1.50, -1.24, -0.98, -0.68, -0.49, -0.33, -0.17, 0.00, 0.22, 0.59, 1.24, 1.93, 2.66, 4.08, 5.49],
            [-2.23, -1.56, -1.28, -0.99, -0.68, -0.48, -0.32, -0.15, 0.04, 0.29, 0.66, 1.26, 1.83, 2.55, 3.28, 4.30],
        ]
    ),
}
SUM = {
    "none": np.array(
        [
            [-4.91, -3.00, -2.26, -1.55, -0.81, -0.33, 0.06, 0.41, 0.77, 1.17, 1.70, 2.58, 3.50, 4.45, 6.08, 7.30],
            [-5.98, -3.54, -2.65, -1.66, -0.78, -0.23, 0.23, 0.67, 1.15, 1.67, 2.38, 3.64, 5.09, 6.45, 8.49, 10.87],
            [-6.18, -3.52, -2.61, -1.62, -0.76, -0.20, 0.26, 0.71, 1.20, 1.71, 2.42, 3.71, 5.20, 6.62, 8.62, 10.80],
        ]
    ),
    "slow": np.array(
        [
            [-4.41, -2.77, -2.13, -1.51, -0.87, -0.45, -0.12, 0.19, 0.51, 0.86, 1.29, 1.97, 2.63, 3.34, 4.52, 5.70],
            [-4.60, -2.90, -2.18, -1.48, -0.79, -0.36, -0.01, 0.30, 0.63, 0.99, 1.44, 2.16, 2.90, 3.68, 4.87, 6.20],
            [-4.99, -2.86, -2.10, -1.42, -0.74, -0.30, 0.05, 0.38, 0.73, 1.08, 1.53, 2.30, 3.12, 4.02, 5.13, 6.08],
        ]
    ),
    "fast": np.array(
        [
            [-2.05, -1.52, -1.25, -0.96, -0.67, -0.48, -0.32, -0.15, 0.02, 0.24, 0.59, 1.13, 1.75, 2.38, 3.86, 4.83],
            [-2.04, -1.49, -1.23, -0.95, -0.66, -0.45, -0.28, -0.10, 0.10, 0.33, 0.64, 1.14, 1.71, 2.34, 3.18, 4.09],
            [-1.94, -1.55, -1.23, -0.97, -0.64, -0.38, -0.17, 0.00, 0.18, 0.40, 0.68, 1.11, 1.45, 1.87, 2.34, 2.56],
        ]
    ),
}


def step_quantiles(taus: FloatArray, horizon: int, season: int) -> FloatArray:
    """(h, Q) prior quantiles of one period's studentised error."""
    return _interpolate(STEP[_kind(season)], taus, horizon)


def sum_quantiles(taus: FloatArray, horizon: int, season: int) -> FloatArray:
    """(h, Q) prior quantiles of the studentised error of running sums."""
    return _interpolate(SUM[_kind(season)], taus, horizon)


def _kind(season: int) -> str:
    return "fast" if is_fast(season) else "slow" if season > 1 else "none"


def _interpolate(table: FloatArray, taus: FloatArray, horizon: int) -> FloatArray:
    at_tau = np.stack([np.interp(taus, TAUS, row) for row in table])
    steps = np.arange(1, horizon + 1)
    return np.stack([np.interp(steps, STEPS, at_tau[:, q]) for q in range(len(taus))], axis=1)
