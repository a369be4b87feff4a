"""The traps of inventory rules, each by its number in the catalogue of pitfalls."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscopilot.forecasting import rules
from opscopilot.forecasting.rules import cover, safety, stockout

QUANTITY = st.decimals(min_value=0, max_value=100_000, places=3, allow_nan=False)


def test_p26_negative_on_hand_counts_as_nothing_to_promise() -> None:
    assert rules.inventory_position(D(-40), D(100), D(10)) == D(90)


def test_p27_an_open_order_that_covers_the_need_makes_reordering_unnecessary() -> None:
    position = rules.inventory_position(D(50), D(500), D(0))
    assert rules.reorder_quantity(position, D(200), D(600)).quantity == 0
    assert rules.reorder_quantity(D(50), D(200), D(600)).quantity == 550


def test_p53_a_zero_actual_gives_no_percentage() -> None:
    found = rules.accuracy([D(0), D(0)], [D(3), D(1)])
    assert found.wape is None
    assert found.bias is None
    assert found.mae == D(2)


def test_p53_bias_is_negative_for_over_forecasting() -> None:
    assert (rules.accuracy([D(10)], [D(12)]).bias or D(0)) < 0


def test_p57_lead_time_variance_is_included() -> None:
    with_variance = rules.safety_stock(rules.lead_time_deviation(D(120), D(30), D(9), D(2)), 0.95)
    without = rules.safety_stock(rules.lead_time_deviation(D(120), D(30), D(9), D(0)), 0.95)
    assert round(with_variance, 1) == D("421.6")
    assert round(without, 1) == D("148.0")


def test_p57_service_level_and_fill_rate_are_two_things() -> None:
    sigma = rules.lead_time_deviation(D(120), D(30), D(9), D(2))
    assert rules.safety_stock_for_fill_rate(0.99, sigma, D(1000)) < rules.safety_stock(sigma, 0.99)


def test_p58_days_of_supply_consumes_the_forecast() -> None:
    forecast = [D(v) for v in (120, 130, 125, 118, 140, 0, 0, 122, 133)]
    assert round(rules.days_of_supply(D(700), forecast) or D(0), 4) == D("7.5492")


def test_p58_an_item_without_demand_is_beyond_the_horizon() -> None:
    assert rules.days_of_supply(D(10), [D(0)] * 30) is None
    assert rules.days_of_supply(D(10), []) is None
    assert rules.days_until_critical(D(10), D(5), [D(0)] * 30) is None


def test_p58_no_stock_lasts_no_day_even_without_demand() -> None:
    assert rules.days_of_supply(D(0), [D(0)] * 30) == 0
    assert rules.days_of_supply(D(-5), [D(1)]) == 0


def test_p58_weekly_buckets_are_consumed_evenly() -> None:
    assert rules.days_of_supply(D(150), [D(100), D(100)], bucket_days=7) == D("10.5")
    assert rules.days_until_critical(D(150), D(100), [D(70), D(70)], bucket_days=7) == 6
    assert rules.days_until_critical(D(150), D(100), [D(70)], receipts=[D(1000)], bucket_days=7) is None


def test_p58_already_below_safety_stock_is_critical_today() -> None:
    assert rules.days_until_critical(D(4), D(5), [D(1)]) == 0


def test_p59_moq_and_multiples_round_up_then_the_cap_rounds_down() -> None:
    advice = rules.reorder_quantity(D(855), D(1000), D(2360), moq=D(500), multiple=D(48), cap=D(1450))
    assert advice.quantity == D(1440)
    assert advice.capped
    assert advice.conflict is None


def test_p59_a_cap_below_the_smallest_order_goes_to_a_person() -> None:
    advice = rules.reorder_quantity(D(0), D(100), D(120), moq=D(500), multiple=D(48), cap=D(300))
    assert advice.quantity == 0
    assert "528" in str(advice.conflict)
    assert "300" in str(advice.conflict)


def test_p59_nothing_is_ordered_above_the_reorder_point_or_the_target() -> None:
    assert rules.reorder_quantity(D(101), D(100), D(500)).quantity == 0
    assert rules.reorder_quantity(D(90), D(100), D(90)).quantity == 0


@given(QUANTITY, QUANTITY, QUANTITY, QUANTITY, st.integers(1, 500), st.none() | QUANTITY)
def test_p59_an_order_is_never_negative_and_always_a_whole_multiple(
    position: D, point: D, extra: D, moq: D, multiple: int, cap: D | None
) -> None:
    advice = rules.reorder_quantity(position, point, point + extra, moq=moq, multiple=D(multiple), cap=cap)
    assert advice.quantity >= 0
    assert advice.quantity % multiple == 0
    if advice.quantity:
        assert advice.quantity >= moq
        assert cap is None or advice.quantity <= cap
        assert cap is not None or position + advice.quantity >= point + extra


@given(QUANTITY, st.lists(QUANTITY, max_size=20))
def test_p58_stock_lasts_exactly_until_demand_has_eaten_it(stock: D, demand: list[D]) -> None:
    days = rules.days_of_supply(stock, demand)
    if days is None:
        assert sum(demand, D(0)) < stock
        return
    whole = int(days)
    eaten = sum(demand[:whole], D(0)) + (demand[whole] * (days - whole) if whole < len(demand) else D(0))
    assert abs(eaten - stock) < D("0.001")
    assert min(cover.projected_available(stock, demand), default=D(0)) <= 0


def test_demand_equal_to_the_stock_is_no_stockout() -> None:
    assert rules.stockout_probability(D(5), D(5), D(0)).probability == 0.0
    assert rules.stockout_probability(D("4.9"), D(5), D(0)).probability == 1.0


@pytest.mark.parametrize(
    ("mean", "variance", "periods", "method"),
    [(14, 14, 0, "poisson"), (14, 28, 0, "negative_binomial"), (90, 200, 0, "normal"), (14, 28, 3, "empirical")],
)
def test_the_distribution_follows_the_item(mean: int, variance: int, periods: int, method: str) -> None:
    history = [D(v % 9) for v in range(30)]
    assert rules.stockout_probability(D(20), D(mean), D(variance), history, periods).method == method


@given(st.floats(0.1, 60), st.floats(1.0, 6), st.integers(0, 120))
def test_stockout_probability_falls_with_stock_and_stays_a_probability(mean: float, ratio: float, stock: int) -> None:
    mu, var = D(repr(mean)), D(repr(mean * ratio))
    low = rules.stockout_probability(D(stock), mu, var).probability
    more = rules.stockout_probability(D(stock + 5), mu, var).probability
    assert 0 <= more <= low + 1e-9
    assert low <= 1


def test_a_long_lead_time_of_fractional_demand_is_simulated_reproducibly() -> None:
    history = [D(v) / 7 for v in range(40)]
    first = stockout.empirical_tail(history, 12, D(40))
    assert first == stockout.empirical_tail(history, 12, D(40))
    assert first == pytest.approx(stockout.normal_tail(40, 12 * 39 / 14, (12 * 133.25 / 49) ** 0.5), abs=0.03)


def test_bands_and_risk_levels() -> None:
    assert [rules.risk_level(p) for p in (0.19, 0.2, 0.35, 0.5, 0.8, 1.0)] == [
        "low",
        "medium",
        "medium",
        "high",
        "critical",
        "critical",
    ]
    assert rules.inventory_status(D(9), D(10), D(20)) == "critical"
    assert rules.inventory_status(D(0), D(0), D(0)) == "critical"
    assert rules.inventory_status(D(20), D(10), D(20)) == "low"
    assert rules.inventory_status(D(21), D(10), D(20)) == "optimal"
    assert rules.inventory_status(D(61), D(10), D(20), D(20)) == "excess"
    assert rules.inventory_status(D(30), D(10), D(20), None, D(400), D(180)) == "excess"
    assert rules.inventory_status(D(30), None, None) is None


def test_classes_of_new_and_dead_items() -> None:
    assert rules.xyz_class([D(1)] * 5) == "N"
    assert rules.xyz_class([D(0)] * 8) == "Z"
    assert rules.xyz_class([D(v) for v in (20, 25, 18, 22, 30, 17)]) == "X"
    assert rules.abc_classes({"a": D(0), "b": D(0)}) == {"a": "C", "b": "C"}
    assert rules.abc_classes({"only": D(5)}) == {"only": "A"}
    assert rules.demand_pattern([D(0)] * 9).name == "none"


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0])
def test_impossible_service_levels_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match="service level"):
        rules.safety_stock(D(1), level)
    with pytest.raises(ValueError, match="fill rate"):
        safety.z_for_fill_rate(level, D(1), D(1))
