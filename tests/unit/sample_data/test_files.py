"""The files are what truth.json says: rows, faults at their lines, keys, references, size, same bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sample_data import Truth, generate
from tests.unit.sample_data.conftest import Read, Row

KEYS = {
    "spreadsheet/locations.csv": ("Code",), "sap/MARA_materials.csv": ("MATNR",),
    "spreadsheet/unit_factors.csv": ("Item No.", "Unit"), "spreadsheet/suppliers.csv": ("Vendor No.",),
    "odoo/res_partner_customers.csv": ("Reference",), "sap/EORD_source_list.csv": ("MATNR", "LIFNR"),
    "sap/STPO_recipes.csv": ("MATNR", "STLAL", "POSNR"), "spreadsheet/routings.csv": ("Item No.", "Operation No."),
    "odoo/mrp_production.csv": ("Reference",), "sap/EKPO_purchase_orders.tsv": ("EBELN", "EBELP"),
    "spreadsheet/packaging_call_offs.csv": ("PO Number", "Line"), "sap/MATDOC_receipts.tsv": ("MBLNR", "ZEILE"),
    "odoo/sale_order_lines.csv.gz": ("Order Reference", "Order Lines/Sequence"),
    "odoo/stock_picking_deliveries.csv": ("Reference", "Sequence"),
    "spreadsheet/price_list.csv": ("Item No.", "Valid from"), "spreadsheet/promotions.csv": ("Promotion No.",),
    "spreadsheet/shifts.csv": ("Shift",),
    "sap/MARD_stock.csv": ("MATNR", "LGORT", "CHARG"), "sap/MATDOC_movements.csv": ("MBLNR", "ZEILE"),
}  # fmt: skip
SKU_COLUMNS = {
    "spreadsheet/unit_factors.csv": "Item No.", "sap/EORD_source_list.csv": "MATNR", "sap/STPO_recipes.csv": "IDNRK",
    "spreadsheet/routings.csv": "Item No.", "odoo/mrp_production.csv": "Product/Internal Reference",
    "sap/EKPO_purchase_orders.tsv": "MATNR", "spreadsheet/packaging_call_offs.csv": "Item No.",
    "odoo/sale_order_lines.csv.gz": "Order Lines/Product/Internal Reference",
    "odoo/stock_picking_deliveries.csv": "Product/Internal Reference", "sap/MARD_stock.csv": "MATNR",
    "sap/MATDOC_movements.csv": "MATNR", "spreadsheet/price_list.csv": "Item No.",
    "spreadsheet/promotions.csv": "Item No.",
}  # fmt: skip


def test_rows_add_up(truth: Truth, read: Read) -> None:
    for one in truth.facts["files"]:
        rows = read(one["file"])
        assert len(rows) == one["rows"], one["file"]
        assert one["rows"] == one["accepted"] + one["duplicates"] + sum(one["rejected"].values()), one["file"]


def test_planted_faults_are_where_they_are_said_to_be(truth: Truth, read: Read) -> None:
    outcomes: dict[str, Counter[str]] = {}
    for one in truth.facts["planted"]:
        if one["line"] is None:
            continue
        row = read(one["file"])[one["line"]]
        outcomes.setdefault(one["file"], Counter())[one["outcome"]] += 1
        if one["outcome"] == "duplicate":
            assert one["of_line"] < one["line"]
            assert row == read(one["file"])[one["of_line"]]
        else:
            assert row[one["column"]] == one["value"]
    for one in truth.facts["files"]:
        found = outcomes.get(one["file"], Counter())
        assert found.pop("duplicate", 0) == one["duplicates"]
        assert one["whole_file_rejected"] or found == one["rejected"]


def test_only_planted_rows_repeat_a_key(good: Callable[[str], list[Row]]) -> None:
    for name, key in KEYS.items():
        keys = [tuple(row[column] for column in key) for row in good(name)]
        assert len(keys) == len(set(keys)), name
        assert all(part for one in keys for part in one[:2]), name


def test_good_rows_refer_only_to_what_exists(good: Callable[[str], list[Row]]) -> None:
    skus = {row["MATNR"] for row in good("sap/MARA_materials.csv")}
    for name, column in SKU_COLUMNS.items():
        assert {row[column] for row in good(name)} <= skus, name
    suppliers = {row["Vendor No."] for row in good("spreadsheet/suppliers.csv")}
    customers = {row["Reference"] for row in good("odoo/res_partner_customers.csv")}
    places = {row["Code"] for row in good("spreadsheet/locations.csv")}
    orders = {(r["EBELN"], r["EBELP"]) for r in good("sap/EKPO_purchase_orders.tsv")}
    sold = {(r["Order Reference"], r["Order Lines/Sequence"]) for r in good("odoo/sale_order_lines.csv.gz")}
    assert {r["LIFNR"] for r in good("sap/EKPO_purchase_orders.tsv")} <= suppliers
    assert {r["LIFNR"] for r in good("sap/EORD_source_list.csv")} <= suppliers
    assert {r["Customer/Reference"] for r in good("odoo/sale_order_lines.csv.gz")} <= customers
    assert {r["LGORT"] for r in good("sap/MARD_stock.csv")} <= places
    assert {(r["EBELN"], r["EBELP"]) for r in good("sap/MATDOC_receipts.tsv")} <= orders
    assert {(r["Source Document"], r["Source Line"]) for r in good("odoo/stock_picking_deliveries.csv")} <= sold


def test_an_order_has_one_header(good: Callable[[str], list[Row]]) -> None:
    headers: dict[str, tuple[str, ...]] = {}
    for row in good("odoo/sale_order_lines.csv.gz"):
        header = tuple(row[c] for c in ("Order Date", "Customer/Reference", "Status", "Sales Team", "Delivery Date"))
        assert headers.setdefault(row["Order Reference"], header) == header
    for row in good("sap/EKPO_purchase_orders.tsv"):
        header = (row["LIFNR"], row["BEDAT"], row["ZZSTAT"])
        assert headers.setdefault(row["EBELN"], header) == header


def test_every_unit_used_has_a_factor(good: Callable[[str], list[Row]]) -> None:
    alias = {"KG": "kg", "EA": "pcs", "L": "l", "M": "m", "CS": "case", "BAG": "bag", "ROL": "roll", "DR": "drum",
             "PAL": "pallet", "TO": "t", "Units": "pcs", "Case": "case", "kg": "kg"}  # fmt: skip
    known = {(row["MATNR"], alias[row["MEINS"]]) for row in good("sap/MARA_materials.csv")}
    known |= {(sku, "t") for sku, unit in known if unit == "kg"}
    known |= {(row["Item No."], row["Unit"]) for row in good("spreadsheet/unit_factors.csv")}
    used = {(row["MATNR"], alias[row["BPRME"]]) for row in good("sap/EORD_source_list.csv")}
    used |= {(row["MATNR"], alias[row["MEINS"]]) for row in good("sap/EKPO_purchase_orders.tsv")}
    used |= {(row["Order Lines/Product/Internal Reference"], alias[row["Order Lines/Unit of Measure"]])
             for row in good("odoo/sale_order_lines.csv.gz")}  # fmt: skip
    assert used <= known


def test_the_ambiguous_file_says_day_and_month_both_ways(read: Read) -> None:
    dates = [row["Received"].split("/") for row in read("spreadsheet/gate_receipts.csv").values()]
    assert any(int(first) > 12 for first, _, _ in dates)
    assert any(int(second) > 12 for _, second, _ in dates)


def test_files_are_as_big_as_promised(truth: Truth) -> None:
    raw = [p.read_bytes() for p in truth.files]
    assert sum(len(data if data[:2] == b"\x1f\x8b" else gzip.compress(data)) for data in raw) < 8_000_000
    counts = truth.get("counts")
    assert counts["skus"] == 240
    assert counts["suppliers"] == 60
    assert counts["customers"] == 150
    assert 120_000 <= counts["sales_order_lines"] <= 160_000
    assert 5_000 <= counts["work_orders"] <= 7_500
    assert 3_500 <= counts["purchase_order_lines"] <= 4_800


def _digest(out: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        whole.update(path.relative_to(out).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in "abc")
    day = date(2025, 6, 30)
    generate(first, seed=3, as_of=day, scale=0.05)
    generate(second, seed=3, as_of=day, scale=0.05)
    generate(other, seed=4, as_of=day, scale=0.05)
    assert _digest(first) == _digest(second) != _digest(other)


def test_the_shipped_plant_never_changes_unnoticed(truth: Truth) -> None:
    """A deliberate change of the generator changes this value; nothing else may (Python version, machine)."""
    named = [(one["file"], one["sha256_uncompressed"]) for one in truth.facts["files"]]
    assert hashlib.sha256(json.dumps(named).encode()).hexdigest() == (
        "d7a9ae202d638424ff066adccb3692ec389fa6357d9fdc52985d056ba21f9c35"
    )


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_scale_must_be_positive(tmp_path: Path, scale: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        generate(tmp_path, scale=scale)


def test_a_missing_fact_is_named(truth: Truth) -> None:
    with pytest.raises(KeyError, match=r"no 'colour' in 'inventory.colour'"):
        truth.get("inventory.colour")


def test_questions_ask_for_facts_that_exist(truth: Truth) -> None:
    import sample_data

    path = Path(str(sample_data.__file__)).with_name("questions.json")
    questions: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    assert len(questions) == 8
    for one in questions:
        for key in one["facts"]:
            truth.get(key)
