"""Reading any level off a distribution that is known at some: straight between them, exponential beyond the last."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import BatchForecast, FloatArray

_TAIL = 0.95
"""From here to the last level the tail's rate of decay is taken."""


def read_quantiles(taus: FloatArray, quantiles: FloatArray, wanted: FloatArray) -> FloatArray:
    """(n, W) quantiles at the levels `wanted` (n, W), from quantiles (n, Q) at the rising levels `taus`.

    Below the first level the value falls to zero in a straight line. The mass of a whole number is a flat stretch of
    the quantiles and is kept as one.
    """
    known = np.concatenate([np.zeros((len(quantiles), 1)), quantiles], axis=1)
    levels = np.concatenate([[0.0], taus])
    place = np.clip(np.searchsorted(levels, wanted, side="right") - 1, 0, len(levels) - 2)
    share = np.clip((wanted - levels[place]) / (levels[place + 1] - levels[place]), 0.0, 1.0)
    low = np.take_along_axis(known, place, axis=1)
    inside = low + share * (np.take_along_axis(known, place + 1, axis=1) - low)
    over = np.maximum(np.log((1 - taus[-1]) / np.maximum(1 - wanted, 1e-12)), 0.0)
    result: FloatArray = inside + over * _decay(taus, quantiles)[:, None]
    return result


def _decay(taus: FloatArray, quantiles: FloatArray) -> FloatArray:
    """(n,) length over which the upper tail falls to 1/e."""
    at = int(np.argmin(np.abs(taus - _TAIL)))
    result: FloatArray = (quantiles[:, -1] - quantiles[:, at]) / np.log((1 - taus[at]) / (1 - taus[-1]))
    return result


def exceeded(stock: float, quantiles: FloatArray, taus: FloatArray) -> float:
    """P(demand > stock) of one distribution given as quantiles (Q,) that may have jumps."""
    last = int(np.searchsorted(quantiles, stock, side="right")) - 1
    if last < 0:
        return float(1 - taus[0] * stock / quantiles[0])
    if last < len(taus) - 1:
        gap = quantiles[last + 1] - quantiles[last]
        return float(1 - taus[last] - (taus[last + 1] - taus[last]) * (stock - quantiles[last]) / gap)
    decay = float(_decay(taus, quantiles[None])[0])
    over = stock - float(quantiles[-1])
    if decay <= 0:
        return 0.0 if over >= 0 and quantiles[-1] >= 0 else 1.0
    return float((1 - taus[-1]) * np.exp(-min(over / decay, 700.0)))


def step_quantiles(batch: BatchForecast, wanted: FloatArray) -> FloatArray:
    """(N, h, W) quantiles of every period at any levels `wanted` (W,), computed or not."""
    flat = batch.quantiles.reshape(-1, len(batch.taus))
    asked = np.broadcast_to(np.asarray(wanted, dtype=np.float64), (len(flat), len(wanted)))
    return read_quantiles(batch.taus, flat, asked).reshape(len(batch), batch.horizon, len(wanted))
