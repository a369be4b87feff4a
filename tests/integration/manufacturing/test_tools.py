"""The copilot's tools: statuses, sources, and the four kinds of nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.testing import ThrowawayDatabase
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.tenancy import Principal, plant_settings
from opscopilot.kernel.tools import ToolContext, ToolResult
from opscopilot.manufacturing.tools import TOOLS
from tests.support.api import open_database
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant

Ask = Callable[..., ToolResult]
AT = "2026-09-29T12:00:00Z"


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    return new_plant(as_of="2026-09-30")


@pytest.fixture
def ask(plant: Plant, db: ThrowawayDatabase) -> Iterator[Ask]:
    opened = open_database(db)
    tools = {one.name: one for one in TOOLS}

    def run(name: str, **args: Any) -> ToolResult:
        with opened.tenant(plant.tenant_id) as tx:
            who = Principal(tenant_id=plant.tenant_id, tenant_code=plant.code, user_id="u", role="viewer")
            context = ToolContext(tx, who, plant_settings(tx), SystemClock())
            return tools[name].run(context, tools[name].args.model_validate(args))

    yield run
    opened.engine.dispose()


def load_stock(plant: Plant) -> None:
    plant.load("location", [{"code": "WH1", "name": "Main hall"}])
    plant.load("sku", [
        {"sku_code": "BK-38", "description": "Mountain-200 Black, 38", "reorder_point": "5"},
        {"sku_code": "BK-42", "description": "Mountain-200 Black, 42"}, {"sku_code": "0017", "description": "Seat lug"},
        {"sku_code": "NEW", "description": "Never counted"},
    ])  # fmt: skip
    plant.load("sku_uom", [{"sku_code": "BK-38", "uom": "XCT", "factor_to_base": "4"}])
    plant.load("inventory_snapshot", [
        {"sku_code": code, "location_code": "WH1", "snapshot_at": AT, "quantity_on_hand": n}
        for code, n in {"BK-38": "5", "BK-42": "7", "0017": "12.5"}.items()
    ])  # fmt: skip


def test_nothing_was_ever_loaded(ask: Ask) -> None:
    for tool in TOOLS:
        result = ask(tool.name, **({"sku": "X"} if tool.name == "query_bom" else {}))
        assert result.status == "not_ingested"
        assert "not zero" in result.warnings[0]


def test_stock_of_one_item_with_its_file_rows(ask: Ask, plant: Plant) -> None:
    load_stock(plant)
    result = ask("query_inventory", sku_code="seat lugs", convert={"qty": "12", "from": "carton", "to": "EA"})
    assert (result.status, result.data["items"][0]["quantity_available"]) == ("ok", "12.5")
    assert result.assumptions[0] == "'seat lugs' was read as 0017 (Seat lug)."
    assert (result.sources[0].file, result.sources[0].row, result.units["quantity"]) == ("test.csv", 4, "EA")
    assert result.data["conversion"] is None
    assert "sku_uom" in result.warnings[-1]
    known = ask("query_inventory", sku_code="BK-38", convert={"qty": "12", "from": "EA", "to": "carton"})
    assert known.data["conversion"]["result"] == "3"


def test_ambiguous_unknown_and_never_counted_are_different_answers(ask: Ask, plant: Plant) -> None:
    load_stock(plant)
    both = ask("query_inventory", sku_code="Mountain-200")
    assert (both.status, both.data["matches"]) == ("ambiguous", 2)
    assert [(one["sku_code"], one["quantity_available"]) for one in both.candidates] == [("BK-38", "5"), ("BK-42", "7")]
    unknown = ask("query_inventory", sku_code="BK-39")
    assert (unknown.status, unknown.data) == ("not_found", {"asked": "BK-39"})
    assert unknown.did_you_mean[0].startswith("BK-38")
    never = ask("query_inventory", sku_code="NEW")
    assert (never.status, never.data["items"]) == ("ok", [])
    assert "unknown, not zero" in never.warnings[-1]
    assert ask("query_inventory", warehouse="nowhere").status == "not_found"
    below = ask("query_inventory", status="below_reorder_point", warehouse="main hall")
    assert [one["sku_code"] for one in below.data["items"]] == ["BK-38"]
    assert "without a stock record: 1" in below.warnings[-1]


def test_old_counts_are_stale(ask: Ask, plant: Plant) -> None:
    load_stock(plant)
    assert ask("query_inventory", as_of="2026-12-01").status == "stale"


def test_orders_open_one_and_by_period(ask: Ask, plant: Plant) -> None:
    load_stock(plant)
    plant.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    plant.load("sales_order", [
        {"order_number": "1001", "customer_code": "C1", "order_date": "2026-09-28"},
        {"order_number": "1002", "customer_code": "C1", "order_date": "2026-09-21", "status": "completed"},
    ])  # fmt: skip
    plant.load("sales_order_line", [
        {"order_number": number, "line_no": "1", "sku_code": "BK-38", "ordered_qty": "2", "unit_price": "1.25"}
        for number in ("1001", "1002")
    ])  # fmt: skip
    opened = ask("lookup_orders", status="open")
    assert (opened.data["kind"], opened.data["orders"], opened.data["value"][0]["amount"]) == ("open", 1, "2.5")
    week = ask("lookup_orders", **{"from": "2026-09-28", "to": "2026-10-04"}, group_by="customer")
    assert (week.data["orders"], week.data["groups"][0]["key"]) == (1, "C1")
    assert week.warnings[-1].startswith("3 of 7 days")
    one = ask("lookup_orders", order="1002")
    assert (one.data["order"]["total_amount"], one.data["open_lines"]) == ("2.5", [])
    missing = ask("lookup_orders", order="1003")
    assert (missing.status, missing.did_you_mean) == ("not_found", ["1001", "1002"])
    assert ask("lookup_orders", customer="nobody").status == "not_found"
    none = ask("lookup_orders", filter="late")
    assert (none.status, none.data["lines"]) == ("ok", 0)


def test_production_and_recipes(ask: Ask, plant: Plant) -> None:
    load_stock(plant)
    plant.load("work_order", [{"wo_number": "W1", "sku_code": "BK-38", "ordered_qty": "10", "good_qty": "9",
                               "scrap_qty": "1", "actual_start": "2026-09-01", "due_date": "2026-09-10"}])  # fmt: skip
    late = ask("get_production_status", filter="overdue")
    assert (late.data["overdue"], late.data["items"][0]["wo_number"], late.sources[0].rows) == (1, "W1", 1)
    assert ask("get_production_status", filter="scrap").data["scrap"]["scrap_rate"] == "0.1"
    assert ask("get_production_status", work_order="W2").status == "not_found"
    plant.load("bom_component", [{"sku_code": "BK-38", "line_no": "1", "component_sku": "0017", "qty": "2"}])
    exploded = ask("query_bom", sku="BK-38", qty="3", mode="cost_rollup")
    assert exploded.data["components"][0]["quantity"] == "6"
    assert "no total" in exploded.warnings[-1]
    assert ask("query_bom", sku="seat lug", mode="where_used").data["items"][0]["sku_code"] == "BK-38"
    plant.load("bom_component", [{"sku_code": "0017", "line_no": "1", "component_sku": "NEW", "qty": "1"}])
    plant.point_recipe_at("0017", "BK-38")
    assert ask("query_bom", sku="BK-38").data == {"loop": "BK-38 → 0017 → BK-38"}
