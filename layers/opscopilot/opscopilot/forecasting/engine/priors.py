"""Shipped priors: member weights, error scales and quantiles of studentised errors, for blocks too small to learn their own.

Learnt once from rolling origins inside the training part of public collections (M1, tourism, hospital; weeks of
AdventureWorks and made ones), never from what this engine is scored on. Rows are the forecast steps `STEPS`,
columns `TAUS`.
"none": no season given; "slow": quarters and months; "fast": weeks and days, whose errors are smaller relative
to the one-step scale but more skewed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray, is_fast

TAUS = np.array([0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995])
STEPS = np.array([1, 4, 13])
STEP = {
    "none": np.array(
        [
            [-5.45, -3.03, -2.19, -1.45, -0.78, -0.30, 0.08, 0.45, 0.81, 1.21, 1.77, 2.81, 3.95, 5.31, 7.48, 11.00],
            [-6.68, -3.87, -2.76, -1.78, -0.93, -0.38, 0.08, 0.57, 1.11, 1.76, 2.59, 4.03, 5.60, 7.49, 11.29, 14.50],
            [-6.24, -4.06, -3.16, -1.85, -0.97, -0.38, 0.10, 0.61, 1.19, 1.97, 2.99, 4.49, 6.04, 8.47, 12.50, 16.00],
        ]
    ),
    "slow": np.array(
        [
            [-3.70, -2.31, -1.82, -1.34, -0.83, -0.47, -0.18, 0.10, 0.38, 0.67, 1.03, 1.64, 2.24, 2.93, 4.02, 4.99],
            [-4.10, -2.47, -1.91, -1.38, -0.80, -0.44, -0.14, 0.13, 0.40, 0.71, 1.12, 1.78, 2.42, 3.12, 4.11, 5.03],
            [-3.48, -2.35, -1.91, -1.38, -0.81, -0.43, -0.13, 0.15, 0.44, 0.76, 1.17, 1.85, 2.56, 3.36, 4.48, 5.52],
        ]
    ),
    "fast": np.array(
        [
            [-2.20, -1.70, -1.44, -1.18, -0.80, -0.55, -0.32, -0.02, 0.24, 0.54, 0.95, 1.53, 2.08, 2.76, 3.90, 4.90],
            [-2.30, -1.75, -1.46, -1.18, -0.81, -0.55, -0.30, 0.02, 0.29, 0.56, 0.95, 1.53, 2.06, 2.65, 3.50, 4.40],
            [-2.30, -1.75, -1.42, -1.12, -0.75, -0.46, -0.20, 0.05, 0.34, 0.63, 1.01, 1.61, 2.12, 2.72, 3.60, 4.50],
        ]
    ),
}
SUM = {
    "none": np.array(
        [
            [-5.70, -3.09, -2.17, -1.48, -0.78, -0.29, 0.08, 0.44, 0.80, 1.21, 1.79, 2.77, 3.89, 5.30, 7.82, 11.17],
            [-7.89, -4.24, -2.97, -2.01, -1.07, -0.37, 0.14, 0.68, 1.26, 1.96, 2.81, 4.39, 5.90, 7.68, 10.62, 14.31],
            [-7.97, -4.69, -3.61, -2.19, -1.22, -0.49, 0.07, 0.70, 1.40, 2.15, 3.19, 5.10, 6.91, 8.32, 12.27, 16.41],
        ]
    ),
    "slow": np.array(
        [
            [-3.58, -2.31, -1.82, -1.33, -0.82, -0.46, -0.16, 0.11, 0.39, 0.69, 1.06, 1.67, 2.28, 2.96, 4.03, 5.05],
            [-4.04, -2.60, -2.00, -1.40, -0.81, -0.42, -0.11, 0.18, 0.49, 0.81, 1.22, 1.88, 2.56, 3.29, 4.57, 5.63],
            [-4.58, -3.02, -2.34, -1.60, -0.91, -0.43, -0.06, 0.28, 0.63, 1.03, 1.54, 2.36, 3.18, 4.11, 5.38, 6.45],
        ]
    ),
    "fast": np.array(
        [
            [-2.20, -1.70, -1.42, -1.12, -0.74, -0.48, -0.26, 0.00, 0.26, 0.52, 0.87, 1.45, 1.98, 2.50, 3.50, 4.40],
            [-2.20, -1.70, -1.36, -1.04, -0.66, -0.40, -0.16, 0.08, 0.33, 0.58, 0.92, 1.42, 1.85, 2.30, 3.00, 3.60],
            [-2.20, -1.60, -1.28, -0.94, -0.56, -0.27, -0.04, 0.20, 0.46, 0.74, 1.05, 1.47, 1.90, 2.35, 3.00, 3.50],
        ]
    ),
}


SCALE = {
    "none": ((-0.60, -0.03, 2.46, 2.47), (0.24, 0.13, 0.13, -0.10)),
    "slow": ((-1.23, -0.10, 1.98, 4.08), (0.08, 0.09, 0.15, -0.03)),
    "fast": ((-2.00, -0.86, 0.60, 4.10), (0.00, 0.00, 0.22, 0.00)),
}
"""Usual value and coefficient of what makes errors large: disagreement of the members, disagreement of the simple
forecasts, size of the forecast (all three in logarithms relative to the analytic error scale), log of the length."""


MOST_TRUST = {"none": 1.0, "slow": 0.75, "fast": 1.0}
"""Most weight of a block's own quantiles against the shipped ones: months and quarters are alike everywhere, and what
was a calm or a wild time in one block's backtests need not stay one."""
WEIGHTS: dict[str, dict[str, float]] = {"none": {}, "slow": {}, "fast": {"recent mean": 4.0}}
"""Prior weight of a member relative to the others, where it is not one."""


def member_weights(names: Sequence[str], members: int, season: int) -> FloatArray:
    """(B,) prior weights of the first `members` of `names`, the members; none of the simple forecasts after them."""
    special = WEIGHTS[_kind(season)]
    weight = np.array([special.get(name, 1.0) if i < members else 0.0 for i, name in enumerate(names)])
    result: FloatArray = weight / weight.sum()
    return result


def scale_model(season: int) -> tuple[FloatArray, FloatArray]:
    """(4,) usual values and coefficients of the features an error scale is made of."""
    usual, coefficients = SCALE[_kind(season)]
    return np.array(usual), np.array(coefficients)


def most_trust(season: int) -> float:
    """Most weight a block's own quantiles have against the shipped ones."""
    return MOST_TRUST[_kind(season)]


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
