"""Normalize against a real Postgres: references, units, duplicates, changes, parents carried by flat files."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support import plant as support

JAM = {"sku_code": "00100234", "description": "Strawberry jam", "base_uom": "EA"}
SUGAR = {"sku_code": "00200001", "description": "Sugar", "base_uom": "KGM", "type": "raw"}


@pytest.fixture
def plant() -> Iterator[Any]:
    with support.plant() as one:
        yield one


def test_p82_loading_the_same_rows_twice_changes_nothing(plant: Any) -> None:
    first = plant.load("sku", [JAM, SUGAR])
    assert (first.written, first.duplicates, first.rejected) == (2, 0, 0)
    again = plant.load("sku", [JAM, SUGAR])
    assert (again.written, again.duplicates, again.rejected) == (0, 2, 0)
    assert [row["row_version"] for row in plant.rows("SELECT row_version FROM manufacturing.skus")] == [1, 1]


def test_new_rows_have_ids_that_sort_by_age_and_none_is_used_twice(plant: Any) -> None:
    head = {"order_number": "S1", "customer_code": "C1", "order_date": "2026-09-01"}
    plant.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    plant.load("sku", [JAM])
    plant.load("sku", [SUGAR])
    line = {**head, "sku_code": "00100234", "ordered_qty": "1"}
    plant.load("sales_order_line", [{**line, "line_no": str(n)} for n in range(3)])
    ids = plant.rows("""SELECT id, 1 AS t, sku_code AS k FROM manufacturing.skus UNION ALL
        SELECT id, 2, order_number FROM manufacturing.sales_orders UNION ALL
        SELECT id, 3, line_no FROM manufacturing.sales_order_lines ORDER BY 2, id""")
    assert {row["id"].version for row in ids} == {7}
    assert len({row["id"] for row in ids}) == 6
    assert [row["k"] for row in ids] == ["00100234", "00200001", "S1", "0", "1", "2"]


def test_p22_codes_keep_their_leading_zeros_and_007_is_not_7(plant: Any) -> None:
    plant.load("sku", [{**JAM, "sku_code": "007"}, {**JAM, "sku_code": "7"}])
    codes = plant.rows('SELECT sku_code FROM manufacturing.skus ORDER BY sku_code COLLATE "C"')
    assert [row["sku_code"] for row in codes] == ["007", "7"]


def test_a_changed_row_is_updated_and_only_in_the_columns_the_file_carries(plant: Any) -> None:
    plant.load("sku", [{**JAM, "unit_cost": "1.50", "reorder_point": "40"}])
    counts = plant.load("sku", [{"sku_code": "00100234", "description": "Jam, strawberry"}])
    assert counts.written == 1
    (row,) = plant.rows("SELECT description, unit_cost, reorder_point, row_version FROM manufacturing.skus")
    assert row == {
        "description": "Jam, strawberry", "unit_cost": Decimal("1.500000"), "reorder_point": Decimal("40.000000"),
        "row_version": 2,
    }  # fmt: skip


def test_a_row_with_an_unknown_reference_waits_and_the_others_are_loaded(plant: Any) -> None:
    plant.load("sku", [JAM])
    counts = plant.load("sku_uom", [
        {"sku_code": "00100234", "uom": "XCS", "factor_to_base": "12"},
        {"sku_code": "99", "uom": "XCS", "factor_to_base": "6"},
    ])  # fmt: skip
    assert (counts.written, counts.rejected) == (1, 1)
    (kept,) = plant.rows("SELECT record_no, validation_status, errors, raw_data FROM staging.staging_data")
    assert kept["record_no"] == 2
    assert kept["validation_status"] == "pending"
    assert kept["errors"][0]["code"] == "reference_not_found"
    assert kept["errors"][0]["raw_value"] == "99"
    assert kept["errors"][0]["expected"].endswith("the record is loaded by itself as soon as it is there")
    assert kept["raw_data"]["sku_code"] == "99"


def test_p18_a_vendor_unit_without_a_factor_waits_and_one_is_never_assumed(plant: Any) -> None:
    plant.load("sku", [JAM, SUGAR])
    plant.load("supplier", [{"supplier_code": "V1", "name": "Sugar Ltd"}])
    counts = plant.load("sku_supplier", [
        {"sku_code": "00200001", "supplier_code": "V1", "price": "900", "price_uom": "TNE", "currency": "EUR"},
        {"sku_code": "00100234", "supplier_code": "V1", "price": "9", "price_uom": "XCT", "currency": "EUR"},
    ])  # fmt: skip
    assert (counts.written, counts.rejected) == (1, 1)
    (row,) = plant.rows("SELECT uom_factor FROM manufacturing.sku_suppliers")
    assert row["uom_factor"] == 1000
    (kept,) = plant.rows("SELECT errors FROM staging.staging_data")
    assert kept["errors"][0]["code"] == "uom_conversion_missing"
    assert kept["errors"][0]["expected"].endswith("the record is loaded by itself as soon as it is there")


def test_one_flat_file_carries_orders_and_their_lines_and_lines_inherit_dates(plant: Any) -> None:
    plant.load("sku", [JAM])
    plant.load("sku_uom", [{"sku_code": "00100234", "uom": "XCS", "factor_to_base": "12"}])
    plant.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    header = {"order_number": "SO1", "customer_code": "C1", "order_date": "2026-09-01", "currency": "EUR"}
    counts = plant.load("sales_order_line", [
        {**header, "line_no": "1", "sku_code": "00100234", "ordered_qty": "3", "uom": "XCS", "unit_price": "20"},
        {**header, "line_no": "2", "sku_code": "00100234", "ordered_qty": "5", "uom": None, "unit_price": "2"},
        {**header, "order_number": "SO2", "customer_code": "C9", "line_no": "1", "sku_code": "00100234",
         "ordered_qty": "5", "uom": None, "unit_price": "2"},
    ])  # fmt: skip
    assert (counts.written, counts.rejected) == (2, 1)
    (order,) = plant.rows("SELECT order_number, order_date::text FROM manufacturing.sales_orders")
    assert order == {"order_number": "SO1", "order_date": "2026-09-01"}
    lines = plant.rows("SELECT uom, uom_factor FROM manufacturing.sales_order_lines ORDER BY line_no")
    assert [(row["uom"], row["uom_factor"]) for row in lines] == [("XCS", 12), ("EA", 1)]
    (kept,) = plant.rows("SELECT errors FROM staging.staging_data")
    assert kept["errors"][0]["field"] == "customer_code", "the line says why its order is missing"


def test_references_by_the_other_systems_id(plant: Any) -> None:
    plant.load("sku", [{**JAM, "source_id": "776"}, {**SUGAR, "source_id": "777"}])
    counts = plant.load("bom_component", [
        {"sku_code": "776", "version": "1", "line_no": "10", "component_sku": "777", "qty": "0.2", "uom": "KGM"},
        {"sku_code": None, "version": "1", "line_no": "11", "component_sku": "776", "qty": "1"},
    ], by=("sku_code", "component_sku"))  # fmt: skip
    assert (counts.written, counts.rejected) == (2, 0)
    found = plant.rows("""SELECT c.line_no, b.version, k.sku_code FROM manufacturing.bom_components c
        LEFT JOIN manufacturing.boms b ON b.id = c.bom_id
        JOIN manufacturing.skus k ON k.id = c.component_sku_id ORDER BY line_no""")
    assert [tuple(row.values()) for row in found] == [("10", "1", "00200001"), ("11", None, "00100234")]


def test_the_same_key_twice_in_a_file_is_a_duplicate_or_a_named_conflict(plant: Any) -> None:
    counts = plant.load("sku", [JAM, JAM, {**JAM, "description": "Other"}])
    assert (counts.written, counts.duplicates, counts.rejected) == (1, 1, 1)
    (kept,) = plant.rows("SELECT record_no, errors FROM staging.staging_data")
    assert (kept["record_no"], kept["errors"][0]["code"]) == (3, "conflicting_duplicate")


def test_production_day_of_a_snapshot_is_the_plants_day(plant: Any) -> None:
    plant.load("sku", [JAM])
    plant.load("location", [{"code": "W1", "name": "Main"}])
    row = {"sku_code": "00100234", "location_code": "W1", "quantity_on_hand": "10"}
    counts = plant.load("inventory_snapshot", [
        {**row, "snapshot_at": "2026-09-30T22:30:00+00:00"}, {**row, "snapshot_at": "2026-09-30T21:30:00+00:00"},
    ])  # fmt: skip
    assert counts.written == 2
    days = plant.rows("SELECT production_day::text AS d FROM manufacturing.inventory_snapshots ORDER BY snapshot_at")
    assert [one["d"] for one in days] == ["2026-09-30", "2026-10-01"], "Copenhagen is two hours ahead in September"


def test_p60_two_tenants_with_the_same_codes_stay_apart(plant: Any) -> None:
    other = support.Plant(plant.fresh, "other")
    plant.load("sku", [JAM])
    other.load("sku", [{**JAM, "description": "Their jam"}])
    assert [row["description"] for row in plant.rows("SELECT description FROM manufacturing.skus")] == [
        "Strawberry jam"
    ]
    assert [row["description"] for row in other.rows("SELECT description FROM manufacturing.skus")] == ["Their jam"]
    assert other.load("sku_uom", [{"sku_code": "00200001", "uom": "XCS", "factor_to_base": "2"}]).rejected == 1


def test_without_a_tenant_there_are_no_rows_and_no_writes(plant: Any) -> None:
    plant.load("sku", [JAM])
    with plant.db("ops_normalize").system() as tx:
        assert tx.scalar("SELECT count(*) FROM manufacturing.skus") == 0
