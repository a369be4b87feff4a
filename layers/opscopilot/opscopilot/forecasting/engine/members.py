"""The regular-demand members: every forecasting method run over the same columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine import seasonality
from opscopilot.forecasting.engine.aggregation import aggregated_path
from opscopilot.forecasting.engine.baselines import recent_mean, recent_window
from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.level import horizon_level
from opscopilot.forecasting.engine.longseason import longer_members
from opscopilot.forecasting.engine.regression import pooled_regression
from opscopilot.forecasting.engine.seasonality import Season
from opscopilot.forecasting.engine.shifts import read_after_shifts
from opscopilot.forecasting.engine.smoothing import smooth
from opscopilot.forecasting.engine.theta import log_theta_path, theta_path
from opscopilot.forecasting.engine.types import LONG_SEASON, FloatArray, is_fast

LAGS = {1: 7, 4: 12}
MOST_LAGS = 18
"""Periods a pooled regression looks back: years, quarters, and all others."""
WEEKS = 52
"""Longest season whose lags a regression is given one by one."""


@dataclass(frozen=True, slots=True)
class Members:
    """`paths` name -> (C, h) point forecasts >= 0 in input units; `deviation` (C, h) analytic error scale."""

    paths: dict[str, FloatArray]
    deviation: FloatArray


def run_members(columns: Columns, horizon: int, m: int, chunk: int) -> Members:
    """All members for all columns. Which run depends only on the season length `m`."""
    season = seasonality.estimate(columns, m)
    if not is_fast(m):
        return _run(columns, season, horizon, m, chunk)
    recent, order = read_after_shifts(columns, ~season.flag)
    found = _run(recent, season.take(order), horizon, m, chunk)
    back = np.argsort(order)
    return Members({name: path[back] for name, path in found.paths.items()}, found.deviation[back])


def _run(columns: Columns, season: Season, horizon: int, m: int, chunk: int) -> Members:
    plain = season.remove(columns.y)
    n = columns.n.astype(np.float64)
    fitted = smooth(columns, plain, chunk, fast=is_fast(m))
    raw = _smoothed(columns, plain, fitted.path(horizon), horizon, m, chunk)
    paths = {name: season.apply(path) for name, path in raw.items()}
    paths |= _seasonal(columns, horizon, m, paths)
    paths |= longer_members(columns, season, horizon, m, paths)
    if is_fast(m):
        paths["level"] = np.repeat(horizon_level(columns, columns.y, horizon)[None], horizon, axis=0)
    spread = fitted.deviation(horizon, n)
    if m > 1 and season.flag.any():
        spread = spread * season.factor[np.arange(horizon) % m]
    scale = columns.scale[None]
    return Members(
        {name: (np.maximum(path, 0.0) * scale).T for name, path in paths.items()},
        (np.maximum(spread, 1e-6) * scale).T,
    )


def _smoothed(
    columns: Columns, plain: FloatArray, smoothed: FloatArray, horizon: int, m: int, chunk: int
) -> dict[str, FloatArray]:
    """Name -> (h, C) paths of the deseasonalised history."""
    theta = theta_path(columns, plain, horizon)
    raw = {"smoothing": smoothed, "theta": theta}
    if is_fast(m):
        recent = recent_mean(plain, columns.n, recent_window(m))
        raw["recent mean"] = np.repeat(recent[None], horizon, axis=0)
    else:
        raw["log theta"] = log_theta_path(columns, plain, horizon, theta)
        raw["pooled regression"] = pooled_regression(columns, plain, horizon, LAGS.get(m, MOST_LAGS), theta)
    raw["aggregation"] = aggregated_path(columns, plain, horizon, m, smoothed, chunk)
    return raw


def _seasonal(columns: Columns, horizon: int, m: int, paths: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Name -> (h, C) regressions of the history as it is, whose lags reach over one season and over two."""
    if not 1 < m <= WEEKS:
        return {}
    found = {}
    lags = m + min(max(4, m // 2), 12)
    otherwise = paths.get("recent mean", paths["theta"])
    found["seasonal regression"] = pooled_regression(columns, columns.y, horizon, lags, otherwise)
    if 7 <= m <= LONG_SEASON:
        two = pooled_regression(columns, columns.y, horizon, 2 * m + 2, found["seasonal regression"])
        found["two-season regression"] = two
    return found
