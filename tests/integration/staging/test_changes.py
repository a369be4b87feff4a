"""What a file changed downstream, as the receipt tells it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.loading import Dock

JAM = {"sku_code": "1", "description": "Jam", "base_uom": "EA"}
HEAD = {"order_number": "S1", "customer_code": "C1", "order_date": "2026-09-01"}
LINE = {"sku_code": "1", "ordered_qty": "10", "uom": "EA", "requested_date": "2026-10-01", "cancelled_qty": "0"}


@pytest.fixture
def yard(dock: Dock) -> Dock:
    one = dock
    one.load("sku", [JAM, {**JAM, "sku_code": "2", "reorder_point": "30"}])
    one.load("sku_uom", [{"sku_code": "1", "uom": "XCS", "factor_to_base": "12"}])
    one.load("location", [{"code": "W1", "name": "Main"}, {"code": "Q", "name": "Hold", "is_nettable": "false"}])
    one.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    one.load("supplier", [{"supplier_code": "V1", "name": "Mill"}])
    return one


def changes(job: dict[str, Any]) -> dict[tuple[str, str], tuple[int, list[Any]]]:
    return {(one["entity"], one["what"]): (one["count"], one["examples"]) for one in job["changes"]}


def test_masters_say_which_fields_changed_and_the_prices_that_moved_most(yard: Dock) -> None:
    yard.load("sku", [{**JAM, "sku_code": f"P{n}", "unit_cost": "10", "is_active": "true"} for n in range(8)])
    job = yard.load("sku", [
        {**JAM, "sku_code": f"P{n}", "unit_cost": str(10 + n), "is_active": "false" if n == 7 else "true"}
        for n in range(9)
    ])  # fmt: skip
    found = changes(job)
    assert found["sku", "added"] == (1, [])
    assert found["sku", "changed"] == (7, [{"field": "unit_cost", "count": 7}, {"field": "is_active", "count": 1}])
    count, examples = found["sku", "price_changed"]
    assert (count, len(examples)) == (7, 5)
    assert examples[0] == {"key": "P7", "field": "unit_cost", "from": "10", "to": "17"}
    assert found["sku", "switched_off"] == (1, [{"key": "P7"}])


def test_p17_demand_is_told_per_unit_and_never_added_across_units(yard: Dock) -> None:
    job = yard.load("sales_order_line", [
        {**HEAD, **LINE, "line_no": "1"}, {**HEAD, **LINE, "line_no": "2", "uom": "XCS", "ordered_qty": "3"},
        {**HEAD, **LINE, "line_no": "3", "ordered_qty": "5"},
    ])  # fmt: skip
    assert changes(job)["sales_order_line", "demand_added"] == (3, [
        {"uom": "EA", "lines": 2, "open_qty": "15"}, {"uom": "XCS", "lines": 1, "open_qty": "3"},
    ])  # fmt: skip
    job = yard.load("sales_order_line", [
        {**HEAD, **LINE, "line_no": "1", "ordered_qty": "14", "requested_date": "2026-10-08"},
        {**HEAD, **LINE, "line_no": "2", "uom": "EA", "ordered_qty": "36"},
        {**HEAD, **LINE, "line_no": "3", "ordered_qty": "5", "cancelled_qty": "5"},
    ])  # fmt: skip
    found = changes(job)
    assert found["sales_order_line", "demand_changed"] == (3, [
        {"uom": "EA", "lines": 2, "from": "15", "to": "50"},
        {"uom": "XCS", "lines": 1, "from": "3", "to": "0"},
    ])  # fmt: skip
    assert found["sales_order_line", "demand_cancelled"] == (1, [])
    assert found["sales_order_line", "due_date_moved"] == (
        1, [{"key": "S1/1", "field": "requested_date", "from": "2026-10-01", "to": "2026-10-08"}],
    )  # fmt: skip


def test_what_a_file_does_not_carry_did_not_change(yard: Dock) -> None:
    yard.load("sales_order_line", [{**HEAD, **LINE, "line_no": "1", "shipped_qty": "4"}])
    job = yard.load("sales_order_line", [{"order_number": "S1", "line_no": "1", "sku_code": "1", "ordered_qty": "12"}])
    assert changes(job)["sales_order_line", "demand_changed"] == (
        1, [{"uom": "EA", "lines": 1, "from": "6", "to": "8"}],
    )  # fmt: skip


def test_deliveries_confirmed_for_later_are_told_with_the_worst_first(yard: Dock) -> None:
    head = {"po_number": "P1", "supplier_code": "V1", "order_date": "2026-09-01", "sku_code": "1", "ordered_qty": "5"}
    yard.load("purchase_order_line", [{**head, "line_no": str(n), "confirmed_date": "2026-10-01"} for n in (1, 2, 3)])
    job = yard.load("purchase_order_line", [
        {**head, "line_no": "1", "confirmed_date": "2026-10-03"}, {**head, "line_no": "2", "confirmed_date": "2026-10-21"},
        {**head, "line_no": "3", "confirmed_date": "2026-09-25"},
    ])  # fmt: skip
    count, examples = changes(job)["purchase_order_line", "confirmed_later"]
    assert (count, [(one["key"], one["days"]) for one in examples]) == (2, [("P1/2", 20), ("P1/1", 2)])


def test_states_of_work_orders_are_told_from_and_to(yard: Dock) -> None:
    orders = [{"wo_number": f"W{n}", "sku_code": "1", "ordered_qty": "5", "status": "scheduled"} for n in range(3)]
    yard.load("work_order", orders)
    job = yard.load(
        "work_order", [{**one, "status": "in_progress" if n else "cancelled"} for n, one in enumerate(orders)]
    )
    assert changes(job)["work_order", "status_changed"] == (3, [
        {"from": "scheduled", "to": "in_progress", "count": 2}, {"from": "scheduled", "to": "cancelled", "count": 1},
    ])  # fmt: skip


def stock(sku: str, day: int, quantity: str, **more: str) -> dict[str, str]:
    return {"sku_code": sku, "location_code": "W1", "quantity_on_hand": quantity, "uom": "EA",
            "snapshot_at": f"2026-09-{day}T06:00:00+00:00", **more}  # fmt: skip


def test_p24_stock_that_moved_and_items_that_fell_below_their_reorder_point(yard: Dock) -> None:
    first = yard.load("inventory_snapshot", [
        stock("1", 20, "100"), stock("2", 20, "40"), stock("2", 20, "5", location_code="Q"),
        stock("1", 20, "7", lot_code="L1"),
    ])  # fmt: skip
    assert changes(first) == {("inventory_snapshot", "added"): (4, [])}, "there is nothing to compare with"
    job = yard.load("inventory_snapshot", [
        stock("1", 21, "8", uom="XCS"), stock("2", 21, "28"), stock("2", 21, "500", location_code="Q"),
        stock("1", 21, "7", lot_code="L1"),
    ])  # fmt: skip
    found = changes(job)
    assert found["inventory_snapshot", "on_hand_moved"][0] == 2
    assert found["inventory_snapshot", "fell_below_reorder_point"] == (1, [{
        "key": "2", "uom": "EA", "from": "45", "to": "528",
        "reorder_point": "30",
    }]), "stock on hold does not count"  # fmt: skip


def test_p25_an_older_snapshot_that_arrives_late_moves_nothing(yard: Dock) -> None:
    yard.load("inventory_snapshot", [stock("2", 20, "40")])
    job = yard.load("inventory_snapshot", [stock("2", 19, "10")])
    assert set(changes(job)) == {("inventory_snapshot", "added")}


def test_two_prices_of_an_item_are_told_apart(yard: Dock) -> None:
    yard.load("sku", [{**JAM, "sku_code": "P1", "unit_cost": "10", "list_price": "20"}])
    job = yard.load("sku", [{**JAM, "sku_code": "P1", "unit_cost": "11", "list_price": "21"}])
    told = [one["examples"][0]["field"] for one in job["changes"] if one["what"] == "price_changed"]
    assert told == ["unit_cost", "list_price"]
