"""Running sums of intermittent demand, and the level that kept its promise out of sample.

Three views of a sum over j periods are averaged in shares learnt on the rolling origins: negative binomials around
the two pooled means, whose dispersion grows with the uncertainty of the rate itself (else the spread of a sum would
only grow like a square root), and the sums of j periods the item's own history shows. What is still wrong is measured
the same way: how often a sum stayed at or below the quantile of each nominal level, over the whole block. The level
asked for is exchanged for the nominal one that kept it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.countdist import empirical_quantiles, negative_binomial_quantiles
from opscopilot.forecasting.engine.countlevels import kept_levels, log_odds, read_at
from opscopilot.forecasting.engine.countmix import mixing_shares
from opscopilot.forecasting.engine.intermittent import dispersion, rate_uncertainty
from opscopilot.forecasting.engine.layout import Layout
from opscopilot.forecasting.engine.pool import PRIOR_SERIES
from opscopilot.forecasting.engine.types import FloatArray, IntArray

GRID = np.array(
    [
        0.001,
        0.005,
        0.02,
        0.05,
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
        0.6,
        0.7,
        0.8,
        0.85,
        0.9,
        0.93,
        0.95,
        0.965,
        0.975,
        0.985,
        0.99,
        0.994,
        0.997,
        0.999,
        0.9996,
    ]
)
"""Nominal levels that are tried."""
_LEARN, _ANCHORS = 1000, 5
"""Most histories, and sums over how many different numbers of periods, that anything is learnt from."""
_STEPS = 16
"""Most numbers of periods quantiles are computed for; between them the quantiles are straight lines."""
_DECAY, _FEWEST = 0.99, 6
_PRIOR = np.array([0.4, 0.4, 0.2])


@dataclass(frozen=True, slots=True)
class _Rates:
    """`mean`, `phi` (2, C) of the typical and the steady mean in counting units, `relative` (2,) variance of a rate;
    `raw` (T, C) demand in units, cumulated from the oldest row."""

    mean: FloatArray
    phi: FloatArray
    relative: FloatArray
    raw: FloatArray
    n: IntArray

    def parts(self, at: IntArray, periods: int) -> FloatArray:
        """(3, n, G) quantiles of sums over `periods` at the nominal levels, for the columns `at`."""
        totals = self.mean[:, at] * periods
        out = [
            negative_binomial_quantiles(total, phi + relative * total, GRID)
            for total, phi, relative in zip(totals, self.phi[:, at], self.relative, strict=True)
        ]
        return np.stack([*out, self._own(at, periods, out[0])])

    def _own(self, at: IntArray, periods: int, instead: FloatArray) -> FloatArray:
        """What the history shows; `instead` where it holds too few sums."""
        past = self.raw[:, at]
        if len(past) <= periods:
            return instead
        sums = past[periods:] - past[:-periods]
        age = np.arange(len(sums) - 1, -1, -1)[:, None]
        count = self.n[at] - periods + 1
        enough = count >= _FEWEST
        valid = age < np.maximum(count, 1)[None]
        return np.where(enough[:, None], empirical_quantiles(sums, valid, GRID, _DECAY)[0], instead)


def sum_quantiles(layout: Layout, means: FloatArray, unit: FloatArray, taus: FloatArray) -> FloatArray:
    """(N, h, Q) quantiles of demand over the next 1..h periods, from two means per period (2, C)."""
    columns, horizon = layout.columns, layout.horizon
    back = np.flatnonzero(columns.slot > 0)
    back = back[np.unique(np.linspace(0, len(back) - 1, min(_LEARN, len(back))).round().astype(int))]
    sums = np.cumsum(layout.actual[columns.slot[back] - 1, columns.series[back]], axis=1) / unit[back, None]
    rates = _rates(layout, means / unit, unit, back, sums)
    shares, levels = _learn(rates, back, sums, taus)
    final = np.flatnonzero(columns.slot == 0)
    order = np.empty(len(final), dtype=np.int64)
    order[columns.series[final]] = final
    steps = _spaced(horizon, _STEPS)
    found = []
    for j in steps:
        mixed = (shares[j - 1][:, None, :] * rates.parts(order, int(j))).sum(axis=0)
        found.append(read_at(mixed, GRID, levels[j - 1]))
    out = np.maximum.accumulate(_between(np.stack(found, axis=1), steps, horizon), axis=1)
    result: FloatArray = out * unit[order, None, None]
    return result


def _rates(layout: Layout, mean: FloatArray, unit: FloatArray, back: IntArray, sums: FloatArray) -> _Rates:
    columns = layout.columns
    phi = np.stack([dispersion(columns, unit, one) for one in mean])
    relative = [rate_uncertainty(*_totals(sums, m[back], p[back])) for m, p in zip(mean, phi, strict=True)]
    raw = np.cumsum(columns.y * (columns.scale / unit)[None], axis=0)
    return _Rates(mean, phi, np.array(relative), np.concatenate([np.zeros((1, columns.count)), raw]), columns.n)


def _totals(sums: FloatArray, mean: FloatArray, phi: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Error of the longest known sum of each history, its forecast, the dispersion."""
    known = np.isfinite(sums).sum(axis=1)
    use = known > 0
    total = sums[use, known[use] - 1]
    guess = mean[use] * known[use]
    return total - guess, guess, phi[use]


def _learn(rates: _Rates, back: IntArray, sums: FloatArray, taus: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares (h, 3, G) of the parts and log odds (h, Q) of the nominal levels, per number of periods."""
    horizon = sums.shape[1]
    shares, levels = [], []
    anchors = _spaced(horizon, _ANCHORS)
    for j in anchors:
        known = np.isfinite(sums[:, j - 1])
        total = sums[known, j - 1]
        trust = known.sum() / 3 / (known.sum() / 3 + PRIOR_SERIES)
        if not len(total):
            shares.append(np.repeat(_PRIOR[:, None], len(GRID), axis=1))
            levels.append(log_odds(taus))
            continue
        parts = rates.parts(back[known], int(j))
        scale = np.sqrt(parts[0, :, -5] + 1)[:, None]
        shares.append(mixing_shares(parts / scale, total[:, None] / scale, GRID, _PRIOR, trust))
        kept = kept_levels((shares[-1][:, None, :] * parts).sum(axis=0), total, GRID, taus)
        levels.append(trust * kept + (1 - trust) * log_odds(taus))
    steps = np.arange(1, horizon + 1)
    nearest = np.abs(np.log(steps[:, None] / anchors[None])).argmin(axis=1)
    table = np.array(levels)
    asked = np.stack([np.interp(steps, anchors, table[:, q]) for q in range(len(taus))], axis=1)
    return np.array(shares)[nearest], np.maximum.accumulate(asked, axis=1)


def _spaced(horizon: int, count: int) -> IntArray:
    """At most `count` numbers of periods from 1 to `horizon`, closer together at the beginning."""
    if horizon <= count:
        return np.arange(1, horizon + 1, dtype=np.int64)
    return np.unique(np.geomspace(1, horizon, count).round().astype(np.int64))


def _between(found: FloatArray, steps: IntArray, horizon: int) -> FloatArray:
    """(n, h, Q) from quantiles of some numbers of periods (n, S, Q)."""
    if len(steps) == horizon:
        return found
    place = np.interp(np.arange(1, horizon + 1), steps, np.arange(len(steps)))
    low = np.minimum(place.astype(np.int64), len(steps) - 2)
    share = (place - low)[None, :, None]
    result: FloatArray = found[:, low] * (1 - share) + found[:, low + 1] * share
    return result
