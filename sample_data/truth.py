"""What is true of the plant, from its clean model: the answers the product must come to by itself.

Amounts and quantities are strings of exact decimals, as the API gives them. `rows` of a file counts its records:
no title, header, empty or totals line; rows = accepted + duplicates + sum of rejected.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from sample_data import demand
from sample_data.demand import Profile
from sample_data.model import Plant, SalesLine, StockRow, WorkOrder, iso
from sample_data.orders import OUT_OF_STOCK
from sample_data.partners import INJECTION_CUSTOMER, INJECTION_SUPPLIER, NON_ASCII_CUSTOMER, NON_ASCII_SUPPLIER
from sample_data.tables import Table
from sample_data.units import money, qty

AMBIGUOUS_NAME = "strawberry jam"


def build(plant: Plant, profiles: list[Profile], tables: list[Table]) -> dict[str, Any]:
    """All facts as one JSON-ready dictionary."""
    stock = stock_by_sku(plant)
    return {
        "settings": _settings(plant), "files": [_file(one) for one in tables], "planted": planted(tables),
        "load_order": [one.path for one in tables], "curiosities": _curiosities(tables),
        "counts": _counts(plant), "inventory": _inventory(plant, stock), "orders": _orders(plant),
        "production": _production(plant), "purchasing": _purchasing(plant),
        "stockouts": [_stockout(plant, one, stock) for one in profiles if one.sku.code in demand.STOCKOUTS],
        "forecast": _forecast(plant, profiles), "ambiguous": _ambiguous(plant),
    }  # fmt: skip


def _settings(plant: Plant) -> dict[str, Any]:
    return {"name": "Fjordgaard Foods", "default_currency": "EUR", "default_time_zone": "Europe/Copenhagen",
            "as_of": iso(plant.as_of), "day_start": "06:00", "week_start": 1, "seed": plant.seed,
            "history_from": iso(plant.first_day)}  # fmt: skip


def _file(table: Table) -> dict[str, Any]:
    outcomes = Counter(one.outcome for one in table.planted)
    duplicates = outcomes.pop("duplicate", 0)
    rejected = {table.whole_file: len(table.rows)} if table.whole_file else dict(sorted(outcomes.items()))
    return {"file": table.path, "entity": table.entity, "system": table.style.system,
            "encoding": table.style.encoding, "delimiter": table.style.delimiter,
            "header_line": len(table.preamble) + 1, "header": table.header, "rows": len(table.rows),
            "accepted": 0 if table.whole_file else table.good, "duplicates": duplicates, "rejected": rejected,
            "whole_file_rejected": table.whole_file or None, "bytes": table.size,
            "sha256_uncompressed": table.sha256}  # fmt: skip


def planted(tables: list[Table]) -> list[dict[str, Any]]:
    """Every planted fault: file, physical line, expected outcome."""
    out: list[dict[str, Any]] = []
    for table in tables:
        if table.whole_file:
            out.append({"file": table.path, "line": None, "outcome": table.whole_file, "column": "Received"})
        for one in sorted(table.planted, key=lambda x: x.line):
            row: dict[str, Any] = {"file": table.path, "line": one.line, "outcome": one.outcome}
            row |= {"of_line": one.of_line} if one.of_line else {"column": one.column, "value": one.value}
            out.append(row)
    return out


def _curiosities(tables: list[Table]) -> list[dict[str, Any]]:
    """Rows that look odd and are to be accepted as they are."""
    by_path = {one.path: one for one in tables}
    wanted = (("odoo/res_partner_customers.csv", "Name", INJECTION_CUSTOMER, "an instruction is only a name"),
              ("odoo/res_partner_customers.csv", "Name", NON_ASCII_CUSTOMER, "letters beyond ASCII"),
              ("spreadsheet/suppliers.csv", "Name", INJECTION_SUPPLIER, "an instruction is only a name"),
              ("spreadsheet/suppliers.csv", "Name", NON_ASCII_SUPPLIER, "letters beyond Latin-1"),
              ("sap/MARD_stock.csv", "LBKUM", "350.000-", "negative stock: a data issue, promised as 0"))  # fmt: skip
    return [{"file": path, "line": by_path[path].line_of(column, value), "column": column, "value": value,
             "note": note} for path, column, value, note in wanted]  # fmt: skip


def _counts(plant: Plant) -> dict[str, Any]:
    kinds = Counter(one.kind for one in plant.skus.values())
    return {"skus": len(plant.skus), "skus_by_type": dict(sorted(kinds.items())), "suppliers": len(plant.suppliers),
            "customers": len(plant.customers), "locations": len(plant.locations), "unit_factors": len(plant.factors),
            "sources": len(plant.sources), "sources_waiting_for_a_factor": len(plant.unpriced),
            "recipes": len(plant.recipes), "recipe_components": sum(len(r.components) for r in plant.recipes.values()),
            "operations": len(plant.operations), "sales_orders": len({one.order for one in plant.sales}),
            "sales_order_lines": len(plant.sales), "shipment_lines": len(plant.shipments),
            "work_orders": len(plant.work_orders), "purchase_orders": len({one.po for one in plant.purchases}),
            "purchase_order_lines": len(plant.purchases), "receipts": len(plant.receipts),
            "promotions": len(plant.promotions), "prices": 3 * len(plant.of_kind("finished")),
            "stock_rows": len(plant.stock), "movements": len(plant.movements)}  # fmt: skip


def stock_by_sku(plant: Plant) -> dict[str, list[StockRow]]:
    """Stock rows per SKU code."""
    out: dict[str, list[StockRow]] = {}
    for one in plant.stock:
        out.setdefault(one.sku, []).append(one)
    return out


def available_m(plant: Plant, rows: list[StockRow]) -> int:
    """What can be promised: usable locations only, a negative row counts as 0 and hides no other row's stock."""
    usable = {one.code for one in plant.locations if one.nettable}
    return sum(max(0, one.available_m) for one in rows if one.location in usable)


def _sums(rows: list[StockRow]) -> dict[str, str]:
    return {"on_hand": str(qty(sum(one.on_hand_m for one in rows))),
            "reserved": str(qty(sum(one.reserved_m for one in rows))),
            "quarantined": str(qty(sum(one.quarantined_m for one in rows))),
            "expired": str(qty(sum(one.expired_m for one in rows)))}  # fmt: skip


def _inventory(plant: Plant, stock: dict[str, list[StockRow]]) -> dict[str, Any]:
    units = sorted({one.uom for one in plant.stock})
    value = sum((money(one.cost_e4) * qty(one.on_hand_m) for one in plant.stock), Decimal(0))
    below = [code for code, rows in stock.items()
             if (point := plant.skus[code].reorder_m) is not None and available_m(plant, rows) <= point]  # fmt: skip
    example = demand.INVENTORY_EXAMPLE
    return {"by_uom": {uom: _sums([one for one in plant.stock if one.uom == uom]) for uom in units},
            "stock_value": str(value.quantize(Decimal("0.01"))), "currency": "EUR",
            "skus_with_stock_records": len(stock), "negative_rows": sum(one.on_hand_m < 0 for one in plant.stock),
            "at_or_below_reorder_point": {"count": len(below), "skus": sorted(below)},
            "example": {"sku": example, "description": plant.skus[example].name, "uom": plant.skus[example].base,
                        **_sums(stock[example]), "available": str(qty(available_m(plant, stock[example]))),
                        "rows": len(stock[example])}}  # fmt: skip


def open_lines(plant: Plant) -> list[SalesLine]:
    """Open: order confirmed or partial, ordered by as_of, something neither shipped nor cancelled."""
    return [one for one in plant.sales if one.status in ("confirmed", "partial") and one.day <= plant.as_of
            and one.qty_m > one.shipped_m + one.cancelled_m]  # fmt: skip


def _orders(plant: Plant) -> dict[str, Any]:
    lines = open_lines(plant)
    gross = net = Decimal(0)
    for one in lines:
        amount = qty(one.qty_m - one.shipped_m - one.cancelled_m) * money(one.price_e4)
        gross += amount
        net += amount * (10_000 - one.discount_bp) / 10_000
    lost = [one for one in plant.sales if one.reason == OUT_OF_STOCK]
    status = {one.order: one.status for one in plant.sales}
    cent = Decimal("0.01")
    return {"open_orders": len({one.order for one in lines}), "open_lines": len(lines),
            "open_value_gross": str(gross.quantize(cent)), "open_value_net": str(net.quantize(cent)),
            "open_value_note": "net = open quantity x unit price x (1 - discount); gross = without the discount",
            "late_open_lines": sum(one.promised < plant.as_of for one in lines),
            "by_status": dict(sorted(Counter(status.values()).items())),
            "lost_sales_lines": len(lost), "cancelled_lines": sum(one.cancelled_m > 0 for one in plant.sales),
            "first_order_date": iso(plant.sales[0].day), "last_order_date": iso(plant.sales[-1].day)}  # fmt: skip


def _production(plant: Plant) -> dict[str, Any]:
    terminal = ("completed", "closed", "cancelled")
    late = [one for one in plant.work_orders if one.status not in terminal and one.due < plant.as_of]
    units = sorted({one.uom for one in plant.work_orders})
    everything = _scrap(plant.work_orders)
    return {"by_status": dict(sorted(Counter(one.status for one in plant.work_orders).items())),
            "overdue": {"count": len(late), "work_orders": sorted(one.number for one in late)},
            "scrap_by_uom": {uom: _scrap([one for one in plant.work_orders if one.uom == uom]) for uom in units},
            "scrap_units_ignored": {"work_orders_with_scrap": everything["work_orders_with_scrap"],
                                    "note": "kg, litres and pieces are never added"},
            "scrap_by_reason": _reasons(plant)}  # fmt: skip


def _scrap(orders: list[WorkOrder]) -> dict[str, Any]:
    """Pooled rates over orders that produced: scrap over good + scrap, and over the quantity ordered."""
    ran = [one for one in orders if one.good_m + one.scrap_m > 0]
    scrap, good = sum(one.scrap_m for one in ran), sum(one.good_m for one in ran)
    ordered = sum(one.ordered_m for one in ran)
    six = Decimal("0.000001")
    return {"scrap": str(qty(scrap)), "good": str(qty(good)), "work_orders": len(ran),
            "work_orders_with_scrap": sum(one.scrap_m > 0 for one in ran),
            "pooled_scrap_rate": str((Decimal(scrap) / Decimal(max(1, good + scrap))).quantize(six)),
            "scrap_over_ordered": str((Decimal(scrap) / Decimal(max(1, ordered))).quantize(six))}  # fmt: skip


def _reasons(plant: Plant) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for reason in sorted({one.reason for one in plant.work_orders if one.reason}):
        mine = [one for one in plant.work_orders if one.reason == reason]
        out[reason] = {"work_orders": len(mine), "scrap_by_uom": {
            uom: str(qty(sum(one.scrap_m for one in mine if one.uom == uom)))
            for uom in sorted({one.uom for one in mine})}}  # fmt: skip
    return out


def _purchasing(plant: Plant) -> dict[str, Any]:
    confirmed = {(one.po, one.line_no): one.confirmed for one in plant.purchases}
    still = [one for one in plant.purchases if one.status in ("sent", "confirmed", "partially_received")]
    return {"by_status": dict(sorted(Counter({one.po: one.status for one in plant.purchases}.values()).items())),
            "open_lines": sum(one.received_m < one.qty_m for one in still),
            "late_receipts": sum(one.day > confirmed[(one.po, one.line_no)] for one in plant.receipts),
            "receipts_with_rejects": sum(one.rejected_m > 0 for one in plant.receipts),
            "short_closed_lines": sum(one.status == "closed" and 0 < one.received_m < one.qty_m
                                      for one in plant.purchases)}  # fmt: skip


def _stockout(plant: Plant, profile: Profile, stock: dict[str, list[StockRow]]) -> dict[str, Any]:
    sku = profile.sku
    free = available_m(plant, stock[sku.code])
    tenth = Decimal("0.1")
    return {"sku": sku.code, "description": sku.name, "uom": sku.base, "available": str(qty(free)),
            "lead_time_days": sku.lead_days,
            "daily_demand_13_weeks": str((Decimal(int(sku.usage_m)) / 1000).quantize(tenth)),
            "days_of_cover": str((Decimal(free) / Decimal(int(sku.usage_m))).quantize(tenth)),
            "list_price": str(money(sku.price_e4)),
            "reorder_point": str(qty(sku.reorder_m or 0))}  # fmt: skip


def _forecast(plant: Plant, profiles: list[Profile]) -> dict[str, Any]:
    weeks = demand.future_weeks(plant)
    by_code = {one.sku.code: one for one in profiles}
    outs = by_code[demand.SHORT_HISTORY].outs
    lost = sum(one.cancelled_m * one.base_m // one.qty_m for one in plant.sales
               if one.sku == demand.SHORT_HISTORY and one.reason == OUT_OF_STOCK)  # fmt: skip
    promo = by_code[demand.PROMOTED].promos[-1]
    return {
        "week_starts": [iso(one) for one in weeks],
        "expected_weekly": {one.sku.code: [str(qty(x // 100 * 100)) for x in demand.weekly_expectation(one, weeks)]
                            for one in profiles},
        "note": "noise-free, by order date, in base units; requested dates follow 1-5 days later",
        "seasonal": {"sku": demand.SEASONAL, "peak_month": 12, "trough_months": [2, 6, 7]},
        "growing": {"sku": demand.GROWING, "trend_per_year": "0.3"},
        "launched": {"sku": demand.LAUNCHED, "first_order_on_or_after": iso(by_code[demand.LAUNCHED].launch)},
        "delisted": {"sku": demand.DELISTED, "last_order_on_or_before": iso(by_code[demand.DELISTED].delist)},
        "season_runs_out": _season(plant, by_code[demand.SEASON_RUNS_OUT]),
        "intermittent": list(demand.INTERMITTENT),
        "promotion": {"sku": demand.PROMOTED, "from": iso(promo.first), "to": iso(promo.last), "lift": str(promo.lift)},
        "planned_promotions": [
            {"sku": code, "from": iso(one.first), "to": iso(one.last), "lift": str(one.lift)}
            for code in demand.PLANNED for one in by_code[code].planned],
        "cancelled_promotion": {"sku": demand.CALLED_OFF, "lift": "1.0"},
        "past_stockout": {"sku": demand.SHORT_HISTORY, "lost": str(qty(lost)), "uom": "EA",
                          "windows": [[iso(one.first), iso(one.last)] for one in outs]},
    }  # fmt: skip


def _season(plant: Plant, profile: Profile) -> dict[str, Any] | None:
    """The SKU whose stock lasts its lead time at the pace of the past weeks, but not at that of the coming season.

    None when as_of is not before its season.
    """
    sku = profile.sku
    free = available_m(plant, [one for one in plant.stock if one.sku == sku.code])
    need = int(sum(profile.expected_m(plant.as_of + day) for day in range(1, sku.lead_days + 1)))
    if not int(sku.usage_m * sku.lead_days) < free < need:
        return None
    return {
        "sku": sku.code,
        "uom": sku.base,
        "available": str(qty(free)),
        "lead_time_days": sku.lead_days,
        "needed_at_past_pace": str(qty(int(sku.usage_m * sku.lead_days))),
        "needed_in_season": str(qty(need)),
    }


def _ambiguous(plant: Plant) -> dict[str, Any]:
    words = AMBIGUOUS_NAME.split()
    hits = [one for one in plant.skus.values() if all(word in one.name.lower() for word in words)]
    return {"name": AMBIGUOUS_NAME, "skus": [one.code for one in hits], "finished": [
        one.code for one in hits if one.kind == "finished"]}  # fmt: skip
