"""Rolling origins for scrap rates: what the method would have said, period by period, against what came. Pure.

Log loss is per unit: -(s ln p + (n - s) ln(1 - p)) / n, sums before ratios. Beside it the two rates a planner would use
otherwise: the plant's pooled rate, and the rate of the item's last period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from opscopilot.forecasting.quality import betabinomial, rates
from opscopilot.forecasting.quality.rates import Cells, Floats, Ints

HALF_LIVES = (8.0, 26.0, 104.0)
"""Weeks. The one with the least log loss over all series is used."""
LEVELS = (0.80, 0.95)
ORIGINS = 12
_SERIES_TESTED = 600
"""Series whose intervals are tested, those with the most input; losses are measured on all."""


@dataclass(slots=True)
class Evidence:
    """Sums over origins. `loss`, `pooled`, `last`: nats; `units`: what they are divided by."""

    origins: int = 0
    tested: int = 0
    inside: list[int] = field(default_factory=lambda: [0, 0])
    loss: float = 0.0
    pooled: float = 0.0
    last: float = 0.0
    units: float = 0.0

    def add(self, other: Evidence) -> None:
        """Take in the sums of another."""
        for name in ("origins", "tested", "loss", "pooled", "last", "units"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.inside = [a + b for a, b in zip(self.inside, other.inside, strict=True)]

    def coverage(self, level: int) -> float | None:
        """Share of the tested periods inside the interval of LEVELS[level]; None where none was tested."""
        return self.inside[level] / self.tested if self.tested else None

    def per_unit(self, name: str) -> float | None:
        """A loss per unit."""
        return getattr(self, name) / self.units if self.units > 0 else None


@dataclass(frozen=True, slots=True)
class _Point:
    series: int
    n: float
    s: float
    nn: float
    mean: float
    rate: rates.Rates
    last: float


def choose(cells: Cells, sku: Ints, ages: list[int], per_week: float) -> float:
    """The half-life with the least log loss; the middle one where there is nothing to test on."""
    losses = []
    for half_life in HALF_LIVES:
        total = 0.0
        for point in _points(cells, sku, ages, half_life, per_week):
            total += _loss(point.mean, point.n, point.s)
        losses.append(total)
    return HALF_LIVES[int(np.argmin(losses))] if any(losses) else HALF_LIVES[1]


def run(
    cells: Cells, sku: Ints, ages: list[int], half_life: float, per_week: float
) -> tuple[dict[int, Evidence], float]:  # fmt: skip
    """Evidence per series, and the factor by which the spread between orders was inflated to hold 95 %.

    The factor used at an origin comes from the origins before it, so that the coverage is out of sample.
    """
    found: dict[int, Evidence] = {}
    tested = set(np.argsort(-np.bincount(cells.series, weights=cells.n, minlength=len(sku)))[:_SERIES_TESTED].tolist())
    inflation, seen, over = 1.0, 0, 0
    by_age = sorted(ages, reverse=True)
    for age in by_age:
        for point in _points(cells, sku, [age], half_life, per_week):
            one = found.setdefault(point.series, Evidence())
            one.origins += 1
            one.units += point.n
            one.loss += _loss(point.mean, point.n, point.s)
            one.pooled += _loss(point.rate.pooled, point.n, point.s)
            one.last += _loss(point.last, point.n, point.s)
            if point.series in tested:
                outside = _test(one, point, inflation)
                seen, over = seen + 1, over + outside
        if seen >= 50:
            inflation = min(
                max(inflation * (1.25 if over > 0.06 * seen else 0.95 if over < 0.03 * seen else 1.0), 1.0), 25.0
            )
    return found, inflation


def _test(one: Evidence, point: _Point, inflation: float) -> int:
    variance = point.rate.variance(point.series, point.n, point.nn, inflation)
    bounds = betabinomial.interval(point.n, point.mean, variance, LEVELS)
    share = point.s / point.n
    # Bounds are whole lumps of the quantity; a share between two of them belongs to the nearer.
    slack = 0.5 / max(1.0, min(point.n, betabinomial.LARGEST)) + 1e-12
    inside = [low - slack <= share <= high + slack for low, high in bounds]
    one.tested += 1
    one.inside = [a + int(b) for a, b in zip(one.inside, inside, strict=True)]
    return int(not inside[1])


def _loss(p: float, n: float, s: float) -> float:
    p = min(max(p, 1e-7), 1 - 1e-7)
    return float(-(s * np.log(p) + (n - s) * np.log(1 - p)))


def _points(cells: Cells, sku: Ints, ages: list[int], half_life: float, per_week: float) -> Iterator[_Point]:
    for age in ages:
        before = cells.older_than(age)
        if not len(before.series):
            continue
        # Ages count from the forecast on; at this origin its own period is the next one.
        fitted = rates.fit(replace(before, age=before.age - age), sku, half_life, per_week)
        last = _last_rates(before, len(sku))
        for row in np.flatnonzero((cells.age == age) & (cells.n > 0)):
            i = int(cells.series[row])
            if np.isnan(last[i]):
                continue
            yield _Point(i, float(cells.n[row]), float(cells.s[row]), float(cells.nn[row]), float(fitted.mean[i]),
                         fitted, float(last[i]))  # fmt: skip


def _last_rates(cells: Cells, count: int) -> Floats:
    """Rate of each series' latest period, (s + 0.5) / (n + 1) so that "none last time" is not "never"; NaN: none."""
    found = np.full(count, np.nan)
    order = np.argsort(-cells.age, kind="stable")
    found[cells.series[order]] = (cells.s[order] + 0.5) / (cells.n[order] + 1.0)
    return found
