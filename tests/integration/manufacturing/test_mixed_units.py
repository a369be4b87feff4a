"""P-17: an order in one unit, its deliveries in another: both count in the item's base unit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from opscopilot.forecasting.inventory.positions import positions
from opscopilot.manufacturing.queries_shared import OPEN_LINES, STOCK, SUPPLY
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant

TODAY = date(2026, 9, 30)


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    """Item A comes in pieces; its case factor is 12, its pack factor 5."""
    made = new_plant(as_of=str(TODAY))
    made.load("sku", [{"sku_code": "A", "description": "Jam"}])
    made.load("sku_uom", [{"sku_code": "A", "uom": "XCS", "factor_to_base": "12"},
                          {"sku_code": "A", "uom": "XPK", "factor_to_base": "5"}])  # fmt: skip
    made.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    made.load("supplier", [{"supplier_code": "V1", "name": "Mill"}])
    made.load("sales_order", [{"order_number": "S", "customer_code": "C1", "order_date": "2026-09-01"}])
    made.load("purchase_order", [{"po_number": "P", "supplier_code": "V1", "order_date": "2026-09-01"}])
    return made


def sell(plant: Plant, qty: str, unit: str | None) -> None:
    plant.load("sales_order_line", [{"order_number": "S", "line_no": "1", "sku_code": "A", "ordered_qty": qty,
                                     "uom": unit, "requested_date": "2026-09-10"}])  # fmt: skip


def buy(plant: Plant, qty: str, unit: str) -> None:
    plant.load("purchase_order_line", [
        {"po_number": "P", "line_no": "1", "sku_code": "A", "ordered_qty": qty, "uom": unit}
    ])  # fmt: skip


def ship(plant: Plant, qty: str, unit: str | None, number: str = "1") -> Any:
    return plant.load("shipment_line", [{"shipment_no": number, "order_number": "S", "line_no": "1", "qty": qty,
                                         "uom": unit, "shipped_at": "2026-09-20T10:00:00Z"}])  # fmt: skip


def receive(plant: Plant, qty: str, unit: str | None, number: str = "1") -> Any:
    return plant.load("receipt", [{"receipt_no": number, "po_number": "P", "line_no": "1", "qty": qty, "uom": unit,
                                   "received_at": "2026-09-20T10:00:00Z"}])  # fmt: skip


def still_open(plant: Plant) -> list[dict[str, Any]]:
    return plant.rows(f"WITH {OPEN_LINES} SELECT shipped_qty, open_qty, open_base FROM open_lines", today=TODAY)


def on_order(plant: Plant) -> Decimal:
    (row,) = plant.rows(f"WITH {OPEN_LINES}, {STOCK}, {SUPPLY} SELECT qty FROM on_order", today=TODAY)
    with plant.db("ops_forecast").tenant(plant.tenant_id) as tx:
        (position,) = positions(tx, TODAY, "EUR").values()
    assert sum(one.quantity for one in position.supply) == row["qty"], "forecasting knows the same supply"
    return Decimal(row["qty"])


def test_an_order_in_pieces_shipped_in_packs_is_done(plant: Plant) -> None:
    sell(plant, "10", "EA")
    assert ship(plant, "2", "XPK").written == 1
    assert still_open(plant) == []


def test_an_order_in_cases_shipped_in_pieces_is_open_for_the_rest(plant: Plant) -> None:
    sell(plant, "2", "XCS")
    ship(plant, "10", "EA")
    (row,) = still_open(plant)
    assert (row["shipped_qty"], row["open_qty"]) == (Decimal("0.833333"), Decimal("1.166667"))
    assert row["open_base"] == 14, "exact, whatever the line's unit rounds to"
    with plant.db("ops_forecast").tenant(plant.tenant_id) as tx:
        (position,) = positions(tx, TODAY, "EUR").values()
    assert position.overdue_orders == 14


def test_half_of_a_purchase_in_cases_arrived_in_pieces(plant: Plant) -> None:
    buy(plant, "10", "XCS")
    assert on_order(plant) == 120
    receive(plant, "60", "EA")
    assert on_order(plant) == 60
    receive(plant, "13", "XPK", "2")
    assert on_order(plant) == 0, "more than ordered leaves nothing on order"


def test_a_delivery_without_a_unit_is_in_the_unit_of_its_line(plant: Plant) -> None:
    sell(plant, "3", "XCS")
    buy(plant, "10", "XCS")
    ship(plant, "2", None)
    receive(plant, "4", None)
    (sent,) = plant.rows("SELECT uom, uom_factor FROM manufacturing.shipment_lines")
    assert (sent["uom"], sent["uom_factor"]) == ("XCS", 12)
    assert [row["open_qty"] for row in still_open(plant)] == [1]
    assert on_order(plant) == 72


def test_the_factor_of_the_line_holds_for_deliveries_in_its_unit(plant: Plant) -> None:
    """The case grew to 24 after the order was taken: two of two ordered cases are still all of them."""
    sell(plant, "2", "XCS")
    plant.load("sku_uom", [{"sku_code": "A", "uom": "XCS", "factor_to_base": "24"}])
    ship(plant, "2", "XCS")
    assert still_open(plant) == []


def test_a_delivery_in_a_unit_without_a_factor_waits(plant: Plant) -> None:
    sell(plant, "10", "EA")
    buy(plant, "10", "EA")
    for counts in (ship(plant, "1", "XPX"), receive(plant, "1", "XPX")):
        assert (counts.written, counts.rejected) == (0, 1)
    kept = plant.rows("SELECT errors FROM staging.staging_data")
    assert [row["errors"][0]["code"] for row in kept] == ["uom_conversion_missing"] * 2
    assert {row["errors"][0]["raw_value"] for row in kept} == {"XPX"}


def test_a_delivery_in_its_lines_unit_waits_when_the_line_itself_has_no_factor(plant: Plant) -> None:
    buy(plant, "10", "XPX")
    assert receive(plant, "4", None).rejected == 1
    (kept,) = plant.rows("SELECT errors FROM staging.staging_data")
    assert (kept["errors"][0]["code"], kept["errors"][0]["raw_value"]) == ("uom_conversion_missing", "XPX")
    plant.load("sku_uom", [{"sku_code": "A", "uom": "XPX", "factor_to_base": "100"}])
    buy(plant, "10", "XPX")
    assert receive(plant, "4", None).written == 1
    assert on_order(plant) == 600
