"""Demand history: every period, every place, families; stock-outs undone, one-offs set aside, and all of it reversible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from opscopilot.forecasting.demand import history
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.kernel.db import Database

MONDAY = date(2025, 3, 24)
SUNDAY = date(2025, 3, 30)
Rebuild = Callable[..., int]


@pytest.fixture
def rebuild(plant: Any, opened: Callable[[str], Database]) -> Rebuild:
    def go(*names: PeriodName, at: date = SUNDAY, **how: bool) -> int:
        with opened("ops_forecast").tenant(plant.tenant_id) as tx:
            return history.rebuild(tx, DataCut(at, at, 1), [PERIODS[name] for name in names or ("weekly",)], **how)

    return go


def rows(plant: Any, code: str, period: str = "weekly", table: str = "demand_history") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plant.query(
        f"""SELECT h.* FROM forecast.{table} h JOIN manufacturing.skus k ON k.id = h.sku_id
            WHERE k.sku_code = :code AND h.period = :period ORDER BY bucket_start""",
        code=code, period=period,
    )  # fmt: skip
    return found


def cleaned(plant: Any, code: str, period: str = "weekly") -> list[float]:
    return [float(row["unconstrained_qty"]) for row in rows(plant, code, period)]


def adjust(plant: Any, code: str, bucket: date, action: str, qty: int | None = None, revoked: bool = False) -> None:
    with plant.owner.tenant(plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO planning.demand_adjustments (tenant_id, sku_id, period, bucket_start, action, qty, reason,
                   revoked_at, revoked_by) VALUES (:t, :sku, 'weekly', :bucket, :action, :qty, 'as the planner said',
                   CASE WHEN :revoked THEN now() END, CASE WHEN :revoked THEN 'planner' END)""",
            t=plant.tenant_id, sku=plant.ids[code], bucket=bucket, action=action, qty=qty, revoked=revoked,
        )  # fmt: skip


def test_every_period_has_the_same_demand_and_ends_with_a_complete_bucket(plant: Any, rebuild: Rebuild) -> None:
    plant.sku("A")
    for day, qty in (("2024-11-05", 3), ("2025-01-31", 10), ("2025-02-01", 20), ("2025-03-30", 40)):
        plant.order("A", date.fromisoformat(day), qty)
    rebuild("daily", "weekly", "monthly", "quarterly")
    assert cleaned(plant, "A", "monthly") == [3, 0, 10, 20]
    assert [row["bucket_start"].isoformat() for row in rows(plant, "A", "quarterly")] == ["2024-10-01"]
    assert sum(cleaned(plant, "A", "daily")) == sum(cleaned(plant, "A")) == 73
    assert (len(rows(plant, "A", "daily")), rows(plant, "A", "daily")[-1]["bucket_start"]) == (146, SUNDAY)


def test_p51_orders_that_stop_with_the_stock_are_estimated(plant: Any, rebuild: Rebuild) -> None:
    """A shop that takes no orders for what it has not got: ten a day, and a shelf that was empty for three weeks."""
    plant.sku("A")
    for back in range(84):
        day = SUNDAY - timedelta(days=back)
        out = 14 <= back < 35
        plant.stock("A", 0 if out else 50, at=f"{day}T06:00:00Z")
        if not out:
            plant.order("A", day, 10)
    rebuild()
    found = rows(plant, "A")
    assert cleaned(plant, "A") == pytest.approx([70] * 12, rel=0.02)
    assert [float(row["ordered_qty"]) for row in found[7:10]] == [0, 0, 0]
    assert {row["cleaning_rule"] for row in found[7:10]} == {"recent_level"}
    assert [row["was_stocked_out"] for row in found] == [False] * 7 + [True] * 3 + [False] * 2
    assert found[8]["in_stock_share"] == 0


def test_p51_part_of_a_week_without_stock_is_scaled_by_the_days_with_it(plant: Any, rebuild: Rebuild) -> None:
    plant.sku("A")
    for back in range(84):
        day = SUNDAY - timedelta(days=back)
        out = back in (14, 15, 16, 28, 29, 42, 43, 44)
        plant.stock("A", 0 if out else 50, at=f"{day}T06:00:00Z")
        if not out:
            plant.order("A", day, 10)
    rebuild()
    short = rows(plant, "A")[9]
    assert (short["ordered_qty"], short["cleaning_rule"]) == (40, "in_stock_days")
    assert cleaned(plant, "A") == pytest.approx([70] * 12, rel=0.08)
    rebuild(undo_stockouts=False)
    assert rows(plant, "A")[9]["unconstrained_qty"] == 40


def test_p51_orders_that_go_on_without_stock_are_what_was_wanted(plant: Any, rebuild: Rebuild) -> None:
    plant.sku("A")
    for back in range(84):
        day = SUNDAY - timedelta(days=back)
        plant.stock("A", 0 if 14 <= back < 35 else 50, at=f"{day}T06:00:00Z")
        plant.order("A", day, 10)
    rebuild()
    assert cleaned(plant, "A") == [70] * 12
    assert rows(plant, "A")[8]["cleaning_rule"] == "gross_of_shortage"


def test_p51_a_ledger_that_runs_dry_is_a_stock_out(plant: Any, rebuild: Rebuild) -> None:
    """Only movements, no counts: 560 came, ten a day left, and after eight weeks there was nothing for two."""
    plant.sku("A")
    first = SUNDAY - timedelta(days=83)

    def move(day: date, kind: str, qty: int) -> None:
        plant.add("inventory_movements", None, sku_id=plant.ids["A"], location_id=plant.ids["MAIN"], type=kind, qty=qty,
                  movement_no=f"{kind}{day}", movement_line="1", uom="EA", uom_factor=1,
                  occurred_at=f"{day}T08:00:00Z", production_day=day)  # fmt: skip

    move(first, "receipt", 570)
    for i in range(84):
        day = first + timedelta(days=i)
        if 56 <= i < 70:
            continue
        if i == 70:
            move(day, "receipt", 500)
        move(day, "shipment", -10)
        plant.order("A", day, 10)
    plant.change("UPDATE manufacturing.inventory_movements SET qty = 560 WHERE qty = 570")
    rebuild()
    assert [row["was_stocked_out"] for row in rows(plant, "A")].count(True) >= 2
    assert cleaned(plant, "A") == pytest.approx([70] * 12, rel=0.05)


def test_a_single_customers_project_is_set_aside_and_said(plant: Any, rebuild: Rebuild) -> None:
    plant.sku("A")
    plant.weeks("A", [10, 12, 9, 11] * 6)
    plant.add("customers", "PROJECT", customer_code="PROJECT", is_active=True)
    plant.ids["C1"], usual = plant.ids["PROJECT"], plant.ids["C1"]
    plant.order("A", MONDAY - timedelta(days=70), 500)
    plant.ids["C1"] = usual
    rebuild()
    row = rows(plant, "A")[13]
    assert (row["ordered_qty"], row["unconstrained_qty"]) == (512, 12)
    assert (row["flag"], row["cleaning_rule"]) == ("one_off", "one_off_removed")
    assert row["flag_reason"] == "500 of 512 was the only order of one customer"
    rebuild(clean_outliers=False)
    assert (rows(plant, "A")[13]["unconstrained_qty"], rows(plant, "A")[13]["flag"]) == (512, None)


def test_an_outlier_is_replaced_and_a_season_a_promotion_and_a_new_level_are_not(plant: Any, rebuild: Rebuild) -> None:
    usual = [100, 96, 104, 99, 101, 103, 97] * 17
    spiked, seasonal, promoted, grown = ([*usual[:110]] for _ in range(4))
    spiked[60] = 900
    seasonal[40], seasonal[92] = 600, 640
    promoted[60] = 900
    grown[-2:] = [400, 410]
    for code, quantities in (("SPIKE", spiked), ("SEASON", seasonal), ("PROMO", promoted), ("GROWN", grown)):
        plant.sku(code)
        plant.weeks(code, quantities)
    week = MONDAY - timedelta(days=7 * 49)
    plant.add("promotions", None, sku_id=plant.ids["PROMO"], promo_code="P", starts_on=week,
              ends_on=week + timedelta(days=6), kind="price_cut", status="confirmed", is_featured=False,
              is_displayed=False)  # fmt: skip
    rebuild()
    row = rows(plant, "SPIKE")[60]
    assert (row["ordered_qty"], row["flag"], row["cleaning_rule"]) == (900, "outlier", "outlier_replaced")
    assert 90 < row["unconstrained_qty"] < 110
    assert "where" in row["flag_reason"]
    assert [one["flag"] for code in ("SEASON", "PROMO", "GROWN") for one in rows(plant, code) if one["flag"]] == []
    assert [one["was_promo"] for one in rows(plant, "PROMO")].count(True) == 1


def test_what_a_person_said_goes_before_every_rule_and_can_be_taken_back(plant: Any, rebuild: Rebuild) -> None:
    plant.sku("A")
    plant.weeks("A", [100] * 20 + [900] + [100] * 20)
    spike = MONDAY - timedelta(days=7 * 20)
    rebuild()
    assert cleaned(plant, "A")[20] == 100
    adjust(plant, "A", spike, "keep")
    adjust(plant, "A", MONDAY, "replace", 130)
    adjust(plant, "A", MONDAY - timedelta(days=7), "exclude")
    rebuild()
    found = rows(plant, "A")
    assert [float(found[i]["unconstrained_qty"]) for i in (20, 39, 40)] == pytest.approx([900, 100, 130])
    assert found[20]["flag"] == "outlier"
    assert [found[i]["cleaning_rule"] for i in (20, 39, 40)] == [
        "kept_by_planner", "excluded_by_planner", "replaced_by_planner",
    ]  # fmt: skip
    assert found[20]["adjustment_id"] is not None
    with plant.owner.tenant(plant.tenant_id) as tx:
        tx.execute("UPDATE planning.demand_adjustments SET revoked_at = now(), revoked_by = 'planner'")
    rebuild()
    assert cleaned(plant, "A") == [100] * 41
    assert rows(plant, "A")[20]["adjustment_id"] is None


def test_what_is_said_of_a_week_holds_for_its_days_its_month_and_its_quarter(plant: Any, rebuild: Rebuild) -> None:
    """A week across two months takes its difference to both, by what was ordered on its days."""
    plant.sku("A")
    for back in range(200):
        plant.order("A", SUNDAY - timedelta(days=back), 10)
    spike = date(2025, 1, 27)  # to 2 February: 600 more on the 29th of January, 200 more on the 1st of February
    plant.order("A", date(2025, 1, 29), 600)
    plant.order("A", date(2025, 2, 1), 200)
    every = ("daily", "weekly", "monthly", "quarterly")
    rebuild(*every)
    adjust(plant, "A", spike, "exclude")
    rebuild(*every)

    def of(period: str, start: date) -> Any:
        return next(row for row in rows(plant, "A", period) if row["bucket_start"] == start)

    assert float(of("weekly", spike)["unconstrained_qty"]) == pytest.approx(70)
    january, february = of("monthly", date(2025, 1, 1)), of("monthly", date(2025, 2, 1))
    # Ordered in that week 870, usual 70: of the 800 too many 650 / 870 go to January.
    assert float(january["unconstrained_qty"]) == pytest.approx(910 - 800 * 650 / 870, abs=0.01)
    assert float(february["unconstrained_qty"]) == pytest.approx(480 - 800 * 220 / 870, abs=0.01)
    assert (january["cleaning_rule"], january["ordered_qty"]) == ("carried_from_weekly", 910)
    assert float(of("daily", date(2025, 1, 29))["unconstrained_qty"]) == pytest.approx(610 * 70 / 870, abs=0.01)
    assert of("monthly", date(2024, 12, 1))["cleaning_rule"] == "as_ordered"
    assert rebuild(*every) == 0, "the same again writes nothing"
    with plant.owner.tenant(plant.tenant_id) as tx:
        tx.execute("UPDATE planning.demand_adjustments SET revoked_at = now(), revoked_by = 'planner'")
    rebuild(*every)
    assert of("monthly", date(2025, 2, 1))["cleaning_rule"] != "carried_from_weekly"


def test_only_what_changed_is_written(plant: Any, rebuild: Rebuild) -> None:
    for code in "AB":
        plant.sku(code)
        plant.weeks(code, [10, 0, 20, 30])
    assert rebuild("weekly", "monthly") > 0
    assert rebuild("weekly", "monthly") == 0
    plant.order("A", MONDAY - timedelta(days=14), 5)
    assert rebuild() == 3, "one week of the item, of its family and of the plant"
    assert cleaned(plant, "A") == [10, 5, 20, 30]
    assert rebuild(at=SUNDAY + timedelta(days=7)) == 4
    assert cleaned(plant, "A") == [10, 5, 20, 30, 0]
    plant.change("DELETE FROM manufacturing.sales_order_lines WHERE ordered_qty = 10")
    rebuild(at=SUNDAY + timedelta(days=7))
    assert cleaned(plant, "B") == [20, 30, 0]


def test_a_line_counts_for_the_place_it_leaves_from(plant: Any, rebuild: Rebuild) -> None:
    """Named on the line; else where its shipment was booked; else where that customer's orders usually leave."""
    plant.add("locations", "NORTH", code="NORTH", name="Depot North", type="warehouse", is_nettable=True)
    for code in "AB":
        plant.sku(code)
    plant.order("A", MONDAY, 10, ship_from="MAIN")
    plant.order("A", MONDAY, 20, ship_from="depot north")
    plant.order("B", MONDAY, 7, ship_from="MAIN")
    order = plant.add("sales_orders", None, customer_id=plant.ids["C1"], order_number="SO-1", order_date=MONDAY,
                      status="completed")  # fmt: skip
    plant.add("sales_order_lines", None, sales_order_id=order, sku_id=plant.ids["A"], line_no="1", ordered_qty=40,
              uom="EA", uom_factor=1, cancelled_qty=0, discount=0)  # fmt: skip
    plant.add("inventory_movements", None, sku_id=plant.ids["A"], location_id=plant.ids["NORTH"], movement_no="M1",
              movement_line="1", type="shipment", qty=-40, uom="EA", uom_factor=1, ref_type="sales_order", ref_id="SO-1",
              occurred_at="2025-03-24T09:00:00Z", production_day=MONDAY)  # fmt: skip
    plant.order("A", MONDAY, 80)
    rebuild()
    found = {row["location_id"]: row["ordered_qty"] for row in rows(plant, "A", table="demand_history_locations")}
    assert found == {plant.ids["MAIN"]: 10, plant.ids["NORTH"]: 140}
    assert rows(plant, "A")[0]["ordered_qty"] == 150
    assert rows(plant, "B", table="demand_history_locations") == []


def test_families_and_the_plant_are_the_sums_of_their_items(plant: Any, rebuild: Rebuild) -> None:
    for code, category, unit in (
        ("A", "Cheese", "EA"),
        ("B", "Cheese", "EA"),
        ("C", "Cheese", "KGM"),
        ("D", None, "EA"),
    ):
        plant.sku(code, category=category, base_uom=unit)
        plant.order(code, MONDAY, 10, uom=unit)
    rebuild()
    found = plant.query(
        """SELECT g.entity_type, g.code, h.unconstrained_qty FROM forecast.demand_history_groups h
           JOIN forecast.demand_groups g ON g.id = h.entity_id ORDER BY g.code"""
    )
    assert {(row["entity_type"], row["code"]): row["unconstrained_qty"] for row in found} == {
        ("family", "(no family)/EA"): 10, ("family", "Cheese/EA"): 20, ("family", "Cheese/KGM"): 10,
        ("plant", "PLANT/EA"): 30, ("plant", "PLANT/KGM"): 10,
    }  # fmt: skip


def test_p56_a_channel_that_fell_silent_is_no_collapse_of_demand(plant: Any, rebuild: Rebuild) -> None:
    """Resellers order on the last day of every month until January; shops go on. Two months later it is noted."""
    for code in ("RESOLD", "SHOP"):
        plant.sku(code)
    days = [date(2024, month, 28) for month in range(1, 13)] + [date(2025, 1, 28)]
    for day in days:
        plant.order("RESOLD", day, 900)
    plant.order("SHOP", date(2024, 6, 28), 50)
    plant.change("UPDATE manufacturing.sales_orders SET channel = 'Reseller'")
    for back in range(0, 420, 7):
        for code, qty in (("RESOLD", 5), ("SHOP", 20)):
            plant.order(code, SUNDAY - timedelta(days=back), qty)
    plant.change("UPDATE manufacturing.sales_orders SET channel = 'Online' WHERE channel IS NULL")
    rebuild()
    told = {row["sku_code"]: row for row in plant.query(
        """SELECT k.sku_code, s.note, s.refusal FROM forecast.demand_series s JOIN manufacturing.skus k ON k.id = s.sku_id"""
    )}  # fmt: skip
    assert "channel 'Reseller' has not ordered anything since 2025-01-28" in told["RESOLD"]["refusal"]
    assert "its orders are probably not loaded" in told["RESOLD"]["refusal"]
    assert told["SHOP"]["refusal"] is None
    rebuild(at=date(2025, 2, 2))
    assert plant.query("SELECT 1 FROM forecast.demand_series WHERE refusal IS NOT NULL") == []


def test_history_is_in_decimals_not_in_floats(plant: Any, rebuild: Rebuild) -> None:
    plant.sku("A")
    plant.order("A", MONDAY, 1)
    plant.change("UPDATE manufacturing.sales_order_lines SET ordered_qty = 123456789.123457")
    rebuild()
    assert rows(plant, "A")[0]["unconstrained_qty"] == Decimal("123456789.123457")
