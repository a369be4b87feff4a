"""Demand over a lead time, as a distribution: from quantiles of sums, never from sqrt(L) of a point forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.countdist import gamma_quantiles
from opscopilot.forecasting.engine.reading import exceeded, read_quantiles
from opscopilot.forecasting.engine.types import BatchForecast, FloatArray

_DRAWS = (np.arange(200) + 0.5) / 200
_LEAD_POINTS = (np.arange(9) + 0.5) / 9
_CHUNK = 256
_SMOOTH = 0.4
"""Width of the neighbourhood of a past lead time in standard deviations, where there are 24 of them; longer ones are
stretched more, because a delivery can be late by more than it can be early."""


@dataclass(frozen=True, slots=True)
class LeadTimeDemand:
    """Total demand of N series over their lead times; quantiles (N, Q) at `taus`, all in input units.

    Between the quantiles the distribution is straight, beyond the last an exponential tail.
    """

    taus: FloatArray
    mean: FloatArray
    quantiles: FloatArray

    def quantile(self, tau: FloatArray | float) -> FloatArray:
        """(N,) demand not exceeded with probability `tau`, the stock a *cycle service level* needs."""
        wanted = np.broadcast_to(np.asarray(tau, dtype=np.float64), self.mean.shape)
        return read_quantiles(self.taus, self.quantiles, wanted[:, None])[:, 0]

    def stockout_probability(self, stock: FloatArray) -> FloatArray:
        """(N,) P(demand > stock); demand equal to the stock is no stock-out. Stock below 0 counts as 0."""
        pairs = zip(np.maximum(np.asarray(stock, dtype=np.float64), 0.0), self.quantiles, strict=True)
        return np.array([exceeded(float(s), q, self.taus) for s, q in pairs])

    def expected_shortage(self, stock: FloatArray) -> FloatArray:
        """(N,) units of demand beyond `stock`, on average. Stock below 0 counts as 0."""
        level = np.maximum(np.asarray(stock, dtype=np.float64), 0.0)
        out = np.empty(len(level))
        for low in range(0, len(level), _CHUNK):
            part = slice(low, low + _CHUNK)
            out[part] = _shortage(self._draws(part), level[part])
        return out

    def stock_for_fill_rate(self, fill: float, before: LeadTimeDemand) -> FloatArray:
        """(N,) stock, or order-up-to level, that serves the share `fill` of demand from stock: the *fill rate*.

        `self` is demand over lead time and review time, `before` over the lead time alone: what is short in one
        review period is what falls short by its end less what already had by its beginning, and may be (1 - fill)
        of the demand in between (Silver, Pyke and Thomas 2017, ch. 6). ValueError unless 0 < fill < 1.
        """
        if not 0 < fill < 1:
            raise ValueError(f"fill rate is {fill}, it must lie between 0 and 1")
        out = np.empty(len(self.mean))
        for low in range(0, len(out), _CHUNK):
            part = slice(low, low + _CHUNK)
            until, since = self._draws(part), before._draws(part)
            allowed = (1 - fill) * np.maximum(until.mean(axis=1) - since.mean(axis=1), 0.0)
            least, most = np.zeros(len(until)), until[:, -1].copy()
            for _ in range(40):
                middle = (least + most) / 2
                short = _shortage(until, middle) - _shortage(since, middle) > allowed
                least, most = np.where(short, middle, least), np.where(short, most, middle)
            out[part] = most
        return out

    def _draws(self, part: slice) -> FloatArray:
        """(n, 200) equally likely values."""
        quantiles = self.quantiles[part]
        return read_quantiles(self.taus, quantiles, np.broadcast_to(_DRAWS, (len(quantiles), len(_DRAWS))))


def _shortage(draws: FloatArray, stock: FloatArray) -> FloatArray:
    result: FloatArray = np.maximum(draws - stock[:, None], 0.0).mean(axis=1)
    return result


def spread_lead_times(mean: FloatArray, sd: FloatArray) -> FloatArray:
    """(N, 9) equally likely lead times of the given mean and standard deviation (gamma), in periods."""
    mean, sd = np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    phi = np.maximum(sd**2 / np.maximum(mean, 1e-9), 1e-9)
    points = gamma_quantiles(np.maximum(mean, 1e-9), phi, _LEAD_POINTS)
    points *= (mean / np.maximum(points.mean(axis=1), 1e-12))[:, None]
    return np.where((sd > 0)[:, None], points, mean[:, None])


def foreseen_lead_times(past: FloatArray, points: int = 25) -> FloatArray:
    """(N, points) equally likely lead times of the next delivery, from those of the last P (N, P), in periods.

    The quantile of a short list is kept less often than it says (the largest of 24 is exceeded once in 25 times), so
    the list is smoothed: every past one stands for a neighbourhood as wide as the list is short and scattered.
    """
    past = np.asarray(past, dtype=np.float64)
    count = past.shape[1]
    width = _SMOOTH * past.std(axis=1, keepdims=True) * (count / 24) ** -0.2
    near = np.concatenate([past - width, past, past + 2 * width], axis=1)
    levels = (np.arange(points) + 0.5) / points
    found = np.quantile(near, levels, axis=1).T
    found[:, -1:] += 2 * width
    result: FloatArray = np.maximum(found, np.minimum(past.min(axis=1), 0.1)[:, None])
    return result


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


def lead_time_quantiles(batch: BatchForecast, lead_times: FloatArray, chunk: int = _CHUNK) -> LeadTimeDemand:
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
    early = (lead > 0) & (lead < 1)
    if early.any():
        inside[early] = _part_of_one(batch, part, lead)[early]
    beyond = lead > horizon
    if beyond.any():
        inside[beyond] = _extrapolate(batch, part, lead)[beyond]
    result: FloatArray = inside
    return result


def _part_of_one(batch: BatchForecast, part: slice, lead: FloatArray) -> FloatArray:
    """(n, Q) demand over less than one period.

    Where one period mostly brings nothing, half of it brings the same lot half as often: its quantile is that of the
    period at a level closer to the middle. Where a period always brings something, a part brings its share, and
    deviations above it shrink with the root. In between, in between.
    """
    one, mean = batch.cumulative[part, 0], batch.mean[part, 0][:, None]
    share = np.clip(lead, 1e-9, 1.0)[:, None]
    seldom = read_quantiles(batch.taus, one, np.clip(1 - (1 - batch.taus) / share, 0.0, 1.0))
    steady = np.where(one > mean, mean * share + (one - mean) * np.sqrt(share), one * share)
    nothing = (one <= 1e-9 * np.maximum(mean, 1e-300)).mean(axis=1, keepdims=True)
    result: FloatArray = nothing * seldom + (1 - nothing) * steady
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
    count, points, width = each.shape
    draws = read_quantiles(taus, each.reshape(-1, width), np.broadcast_to(_DRAWS, (count * points, len(_DRAWS))))
    result: FloatArray = np.quantile(draws.reshape(count, -1), taus, axis=1).T
    return result
