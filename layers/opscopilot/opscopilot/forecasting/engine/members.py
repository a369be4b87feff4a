"""The regular-demand members: every forecasting method run over the same columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine import seasonality
from opscopilot.forecasting.engine.aggregation import aggregated_path
from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.holtwinters import seasonal_path, use_where
from opscopilot.forecasting.engine.smoothing import smooth
from opscopilot.forecasting.engine.theta import theta_path
from opscopilot.forecasting.engine.types import FloatArray


@dataclass(frozen=True, slots=True)
class Members:
    """`paths` name -> (C, h) point forecasts >= 0 in input units; `deviation` (C, h) analytic error scale."""

    paths: dict[str, FloatArray]
    deviation: FloatArray


def run_members(columns: Columns, horizon: int, m: int, chunk: int) -> Members:
    """All members for all columns. Which run depends only on the season length `m`."""
    season = seasonality.estimate(columns, m)
    plain = season.remove(columns.y)
    fitted = smooth(columns, plain, chunk)
    base = fitted.path(horizon)
    raw = {"smoothing": base, "theta": theta_path(columns, plain, horizon, chunk)}
    raw["aggregation"] = aggregated_path(columns, plain, horizon, m, base, chunk)
    paths = {name: season.apply(path) for name, path in raw.items()}
    if 1 < m < seasonality.LONG_SEASON and season.flag.any():
        paths["seasonal smoothing"] = use_where(
            season.flag, seasonal_path(columns, season, horizon), paths["smoothing"]
        )
    elif 1 < m < seasonality.LONG_SEASON:
        paths["seasonal smoothing"] = paths["smoothing"]
    if m >= seasonality.LONG_SEASON:
        paths["unseasonal smoothing"] = (
            smooth(columns, columns.y, chunk).path(horizon) if season.flag.any() else base
        )
    spread = fitted.deviation(horizon, columns.n.astype(np.float64))
    if m > 1 and season.flag.any():
        spread = spread * season.factor[np.arange(horizon) % m]
    scale = columns.scale[None]
    return Members(
        {name: (np.maximum(path, 0.0) * scale).T for name, path in paths.items()},
        (np.maximum(spread, 1e-6) * scale).T,
    )
