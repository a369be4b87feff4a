"""Reading off many demand distributions at once, each given as quantiles (N, Q) at the same rising levels (Q,).

Between the points the distribution is linear; below the first it starts at 0, above the last it falls off exponentially,
as it did between the 95 % point and the last.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

_CHUNK = 4096
_TAIL_FROM = 0.95


def exceedance(levels: FloatArray, quantiles: FloatArray, stock: FloatArray) -> FloatArray:
    """(N, K) P(demand > stock) for stock (N, K). Demand equal to the stock is no stock-out; stock below 0 counts as 0."""
    out = np.empty(stock.shape)
    for low in range(0, len(stock), _CHUNK):
        part = slice(low, low + _CHUNK)
        out[part] = _exceedance(levels, quantiles[part], np.maximum(stock[part], 0.0))
    return out


def _exceedance(levels: FloatArray, q: FloatArray, stock: FloatArray) -> FloatArray:
    last = (q[:, None, :] <= stock[:, :, None]).sum(axis=2) - 1
    at = np.clip(last, 0, len(levels) - 2)
    low, high = np.take_along_axis(q, at, 1), np.take_along_axis(q, at + 1, 1)
    share = np.divide(stock - low, high - low, out=np.zeros_like(stock), where=high > low)
    inside = 1 - levels[at] - (levels[at + 1] - levels[at]) * share
    first = 1 - levels[0] * np.divide(stock, q[:, :1], out=np.zeros_like(stock), where=q[:, :1] > 0)
    decay = _decay(levels, q)
    over = np.maximum(stock - q[:, -1:], 0.0)
    falling = (1 - levels[-1]) * np.exp(-np.minimum(over / np.where(decay > 0, decay, 1.0), 700.0))
    beyond = np.where(decay > 0, falling, 0.0)
    result: FloatArray = np.where(last < 0, first, np.where(last >= len(levels) - 1, beyond, inside))
    return np.clip(result, 0.0, 1.0, out=result)


def _decay(levels: FloatArray, q: FloatArray) -> FloatArray:
    """(N, 1) units in which the tail falls to 1/e."""
    tail = q[:, -1] - _interpolated(levels, q, np.full(len(q), _TAIL_FROM))
    result: FloatArray = (tail / np.log((1 - _TAIL_FROM) / (1 - levels[-1])))[:, None]
    return result


def quantile(levels: FloatArray, quantiles: FloatArray, share: FloatArray) -> FloatArray:
    """(N,) demand not exceeded with probability `share` (N,)."""
    inside = _interpolated(levels, quantiles, share)
    over = np.log((1 - levels[-1]) / np.maximum(1 - share, 1e-9))
    result: FloatArray = np.where(
        share > levels[-1], quantiles[:, -1] + _decay(levels, quantiles)[:, 0] * np.maximum(over, 0.0), inside
    )
    return result


def _interpolated(levels: FloatArray, q: FloatArray, share: FloatArray) -> FloatArray:
    at = np.clip(np.searchsorted(levels, share, side="right") - 1, 0, len(levels) - 2)
    rows = np.arange(len(q))
    weight = np.clip((share - levels[at]) / (levels[at + 1] - levels[at]), 0.0, 1.0)
    result: FloatArray = q[rows, at] * (1 - weight) + q[rows, at + 1] * weight
    return result


def shortage(levels: FloatArray, quantiles: FloatArray, stock: FloatArray) -> FloatArray:
    """(N, K) units of demand beyond the stock on average: the area above it under the quantile function."""
    out = np.empty(stock.shape)
    for low in range(0, len(stock), _CHUNK):
        part = slice(low, low + _CHUNK)
        out[part] = _shortage(levels, quantiles[part], np.maximum(stock[part], 0.0))
    return out


def _shortage(levels: FloatArray, q: FloatArray, stock: FloatArray) -> FloatArray:
    over = np.maximum(q[:, None, :] - stock[:, :, None], 0.0)
    low, high = over[:, :, :-1], over[:, :, 1:]
    width = np.diff(levels)[None, None, :]
    rise = np.diff(q, axis=1)[:, None, :]
    # Where the segment crosses the stock only its upper part counts: a triangle of height `high`.
    crossing = np.divide(high**2, 2 * rise, out=np.zeros_like(high), where=(rise > 0) & (low <= 0))
    area = np.where(low > 0, (low + high) / 2, crossing) * width
    ends = levels[0] * np.maximum(q[:, :1] - stock, 0.0) + (1 - levels[-1]) * (over[:, :, -1] + _decay(levels, q))
    ends = np.where(stock <= q[:, -1:], ends, (exceedance(levels, q, stock) * _decay(levels, q)))
    result: FloatArray = area.sum(axis=2) + ends
    return result


def mean(levels: FloatArray, quantiles: FloatArray) -> FloatArray:
    """(N,) mean demand."""
    result: FloatArray = shortage(levels, quantiles, np.zeros((len(quantiles), 1)))[:, 0]
    return result


def deviation(levels: FloatArray, quantiles: FloatArray) -> FloatArray:
    """(N,) standard deviation of the demand, the tails beyond the outer levels taken as flat."""
    wide = np.concatenate([quantiles[:, :1], quantiles, quantiles[:, -1:]], axis=1)
    at = np.concatenate([[0.0], levels, [1.0]])
    first = np.trapezoid(wide, at, axis=1)
    second = np.trapezoid((wide - first[:, None]) ** 2, at, axis=1)
    result: FloatArray = np.sqrt(np.maximum(second, 0.0))
    return result


def stock_for_fill(
    levels: FloatArray, quantiles: FloatArray, target: FloatArray, order_quantity: FloatArray
) -> FloatArray:
    """(N,) least stock whose expected shortage is at most (1 - target) of an order (D7), by bisection."""
    allowed = (1 - target) * order_quantity
    low = np.zeros(len(quantiles))
    high = quantiles[:, -1] + 10 * np.maximum(_decay(levels, quantiles)[:, 0], 0.0)
    for _ in range(50):
        middle = (low + high) / 2
        short = shortage(levels, quantiles, middle[:, None])[:, 0] > allowed
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    result: FloatArray = high
    return result
