"""Probability that demand over the lead time exceeds the stock there will be. D = S is no stock-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import exp, floor, lgamma, log, sqrt
from random import Random
from statistics import NormalDist

_NORMAL = NormalDist()
POISSON_UP_TO = 1.1
"""Variance / mean up to which demand counts as Poisson."""
FAST_MOVER = 30.0
"""Mean lead-time demand from which the normal distribution serves."""
ENOUGH_OBSERVATIONS = 24
"""Periods of history from which the item's own history serves."""
_MOST_SUMS = 20_000
_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class StockoutRisk:
    """`probability` in 0..1 and how it was found: certain, poisson, negative_binomial, normal, empirical."""

    probability: float
    method: str


def stockout_probability(
    stock: Decimal,
    mean: Decimal,
    variance: Decimal,
    history: Sequence[Decimal] = (),
    periods: int = 0,
) -> StockoutRisk:
    """P(demand in the lead time > stock), stock = available + receipts due within the lead time.

    `mean`, `variance` of the lead-time demand. `history` of single periods and the lead time in whole
    `periods` allow the empirical distribution. Negative stock counts as 0. Raises ValueError for negative
    mean or variance.
    """
    if mean < 0 or variance < 0:
        raise ValueError(f"mean is {mean} and variance {variance}, neither may be negative")
    s, mu, var = max(float(stock), 0.0), float(mean), float(variance)
    if len(history) >= ENOUGH_OBSERVATIONS and periods >= 1:
        return StockoutRisk(empirical_tail(history, periods, Decimal(repr(s))), "empirical")
    if mu == 0 or var == 0:
        return StockoutRisk(1.0 if mu > s else 0.0, "certain")
    if mu >= FAST_MOVER:
        return StockoutRisk(normal_tail(s, mu, sqrt(var)), "normal")
    if var / mu <= POISSON_UP_TO:
        return StockoutRisk(poisson_tail(s, mu), "poisson")
    return StockoutRisk(negative_binomial_tail(s, mu, var), "negative_binomial")


def poisson_tail(stock: float, mean: float) -> float:
    """P(D > stock) for Poisson demand."""
    below = sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(floor(stock) + 1))
    return min(1.0, max(0.0, 1.0 - below))


def negative_binomial_tail(stock: float, mean: float, variance: float) -> float:
    """P(D > stock) for counts with variance > mean: r = mean^2 / (variance - mean), p = mean / variance."""
    if variance <= mean:
        raise ValueError(f"variance {variance} must exceed mean {mean} for a negative binomial")
    r, p = mean * mean / (variance - mean), mean / variance
    below = sum(
        exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(p) + k * log(1 - p)) for k in range(floor(stock) + 1)
    )
    return min(1.0, max(0.0, 1.0 - below))


def normal_tail(stock: float, mean: float, sd: float, *, continuity: bool = True) -> float:
    """P(D > stock) for normal demand; half a unit of continuity correction because demand is counted."""
    return 1.0 - _NORMAL.cdf((stock + (0.5 if continuity else 0.0) - mean) / sd)


def empirical_tail(history: Sequence[Decimal], periods: int, stock: Decimal, seed: int = 20_250_101) -> float:
    """P(sum of `periods` independent draws from `history` > stock).

    Exact while there are few different sums, else simulated with a fixed seed.
    """
    sums: dict[Decimal, int] = {Decimal(0): 1}
    for _ in range(periods):
        if len(sums) * len(set(history)) > _MOST_SUMS * 10:
            return _simulated_tail(history, periods, stock, seed)
        grown: dict[Decimal, int] = {}
        for total, ways in sums.items():
            for value in history:
                grown[total + value] = grown.get(total + value, 0) + ways
        sums = grown
    over = sum(ways for total, ways in sums.items() if total > stock)
    return over / int(len(history) ** periods)


def _simulated_tail(history: Sequence[Decimal], periods: int, stock: Decimal, seed: int) -> float:
    source = Random(seed)
    values, limit = [float(v) for v in history], float(stock)
    over = sum(1 for _ in range(_DRAWS) if sum(source.choices(values, k=periods)) > limit)
    return over / _DRAWS
