"""Demand history: what was asked for, when it was asked for, up to the last complete week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from opscopilot.forecasting.service import ForecastService
from tests.support import forecasting

MONDAY = date(2025, 3, 24)
Plan = Callable[..., Any]


def history(plant: Any, code: str) -> dict[date, dict[str, Any]]:
    rows = plant.query(
        """SELECT h.* FROM forecast.demand_history h JOIN manufacturing.skus k ON k.id = h.sku_id
           WHERE k.sku_code = :code ORDER BY bucket_start""",
        code=code,
    )
    return {row["bucket_start"]: row for row in rows}


def plan(service: ForecastService, plant: Any) -> dict[str, Any]:
    return forecasting.plan(service, {"tenant_id": str(plant.tenant_id), "periods": ["weekly"]})


def test_p51_demand_includes_what_was_cancelled_for_lack_of_stock(plant: Any, service: ForecastService) -> None:
    """Ten weeks of 100; in the last three the shelf was empty and only 20 went out. Demand stays 100."""
    plant.sku("A")
    plant.weeks("A", [100] * 7, last=MONDAY - timedelta(days=21))
    for back in (2, 1, 0):
        day = MONDAY - timedelta(days=7 * back)
        plant.order("A", day, 100, cancelled_qty=80, cancel_reason="out of stock", shipped_qty=20)
    plan(service, plant)
    found = history(plant, "A")
    assert [row["unconstrained_qty"] for row in found.values()] == [Decimal(100)] * 10
    short = found[MONDAY]
    assert (short["ordered_qty"], short["shipped_qty"], short["lost_qty"]) == (100, 20, 80)
    assert short["was_stocked_out"] is True
    assert short["cleaning_rule"] == "gross_of_shortage"
    assert found[MONDAY - timedelta(days=21)]["was_stocked_out"] is False


def test_p51_the_forecast_does_not_follow_the_shipments_down(plant: Any, run: Plan) -> None:
    plant.sku("A")
    plant.weeks("A", [100] * 40, last=MONDAY - timedelta(days=28))
    for back in (3, 2, 1, 0):
        plant.order("A", MONDAY - timedelta(days=7 * back), 100, cancelled_qty=100, cancel_reason="no stock")
    run(plant)
    values = plant.query("SELECT value FROM forecast.forecasts")
    assert len(values) == 13
    assert all(abs(row["value"] - 100) < 5 for row in values)


def test_p56_the_running_week_is_not_a_drop(make_plant: Callable[..., Any], service: ForecastService) -> None:
    """On Wednesday the week holds one order of a usual five; it is forecast, not learned from."""
    plant = make_plant(as_of=date(2025, 3, 26))
    plant.sku("A")
    plant.weeks("A", [100] * 12, last=MONDAY - timedelta(days=7))
    plant.order("A", MONDAY, 20)
    plan(service, plant)
    assert max(history(plant, "A")) == MONDAY - timedelta(days=7)
    version = plant.query("SELECT history_end, horizon_start, horizon_end FROM forecast.forecast_versions")[0]
    assert version["history_end"] == MONDAY - timedelta(days=1)
    assert version["horizon_start"] == MONDAY
    assert version["horizon_end"] == MONDAY + timedelta(days=90)


def test_weeks_start_where_the_plant_says(make_plant: Callable[..., Any], service: ForecastService) -> None:
    plant = make_plant(as_of=date(2025, 3, 29))
    with plant.owner.tenant(plant.tenant_id) as tx:
        tx.execute("UPDATE platform.tenants SET week_start = 7")
    plant.sku("A")
    plant.order("A", date(2025, 3, 15), 5)
    plant.order("A", date(2025, 3, 16), 7)
    plan(service, plant)
    assert {day: row["ordered_qty"] for day, row in history(plant, "A").items()} == {
        date(2025, 3, 9): 5, date(2025, 3, 16): 7, date(2025, 3, 23): 0,
    }  # fmt: skip


def test_demand_counts_when_it_was_wanted_and_gaps_are_zero(plant: Any, service: ForecastService) -> None:
    plant.sku("A")
    plant.order("A", date(2025, 3, 5), 40, requested=date(2025, 3, 11))
    plant.order("A", date(2025, 3, 24), 10)
    plan(service, plant)
    assert {day: row["ordered_qty"] for day, row in history(plant, "A").items()} == {
        date(2025, 3, 10): 40, date(2025, 3, 17): 0, MONDAY: 10,
    }  # fmt: skip


def test_drafts_mistakes_and_later_orders_are_no_demand(plant: Any, service: ForecastService) -> None:
    plant.sku("A")
    plant.order("A", MONDAY, 10)
    plant.order("A", MONDAY, 500, status="draft")
    plant.order("A", MONDAY, 300, cancelled_qty=300, cancel_reason="Duplicate entry", status="cancelled")
    plant.order("A", MONDAY + timedelta(days=7), 900, requested=MONDAY)
    plan(service, plant)
    assert history(plant, "A")[MONDAY]["ordered_qty"] == 10


def test_a_customer_who_changed_his_mind_wanted_it_but_was_not_short(plant: Any, service: ForecastService) -> None:
    plant.sku("A")
    plant.order("A", MONDAY, 50, cancelled_qty=50, cancel_reason="customer request")
    plan(service, plant)
    row = history(plant, "A")[MONDAY]
    assert (row["ordered_qty"], row["lost_qty"], row["was_stocked_out"]) == (50, 0, False)


def test_packages_count_as_base_units_and_an_unknown_unit_is_left_out(plant: Any, service: ForecastService) -> None:
    plant.sku("A")
    plant.order("A", MONDAY, 3, uom="XCS", uom_factor=12)
    plant.order("A", MONDAY, 7, uom="XPX", uom_factor=None)
    plan(service, plant)
    assert history(plant, "A")[MONDAY]["ordered_qty"] == 36


def test_p17_what_left_counts_in_base_units_whatever_unit_it_left_in(plant: Any, service: ForecastService) -> None:
    plant.sku("A")
    plant.order("A", MONDAY, 3, uom="XCS", uom_factor=12)
    (line,) = plant.query("SELECT id FROM manufacturing.sales_order_lines")
    plant.add("shipment_lines", None, sales_order_line_id=line["id"], shipment_no="S1", shipment_line="1", qty=30,
              uom="EA", uom_factor=1, shipped_at=f"{MONDAY}T10:00:00Z", production_day=MONDAY)  # fmt: skip
    plan(service, plant)
    row = history(plant, "A")[MONDAY]
    assert (row["ordered_qty"], row["shipped_qty"]) == (36, 30)


def test_an_item_that_ended_stops_where_it_ended(plant: Any, run: Plan) -> None:
    plant.sku("OLD", is_active=False)
    plant.weeks("OLD", [10] * 20, last=date(2024, 11, 4))
    plant.sku("NEW")
    plant.weeks("NEW", [10] * 20)
    run(plant)
    assert max(history(plant, "OLD")) == date(2024, 11, 4)
    series = {row["sku_code"]: row for row in plant.query("SELECT * FROM forecast.forecast_series")}
    assert series["OLD"]["status"] == "refused"
    assert series["OLD"]["reason"] == "the item is no longer active"
    assert series["NEW"]["status"] == "ok"


def test_history_follows_corrections(plant: Any, service: ForecastService) -> None:
    plant.sku("A")
    plant.sku("B")
    plant.weeks("A", [10, 20, 30])
    plant.weeks("B", [5])
    plan(service, plant)
    plant.change("UPDATE manufacturing.sales_order_lines SET ordered_qty = 25, updated_at = now() "
                 "WHERE ordered_qty = 20")  # fmt: skip
    plant.change("DELETE FROM manufacturing.sales_order_lines WHERE ordered_qty = 5")
    plan(service, plant)
    assert [row["ordered_qty"] for row in history(plant, "A").values()] == [10, 25, 30]
    assert history(plant, "B") == {}
