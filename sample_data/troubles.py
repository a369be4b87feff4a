"""The trouble planted in the exports: for each file the rows to be rejected, and how many exact copies.

Every bad row is an extra row with exactly one fault and a key of its own, so that what is true of the plant does
not depend on it.
"""

from __future__ import annotations

from sample_data.model import Plant
from sample_data.rng import Stream
from sample_data.tables import Bad, Table
from sample_data.units import SAP_UNIT, gtin13, sap

UNKNOWN_SKU = "00999999"


def _wrong_gtin(item: int) -> str:
    right = gtin13(item)
    return right[:-1] + str((int(right[-1]) + 3) % 10)


_SALES_LINE, _SALES_SKU = "Order Lines/Sequence", "Order Lines/Product/Internal Reference"
_DONE = {"Status": "Fully Delivered"}


def _sales(code: str, column: str, value: str, line: int) -> Bad:
    """A bad extra line of a finished order."""
    return Bad(code, column, value, {_SALES_LINE: str(line)}, _DONE)


TROUBLES: dict[str, tuple[tuple[Bad, ...], int]] = {
    "sap/MARA_materials.csv": ((
        Bad("bad_check_digit", "EAN11", _wrong_gtin(990001), {"MATNR": "00109001"}, {"MTART": "FERT"}),
        Bad("bad_check_digit", "EAN11", _wrong_gtin(990002), {"MATNR": "00109002"}, {"MTART": "FERT"}),
        Bad("required_missing", "MAKTX", "", {"MATNR": "00109003"}),
        Bad("bad_number", "STPRS", "s. Liste", {"MATNR": "00309004"}, {"MTART": "ROH"}),
        Bad("uom_unknown", "MEINS", "QQQ", {"MATNR": "00309005"}, {"MTART": "ROH"}),
        Bad("bad_enum", "MTART", "ZZZZ", {"MATNR": "00409006"}, {"MTART": "VERP"}),
    ), 2),
    "sap/STPO_recipes.csv": ((
        Bad("reference_not_found", "IDNRK", UNKNOWN_SKU, {"POSNR": "0910"}),
        Bad("bad_number", "MENGE", "ca. 12", {"POSNR": "0920"}),
    ), 1),
    "sap/EORD_source_list.csv": ((
        Bad("reference_not_found", "LIFNR", "0000599999", where={"BPRME": "KG"}),
        Bad("reference_not_found", "MATNR", UNKNOWN_SKU, where={"BPRME": "KG"}),
        Bad("bad_number", "NETPR", "auf Anfrage", {"LIFNR": "0000500033"}, {"BPRME": "TO"}),
    ), 1),
    "sap/EKPO_purchase_orders.tsv": ((
        Bad("reference_not_found", "LIFNR", "0000599998", {"EBELN": "4599000001", "EBELP": "00010"}),
        Bad("bad_enum", "ZZSTAT", "LOST_IN_POST", {"EBELN": "4599000002", "EBELP": "00010"}),
        Bad("bad_number", "MENGE", "1O0.000", {"EBELP": "00990"}, {"ZZSTAT": "RECEIVED"}),
        Bad("negative_not_allowed", "MENGE", "120.000-", {"EBELP": "00991"}, {"ZZSTAT": "RECEIVED"}),
        Bad("bad_date", "EINDT", "20261345", {"EBELP": "00992"}, {"ZZSTAT": "RECEIVED"}),
        Bad("required_missing", "MATNR", "", {"EBELP": "00993"}, {"ZZSTAT": "RECEIVED"}),
    ), 3),
    "sap/MATDOC_receipts.tsv": ((
        Bad("reference_not_found", "EBELN", "4599999999", {"MBLNR": "5900000001"}),
        Bad("required_missing", "BUDAT", "00000000", {"MBLNR": "5900000002"}),
        Bad("bad_number", "MENGE", "--", {"MBLNR": "5900000003"}),
    ), 2),
    "sap/MARD_stock.csv": ((
        Bad("reference_not_found", "LGORT", "ZZ99", {"CHARG": "BAD-1"}),
        Bad("reference_not_found", "MATNR", UNKNOWN_SKU, {"CHARG": "BAD-2"}),
        Bad("bad_number", "LBKUM", "12..5", {"CHARG": "BAD-3"}),
        Bad("required_missing", "LBKUM", "", {"CHARG": "BAD-4"}),
    ), 1),
    "sap/MATDOC_movements.csv": ((
        Bad("bad_enum", "BWART", "999", {"MBLNR": "4999000001"}),
        Bad("reference_not_found", "LGORT", "ZZ99", {"MBLNR": "4999000002"}),
        Bad("bad_date", "BUDAT", "20260931", {"MBLNR": "4999000003"}),
    ), 4),
    "odoo/res_partner_customers.csv": ((Bad("required_missing", "Reference", "", {"Name": "Kiosk uden nummer"}),), 2),
    "odoo/sale_order_lines.csv.gz": ((
        _sales("bad_number", "Order Lines/Quantity", "twelve", 901),
        _sales("bad_number", "Order Lines/Quantity", "1O", 902),
        _sales("bad_number", "Order Lines/Unit Price", "ask Ole", 903),
        _sales("required_missing", _SALES_SKU, "", 904),
        _sales("required_missing", "Order Lines/Quantity", "", 905),
        _sales("reference_not_found", _SALES_SKU, UNKNOWN_SKU, 906),
        _sales("reference_not_found", _SALES_SKU, "100001", 907),
        _sales("reference_not_found", _SALES_SKU, "00999998", 908),
        _sales("negative_not_allowed", "Order Lines/Quantity", "-5.00", 909),
        _sales("negative_not_allowed", "Order Lines/Quantity", "-12.00", 910),
        _sales("uom_unknown", "Order Lines/Unit of Measure", "Bucketful", 911),
        Bad("reference_not_found", "Customer/Reference", "9999999", {"Order Reference": "S990001"}, _DONE),
        Bad("bad_enum", "Status", "On its way", {"Order Reference": "S990002"}, _DONE),
        Bad("bad_date", "Order Date", "2026-02-30 10:15:00", {"Order Reference": "S990003"}, _DONE),
        Bad("required_missing", "Order Date", "", {"Order Reference": "S990004"}, _DONE),
    ), 12),
    "odoo/stock_picking_deliveries.csv": ((
        Bad("reference_not_found", "Source Document", "S999999", {"Reference": "WH/OUT/99001"}),
        Bad("bad_number", "Done", "all", {"Reference": "WH/OUT/99002"}),
        Bad("bad_date", "Effective Date", "2026-13-04 09:00:00", {"Reference": "WH/OUT/99003"}),
    ), 3),
    "odoo/mrp_production.csv": ((
        Bad("bad_enum", "State", "Somewhere", {"Reference": "WH/MO/99001"}, {"State": "Done"}),
        Bad("bad_number", "Quantity Produced", "ok", {"Reference": "WH/MO/99002"}, {"State": "Done"}),
        Bad("negative_not_allowed", "Quantity To Produce", "-100.00", {"Reference": "WH/MO/99003"}, {"State": "Done"}),
        Bad("reference_not_found", "Product/Internal Reference", UNKNOWN_SKU, {"Reference": "WH/MO/99004"},
            {"State": "Done"}),
    ), 2),
    "spreadsheet/suppliers.csv": ((
        Bad("required_missing", "Name", "", {"Vendor No.": "0000509001"}),
        Bad("bad_enum", "Status", "see Lars", {"Vendor No.": "0000509002"}),
    ), 1),
    "spreadsheet/unit_factors.csv": ((
        Bad("bad_number", "Base units per unit", "zwölf", {"Unit": "bag"}, {"Unit": "case"}),
        Bad("reference_not_found", "Item No.", UNKNOWN_SKU),
    ), 1),
    "spreadsheet/routings.csv": ((
        Bad("reference_not_found", "Item No.", UNKNOWN_SKU),
        Bad("bad_number", "Rate per hour", "schnell", {"Operation No.": "90"}),
    ), 1),
    "spreadsheet/packaging_call_offs.csv": ((
        Bad("bad_date", "Order Date", "31.02.2026", {"PO Number": "PB-9001", "Line": "10"}),
        Bad("bad_number", "Unit Price", "€ ?", {"PO Number": "PB-9002", "Line": "10"}),
    ), 1),
}  # fmt: skip


def plant_all(plant: Plant, tables: list[Table]) -> None:
    """Plant every file's trouble and work out the physical lines of all rows."""
    for table in tables:
        bads, duplicates = TROUBLES.get(table.path, ((), 0))
        if table.entity == "sku_supplier":
            bads = (*bads, *_unpriced(plant))
        table.plant(Stream(plant.seed, f"trouble/{table.path}"), bads, duplicates)


def _unpriced(plant: Plant) -> list[Bad]:
    """Offers in a unit nobody recorded a factor for: they must wait, never be taken as 1."""
    return [Bad("uom_conversion_missing", "BPRME", SAP_UNIT[one.uom],
                {"MATNR": one.sku, "LIFNR": one.supplier, "NETPR": sap(one.price_e4, 4, 2), "MINBM": sap(one.moq_m),
                 "BSTRF": sap(one.multiple_m), "APLFZ": str(one.lead_days), "FLIFN": "X" if one.preferred else ""})
            for one in plant.unpriced]  # fmt: skip
