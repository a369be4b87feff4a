"""Recognition: headers of real systems, of our own templates and of nobody."""

from __future__ import annotations

import pytest

from opscopilot.catalogue import recognition, samples, synonyms, templates
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.templates import csv_template
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing.entities import registry

CATALOGUE: Registry = registry()
SYSTEMS = [
    ("sku", "SAP ECC/S4", "MATNR;MTART;MATKL;MEINS;MAKTX;EAN11;ERSDA;BISMT"),
    ("sku", "SAP ECC/S4", "MARA-MATNR;MARA-MTART;MARA-MATKL;MARA-MEINS;MAKTX"),
    ("sku", "NetSuite", "Internal ID;Name;Display Name/Code;Type;Units Type;Item Name;SKU"),
    ("inventory_snapshot", "SAP ECC/S4", "MATNR;WERKS;LGORT;LABST;INSME;SPEME"),
    ("sales_order", "SAP ECC/S4", "VBELN;AUDAT;AUART;KUNNR;WAERK;NETWR;GBSTK;VKORG"),
    ("sales_order_line", "SAP ECC/S4", "VBELN;POSNR;MATNR;ARKTX;KWMENG;VRKME;NETPR;WAERK;WERKS;ABGRU"),
    ("purchase_order", "SAP ECC/S4", "EBELN;BUKRS;BSART;LIFNR;BEDAT;WAERS;EKORG"),
    ("work_order", "SAP ECC/S4", "AUFNR;PLNBEZ;GAMNG;GMEIN;GSTRP;GLTRP;IGMNG;GASMG"),
    ("supplier", "SAP ECC/S4", "LIFNR;NAME1;LAND1;ORT01;KTOKK;STCD1"),
    ("customer", "SAP ECC/S4", "KUNNR;NAME1;LAND1;ORT01;PSTLZ;STRAS"),
    ("bom_component", "Odoo",
     "Product/Internal Reference;Quantity;BoM Lines/Component/Internal Reference;BoM Lines/Quantity"),
    ("sales_order_line", "Odoo",
     "Order Reference;Customer/Reference;Order Date;Order Lines/Product/Internal Reference;Order Lines/Quantity"),
    ("purchase_order_line", "Microsoft Dynamics 365 BC / NAV",
     "Document No.;Line No.;No.;Buy-from Vendor No.;Quantity;Direct Unit Cost;Expected Receipt Date;Quantity Received"),
    ("inventory_snapshot", None, "Artikelnummer;Lagerort;Bestand;Einheit;Charge"),
    ("inventory_snapshot", None, "Item;Warehouse;On Hand;Reserved;Unit"),
    ("sales_order_line", None, "Order No.;Line;SKU;Qty;Price;Order Date;Customer No."),
    ("supplier", None, "Lieferantennr;Firma;Ort;E-Mail"),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "system", "header"), SYSTEMS)
def test_headers_of_real_systems_are_recognised(entity: str, system: str | None, header: str) -> None:
    found = recognition.recognise(header.split(";"), CATALOGUE)
    assert found.best is not None, [(one.entity, one.score, one.missing) for one in found.bids[:3]]
    assert found.best.entity == entity
    if system is not None:
        assert found.system == system


@pytest.mark.parametrize(("header", "wanted"), [
    ("VBELN;POSNR;MATNR;KWMENG;VRKME;WERKS", "WERKS"),
    ("VBELN;POSNR;MATNR;KWMENG;VRKME;WERKS;LGORT", "LGORT"),
    ("Order Reference;Customer/Reference;Order Date;Warehouse;Order Lines/Product/Internal Reference;"
     "Order Lines/Quantity", "Warehouse"),
    ("SALESID;LINENUM;ITEMID;SALESQTY;SALESUNIT;InventLocationId", "InventLocationId"),
    ("Order No.;Line;SKU;Qty;Price;Order Date;Customer No.;Ship From", "Ship From"),
    ("Order No.;Line;SKU;Qty;Price;Order Date;Customer No.;Plant", "Plant"),
    ("Order No.;Line;SKU;Qty;Price;Order Date;Customer No.;Ship To", None),
])  # fmt: skip
def test_the_place_an_order_line_leaves_from(header: str, wanted: str | None) -> None:
    best = recognition.recognise(header.split(";"), CATALOGUE).best
    assert best is not None
    assert best.entity == "sales_order_line"
    assert {match.field: match.header for match in best.matches}.get("ship_from") == wanted


@pytest.mark.parametrize("entity", CATALOGUE.names())
def test_every_template_is_recognised_and_each_column_is_itself(entity: str) -> None:
    header = csv_template(CATALOGUE[entity], CATALOGUE).splitlines()[0].split(",")
    best = recognition.recognise(header, CATALOGUE).best
    assert best is not None
    assert best.entity == entity
    assert {match.header: match.field for match in best.matches} == {name: name for name in header}


@pytest.mark.parametrize(
    "header", ["Employee;Birthday;Salary", "a;b;c", "Material;Plant;Foo;Bar", "Code;Name", "Item;Unit"]
)
def test_what_is_not_clear_is_not_recognised(header: str) -> None:
    best = recognition.recognise(header.split(";"), CATALOGUE, "export.csv").best
    assert (
        best is None or best.entity == "location"
    )  # code and name: a location, and only because nothing else has them


def test_customers_and_suppliers_alike_are_told_apart_by_the_files_name_only() -> None:
    header = ["No.", "Name", "City", "E-Mail"]
    assert recognition.recognise(header, CATALOGUE, "x.csv").best is None
    by_name = recognition.recognise(header, CATALOGUE, "suppliers_2026.csv").best
    assert by_name is not None
    assert by_name.entity == "supplier"


def test_a_column_is_used_once_and_a_repeated_header_counts_once() -> None:
    found = recognition.recognise(["SKU", "Description", "Unit", "Unit", "SKU"], CATALOGUE).of("sku")
    assert found is not None
    assert sorted((match.header, match.field) for match in found.matches) == [
        ("Description", "description"), ("SKU", "sku_code"), ("Unit", "base_uom"),
    ]  # fmt: skip


def matched(entity: str, *header: str) -> dict[str, str]:
    """Header → field of one entity's bid."""
    found = recognition.recognise(header, CATALOGUE).of(entity)
    assert found is not None
    return {match.header: match.field for match in found.matches}


def test_a_header_changes_its_meaning_with_its_neighbours() -> None:
    alone = matched("purchase_order_line", "EBELN", "EBELP", "MATNR", "MENGE", "EINDT")
    assert alone["EINDT"] == "requested_date"
    beside = matched("purchase_order_line", "EBELN", "EBELP", "MATNR", "MENGE", "EINDT", "SLFDT")
    assert (beside["SLFDT"], beside["EINDT"]) == ("requested_date", "confirmed_date")


def test_sap_unrestricted_stock_is_not_reduced_by_stock_in_inspection_a_second_time() -> None:
    unrestricted = matched("inventory_snapshot", "MATNR", "LGORT", "LABST", "INSME")
    assert unrestricted == {"MATNR": "sku_code", "LGORT": "location_code", "LABST": "quantity_on_hand"}
    whole = matched("inventory_snapshot", "MATNR", "LGORT", "LBKUM", "INSME")
    assert whole["LBKUM"] == "quantity_on_hand"
    assert whole["INSME"] == "quantity_quarantined"


def test_a_percentage_in_the_header_is_remembered() -> None:
    found = recognition.recognise(
        ["Order Lines/Discount (%)", "Order Reference", "Order Lines/Quantity"], CATALOGUE
    ).of("sales_order_line")
    assert found is not None
    assert {match.field: match.percent for match in found.matches}["discount"] is True


def test_p82_a_purchase_order_never_becomes_a_work_order() -> None:
    found = recognition.recognise(
        ["PO Number", "Line", "Item No.", "Quantity", "Unit", "Vendor No.", "Order Date"], CATALOGUE
    )
    assert found.best is not None
    assert found.best.entity == "purchase_order_line"
    work_order = found.of("work_order")
    assert work_order is not None
    assert not work_order.complete


def test_spellings_of_a_header() -> None:
    assert synonyms.spellings("MARA-MATNR") == ["maramatnr", "matnr"]
    assert synonyms.spellings("Lead time (days)") == ["leadtimedays", "leadtime"]
    assert synonyms.key("Scrap %") == "scrappct"
    assert synonyms.key("SO #") == "sono"
    assert synonyms.key("  Größe ") == "grösse"


def test_every_synonym_points_at_a_field_that_exists() -> None:
    for rows in synonyms.known().by_key.values():
        for one in rows:
            if one.entity == synonyms.ANY:
                assert any(entity.has(one.field) for entity in CATALOGUE), one
            elif one.field:
                known = recognition.carried(CATALOGUE[one.entity], CATALOGUE)
                assert one.field in known, one
                assert set(one.values.values()) <= set(known[one.field].enum), one


def test_a_lead_time_in_weeks_is_none_in_days_and_hours_are_no_minutes() -> None:
    assert "Lead Time (weeks)" not in matched("sku", "SKU", "Description", "Lead Time (weeks)")
    assert matched("sku", "SKU", "Description", "Lead Time (days)")["Lead Time (days)"] == "lead_time_days"
    assert "Setup (hrs)" not in matched("operation", "Item", "Op", "Setup (hrs)")
    assert matched("operation", "Item", "Op", "Setup (min)")["Setup (min)"] == "setup_min"


def test_the_state_of_an_address_is_no_status() -> None:
    assert "State" not in matched("sales_order", "Order ID", "Customer ID", "City", "State")
    assert matched("sales_order", "Order ID", "Customer ID", "State")["State"] == "status"


def test_every_type_has_a_name_for_its_values_and_a_verdict() -> None:
    assert set(samples.KINDS) == set(Type)
    for entity in CATALOGUE:
        for field in entity.fields:
            example = samples.Column((templates.example(field) or "x",) * 3)
            assert example.verdict(field) != "contradicts", (entity.name, field.name)
