"""Control-chart arithmetic (FORMULAS B7): limits, Western Electric rules, CUSUM, EWMA residuals. Pure, plain Python.

Sources: Montgomery, Introduction to Statistical Quality Control; NIST/SEMATECH e-Handbook 6.3; Laney 2002 for p'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal

D2_PAIR = 1.128
"""Expected range of two normal values in standard deviations."""
MR_UPPER = 3.267
_RANGE = {  # n: d2, A2, D3, D4
    2: (1.128, 1.880, 0.0, 3.267), 3: (1.693, 1.023, 0.0, 2.574), 4: (2.059, 0.729, 0.0, 2.282),
    5: (2.326, 0.577, 0.0, 2.114), 6: (2.534, 0.483, 0.0, 2.004), 7: (2.704, 0.419, 0.076, 1.924),
    8: (2.847, 0.373, 0.136, 1.864), 9: (2.970, 0.337, 0.184, 1.816), 10: (3.078, 0.308, 0.223, 1.777),
}  # fmt: skip
WESTERN_ELECTRIC_ARL = 91.75
"""Points between false alarms with all four rules on a stable, normal, independent process."""
CUSUM_ARL = 465.0
"""The same for the two-sided CUSUM (k 0.5, h 5)."""
Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Centre, spread of a point, and its three-sigma limits."""

    center: float
    sigma: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Individuals(Limits):
    """An I-MR chart: limits of the values, mean moving range and its upper limit."""

    moving_range: float
    moving_range_upper: float


@dataclass(frozen=True, slots=True)
class MeanRange(Limits):
    """An X-bar R chart: limits of subgroup means, mean range and its limits."""

    mean_range: float
    range_lower: float
    range_upper: float


@dataclass(frozen=True, slots=True)
class Flag:
    """Point `index` (from 0) breaks `rule`."""

    index: int
    rule: int
    side: Side


def individuals(values: Sequence[float]) -> Individuals:
    """I-MR limits: mean ± 2.66 MR-bar. ValueError with fewer than two values."""
    if len(values) < 2:
        raise ValueError("a moving range needs two values")
    mean = sum(values) / len(values)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    average = sum(ranges) / len(ranges)
    sigma = average / D2_PAIR
    return Individuals(mean, sigma, mean - 3 * sigma, mean + 3 * sigma, average, MR_UPPER * average)


def mean_range(subgroups: Sequence[Sequence[float]]) -> MeanRange:
    """X-bar R limits of subgroups of one size from 2 to 10; sigma is that of a mean. ValueError otherwise."""
    sizes = {len(one) for one in subgroups}
    if len(sizes) != 1 or not sizes <= set(_RANGE):
        raise ValueError("subgroups must all have one size from 2 to 10")
    d2, a2, d3, d4 = _RANGE[sizes.pop()]
    means = [sum(one) / len(one) for one in subgroups]
    center = sum(means) / len(means)
    spread = sum(max(one) - min(one) for one in subgroups) / len(subgroups)
    sigma = spread / d2 / sqrt(len(subgroups[0]))
    return MeanRange(center, sigma, center - a2 * spread, center + a2 * spread, spread, d3 * spread, d4 * spread)


def proportion(pooled: float, n: float, inflation: float = 1.0) -> Limits:
    """p-chart limits for a sample of `n`: they vary with n, and the lower one is never below 0 (P-15). `inflation`
    is Laney's sigma of the z-values, 1 for a plain p chart."""
    sigma = sqrt(pooled * (1 - pooled) / n) * inflation
    return Limits(pooled, sigma, max(0.0, pooled - 3 * sigma), min(1.0, pooled + 3 * sigma))


def laney(scrap: Sequence[float], inputs: Sequence[float]) -> float:
    """Laney's sigma_z: how much more the z-values of a p chart scatter than sampling alone; never below 1."""
    pooled = sum(scrap) / sum(inputs)
    if not 0.0 < pooled < 1.0 or len(scrap) < 2:
        return 1.0
    z = [(s / n - pooled) / sqrt(pooled * (1 - pooled) / n) for s, n in zip(scrap, inputs, strict=True)]
    return max(1.0, individuals(z).sigma)


def western_electric(z: Sequence[float]) -> list[Flag]:
    """The four rules on standardised points: (1) one beyond 3; (2) two of three beyond 2 on one side; (3) four of five
    beyond 1 on one side; (4) eight in a row on one side. A point on a line belongs to the inner zone. The point that
    is flagged is itself on that side of the line; index and rule ascending."""
    found = []
    for i, value in enumerate(z):
        side: Side = "high" if value > 0 else "low"
        sign = 1.0 if value > 0 else -1.0
        for rule, of, needed, line in ((1, 1, 1, 3.0), (2, 3, 2, 2.0), (3, 5, 4, 1.0), (4, 8, 8, 0.0)):
            window = z[max(0, i - of + 1) : i + 1]
            if value * sign > line and sum(one * sign > line for one in window) >= needed:
                found.append(Flag(i, rule, side))
    return found


def cusum(sums: tuple[float, float], z: float, slack: float = 0.5) -> tuple[float, float]:
    """Upper and lower tabular CUSUM after one more standardised point; beyond 5 is a signal. They find small lasting
    shifts."""
    return max(0.0, sums[0] + z - slack), max(0.0, sums[1] - z - slack)


def autocorrelation(values: Sequence[float]) -> float:
    """Correlation of each value with the one before it; 0 for constants and fewer than three values."""
    if len(values) < 3:
        return 0.0
    mean = sum(values) / len(values)
    spread = sum((one - mean) ** 2 for one in values)
    together = sum((a - mean) * (b - mean) for a, b in pairwise(values))
    return together / spread if spread > 0 else 0.0


def residuals(values: Sequence[float], rate: float, level: float | None = None) -> list[float]:
    """What each value differs from the EWMA of those before it: the part that the past does not explain."""
    found = []
    for value in values:
        level = value if level is None else level
        found.append(value - level)
        level += rate * (value - level)
    return found


def between_false_alarms(*lengths: float) -> float:
    """Points between false alarms of several rules together, at worst: their rates added up."""
    return 1.0 / sum(1.0 / one for one in lengths)
