"""What people keep in spreadsheets, saved as CSV: titles, empty lines, totals, decimal commas, currency signs.

UTF-8 with a byte order mark, semicolons, dd.mm.yyyy. The gate's own list of goods received writes day and month
in both orders and must be refused as a whole.
"""

from __future__ import annotations

from sample_data.model import Plant, iso
from sample_data.tables import SHEET, Table
from sample_data.units import SHEET_UNIT, european


def german(day: int) -> str:
    """A day as dd.mm.yyyy; 0 is empty."""
    return ".".join(reversed(iso(day).split("-"))) if day else ""


def euro(e4: int, places: int = 2) -> str:
    """An amount as a spreadsheet shows it."""
    return f"€ {european(e4, 4, places)}"


def tables(plant: Plant) -> list[Table]:
    """All spreadsheets, in an order in which they can be loaded."""
    return [
        _locations(plant),
        _suppliers(plant),
        _units(plant),
        _routings(plant),
        _buyer_orders(plant),
        _gate(plant),
        _prices(plant),
        _promotions(plant),
        _shifts(plant),
    ]


def _title(plant: Plant, text: str, width: int) -> list[list[str]]:
    pad = [""] * (width - 1)
    return [[f"Fjordgaard Foods A/S – {text}", *pad], [f"As of {german(plant.as_of)}", *pad], ["", *pad]]


def _locations(plant: Plant) -> Table:
    header = ["Code", "Name", "Type", "Country", "Time zone", "Counts as usable", "Part of"]
    rows = [[one.code, one.name, one.type, "DK", "Europe/Copenhagen", "yes" if one.nettable else "no", one.parent]
            for one in plant.locations]  # fmt: skip
    return Table("spreadsheet/locations.csv", "location", SHEET, header, rows, _title(plant, "locations", len(header)))


def _suppliers(plant: Plant) -> Table:
    header = ["Vendor No.", "Name", "City", "Country/Region Code", "Status", "Lead time (days)", "Currency Code",
              "Approved since", "Purchases, 3 years"]  # fmt: skip
    rows = [[one.code, one.name, one.city, one.country, one.status, str(one.lead_days), one.currency,
             german(one.since), euro(one.spend_e4)] for one in plant.suppliers]  # fmt: skip
    totals = ["Total", *[""] * 7, euro(sum(one.spend_e4 for one in plant.suppliers))]
    return Table("spreadsheet/suppliers.csv", "supplier", SHEET, header, rows,
                 _title(plant, "approved suppliers", len(header)), 25, totals)  # fmt: skip


def _units(plant: Plant) -> Table:
    header = ["Item No.", "Description", "Unit", "Base units per unit", "Barcode"]
    rows = [[one.sku, plant.skus[one.sku].name, SHEET_UNIT[one.uom], european(one.factor_m, 3, 1), one.gtin]
            for one in plant.factors]  # fmt: skip
    return Table("spreadsheet/unit_factors.csv", "sku_uom", SHEET, header, rows,
                 _title(plant, "pack sizes", len(header)), 60)  # fmt: skip


def _routings(plant: Plant) -> Table:
    header = ["Item No.", "Description", "Operation No.", "Operation", "Work Center No.", "Rate per hour",
              "Setup (min)"]  # fmt: skip
    rows = [[one.sku, plant.skus[one.sku].name, one.number, one.text, one.centre, european(one.rate_m, 3, 1),
             european(one.setup_m, 3, 1)] for one in plant.operations]  # fmt: skip
    return Table("spreadsheet/routings.csv", "operation", SHEET, header, rows,
                 _title(plant, "routings", len(header)), 50)  # fmt: skip


def _buyer_orders(plant: Plant) -> Table:
    """Call-offs from two packaging suppliers that the buyer keeps outside the ERP."""
    header = ["PO Number", "Line", "Vendor No.", "Order Date", "Status", "Item No.", "Description", "Quantity", "Unit",
              "Unit Price", "Line total", "Requested Date", "Confirmed Date", "Received", "Rejected"]  # fmt: skip
    lines = [one for one in plant.purchases if one.in_sheet]
    rows = [[one.po, str(one.line_no), one.supplier, german(one.day), one.status.replace("_", " "), one.sku,
             plant.skus[one.sku].name, european(one.qty_m, 3, 1), SHEET_UNIT[one.uom], euro(one.price_e4),
             euro(one.qty_m * one.price_e4 // 1000), german(one.requested),
             german(0 if one.status == "sent" else one.confirmed), european(one.received_m, 3, 1),
             european(one.rejected_m, 3, 1)] for one in lines]  # fmt: skip
    total = sum(one.qty_m * one.price_e4 // 1000 for one in lines)
    return Table("spreadsheet/packaging_call_offs.csv", "purchase_order_line", SHEET, header, rows,
                 _title(plant, "packaging call-offs", len(header)), 40,
                 ["Total", *[""] * 9, euro(total), *[""] * 4])  # fmt: skip


def _gate(plant: Plant) -> Table:
    """Fourteen receipts noted at the gate by two people: 17/08/2026 and 08/21/2026 in one column."""
    header = ["Receipt No.", "PO Number", "Line", "Received", "Quantity", "Unit", "Lot"]
    lines = [one for one in plant.purchases if one.received_m and not one.in_sheet][-14:]
    rows = []
    for i, one in enumerate(lines):
        year, month, day = iso(plant.as_of - 45 + i).split("-")
        when = f"{month}/{day}/{year}" if i % 3 == 2 else f"{day}/{month}/{year}"
        rows.append([f"G-{i + 1:03d}", one.po, f"{one.line_no:05d}", when, european(one.received_m, 3, 1),
                     SHEET_UNIT.get(one.uom, "t"), ""])  # fmt: skip
    return Table("spreadsheet/gate_receipts.csv", "receipt", SHEET, header, rows,
                 _title(plant, "goods received at the gate", len(header)), whole_file="ambiguous_date")  # fmt: skip


def _prices(plant: Plant) -> Table:
    """List prices of what is sold; they rose by three points of the first year's list every year."""
    header = ["Item No.", "Description", "Valid from", "Sales price", "Currency Code", "Price UOM"]
    rows = [[one.code, one.name, german(plant.first_day + 365 * year), euro(one.price_e4 * (97 + 3 * year) // 103),
             "EUR", SHEET_UNIT[one.base]] for one in plant.of_kind("finished") for year in range(3)]  # fmt: skip
    return Table("spreadsheet/price_list.csv", "price", SHEET, header, rows,
                 _title(plant, "price list", len(header)), 60)  # fmt: skip


def _promotions(plant: Plant) -> Table:
    header = ["Promotion No.", "Item No.", "Description", "Start Date", "End Date", "Mechanic", "Discount %", "Leaflet",
              "Status"]  # fmt: skip
    rows = [[one.code, one.sku, plant.skus[one.sku].name, german(one.first), german(one.last), "price cut",
             european(one.discount_bp, 2, 1), "yes" if one.featured else "no", one.status] for one in plant.promotions]  # fmt: skip
    return Table("spreadsheet/promotions.csv", "promotion", SHEET, header, rows,
                 _title(plant, "promotion calendar", len(header)), 30)  # fmt: skip


def _shifts(plant: Plant) -> Table:
    header = ["Shift", "Shift Name", "Site", "Begins", "Ends", "Working days"]
    rows = [
        ["EARLY", "Tidlig", "FJG1", "06:00", "14:00", "Mon-Fri"], ["LATE", "Sen", "FJG1", "14:00", "22:00", "Mon-Fri"],
        ["NIGHT", "Nat", "FJG1", "22:00", "6:00", "Sun-Thu"], ["WEEKEND", "Weekend", "FJG1", "7.00", "19.00", "Sat, Sun"],
    ]  # fmt: skip
    return Table("spreadsheet/shifts.csv", "shift", SHEET, header, rows, _title(plant, "shifts", len(header)))
