"""Scrap rates: shrinkage, recency, intervals and what rolling origins say of them."""

from __future__ import annotations

import numpy as np
import pytest

from opscopilot.forecasting.quality import backtest, betabinomial, rates
from opscopilot.forecasting.quality.backtest import Evidence
from opscopilot.forecasting.quality.rates import Cells


def cells(*orders: tuple[int, int, float, float]) -> Cells:
    """One cell per order: series, age, input, scrap."""
    series, age, n, s = (np.array(column) for column in zip(*orders, strict=True))
    n, s = n.astype(float), s.astype(float)
    return Cells(series, age, np.ones(len(n)), n, s, n * n, s * s, n * s)


def plant(rho: float, drift: float, seed: int = 3) -> Cells:
    """40 items over 60 weeks, orders of 20 to 400 pieces whose rates scatter by `rho` and wander by `drift`."""
    rng = np.random.default_rng(seed)
    found = []
    for item, base in enumerate(rng.beta(2, 60, 40)):
        rate = base
        for age in range(60, 0, -1):
            rate = float(np.clip(rate * np.exp(drift * rng.normal()), 1e-4, 0.5))
            for _ in range(rng.integers(0, 4)):
                n = int(rng.integers(20, 400))
                own = rng.beta(rate * (1 / rho - 1), (1 - rate) * (1 / rho - 1)) if rho else rate
                found.append((item, age, float(n), float(rng.binomial(n, own))))
    return cells(*found)


def test_wilson_of_the_formula_sheet_and_of_nothing() -> None:
    assert betabinomial.wilson(3, 40) == pytest.approx((0.025836, 0.198642), abs=1e-5)
    assert betabinomial.wilson(0, 0) is None
    low, high = betabinomial.wilson(0, 20) or (None, None)
    assert low == 0.0
    assert high is not None
    assert high > 0.1, "none of twenty is no proof of none"


def test_the_distribution_is_the_binomial_without_correlation_and_adds_up() -> None:
    known = betabinomial.distribution(4, 0.5, 1e-12)
    assert known == pytest.approx(np.cumsum([1, 4, 6, 4, 1]) / 16, abs=1e-6)
    wide = np.diff(betabinomial.distribution(50, 0.1, 0.2), prepend=0.0)
    mean = float((wide * np.arange(51)).sum())
    assert mean == pytest.approx(5.0)
    variance = float((wide * (np.arange(51) - mean) ** 2).sum())
    assert variance == pytest.approx(50 * 0.1 * 0.9 * (1 + 49 * 0.2))


@pytest.mark.parametrize("quantity", [0.4, 1, 7, 900, 3e6])
@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.03, 1.0])
def test_intervals_are_shares_in_order_whatever_the_quantity(quantity: float, mean: float) -> None:
    (low80, high80), (low95, high95) = betabinomial.interval(quantity, mean, mean * (1 - mean) / 50, (0.8, 0.95))
    assert 0 <= low95 <= low80 <= high80 <= high95 <= 1


def test_p02_rates_are_ratios_of_sums() -> None:
    made = cells((0, 1, 10, 0), (0, 1, 990, 20), (1, 1, 1000, 20))
    found = rates.fit(made, np.array([0, 1]), 26)
    assert found.pooled == pytest.approx(0.02)
    assert found.raw[0] == pytest.approx(0.02)


def test_few_orders_lean_on_the_plant_and_many_stand_alone() -> None:
    often = [(item, age, 200.0, 200.0 * rate) for item, rate in enumerate((0.01, 0.03, 0.05)) for age in range(1, 41)]
    made = cells(*often, (3, 1, 10.0, 3.0))
    found = rates.fit(made, np.array([0, 1, 2, 3]), 26)
    assert found.mean[0] == pytest.approx(0.01, abs=0.002)
    assert 0.03 < found.mean[3] < 0.15, "3 of 10 is not 30 %"
    assert found.own[3] < 0.5 < found.own[0]


def test_lines_of_an_item_lean_on_the_item() -> None:
    made = cells(*[(0, age, 500.0, 50.0) for age in range(1, 30)], (1, 1, 20.0, 0.0),
                 *[(2, age, 500.0, 5.0) for age in range(1, 30)], *[(3, age, 400.0, 4.0) for age in range(1, 30)])  # fmt: skip
    found = rates.fit(made, np.array([0, 0, 1, 2]), 26)
    assert found.mean[1] > 0.03, "a new line of a bad item is expected to be bad"


def test_recent_orders_weigh_more() -> None:
    made = cells(*[(0, age, 500.0, 50.0 if age <= 4 else 5.0) for age in range(1, 40)],
                 *[(1, age, 500.0, 5.0) for age in range(1, 40)])  # fmt: skip
    assert rates.fit(made, np.array([0, 1]), 4).mean[0] > 2 * rates.fit(made, np.array([0, 1]), 104).mean[0]


@pytest.mark.parametrize(("rho", "drift"), [(0.0, 0.0), (0.05, 0.0), (0.05, 0.1)])
def test_intervals_hold_out_of_sample_and_the_rate_beats_what_a_planner_would_use(rho: float, drift: float) -> None:
    made, sku = plant(rho, drift), np.arange(40)
    ages = list(range(1, backtest.ORIGINS + 1))
    half_life = backtest.choose(made, sku, ages, 1.0)
    found, _ = backtest.run(made, sku, ages, half_life, 1.0)
    total = Evidence()
    for one in found.values():
        total.add(one)
    assert total.tested > 200
    assert 0.92 <= (total.coverage(1) or 0) <= 0.995
    assert 0.78 <= (total.coverage(0) or 0) <= 0.93
    loss, pooled, last = (total.per_unit(name) or 0 for name in ("loss", "pooled", "last"))
    assert loss < pooled
    assert loss < last


def test_correlation_within_orders_is_found() -> None:
    found = rates.fit(plant(0.05, 0.0), np.arange(40), 104)
    assert float(np.median(found.rho)) == pytest.approx(0.05, abs=0.02)


def test_none_scrapped_so_far_is_not_never() -> None:
    found = rates.fit(cells((0, 1, 100, 0), (1, 2, 50, 0)), np.array([0, 1]), 26)
    assert 0 < found.mean[0] < 0.01
    (_, _), (low, high) = betabinomial.interval(100, found.mean[0], found.variance(0, 100, 10_000), (0.8, 0.95))
    assert low == 0.0
    assert high > 0.0
