"""Demand distributions read off in numpy (runs) and in Decimal (what-if questions): the same curve, and the rules'."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.engine import LeadTimeDemand
from opscopilot.forecasting.engine.types import BASE_TAUS
from opscopilot.forecasting.inventory import quantiles as q
from opscopilot.forecasting.inventory.cover import covers
from opscopilot.forecasting.inventory.outlooks import Outlook
from opscopilot.forecasting.inventory.receipts import effects
from opscopilot.forecasting.inventory.safety import Target, policies
from opscopilot.forecasting.rules import days_of_supply, days_until_critical
from opscopilot.forecasting.rules.distribution import Distribution
from opscopilot.forecasting.supply.leadtimes import LeadTime
from tests.unit.forecasting.rules.vectors import vectors

LEVELS = np.array(BASE_TAUS)
RNG = np.random.default_rng(20250330)
DRAWS = RNG.gamma(3, 20, size=(30, 4000))
TABLE = np.quantile(DRAWS, LEVELS, axis=1).T
STOCKS = np.array([0.0, 5.0, 40.0, 75.0, 160.0, 260.0])


def test_the_probability_to_run_out_is_the_engines() -> None:
    for stock in STOCKS:
        given = np.full(len(TABLE), stock)
        engine = LeadTimeDemand(LEVELS, TABLE.mean(axis=1), TABLE).stockout_probability(given)
        assert np.allclose(engine, q.exceedance(LEVELS, TABLE, given[:, None])[:, 0], atol=1e-9)


def test_the_expected_shortage_is_that_of_the_draws() -> None:
    true = np.maximum(DRAWS[:, None, :] - STOCKS[None, :, None], 0).mean(axis=2)
    found = q.shortage(LEVELS, TABLE, np.tile(STOCKS, (len(TABLE), 1)))
    assert np.abs(found - true).max() < 1.0
    assert np.allclose(q.mean(LEVELS, TABLE), DRAWS.mean(axis=1), rtol=0.02)
    assert np.allclose(q.deviation(LEVELS, TABLE), DRAWS.std(axis=1), rtol=0.05)


def test_the_what_if_in_decimal_says_the_same_as_the_run() -> None:
    share = np.full(len(TABLE), 0.98)
    points = q.quantile(LEVELS, TABLE, share)
    fills = q.stock_for_fill(LEVELS, TABLE, share, np.full(len(TABLE), 50.0))
    for row, point, fill in zip(TABLE[:5], points, fills, strict=False):
        one = Distribution.of(LEVELS.tolist(), row.tolist())
        assert float(one.quantile(Decimal("0.98"))) == pytest.approx(point)
        assert float(one.quantile(Decimal("0.999"))) > row[-1]
        assert float(one.stock_for_fill(Decimal("0.98"), Decimal(50))) == pytest.approx(fill, abs=1e-4)
        for stock in STOCKS:
            given = np.array([[stock]])
            exact = Decimal(repr(float(stock)))
            assert float(one.exceedance(exact)) == pytest.approx(q.exceedance(LEVELS, row[None], given)[0, 0])
            assert float(one.shortage(exact)) == pytest.approx(q.shortage(LEVELS, row[None], given)[0, 0])


def test_every_combination_of_arrivals_counts_with_its_probability() -> None:
    lots = [[(50.0, 0.5), (30.0, 0.2)]]
    found = effects(LEVELS, TABLE[:1], np.array([40.0]), lots)
    by_hand = sum(
        weight * q.exceedance(LEVELS, TABLE[:1], np.array([[40.0 + extra]]))[0, 0]
        for extra, weight in ((0, 0.4), (50, 0.4), (30, 0.1), (80, 0.1))
    )
    assert found.probability[0] == pytest.approx(by_hand)
    sure = sum(
        weight * q.exceedance(LEVELS, TABLE[:1], np.array([[90.0 + extra]]))[0, 0]
        for extra, weight in ((0, 0.8), (30, 0.2))
    )
    assert found.points[0][0] == pytest.approx(by_hand - sure)
    assert (found.points[0] > 0).all()


def test_many_small_lots_are_not_multiplied_out() -> None:
    found = effects(LEVELS, TABLE[:1], np.array([0.0]), [[(10.0, 0.5)] * 40])
    assert 0 < found.probability[0] < 1
    assert len(found.points[0]) == 40


def test_d5_p58_cover_in_bulk_is_the_rule_item_by_item() -> None:
    demand = RNG.integers(0, 40, size=(50, 30)).astype(float)
    receipts = np.where(RNG.random((50, 30)) < 0.05, 200.0, 0.0)
    stock, safety = RNG.integers(0, 500, 50).astype(float), RNG.integers(0, 100, 50).astype(float)
    for i, found in enumerate(covers(stock, safety, demand, receipts)):
        day, coming = ([Decimal(int(v)) for v in rows[i]] for rows in (demand, receipts))
        assert found.until == days_until_critical(Decimal(int(stock[i])), Decimal(int(safety[i])), day, coming)
        lasts = days_of_supply(Decimal(int(stock[i])), day)
        assert (found.days is None) == (lasts is None)
        assert lasts is None or abs((found.days or 0) - lasts) < Decimal("0.00001")


def test_d5_the_worked_values_in_bulk() -> None:
    known = vectors()
    days = np.array([[120.0, 130, 125, 118, 140, 0, 0, 122, 133]])
    (found,) = covers(np.array([700.0]), np.array([0.0]), days, np.zeros_like(days))
    assert float(found.days or 0) == pytest.approx(known["dos_fwd"], abs=1e-4)
    falling = np.array([[30.0, 35, 40, 28, 32, 33, 36]])
    (critical,) = covers(np.array([410.0]), np.array([180.0]), falling, np.zeros_like(falling))
    assert critical.until == known["days_until_critical"]


def normal(mean: float, sd: float) -> Outlook:
    """Demand of 120 a day; over lead and review time normal with the given mean and deviation."""
    table = np.quantile(RNG.normal(mean, sd, 400_000), LEVELS)
    weekly = 120.0 * 7
    return Outlook(np.full(13, weekly), np.sqrt(np.arange(1.0, 14)) * 30 * 7**0.5, LEVELS, mean, table, mean, table)


def recommended(kind: str, level: str, order: int = 1000) -> float:
    """Lead time 9 with deviation 2 and no review: the worked values of D3 and D7."""
    known = vectors()
    view, lead = normal(1080.0, known["sig_ltd"]), LeadTime(9.0, 2.0, 8, "test")
    config = ForecastConfig(review_days=0)
    (found,) = policies([view], [lead], [Target(Decimal(level), kind, "plant")], [Decimal(order)], config)
    assert float(found.formula) == pytest.approx(known["ss"] if kind == "csl" else known["ss_fill99"], rel=0.002)
    return float(found.safety_stock)


def test_d3_p57_the_recommended_stock_of_normal_demand_is_the_formulas() -> None:
    known = vectors()
    assert recommended("csl", "0.95") == pytest.approx(known["ss"], rel=0.02)
    assert known["ss"] > 2 * known["ss_const_lt"]


def test_d7_p57_a_fill_rate_needs_less_than_the_same_service_level() -> None:
    known = vectors()
    assert recommended("fill_rate", "0.99") == pytest.approx(known["ss_fill99"], rel=0.03)
