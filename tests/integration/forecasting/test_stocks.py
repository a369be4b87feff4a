"""Stocks end to end: components, supersession, delivery risk, safety stocks, and what people approve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from opscopilot.forecasting import queries, queries_supply
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import Conflict, ValidationFailed
from opscopilot.kernel.tenancy import Principal, plant_settings
from opscopilot.manufacturing import lookup, queries_inventory
from opscopilot.planning.stocks import approvals, classes, health, levels, projection, safety
from opscopilot.planning.stocks.schemas import ApproveSafetyStock, Recalculation
from opscopilot.web import Caller

AS_OF = date(2025, 3, 30)
Run = Callable[[Any], dict[str, Any]]


def rows(plant: Any, table: str) -> dict[str, dict[str, Any]]:
    found = plant.query(
        f"""SELECT r.* FROM forecast.{table} r JOIN forecast.forecast_versions v ON v.id = r.version_id
            WHERE v.status = 'published' AND v.period = 'weekly'"""
    )
    return {row.get("sku_code") or row.get("supplier_code"): row for row in found}


def recipe(plant: Any, parent: str, lines: dict[str, tuple[int, str]], **header: Any) -> None:
    bom = plant.add("boms", None, sku_id=plant.ids[parent], version=header.pop("version", "1"), base_qty=10,
                    expected_yield=header.pop("expected_yield", 1), type="production", status="approved",
                    uom_factor=1, **header)  # fmt: skip
    for number, (child, (qty, scrap)) in enumerate(lines.items()):
        plant.add("bom_components", None, bom_id=bom, component_sku_id=plant.ids[child], line_no=str(number), qty=qty,
                  scrap_rate=scrap, fixed_qty=False, uom_factor=1)  # fmt: skip


def made(plant: Any) -> None:
    """JAM is made of fruit through a base; the recipes of LOOP and its part lead back to themselves."""
    for code in ("JAM", "BASE", "FRUIT", "LOOP", "PART"):
        plant.sku(code, unit_cost=2, type="finished" if code == "JAM" else "raw")
        plant.stock(code, 100)
    plant.weeks("JAM", [70] * 60)
    recipe(plant, "JAM", {"BASE": (20, "0"), "FRUIT": (5, "0")})
    recipe(plant, "BASE", {"FRUIT": (10, "0.05")}, expected_yield="0.8")
    recipe(plant, "LOOP", {"PART": (10, "0")})
    recipe(plant, "PART", {"LOOP": (10, "0")})


def late_supplier(plant: Any, code: str) -> None:
    """Of 20 deliveries of the item, every other comes ten days late."""
    for n in range(20):
        ordered = AS_OF - timedelta(days=300 - 10 * n)
        due = ordered + timedelta(days=7)
        plant.purchase(code, ordered, 10, due=due, received=due + timedelta(days=10 * (n % 2)))


def test_p31_components_get_their_demand_from_what_is_made_of_them(plant: Any, run: Run) -> None:
    made(plant)
    run(plant)
    risks = rows(plant, "inventory_risks")
    # 70 jams need 140 of the base; fruit: 35 straight, and 140 / 0.8 / 0.95 x 1 through the base.
    needs = {row["sku_id"]: row for row in plant.query("SELECT * FROM forecast.dependent_demand")}
    assert float(needs[plant.ids["BASE"]]["value"]) == pytest.approx(140, rel=0.03)
    assert float(needs[plant.ids["FRUIT"]]["value"]) == pytest.approx(35 + 140 / 0.8 / 0.95, rel=0.03)
    fruit = risks["FRUIT"]
    assert (fruit["demand_basis"], fruit["risk_level"], fruit["order_advised"]) == ("recipes", "critical", True)
    assert fruit["recommended_reorder_qty"] > 0
    assert any("1 item made of it" in text and "independent" in text for text in fruit["risk_factors"])
    assert risks["JAM"]["demand_basis"] == "customers"
    looped = [text for text in risks["PART"]["risk_factors"] if "loop" in text]
    assert looped
    assert "LOOP → PART → LOOP" in looped[0] or "PART → LOOP → PART" in looped[0]
    stocks = rows(plant, "safety_stocks")
    assert (stocks["FRUIT"]["method"], stocks["JAM"]["method"]) == ("formula", "empirical")
    assert stocks["FRUIT"]["value"] == (stocks["FRUIT"]["qty"] * 2).quantize(Decimal("0.0001"))


def test_a_replaced_item_is_not_ordered_and_is_used_up(plant: Any, run: Run) -> None:
    for code in ("OLD", "NEW"):
        plant.sku(code, reorder_point=100)
        plant.weeks(code, [70] * 40)
    plant.stock("OLD", 50)
    plant.stock("NEW", 20)
    plant.add("sku_supersessions", None, sku_id=plant.ids["OLD"], successor_sku_id=plant.ids["NEW"],
              valid_from=date(2025, 3, 1), factor=2, use_up=True)  # fmt: skip
    run(plant)
    found = rows(plant, "inventory_risks")
    assert found["OLD"]["recommended_reorder_qty"] == 0
    assert any("replaced by NEW" in text for text in found["OLD"]["risk_factors"])
    assert (found["NEW"]["predecessor_stock"], found["NEW"]["inventory_position"]) == (100, 120)
    assert "OLD" not in rows(plant, "safety_stocks")


def test_p70_open_lines_are_judged_by_what_their_supplier_has_shown(
    plant: Any, run: Run, opened: Callable[[str], Database]
) -> None:
    plant.sku("A", reorder_point=100)
    plant.weeks("A", [70] * 40)
    plant.stock("A", 60)
    late_supplier(plant, "A")
    plant.purchase("A", AS_OF - timedelta(days=4), 200, due=AS_OF + timedelta(days=3))
    plant.purchase("A", AS_OF - timedelta(days=30), 20, due=AS_OF - timedelta(days=12))
    run(plant)
    risk = rows(plant, "inventory_risks")["A"]
    assert 0 < risk["expected_in_lead_time"] < risk["due_in_lead_time"]
    assert risk["probability_if_on_time"] < risk["stockout_probability"]
    assert any("likely to be late: adds" in text for text in risk["risk_factors"])
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        version = queries.require_version(tx)
        lines = queries_supply.supply_risks(tx, version, limit=1)
        assert (lines.total, len(lines.items)) == (2, 1)
        more = queries_supply.supply_risks(tx, version, limit=1, cursor=lines.next_cursor)
        worst, other = lines.items[0], more.items[0]
        assert (worst.money_at_stake or 0) >= (other.money_at_stake or 0)
        ahead, overdue = sorted((worst, other), key=lambda one: one.days_overdue)
        assert 0.3 < float(ahead.late_probability or 0) < 0.7
        assert (overdue.days_overdue, overdue.late_probability) == (12, 1)
        assert ahead.stockout_points
        assert ahead.expected_arrival
        assert ahead.latest_arrival
        assert ahead.expected_arrival <= ahead.latest_arrival
        supplier = queries_supply.supplier(tx, version, lookup.require(tx, "supplier", "S1", "code"))
        # 21 lines: 10 on time, 10 late, one past due and open, which is a failure.
        assert (supplier.lines, supplier.past_due, supplier.open_lines) == (21, 1, 2)
        assert float(supplier.otif or 0) == pytest.approx(10 / 21, abs=1e-6)
        assert supplier.otif_low is not None
        assert supplier.otif is not None
        assert supplier.otif_low < supplier.otif
        assert supplier.lateness_quantiles is not None
        assert supplier.lateness_quantiles[-1] >= 10
        assert len(queries_supply.suppliers(tx, version, None, 10).items) == 1


def test_p72_without_receipts_delivery_is_not_available(plant: Any, run: Run) -> None:
    plant.sku("A", reorder_point=100)
    plant.weeks("A", [70] * 40)
    plant.stock("A", 60)
    plant.purchase("A", AS_OF - timedelta(days=4), 200, due=AS_OF + timedelta(days=3))
    run(plant)
    (line,) = rows(plant, "supply_risks").values()
    assert (line["late_probability"], line["in_time_probability"]) == (None, 1)
    (supplier,) = rows(plant, "supplier_performance").values()
    assert (supplier["otif"], supplier["late_probability"]) == (None, None)
    assert "not available" in supplier["basis"]


def test_a_delay_that_leaves_an_item_short_is_one_alert(plant: Any, run: Run) -> None:
    """SHORT has an alert of its own, which names the delivery; WAITING has none, and its supplier is reported."""
    for code, stock in (("SHORT", 10), ("WAITING", 60)):
        plant.sku(code, reorder_point=10)
        plant.weeks(code, [70] * 40)
        plant.stock(code, stock)
        late_supplier(plant, code)
        plant.purchase(code, AS_OF - timedelta(days=4), 120, due=AS_OF + timedelta(days=3))
    run(plant)
    found = plant.query("SELECT alert_type, entity_code, message FROM forecast.forecast_alerts WHERE status = 'open'")
    late = [one for one in found if one["alert_type"] == "supplier_risk"]
    told = {one["entity_code"] for one in found if one["alert_type"] == "stockout_risk"}
    assert len(late) <= 1
    for one in late:
        assert not any(f"({code})" in one["message"] for code in told)
    assert told | {one["entity_code"] for one in late}


@pytest.fixture
def caller(opened: Callable[[str], Database], clock: FixedClock) -> Callable[[Any, Any], Caller]:
    def make(plant: Any, tx: Any) -> Caller:
        who = Principal(tenant_id=plant.tenant_id, tenant_code=plant.code, user_id="mette", role="planner")
        return Caller(tx, who, plant_settings(tx), clock, "test")

    return make


def test_safety_stocks_are_recommended_costed_approved_and_respected(
    plant: Any, run: Run, opened: Callable[[str], Database], caller: Callable[[Any, Any], Caller]
) -> None:
    for code, cost in (("A", 50), ("B", 1), ("C", None)):
        plant.sku(code, reorder_point=200, safety_stock=30, unit_cost=cost)
        plant.weeks(code, [60, 80, 75, 65] * 15)
        plant.stock(code, 150)
    run(plant)
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        version = queries.require_version(tx)
        sku = lookup.require(tx, "sku", "A", "sku")
        one = safety.safety_stock(tx, version, sku)
        assert (one.abc, one.service_level, one.service_level_basis) == ("A", Decimal("0.98"), "class")
        assert (one.current_qty, one.current_basis, one.review_period) == (30, "master", 7)
        assert one.qty == one.qty.to_integral_value()  # jars are counted: whole, rounded up
        table = {(row.service_level_type, row.service_level): row for row in one.trade_off}
        csl = [table["csl", level].qty for level in safety.LEVELS]
        assert csl == sorted(csl)
        assert float(table["csl", Decimal("0.98")].qty) == pytest.approx(float(one.qty), rel=1e-3, abs=1e-3)
        assert table["fill_rate", Decimal("0.98")].qty < table["csl", Decimal("0.98")].qty  # P-57: not the same
        assert one.value == (one.qty * 50).quantize(Decimal("0.0001"))
        assert one.holding_cost == ((one.value or 0) * one.holding_rate).quantize(Decimal("0.0001"))
        what_if = safety.recalculate(tx, version, Recalculation(service_level=Decimal("0.99"), limit=2))
        assert (len(what_if.items), what_if.total) == (2, 3)
        assert what_if.items[0].figures.qty == csl[3]
        table_of = classes.classification(tx, version, abc=None, xyz=None, cursor=None, limit=10)
        assert {(row.sku_code, row.abc) for row in table_of.items} >= {("A", "A")}
        assert all(row.xyz == "X" and row.demand_pattern == "smooth" for row in table_of.items)
        who = caller(plant, tx)
        kept = approvals.approve(who, sku, ApproveSafetyStock(qty=Decimal(55), reason="long strike ahead"))
        assert (kept.approved_by, kept.valid_from, kept.recommended_qty) == ("mette", AS_OF, one.qty)
        with pytest.raises(Conflict, match="approved already"):
            approvals.approve(who, sku, ApproveSafetyStock(qty=Decimal(60), reason="once more"))
        again = ApproveSafetyStock(qty=Decimal(60), reason="corrected", row_version=kept.row_version)
        assert approvals.approve(who, sku, again).row_version == 2
        with pytest.raises(ValidationFailed, match="too late"):
            approvals.approve(who, sku, ApproveSafetyStock(qty=Decimal(60), reorder_point=Decimal(1), reason="too low"))
    plant.order("B", AS_OF, 1)  # new data, so that there is a new version
    run(plant)
    risk = rows(plant, "inventory_risks")["A"]
    assert (risk["safety_stock"], risk["safety_stock_basis"], risk["reorder_point_basis"]) == (
        60,
        "approved",
        "approved",
    )
    assert any("approved by mette" in text for text in risk["risk_factors"])


def test_p27_one_figure_of_the_plants_policy_in_stock_answers_and_in_risks(
    plant: Any, run: Run, opened: Callable[[str], Database], caller: Callable[[Any, Any], Caller]
) -> None:
    for code, point in (("COVERED", 100), ("BARE", 100), ("STALE", 100), ("NONE", None)):
        plant.sku(code, reorder_point=point)
        plant.weeks(code, [70] * 30)
        plant.stock(code, 60)
    plant.purchase("COVERED", AS_OF - timedelta(days=5), 400, due=AS_OF + timedelta(days=3))
    plant.purchase("STALE", date(2024, 9, 1), 400, due=date(2024, 10, 1))
    run(plant)
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        who = caller(plant, tx)
        stock = queries_inventory.current(tx, who.plant, who.clock, queries_inventory.InventoryFilter()).items
    risks = rows(plant, "inventory_risks")
    said = {one.sku_code: one.reorder_recommended for one in stock}
    assert said == {"COVERED": False, "BARE": True, "STALE": False, "NONE": None}
    assert said == {code: one["reorder_recommended"] for code, one in risks.items()}
    assert {code for code, one in risks.items() if one["order_advised"]} == {"BARE", "STALE", "NONE"}


def test_d5_levels_projection_and_health(
    plant: Any, run: Run, opened: Callable[[str], Database], caller: Callable[[Any, Any], Caller]
) -> None:
    plant.sku("A", reorder_point=100, safety_stock=30, unit_cost=4)
    plant.weeks("A", [70] * 60)
    plant.stock("A", 150)
    plant.purchase("A", AS_OF - timedelta(days=4), 200, due=AS_OF + timedelta(days=10))
    plant.sku("DEAD", unit_cost=3)
    plant.stock("DEAD", 40)
    plant.sku("OLD", unit_cost=None)
    plant.stock("OLD", 5, expiry_date=date(2025, 3, 1))
    run(plant)
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        version = queries.require_version(tx)
        ahead = projection.projection(tx, version, lookup.require(tx, "sku", "A", "sku"), 4).buckets
        assert [float(one.opening) for one in ahead] == pytest.approx([150, 80, 210, 140], abs=3)
        assert [one.supply for one in ahead] == [0, 200, 0, 0]
        for one in ahead:
            assert one.closing == one.opening + one.supply - one.demand
        assert (ahead[0].position - ahead[0].closing, ahead[1].position - ahead[1].closing) == (200, 0)
        page = levels.levels(tx, version, status=None, cursor=None, limit=2)
        assert (page.total, [one.sku_code for one in page.items]) == (3, ["A", "DEAD"])
        assert [one.sku_code for one in levels.levels(tx, version, status=None, cursor=page.next_cursor, limit=2).items]
        detail = levels.level(caller(plant, tx), version, lookup.require(tx, "sku", "A", "sku"))
        assert (detail.status, detail.inventory_position, len(detail.places)) == ("optimal", 350, 1)
        (total,) = health.health(tx, version, "EUR").totals
        assert (total.currency, total.skus, total.without_cost) == ("EUR", 3, 1)
        assert (total.value, total.dead_value, total.dead_skus) == (720, 120, 2)
        assert total.expired_skus == 1
        assert total.turns is not None
        assert total.days_on_hand is not None
        assert float(total.turns * total.days_on_hand) == pytest.approx(365, rel=0.01)
