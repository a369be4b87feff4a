"""What the sales and production system exports: customers, orders with lines, deliveries, manufacturing orders.

Odoo's column labels; comma, UTF-8, ISO times in the plant's own zone, empty cells for none.
"""

from __future__ import annotations

from sample_data.model import Plant, SalesLine, iso
from sample_data.tables import ODOO, Table
from sample_data.units import ODOO_UNIT, fixed

SALES_STATUS = {"draft": "Quotation", "confirmed": "Sales Order", "partial": "Partially Delivered",
                "completed": "Fully Delivered", "cancelled": "Cancelled"}  # fmt: skip
MO_STATE = {"created": "Draft", "scheduled": "Confirmed", "in_progress": "In Progress", "completed": "Done",
            "cancelled": "Cancelled"}  # fmt: skip


def tables(plant: Plant) -> list[Table]:
    """All Odoo files, in an order in which they can be loaded."""
    return [_customers(plant), _sales(plant), _deliveries(plant), _manufacturing(plant)]


def _number(milli: int) -> str:
    return fixed(milli, 3, 2)


def _customers(plant: Plant) -> Table:
    header = ["Reference", "Name", "City", "Country/Country Code", "Sales Team"]
    rows = [[one.code, one.name, one.city, one.country, one.channel] for one in plant.customers]
    return Table("odoo/res_partner_customers.csv", "customer", ODOO, header, rows)


def _sales(plant: Plant) -> Table:
    header = ["Order Reference", "Order Date", "Customer/Reference", "Sales Team", "Currency", "Status",
              "Order Lines/Sequence", "Order Lines/Product/Internal Reference", "Order Lines/Quantity",
              "Order Lines/Unit of Measure", "Order Lines/Unit Price", "Order Lines/Discount (%)", "Delivery Date",
              "Expected Date", "Order Lines/Cancelled Quantity", "Order Lines/Cancel Reason",
              "Order Lines/Delivery Quantity", "Order Lines/Effective Date"]  # fmt: skip
    return Table("odoo/sale_order_lines.csv.gz", "sales_order_line", ODOO, header, [_line(x) for x in plant.sales])


def _line(one: SalesLine) -> list[str]:
    return [one.order, f"{iso(one.day)} {one.clock}", one.customer, one.channel, "EUR", SALES_STATUS[one.status],
            str(one.line_no), one.sku, _number(one.qty_m), ODOO_UNIT[one.uom], fixed(one.price_e4, 4, 2),
            fixed(one.discount_bp, 2, 2), iso(one.requested), iso(one.promised), _number(one.cancelled_m), one.reason,
            _number(one.shipped_m), iso(one.shipped_on) if one.shipped_on else ""]  # fmt: skip


def _deliveries(plant: Plant) -> Table:
    header = ["Reference", "Sequence", "Source Document", "Source Line", "Product/Internal Reference",
              "Effective Date", "Done", "Unit of Measure", "Lot/Serial Number"]  # fmt: skip
    rows = [[one.number, str(one.line), one.order, str(one.order_line), one.sku, f"{iso(one.day)} {one.clock}",
             _number(one.qty_m), ODOO_UNIT[one.uom], one.lot] for one in plant.shipments]  # fmt: skip
    return Table("odoo/stock_picking_deliveries.csv", "shipment_line", ODOO, header, rows)


def _manufacturing(plant: Plant) -> Table:
    header = ["Reference", "Product/Internal Reference", "Quantity To Produce", "Quantity Produced",
              "Scrapped Quantity", "Unit of Measure", "State", "Scheduled Date", "Scheduled End Date", "Start Date",
              "End Date", "Deadline", "Scrap Reason", "Work Center"]  # fmt: skip
    rows = [[one.number, one.sku, _number(one.ordered_m), _number(one.good_m), _number(one.scrap_m),
             ODOO_UNIT[one.uom], MO_STATE[one.status], f"{iso(one.start)} {one.start_clock}",
             f"{iso(one.end)} {one.end_clock}",
             f"{iso(one.actual_start)} {one.start_clock}" if one.actual_start else "",
             f"{iso(one.actual_end)} {one.end_clock}" if one.actual_end else "", iso(one.due), one.reason, one.line]
            for one in plant.work_orders]  # fmt: skip
    return Table("odoo/mrp_production.csv", "work_order", ODOO, header, rows)
