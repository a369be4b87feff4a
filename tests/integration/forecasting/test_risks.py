"""Inventory risk from real rows: what counts as stock, what is coming, what to order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

AS_OF = date(2025, 3, 30)
Run = Callable[[Any], dict[str, Any]]


def risks(plant: Any) -> dict[str, dict[str, Any]]:
    found = plant.query(
        """SELECT r.* FROM forecast.inventory_risks r JOIN forecast.forecast_versions v ON v.id = r.version_id
           WHERE v.status = 'published'"""
    )
    return {row["sku_code"]: row for row in found}


def test_p24_only_usable_stock_is_available(plant: Any, run: Run) -> None:
    cage = plant.add("locations", None, code="QA", name="Cage", type="warehouse", is_nettable=False)
    plant.sku("A", reorder_point=10)
    plant.stock("A", 100, lot_code="L1", quantity_reserved=15)
    plant.stock("A", 40, lot_code="L2", quantity_quarantined=30)
    plant.stock("A", 25, lot_code="L3", expiry_date=date(2025, 3, 29))
    plant.stock("A", 8, lot_code="L4", quantity_expired=8)
    plant.stock("A", 500, lot_code="L5", location_id=cage)
    plant.stock("A", 0, lot_code="L6", quantity_in_transit=70)
    plant.stock("A", -20, lot_code="L7")
    run(plant)
    one = risks(plant)["A"]
    assert (one["available"], one["on_hand"]) == (Decimal(95), Decimal(673))
    assert any("30 ea in quarantine and 33 ea expired" in text for text in one["risk_factors"])
    assert any("1 negative balance" in text for text in one["risk_factors"])


def test_p25_the_latest_count_of_each_lot_counts(plant: Any, run: Run) -> None:
    plant.sku("A", reorder_point=10)
    plant.stock("A", 30, at="2025-03-29T08:00:00Z", lot_code="L1")
    plant.stock("A", 90, at="2025-03-20T08:00:00Z", lot_code="L1")
    plant.stock("A", 5, at="2025-03-10T08:00:00Z", lot_code="L2")
    plant.stock("A", 999, at="2025-04-02T08:00:00Z", lot_code="L1")
    run(plant)
    assert risks(plant)["A"]["available"] == 35


def test_p27_a_low_item_with_enough_on_order_needs_but_is_not_recommended(plant: Any, run: Run) -> None:
    for code in ("COVERED", "BARE"):
        plant.sku(code, reorder_point=100)
        plant.weeks(code, [70, 80, 75] * 10)
        plant.stock(code, 60)
    plant.purchase("COVERED", AS_OF - timedelta(days=5), 400, due=AS_OF + timedelta(days=3))
    run(plant)
    covered, bare = risks(plant)["COVERED"], risks(plant)["BARE"]
    assert (covered["reorder_needed"], covered["reorder_recommended"]) == (True, False)
    assert (covered["inventory_position"], covered["recommended_reorder_qty"]) == (460, 0)
    assert (bare["reorder_needed"], bare["reorder_recommended"]) == (True, True)
    assert bare["recommended_reorder_qty"] >= 40
    assert covered["stockout_probability"] < Decimal("0.05") < bare["stockout_probability"]
    assert covered["due_in_lead_time"] == 400


def test_p59_moq_and_multiples_round_up_and_shelf_life_cuts(plant: Any, run: Run) -> None:
    for code, extra in {
        "MOQ": {"moq": 500, "order_multiple": 48},
        "SHORT": {"moq": 10, "order_multiple": 10, "shelf_life_days": 9, "min_remaining_shelf_life_days": 2},
        "CLASH": {"moq": 900, "shelf_life_days": 9, "min_remaining_shelf_life_days": 2},
    }.items():
        plant.sku(code, reorder_point=200, **extra)
        plant.weeks(code, [100] * 30)
        plant.stock(code, 50)
    run(plant)
    found = risks(plant)
    assert found["MOQ"]["recommended_reorder_qty"] % 48 == 0
    assert found["MOQ"]["recommended_reorder_qty"] >= 528
    assert found["SHORT"]["recommended_reorder_qty"] == 100  # 7 sellable days x 100 / 7 a day
    assert (found["CLASH"]["recommended_reorder_qty"], found["CLASH"]["needs_human"]) == (0, True)
    assert found["CLASH"]["order_advised"] is True
    assert any("a person must decide" in text for text in found["CLASH"]["risk_factors"])


def test_lead_times_are_learned_from_receipts(plant: Any, run: Run) -> None:
    plant.sku("A", lead_time_days=5)
    plant.weeks("A", [70] * 30)
    plant.stock("A", 100)
    for back, took in zip(range(40, 200, 20), (9, 11, 10, 14, 9, 12, 10, 25), strict=True):
        ordered = AS_OF - timedelta(days=back)
        plant.purchase("A", ordered, 10, due=ordered + timedelta(days=5), received=ordered + timedelta(days=took))
    run(plant)
    one = risks(plant)["A"]
    assert one["lead_time_days_mean"] == Decimal("12.5")
    assert float(one["lead_time_days_sd"]) == pytest.approx(5.318, abs=0.001)
    assert (one["lead_time_basis"], one["lead_time_n"]) == ("receipts of this item", 8)
    assert float(one["lead_time_demand"]) == pytest.approx(125, abs=3)
    assert any("12.5 days, give or take 5.3 days" in text for text in one["risk_factors"])


def test_p57_an_unsure_supplier_makes_a_stockout_likelier(plant: Any, run: Run) -> None:
    for code, days in {"SURE": [10] * 8, "UNSURE": [2, 18, 3, 17, 4, 16, 1, 19]}.items():
        plant.sku(code)
        plant.weeks(code, [70] * 30)
        plant.stock(code, 130)
        for back, took in zip(range(40, 200, 20), days, strict=True):
            ordered = AS_OF - timedelta(days=back)
            plant.purchase(code, ordered, 10, due=ordered + timedelta(days=10), received=ordered + timedelta(days=took))
    run(plant)
    found = risks(plant)
    assert found["SURE"]["lead_time_days_mean"] == found["UNSURE"]["lead_time_days_mean"] == 10
    assert found["SURE"]["stockout_probability"] < Decimal("0.1")
    assert found["UNSURE"]["stockout_probability"] > Decimal("0.2")


def test_without_knowledge_a_lead_time_is_assumed_and_said(plant: Any, run: Run) -> None:
    plant.sku("A", lead_time_days=None)
    plant.weeks("A", [70] * 30)
    plant.stock("A", 100)
    run(plant)
    one = risks(plant)["A"]
    assert one["lead_time_days_mean"] == 14
    assert one["lead_time_basis"].startswith("assumed 14 days")


def test_what_is_hopelessly_late_is_not_counted_on(plant: Any, run: Run) -> None:
    plant.sku("A", reorder_point=100)
    plant.weeks("A", [70] * 30)
    plant.stock("A", 60)
    plant.purchase("A", date(2024, 9, 1), 1000, due=date(2024, 10, 1))
    plant.purchase("A", date(2025, 3, 1), 30, due=date(2025, 3, 25))
    run(plant)
    one = risks(plant)["A"]
    assert (one["on_order"], one["inventory_position"]) == (30, 90)
    # The plant's own policy, as stock answers have it, still believes in the 1,000; the forecast does not.
    assert (one["order_advised"], one["reorder_recommended"]) == (True, False)
    assert any("1,000 ea on order is more than 90 days late" in text for text in one["risk_factors"])
    assert any("30 ea of the open supply is overdue" in text for text in one["risk_factors"])


def test_overdue_customer_orders_come_first(plant: Any, run: Run) -> None:
    plant.sku("A", reorder_point=100)
    plant.weeks("A", [70] * 30)
    plant.stock("A", 200)
    plant.order("A", AS_OF - timedelta(days=10), 150, status="confirmed", requested=AS_OF - timedelta(days=4),
                ship_date=None)  # fmt: skip
    run(plant)
    one = risks(plant)["A"]
    assert (one["available"], one["backorders"], one["inventory_position"]) == (200, 150, 50)
    assert one["stockout_probability"] > Decimal("0.5")
    assert one["days_until_critical"] <= 6


def test_a_scheduled_work_order_is_supply_and_a_created_one_is_a_plan(plant: Any, run: Run) -> None:
    plant.sku("A", make_or_buy="make", lead_time_days=4, reorder_point=100)
    plant.weeks("A", [70] * 30)
    plant.stock("A", 30)
    for status, number in (("scheduled", "W1"), ("created", "W2")):
        plant.add("work_orders", None, sku_id=plant.ids["A"], wo_number=number, ordered_qty=300, uom="EA",
                  uom_factor=1, status=status, scheduled_start=AS_OF + timedelta(days=1),
                  scheduled_end=AS_OF + timedelta(days=2))  # fmt: skip
    run(plant)
    assert risks(plant)["A"]["on_order"] == 300
    assert risks(plant)["A"]["lead_time_basis"] == "item master, spread unknown"


def test_p28_a_safety_stock_above_the_reorder_point_is_not_believed(plant: Any, run: Run) -> None:
    for code, safety in (("ODD", 500), ("SOUND", 60)):
        plant.sku(code, reorder_point=100, safety_stock=safety)
        plant.weeks(code, [70] * 30)
        plant.stock(code, 140)
    run(plant)
    odd, sound = risks(plant)["ODD"], risks(plant)["SOUND"]
    assert (odd["safety_stock"], sound["safety_stock"]) == (None, 60)
    assert (odd["days_until_critical"], sound["days_until_critical"]) == (15, 9)


def test_money_at_stake_says_its_basis_and_currency(plant: Any, run: Run) -> None:
    items: dict[str, dict[str, Any]] = {
        "LIST": {"list_price": 10, "unit_cost": 4}, "RECENT": {"list_price": 0},
        "COST": {"list_price": None, "unit_cost": 4}, "USD": {"list_price": 3, "currency": "USD"},
    }  # fmt: skip
    for code, extra in items.items():
        plant.sku(code, **extra)
        plant.weeks(code, [70] * 30)
        plant.stock(code, 0)
    plant.change("UPDATE manufacturing.sales_order_lines SET unit_price = 0 WHERE sku_id = :id", id=plant.ids["COST"])
    run(plant)
    found = risks(plant)
    assert {code: (one["unit_value_basis"], one["unit_value"], one["currency"]) for code, one in found.items()} == {
        "LIST": ("list_price", 10, "EUR"), "RECENT": ("recent_price", 10, "EUR"), "COST": ("unit_cost", 4, "EUR"),
        "USD": ("list_price", 3, "USD"),
    }  # fmt: skip
    assert float(found["LIST"]["money_at_stake"]) == pytest.approx(700, rel=0.05)
    assert found["LIST"]["risk_level"] == "critical"


def test_p58_an_item_nobody_asks_for_lasts_beyond_the_horizon(plant: Any, run: Run) -> None:
    plant.sku("A")
    plant.weeks("A", [5] + [0] * 200)
    plant.stock("A", 100)
    run(plant)
    one = risks(plant)["A"]
    assert (one["days_until_critical"], one["days_of_supply"]) == (None, None)
    assert one["days_horizon"] == 91
    assert one["risk_level"] == "low"


def test_no_stock_record_is_unknown_and_not_zero(plant: Any, run: Run) -> None:
    plant.sku("A", reorder_point=100)
    plant.weeks("A", [70] * 30)
    run(plant)
    one = risks(plant)["A"]
    assert (one["risk_level"], one["stockout_probability"], one["reorder_needed"]) == (None, None, None)
    assert (one["recommended_reorder_qty"], one["order_advised"], one["reorder_recommended"]) == (0, False, None)
    assert one["risk_factors"][0] == "there is no stock record: the stock is unknown, not zero"
    assert plant.query("SELECT * FROM forecast.forecast_alerts") == []
