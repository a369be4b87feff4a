"""What the rolling origins of a batch add up to, per series; the ratios of every level are made of these sums."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import BatchForecast, FloatArray

Sums = list[float] | None
"""n, actual, error, absolute, squared, scale, inside_80, inside_95; NaN where it is not kept."""


def sums(forecast: BatchForecast, lead: FloatArray) -> list[tuple[Sums, Sums]]:
    """Per series: over all lags, and at lag `lead` (N,) only, in periods, counted from 1.

    Errors are actual - forecast. The scale is the in-sample naive error behind MASE, once per error. None where
    nothing was tested.
    """
    found = forecast.backtest
    if found is None or not len(forecast):
        return [(None, None)] * len(forecast)
    at = np.clip(np.nan_to_num(lead, nan=1.0).astype(int), 1, found.actual.shape[2]) - 1
    series = np.arange(len(forecast))
    actual, path = found.actual[:, series, at], found.path[:, series, at]
    whole, one = _table(found.actual, found.path), _table(actual[..., None], path[..., None])
    n = np.where(whole[:, 0] > 0, whole[:, 0], 1.0)
    # A series with MASE 2 and a mean absolute error of 10 has a scale of 5.
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(forecast.metrics.mase > 0, whole[:, 3] / n / forecast.metrics.mase, np.nan)
    inside = [forecast.metrics.coverage[level] * whole[:, 0] for level in (0.80, 0.95)]
    return [
        (_listed(whole[i], scale[i], inside[0][i], inside[1][i]), _listed(one[i], scale[i], np.nan, np.nan))
        for i in range(len(forecast))
    ]  # fmt: skip


def _table(actual: FloatArray, path: FloatArray) -> FloatArray:
    """(N, 5): n, actual, error, absolute, squared over origins and lags that were seen."""
    seen = np.isfinite(actual) & np.isfinite(path)
    error = np.where(seen, actual - path, 0.0)
    parts = [seen.astype(float), np.where(seen, actual, 0.0), error, np.abs(error), error**2]
    return np.stack([part.sum(axis=(0, 2)) for part in parts], axis=1)


def _listed(row: FloatArray, scale: float, inside_80: float, inside_95: float) -> Sums:
    if row[0] == 0:
        return None
    return [*row.tolist(), float(scale * row[0]), float(inside_80), float(inside_95)]
