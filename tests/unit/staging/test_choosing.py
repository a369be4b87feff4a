"""What a table is taken for, what is left to a person, and what that person is shown."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.manufacturing.entities import registry
from opscopilot.staging import choosing
from opscopilot.staging.choosing import Choice
from opscopilot.staging.mapping import FileMapping, SourceMapping
from opscopilot.staging.refusal import NeedsMapping

CATALOGUE = registry()
NOTHING = SourceMapping()


def choose(headers: str, *rows: str, name: str = "export.csv", asked: str | None = None, **more: Any) -> Choice:
    """Choose for a table written with bars."""
    known = more.pop("known", NOTHING)
    return choosing.choose(
        CATALOGUE, known, headers.split("|"), name, asked, sample=[row.split("|") for row in rows], **more
    )


def refused(*args: str, **more: Any) -> NeedsMapping:
    """The question that is asked instead."""
    with pytest.raises(NeedsMapping) as caught:
        choose(*args, **more)
    return caught.value


def test_a_recognition_is_a_mapping_with_everything_it_knows() -> None:
    found = choose("Order Reference|Customer/Reference|Order Date|Order Lines/Product/Internal Reference|"
                   "Order Lines/Quantity|Order Lines/Discount (%)")  # fmt: skip
    assert (found.entity, found.how, found.system) == ("sales_order_line", "recognised", "Odoo")
    assert found.mapping.source("discount").percent
    assert found.mapping.source("ordered_qty").column == "Order Lines/Quantity"
    assert any("Odoo" in reason for reason in found.why)


@pytest.mark.parametrize(
    ("headers", "entity"),
    [
        ("order_number|line_no|customer_code|sku_code|ordered_qty|uom|order_date", "sales_order_line"),
        ("order_number|line_no|supplier_code|sku_code|ordered_qty|uom|order_date", "purchase_order_line"),
        ("Order No.|Customer No.|Order Date|Item No.|Quantity", "sales_order_line"),
        ("Order No.|Vendor No.|Order Date|Item No.|Quantity", "purchase_order_line"),
    ],
)
def test_a_column_that_only_one_side_knows_decides(headers: str, entity: str) -> None:
    assert choose(headers).entity == entity


def test_a_guess_counts_only_where_the_values_support_it() -> None:
    headers = "SKU|Warehouse|Qty Counted On Hand"
    question = refused(headers, asked="inventory_snapshot")
    assert question.code == "missing_columns"
    columns = question.proposal["candidates"][0]["columns"]
    assert columns.get("quantity_on_hand", {}).get("column") in (None, "Qty Counted On Hand")
    by_words = "Artikelnummer|Lagerort|Vorhandener Bestand"
    assert refused(by_words).proposal["candidates"][0]["entity"] == "inventory_snapshot"


def test_values_contradict_a_header() -> None:
    rows = ["SO1|10|007|5|not yet", "SO2|10|008|6|on hold", "SO3|20|009|7|later please"]
    found = choose("SO Number|Line|Item|Qty|Ship Date", *rows)
    assert "ship_date" not in found.mapping.columns
    days = [row.rpartition("|")[0] + "|2026-09-30" for row in rows]
    assert "ship_date" in choose("SO Number|Line|Item|Qty|Ship Date", *days).mapping.columns


def test_our_own_names_are_never_contradicted() -> None:
    rows = ["1|A|x|y"] * 5
    found = choose("sku_code|location_code|snapshot_at|quantity_on_hand", *rows)
    assert set(found.mapping.columns) == {"sku_code", "location_code", "snapshot_at", "quantity_on_hand"}


def test_a_table_without_names_is_never_taken_but_gets_a_proposal() -> None:
    rows = ("6291041500213|007|Jam 340 g|KGM|2026-09-30", "6291041500213|008|Honey|EA|2026-10-01")
    question = refused("column 1|column 2|column 3|column 4|column 5", *rows, asked="sku")
    assert question.code == "no_header"
    (candidate,) = question.proposal["candidates"]
    columns = {field: one["column"] for field, one in candidate["columns"].items()}
    assert columns["gtin"] == "column 1"
    assert columns["sku_code"] == "column 2"
    assert columns["description"] == "column 3"
    assert columns["base_uom"] == "column 4"
    assert columns["valid_from"] == "column 5"
    assert question.proposal["sample"][0] == rows[0].split("|")
    by_name = refused("column 1|column 2", "007|5", name="stock_2026.csv")
    assert by_name.proposal["candidates"][0]["entity"] == "inventory_snapshot"
    assert "quantity_on_hand" in {one["field"] for one in by_name.proposal["candidates"][0]["missing"]} | set(
        by_name.proposal["candidates"][0]["columns"])  # fmt: skip


def test_a_proposal_says_what_is_missing_and_what_would_be_right() -> None:
    question = refused("Artikel|Preis", asked="sku")
    (missing,) = question.proposal["candidates"][0]["missing"]
    assert missing == {"field": "description", "label": "Description", "expected": "text"}
    assert "Description" in question.message


def test_a_slip_is_answered_with_what_it_looks_like() -> None:
    question = refused("MATNR|MAKTX|MTART|MATKL|MEINS|EAN11", asked="bom")
    assert question.code == "wrong_entity"
    assert question.proposal["candidates"][0]["entity"] == "sku"


def test_what_was_confirmed_for_this_file_comes_first() -> None:
    said = FileMapping(pattern="*", entity="sku", columns={"sku_code": "a", "description": "b"})
    found = choose("a|b", "1|x", asked="customer", confirmed=said)
    assert (found.entity, found.how, found.mapping) == ("sku", "confirmed", said)
    question = refused("a|c", confirmed=said)
    assert (question.code, question.proposal["drift"]["removed"]) == ("headers_drifted", ["b"])


def test_of_two_mappings_of_one_name_the_one_that_fits_is_used() -> None:
    items = FileMapping(pattern="export*.csv*", entity="sku", headers=["a", "b"],
                        columns={"sku_code": "a", "description": "b"})  # fmt: skip
    stock = FileMapping(pattern="export*.csv*", entity="inventory_snapshot", headers=["a", "w", "n"],
                        columns={"sku_code": "a", "location_code": "w", "quantity_on_hand": "n"})  # fmt: skip
    known = SourceMapping(files=[items, stock])
    assert choose("a|b", known=known).entity == "sku"
    assert choose("a|w|n", known=known).entity == "inventory_snapshot"
    assert choose("a|w|n|extra", known=known).entity == "inventory_snapshot"
