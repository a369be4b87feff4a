"""Scrap rates that borrow strength: plant → SKU → SKU on a line, empirical-Bayes beta-binomial. Pure.

Everything is a ratio of sums. Old orders weigh less (half-life in weeks). Orders of one lot go wrong together, so an
order of 1,000 pieces is not 1,000 observations: `rho`, the correlation within orders, is estimated by moments and
turns quantities into effective ones. A level's rate is then shrunk towards the level above with the strength that
the spread between the units of that level supports (DerSimonian & Laird's moment estimator on rates).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_RHO_MOST = 0.9
_STRENGTH = (2.0, 1e6)
_ORDERS_FOR_RHO = 20.0
"""Orders at which a SKU's own correlation counts as much as the plant's."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums per series and period, row by row: orders, input n, scrap s, and n², s², n·s summed over orders."""

    series: Ints
    age: Ints
    orders: Floats
    n: Floats
    s: Floats
    nn: Floats
    ss: Floats
    ns: Floats

    def older_than(self, age: int) -> Cells:
        """The cells known before the period of that age began."""
        return self.where(self.age > age)

    def where(self, keep: NDArray[np.bool_]) -> Cells:
        """Some of the cells."""
        return Cells(*(getattr(self, name)[keep] for name in _FIELDS))

    def renumbered(self, number: Ints) -> Cells:
        """The same cells with other series numbers: `number[old]` is the new one."""
        return replace(self, series=number[self.series])


_FIELDS = ("series", "age", "orders", "n", "s", "nn", "ss", "ns")


@dataclass(frozen=True, slots=True)
class Rates:
    """Per series: mean and strength (prior plus own, in effective units) of the rate, correlation within orders,
    the share of its own data in the mean, its recency-weighted raw rate; and the plant's pooled rate."""

    mean: Floats
    strength: Floats
    rho: Floats
    own: Floats
    raw: Floats
    pooled: float

    def variance(self, i: int, n: float, nn: float, inflation: float = 1.0) -> float:
        """Variance of the scrapped share of orders with sum `n` and sum of squares `nn`: what is not known about the
        rate, and what orders do anyway."""
        spread = float(self.mean[i] * (1.0 - self.mean[i]))
        unknown = 1.0 / (float(self.strength[i]) + 1.0)
        within = (n + float(self.rho[i]) * max(nn - n, 0.0)) / (n * n)
        return spread * (unknown + (1.0 - unknown) * within * inflation)


def fit(cells: Cells, sku: Ints, half_life: float, periods_per_week: float = 1.0) -> Rates:
    """Rates of all series (`sku` gives each series' SKU number) from the cells; `age` counts periods back."""
    count = len(sku)
    weight = 0.5 ** (cells.age / (half_life * periods_per_week))
    n, s = _sum(cells.series, cells.n * weight, count), _sum(cells.series, cells.s * weight, count)
    # None scrapped so far is not never: half a unit stands for what has not been seen yet.
    pooled = float(max(s.sum(), 0.5) / max(n.sum(), 1.0))
    rho = _correlation(cells, count)
    nn = _sum(cells.series, cells.nn * weight, count)
    weighted = _sum(cells.series, cells.n * weight * weight, count)
    squares = _sum(cells.series, cells.nn * weight * weight, count)
    raw = np.divide(s, n, out=np.full(count, pooled), where=n > 0)
    noise = np.divide(weighted + rho * np.maximum(squares - weighted, 0.0), n * n, out=np.full(count, np.inf),
                      where=n > 0)  # fmt: skip
    effective = np.where(nn > 0, 1.0 / noise, 0.0)
    skus = int(sku.max()) + 1 if count else 0
    of_sku = _sum(sku, effective, skus)
    sku_rate = np.divide(_sum(sku, effective * raw, skus), of_sku, out=np.full(skus, pooled), where=of_sku > 0)
    sku_mean, sku_strength = _shrink(sku_rate, of_sku, np.full(skus, pooled))
    mean, strength = _shrink(raw, effective, sku_mean[sku])
    # A SKU made on one line only is judged once, with the SKU's own prior, not shrunk twice.
    single = np.bincount(sku, minlength=skus)[sku] == 1
    mean = np.where(single, sku_mean[sku], mean)
    strength = np.where(single, sku_strength[sku], strength)
    return Rates(mean, strength, rho, np.divide(effective, strength, out=np.zeros(count), where=strength > 0), raw,
                 pooled)  # fmt: skip


def _sum(where: Ints, values: Floats, count: int) -> Floats:
    return np.bincount(where, weights=values, minlength=count).astype(np.float64)


def _correlation(cells: Cells, count: int) -> Floats:
    """Within-order correlation per series, drawn towards the plant's where orders are few."""
    n, s = _sum(cells.series, cells.n, count), _sum(cells.series, cells.s, count)
    p = np.divide(s, n, out=np.zeros(count), where=n > 0)
    nn = _sum(cells.series, cells.nn, count)
    off = _sum(cells.series, cells.ss, count) - 2 * p * _sum(cells.series, cells.ns, count) + p * p * nn
    spread, pairs = p * (1 - p), nn - n
    top, bottom = off - spread * n, spread * pairs
    usable = bottom > 0
    whole = float(top[usable].sum() / bottom[usable].sum()) if usable.any() else 0.0
    whole = min(max(whole, 1e-6), _RHO_MOST)
    own = np.divide(top, bottom, out=np.full(count, whole), where=usable)
    orders = _sum(cells.series, cells.orders, count)
    trust = np.where(usable, orders / (orders + _ORDERS_FOR_RHO), 0.0)
    return np.asarray(np.clip(trust * own + (1 - trust) * whole, 1e-6, _RHO_MOST), dtype=np.float64)


def _shrink(rate: Floats, effective: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Posterior mean and strength of each rate around `centre`, the prior's strength estimated from all of them."""
    spread = centre * (1 - centre)
    used = (effective > 0) & (spread > 0)
    prior = _STRENGTH[1]
    if used.sum() > 1:
        w = effective[used]
        misfit = float((w * (rate[used] - centre[used]) ** 2 / spread[used]).sum())
        room = float(w.sum() - (w * w).sum() / w.sum())
        between = max((misfit - (used.sum() - 1)) / room, 0.0) if room > 0 else 0.0
        prior = 1.0 / between - 1.0 if between > 1.0 / _STRENGTH[1] else _STRENGTH[1]
    # A common prior must not drown what thousands of effective units say, nor vanish for want of spread.
    prior = min(max(prior, _STRENGTH[0]), _STRENGTH[1])
    strength = effective + prior
    return (effective * rate + prior * centre) / strength, strength
