"""Stock through the API: the definitions planners rely on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant

SETTINGS = {"as_of": "2026-09-30", "default_currency": "EUR"}


def stock(sku: str, place: str, at: str, on_hand: str, **more: str) -> dict[str, str]:
    return {"sku_code": sku, "location_code": place, "snapshot_at": at, "quantity_on_hand": on_hand, **more}


def sku(code: str, uom: str = "EA", **more: str) -> dict[str, str]:
    return {"sku_code": code, "description": f"Item {code}", "base_uom": uom, **more}


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    made = new_plant(**SETTINGS)
    made.load("location", [
        {"code": "WH1", "name": "Main"}, {"code": "WH2", "name": "Second"},
        {"code": "QA", "name": "Quarantine cage", "is_nettable": "false"},
    ])  # fmt: skip
    return made


def current(api: Api, plant: Plant, **query: Any) -> dict[str, Any]:
    answer = api.get("/inventory/current", token(plant.code), **query)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_latest_count_wins_however_late_an_older_one_arrives(api: Api, plant: Plant) -> None:
    plant.load("sku", [sku("A")])
    plant.load("inventory_snapshot", [stock("A", "WH1", "2026-09-29T12:00:00+02:00", "50")])
    plant.load("inventory_snapshot", [stock("A", "WH1", "2026-09-01T12:00:00+02:00", "999")])
    plant.load("inventory_snapshot", [stock("A", "WH1", "2026-10-01T12:00:00+02:00", "7")])
    only = current(api, plant)["items"][0]
    assert (only["quantity_on_hand"], only["snapshot_at"][:10]) == ("50", "2026-09-29")


def test_units_are_not_added_and_decimals_stay_exact(api: Api, plant: Plant) -> None:
    plant.load("sku", [sku("A", "EA", unit_cost="0.1"), sku("B", "KGM", unit_cost="0.2"), sku("C", "KGM")])
    plant.load("inventory_snapshot", [
        stock("A", "WH1", "2026-09-29T12:00:00Z", "1"), stock("B", "WH1", "2026-09-29T12:00:00Z", "1"),
        stock("C", "WH2", "2026-09-29T12:00:00Z", "0.3"), stock("B", "WH2", "2026-09-29T12:00:00Z", "250", uom="GRM"),
    ])  # fmt: skip
    found = current(api, plant)
    assert [(one["uom"], one["quantity_on_hand"]) for one in found["quantities"]] == [("EA", "1"), ("KGM", "1.55")]
    assert found["value"] == [{"currency": "EUR", "amount": "0.35", "without_price": 1}]
    assert any("not added" in text for text in found["warnings"])


def test_available_leaves_out_what_cannot_be_used(api: Api, plant: Plant) -> None:
    plant.load("sku", [sku("A", reorder_point="12", safety_stock="5")])
    at = "2026-09-29T12:00:00Z"
    plant.load("inventory_snapshot", [
        stock("A", "WH1", at, "20", lot_code="L1", quantity_reserved="5", quantity_quarantined="2",
              quantity_in_transit="90"),
        stock("A", "WH1", at, "6", lot_code="L2", quantity_expired="6"),
        stock("A", "WH1", at, "4", lot_code="L3", expiry_date="2026-09-29"),
        stock("A", "QA", at, "100"), stock("A", "WH2", at, "-30"),
    ])  # fmt: skip
    only = current(api, plant)["items"][0]
    assert (only["quantity_available"], only["quantity_on_hand"]) == ("13", "100")
    assert (only["reorder_needed"], only["inventory_status"], only["negative_balances"]) == (False, "optimal", 1)
    negative = current(api, plant, status="negative", by="location")["items"]
    assert [(one["location_code"], one["quantity_available"]) for one in negative] == [("WH2", "0")]


def test_one_warehouse_shows_its_quantities_and_the_flags_of_the_plant(api: Api, plant: Plant) -> None:
    plant.load("sku", [sku("A", reorder_point="50"), sku("B", reorder_point="5")])
    at = "2026-09-29T12:00:00Z"
    rows = [stock("A", "WH1", at, "40"), stock("A", "WH2", at, "30"), stock("B", "WH2", at, "5")]
    plant.load("inventory_snapshot", rows)
    found = current(api, plant, warehouse="wh1")
    assert [(one["sku_code"], one["quantity_available"], one["reorder_needed"]) for one in found["items"]] == [
        ("A", "40", False)
    ]
    assert [one["sku_code"] for one in current(api, plant, below_reorder=True)["items"]] == ["B"]
    unknown = api.get("/inventory/current", token(plant.code), warehouse="WH9")
    assert (unknown.status, unknown.json["field"]) == (404, "warehouse")
    assert "WH1" in unknown.json["expected"]


def test_an_open_purchase_order_stops_the_recommendation_but_not_the_need(api: Api, plant: Plant) -> None:
    plant.load("sku", [sku("A", reorder_point="50"), sku("B", reorder_point="50")])
    plant.load("supplier", [{"supplier_code": "S1", "name": "Acme"}])
    plant.load("purchase_order", [
        {"po_number": "P1", "supplier_code": "S1", "order_date": "2026-09-20", "status": "confirmed"},
        {"po_number": "P2", "supplier_code": "S1", "order_date": "2026-09-20", "status": "closed"},
    ])  # fmt: skip
    plant.load("purchase_order_line", [
        {"po_number": "P1", "line_no": "1", "sku_code": "A", "ordered_qty": "100", "received_qty": "20"},
        {"po_number": "P2", "line_no": "1", "sku_code": "B", "ordered_qty": "100"},
    ])  # fmt: skip
    at = "2026-09-29T12:00:00Z"
    plant.load("inventory_snapshot", [stock("A", "WH1", at, "10"), stock("B", "WH1", at, "10")])
    a, b = current(api, plant)["items"]
    assert (a["reorder_needed"], a["reorder_recommended"], a["inventory_position"]) == (True, False, "90")
    assert (b["reorder_needed"], b["reorder_recommended"], b["quantity_on_order"]) == (True, True, "0")


def test_pages_are_stable_while_rows_come_in(api: Api, plant: Plant) -> None:
    plant.load("sku", [sku(code) for code in "BCDEF"])
    at = "2026-09-29T12:00:00Z"
    plant.load("inventory_snapshot", [stock(code, "WH1", at, "1") for code in "BCDEF"])
    first = current(api, plant, limit=2)
    plant.load("sku", [sku("A")])
    plant.load("inventory_snapshot", [stock("A", "WH1", at, "1")])
    second = current(api, plant, limit=2, cursor=first["next_cursor"])
    third = current(api, plant, limit=2, cursor=second["next_cursor"])
    seen = [one["sku_code"] for page in (first, second, third) for one in page["items"]]
    assert seen == ["B", "C", "D", "E", "F"]
    assert (first["total_items"], second["total_items"], third["next_cursor"]) == (5, 6, None)


def test_health_counts_per_status(api: Api, plant: Plant) -> None:
    plant.load("sku", [
        sku("A", reorder_point="10", safety_stock="5"), sku("B", reorder_point="10", safety_stock="5"),
        sku("C", reorder_point="10", safety_stock="5", moq="10"), sku("D"), sku("E"), sku("F", reorder_point="10"),
    ])  # fmt: skip
    at = "2026-09-29T12:00:00Z"
    counted = {"A": "4", "B": "10", "C": "31", "D": "0", "F": "11"}
    plant.load("inventory_snapshot", [stock(code, "WH1", at, n) for code, n in counted.items()])
    found = api.get("/inventory/health", token(plant.code)).json
    assert found["by_status"] == {"critical": 1, "low": 1, "excess": 1, "none": 1, "optimal": 1}
    assert (found["at_or_below_reorder_point"], found["below_safety_stock"]) == (2, 1)
    assert (found["skus"], found["skus_with_stock_records"], found["skus_without_stock_records"]) == (6, 5, 1)
