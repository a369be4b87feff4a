"""What the ERP exports: materials, stock, recipes, source list, purchase orders, receipts, movements.

SAP field names; dates YYYYMMDD with 00000000 for none; decimal point and the minus sign behind the number;
codes with their leading zeros; cp1252. Fields starting with ZZ are the plant's own additions, as SAP names them.
`LBKUM` is the whole valuated stock of the row, of which `BDMNG` is reserved, `INSME` in inspection and
`ZZEXPIRED` past its date.
"""

from __future__ import annotations

from functools import cache

from sample_data.model import Plant, iso
from sample_data.tables import SAP, SAP_TAB, Table
from sample_data.units import SAP_UNIT, sap

MATERIAL_TYPE = {"finished": "FERT", "semi_finished": "HALB", "raw": "ROH", "packaging": "VERP"}
_WERKS = "FJG1"


@cache
def dats(day: int) -> str:
    """A day as SAP keeps it; 0 is no day."""
    return iso(day).replace("-", "") if day else "00000000"


def tables(plant: Plant) -> list[Table]:
    """All SAP files, in an order in which they can be loaded."""
    return [_materials(plant), _recipes(plant), _sources(plant), _purchases(plant), _receipts(plant), _stock(plant),
            _movements(plant)]  # fmt: skip


def _materials(plant: Plant) -> Table:
    header = ["MATNR", "MAKTX", "MTART", "MATKL", "WERKS", "MEINS", "EAN11", "STPRS", "KBETR", "WAERS", "MHDHB",
              "XCHPF", "BESKZ", "MINBE", "EISBE", "PLIFZ", "BSTMI", "BSTRF"]  # fmt: skip
    rows = [[one.code, one.name, MATERIAL_TYPE[one.kind], one.category, _WERKS, SAP_UNIT[one.base], one.gtin,
             sap(one.cost_e4, 4, 4), sap(one.price_e4, 4, 2) if one.price_e4 else "", "EUR", str(one.shelf_days or ""),
             "X" if one.lots else "", "E" if one.made else "F",
             "" if one.reorder_m is None else sap(one.reorder_m), "" if one.safety_m is None else sap(one.safety_m),
             str(one.lead_days), sap(one.moq_m) if one.moq_m else "", sap(one.multiple_m) if one.multiple_m else ""]
            for one in plant.skus.values()]  # fmt: skip
    return Table("sap/MARA_materials.csv", "sku", SAP, header, rows)


def _recipes(plant: Plant) -> Table:
    header = ["MATNR", "WERKS", "STLAL", "BMENG", "BMEIN", "ZZYIELD", "DATUV", "POSNR", "IDNRK", "MENGE", "MEINS",
              "AUSCH"]  # fmt: skip
    rows = [[one.parent, _WERKS, one.version, sap(one.base_m), SAP_UNIT[one.uom], sap(one.yield_e4, 4, 4),
             dats(one.valid_from), f"{part.line_no:04d}", part.sku, sap(part.qty_m), SAP_UNIT[part.uom],
             sap(part.scrap_e4, 2, 2)]
            for one in plant.recipes.values() for part in one.components]  # fmt: skip
    return Table("sap/STPO_recipes.csv", "bom_component", SAP, header, rows)


def _sources(plant: Plant) -> Table:
    header = ["MATNR", "LIFNR", "NETPR", "WAERS", "BPRME", "MINBM", "BSTRF", "APLFZ", "FLIFN"]
    rows = [[one.sku, one.supplier, sap(one.price_e4, 4, 2), "EUR", SAP_UNIT[one.uom], sap(one.moq_m),
             sap(one.multiple_m), str(one.lead_days), "X" if one.preferred else ""]
            for one in plant.sources]  # fmt: skip
    return Table("sap/EORD_source_list.csv", "sku_supplier", SAP, header, rows)


def _purchases(plant: Plant) -> Table:
    header = ["EBELN", "EBELP", "LIFNR", "BEDAT", "WAERS", "ZZSTAT", "MATNR", "TXZ01", "MENGE", "MEINS", "NETPR",
              "SLFDT", "EINDT", "WEMNG", "ZZREJ"]  # fmt: skip
    rows = [[one.po, f"{one.line_no:05d}", one.supplier, dats(one.day), "EUR", one.status.upper(), one.sku,
             plant.skus[one.sku].name, sap(one.qty_m), SAP_UNIT[one.uom], sap(one.price_e4, 4, 4),
             dats(one.requested), dats(0 if one.status == "sent" else one.confirmed), sap(one.received_m),
             sap(one.rejected_m)]
            for one in plant.purchases if not one.in_sheet]  # fmt: skip
    return Table("sap/EKPO_purchase_orders.tsv", "purchase_order_line", SAP_TAB, header, rows)


def _receipts(plant: Plant) -> Table:
    header = ["MBLNR", "ZEILE", "EBELN", "EBELP", "BUDAT", "MENGE", "MEINS", "CHARG", "LMENGE01", "LMENGE04"]
    rows = [[one.number, "0001", one.po, f"{one.line_no:05d}", dats(one.day), sap(one.qty_m), SAP_UNIT[one.uom],
             one.lot, sap(one.accepted_m), sap(one.rejected_m)]
            for one in plant.receipts]  # fmt: skip
    return Table("sap/MATDOC_receipts.tsv", "receipt", SAP_TAB, header, rows)


def _stock(plant: Plant) -> Table:
    header = ["MATNR", "WERKS", "LGORT", "CHARG", "STICHTAG", "LBKUM", "BDMNG", "INSME", "ZZEXPIRED", "MEINS", "STPRS",
              "VFDAT"]  # fmt: skip
    rows = [[one.sku, _WERKS, one.location, one.lot, dats(plant.as_of), sap(one.on_hand_m), sap(one.reserved_m),
             sap(one.quarantined_m), sap(one.expired_m), SAP_UNIT[one.uom], sap(one.cost_e4, 4, 4), dats(one.expiry)]
            for one in plant.stock]  # fmt: skip
    return Table("sap/MARD_stock.csv", "inventory_snapshot", SAP, header, rows)


def _movements(plant: Plant) -> Table:
    header = ["MBLNR", "ZEILE", "BWART", "MATNR", "WERKS", "LGORT", "MENGE", "MEINS", "CHARG", "BUDAT", "XBLNR"]
    rows = [[one.number, "0001", one.code, one.sku, _WERKS, one.location, sap(one.qty_m), SAP_UNIT[one.uom], one.lot,
             dats(one.day), one.ref]
            for one in plant.movements]  # fmt: skip
    return Table("sap/MATDOC_movements.csv", "inventory_movement", SAP, header, rows)
