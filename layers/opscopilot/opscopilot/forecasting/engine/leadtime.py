"""Demand over a lead time, as a distribution: from quantiles of sums, never from sqrt(L) of a point forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.countdist import gamma_quantiles
from opscopilot.forecasting.engine.types import BatchForecast, FloatArray

_DRAWS = (np.arange(200) + 0.5) / 200
_LEAD_POINTS = (np.arange(9) + 0.5) / 9


@dataclass(frozen=True, slots=True)
class LeadTimeDemand:
    """Total demand of N series over their lead times; quantiles (N, Q) at `taus`, all in input units."""

    taus: FloatArray
    mean: FloatArray
    quantiles: FloatArray

    def quantile(self, tau: FloatArray | float) -> FloatArray:
        """(N,) demand not exceeded with probability `tau`, the stock a cycle service level needs."""
        wanted = np.broadcast_to(np.asarray(tau, dtype=np.float64), self.mean.shape)
        return np.array([np.interp(t, self.taus, q) for t, q in zip(wanted, self.quantiles, strict=True)])

    def stockout_probability(self, stock: FloatArray) -> FloatArray:
        """(N,) P(demand > stock); demand equal to the stock is no stock-out. Stock below 0 counts as 0."""
        pairs = zip(np.maximum(np.asarray(stock, dtype=np.float64), 0.0), self.quantiles, strict=True)
        return np.array([_exceeds(float(s), q, self.taus) for s, q in pairs])


def spread_lead_times(mean: FloatArray, sd: FloatArray) -> FloatArray:
    """(N, 9) equally likely lead times of the given mean and standard deviation (gamma), in periods."""
    mean, sd = np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    phi = np.maximum(sd**2 / np.maximum(mean, 1e-9), 1e-9)
    points = gamma_quantiles(np.maximum(mean, 1e-9), phi, _LEAD_POINTS)
    points *= (mean / np.maximum(points.mean(axis=1), 1e-12))[:, None]
    return np.where((sd > 0)[:, None], points, mean[:, None])


def lead_time_demand(
    batch: BatchForecast, lead_time: FloatArray | float, lead_time_sd: FloatArray | float = 0.0
) -> LeadTimeDemand:
    """Demand over `lead_time` periods (mean, may be fractional) with its standard deviation, per series.

    Beyond the horizon the last period's rate continues and the spread keeps the growth it showed.
    """
    mean = np.broadcast_to(np.asarray(lead_time, dtype=np.float64), (len(batch),))
    sd = np.broadcast_to(np.asarray(lead_time_sd, dtype=np.float64), (len(batch),))
    if (mean < 0).any() or (sd < 0).any() or not np.isfinite(mean + sd).all():
        raise ValueError("lead_time and lead_time_sd must be finite numbers of periods, not below 0")
    return lead_time_quantiles(batch, spread_lead_times(mean, sd) if (sd > 0).any() else mean[:, None])


def lead_time_quantiles(batch: BatchForecast, lead_times: FloatArray, chunk: int = 256) -> LeadTimeDemand:
    """Demand over equally likely `lead_times` (N, P) periods, e.g. the last P deliveries of the supplier."""
    count, points = lead_times.shape
    mean = np.stack([_mean_over(batch, lead_times[:, p]) for p in range(points)], axis=1).mean(axis=1)
    out = np.empty((count, len(batch.taus)))
    for low in range(0, count, chunk):
        part = slice(low, min(count, low + chunk))
        each = np.stack([_sum_quantiles(batch, part, lead_times[part, p]) for p in range(points)], axis=1)
        out[part] = each[:, 0] if points == 1 else _mixture(each, batch.taus)
    return LeadTimeDemand(batch.taus, np.where(mean > 0, mean, _mean_of(out, batch.taus)), out)


def _mean_of(quantiles: FloatArray, taus: FloatArray) -> FloatArray:
    """(N,) mean of distributions given as quantiles: a point forecast of zero need not mean no demand at all."""
    wide = np.concatenate([quantiles[:, :1], quantiles, quantiles[:, -1:]], axis=1)
    result: FloatArray = np.trapezoid(wide, np.concatenate([[0.0], taus, [1.0]]), axis=1)
    return result


def _mean_over(batch: BatchForecast, lead: FloatArray) -> FloatArray:
    """(N,) forecast demand over a fractional number of periods."""
    total = np.concatenate([np.zeros((len(batch), 1)), np.cumsum(batch.mean, axis=1)], axis=1)
    low = np.minimum(np.floor(lead).astype(np.int64), batch.horizon - 1)
    rows = np.arange(len(batch))
    result: FloatArray = total[rows, low] + (lead - low) * (total[rows, low + 1] - total[rows, low])
    return result


def _sum_quantiles(batch: BatchForecast, part: slice, lead: FloatArray) -> FloatArray:
    """(n, Q) quantiles of demand over `lead` periods for the series in `part`."""
    sums = batch.cumulative[part]
    count, horizon, width = sums.shape
    table = np.concatenate([np.zeros((count, 1, width)), sums], axis=1)
    rows = np.arange(count)
    low = np.minimum(np.floor(lead).astype(np.int64), horizon - 1)
    share = np.minimum(lead - low, 1.0)[:, None]
    inside = table[rows, low] * (1 - share) + table[rows, low + 1] * share
    beyond = lead > horizon
    if beyond.any():
        inside[beyond] = _extrapolate(batch, part, lead)[beyond]
    result: FloatArray = inside
    return result


def _extrapolate(batch: BatchForecast, part: slice, lead: FloatArray) -> FloatArray:
    """(n, Q) beyond the horizon: mean at the last rate, spread growing as it did over the second half."""
    sums, mean = batch.cumulative[part], batch.mean[part]
    horizon = batch.horizon
    half = max(1, horizon // 2)
    total = mean.sum(axis=1)
    spread = sums[:, -1] - total[:, None]
    width, early = np.ptp(sums[:, -1], axis=1), np.ptp(sums[:, half - 1], axis=1)
    known = (width > 0) & (early > 0) & (horizon > half)
    growth = np.log(np.where(known, width / np.where(early > 0, early, 1.0), 1.0))
    power = np.where(known, growth / np.log(max(horizon / half, 1.0001)), 0.75)
    stretch = np.maximum(lead / horizon, 1.0) ** np.clip(power, 0.5, 1.0)
    centre = total + np.maximum(lead - horizon, 0.0) * mean[:, -1]
    result: FloatArray = np.maximum(centre[:, None] + spread * stretch[:, None], 0.0)
    return result


def _mixture(each: FloatArray, taus: FloatArray) -> FloatArray:
    """(n, Q) quantiles of an equal mixture of distributions given as quantiles (n, P, Q)."""
    position = np.clip(np.searchsorted(taus, _DRAWS) - 1, 0, len(taus) - 2)
    share = np.clip((_DRAWS - taus[position]) / (taus[position + 1] - taus[position]), 0.0, 1.0)
    draws = each[:, :, position] * (1 - share) + each[:, :, position + 1] * share
    result: FloatArray = np.quantile(draws.reshape(len(each), -1), taus, axis=1).T
    return result


def _exceeds(stock: float, quantiles: FloatArray, taus: FloatArray) -> float:
    """1 - F(stock) from a quantile function with jumps, linear between its points, exponential beyond them."""
    last = int(np.searchsorted(quantiles, stock, side="right")) - 1
    if last < 0:
        return float(1 - taus[0] * stock / quantiles[0])
    if last < len(taus) - 1:
        gap = quantiles[last + 1] - quantiles[last]
        return float(1 - taus[last] - (taus[last + 1] - taus[last]) * (stock - quantiles[last]) / gap)
    tail = float(quantiles[-1] - np.interp(0.95, taus, quantiles))
    decay = tail / float(np.log((1 - 0.95) / (1 - taus[-1])))
    over = stock - float(quantiles[-1])
    if decay <= 0:
        return 0.0 if over >= 0 and quantiles[-1] >= 0 else 1.0
    return float((1 - taus[-1]) * np.exp(-min(over / decay, 700.0)))
