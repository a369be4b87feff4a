"""How a tool's result is said: sentences made of its own figures, each with the citation of its call.

The verifier reads every sentence afterwards, so a slip here drops a sentence and never becomes a wrong figure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from opscopilot.copilot.model import ToolRun
from opscopilot.copilot.say_forecast import alerts, forecast
from opscopilot.copilot.wording import amounts, capped, measure, number, percent, quantities
from opscopilot.kernel.tenancy import PlantSettings

Data = Mapping[str, Any]
_SHOWN = 8
_BRIEFLY = 3
_MORE = re.compile(r"\d+ more are not listed here\.")
NOT_LOOKED_AT = "At most three of each are named. Not looked at: open orders, scrap, suppliers, recipes and the quality of the data."


def tell(run: ToolRun, plant: PlantSettings) -> list[str]:
    """The sentences for one tool call, with [n] at their end."""
    result = run.result
    if result is None:
        return [f"The question to {run.tool} failed; what it would have said is missing here."]
    told = _NOTHING.get(result.status, _told)(run, plant)
    notes = [] if result.status in ("ambiguous", "not_found") else result.warnings
    if run.tool in _TELLERS:  # which says itself how many it left out
        notes = [one for one in notes if not _MORE.fullmatch(one)]
    return [f"{sentence} [{run.n}]" for sentence in [*told, *notes]]


def brief(sentences: list[str]) -> list[str]:
    """The same for an overview: what is said of all, and the first three of what is listed."""
    listed = [one for one in sentences if one.startswith("·")][:_BRIEFLY]
    return [
        one for one in sentences
        if (one in listed if one.startswith("·") else not one.startswith("The first "))
    ]  # fmt: skip


def _told(run: ToolRun, plant: PlantSettings) -> list[str]:
    assert run.result is not None
    teller = _TELLERS.get(run.tool)
    sentences = teller(run.result.data, run.args) if teller else [f"{run.tool} answered; see its data."]
    if run.result.as_of and sentences:
        sentences[0] = f"{sentences[0].rstrip('.')} (as of {run.result.as_of}, {plant.default_time_zone})."
    return sentences


def _ambiguous(run: ToolRun, _plant: PlantSettings) -> list[str]:
    assert run.result is not None
    data, candidates = run.result.data or {}, run.result.candidates
    total = data.get("matches", len(candidates))
    listed = [
        f"{one.get('sku_code') or next(iter(one.values()))} {one.get('product_name') or one.get('name') or ''}".strip()
        + (f": {measure(one['quantity_available'], one['uom'])} available" if one.get("quantity_available") else "")
        for one in candidates[:_SHOWN]
    ]
    told = [f"'{data.get('asked', '')}' fits {total}. Which one do you mean?", *(f"· {one}" for one in listed)]
    family = data.get("total_of_the_listed")
    if family:
        told.append(
            f"All {len(candidates)} listed together, as a family: {quantities(family, 'quantity_available')} available."
        )
    return told


def _not_found(run: ToolRun, _plant: PlantSettings) -> list[str]:
    assert run.result is not None
    asked = (run.result.data or {}).get("asked", "that")
    near = run.result.did_you_mean
    hint = f" Did you mean {', '.join(near[:5])}?" if near else " Nothing with a similar name is recorded either."
    return [f"There is no '{asked}' in this plant's records.{hint}"]


def _not_ingested(run: ToolRun, _plant: PlantSettings) -> list[str]:
    assert run.result is not None
    # The tool knows what is missing and says so in its warnings, which follow.
    return [] if run.result.warnings else ["This cannot be answered yet: the records it needs were never loaded."]


def _denied(_run: ToolRun, _plant: PlantSettings) -> list[str]:
    return ["Your role may not see this. Ask an administrator of your tenant."]


_NOTHING: dict[str, Callable[[ToolRun, PlantSettings], list[str]]] = {
    "ambiguous": _ambiguous, "not_found": _not_found, "not_ingested": _not_ingested, "denied": _denied,
}  # fmt: skip


def _inventory(data: Data, args: Data) -> list[str]:
    items = data["items"]
    if args.get("sku_code") and len(items) == 1:
        return _one_item(items[0], data)
    status = args.get("status")
    if status == "below_reorder_point":
        count = data["total_items"]
        if count == 0:
            return ["No item is at or below its reorder point."]
        lines = [
            f"· {one['sku_code']} {one['product_name']}: {measure(one['quantity_available'], one['uom'])} available, "
            f"reorder point {measure(one['reorder_point'], one['uom'])}"
            + ("" if one["reorder_recommended"] else "; what is on order covers it")
            for one in items
        ]
        return [f"{count} items are at or below their reorder point.", *lines, *capped(count, len(items))]
    about = f"{number(data['total_items'])} items" + (f" are {status}" if status else " have stock")
    told = [f"{about}: {quantities(data['quantities'], 'quantity_on_hand')} on hand, worth {amounts(data['value'])}."]
    if status or args.get("warehouse"):
        told += [
            f"· {one['sku_code']} {one['product_name']}: {measure(one['quantity_available'], one['uom'])} available"
            for one in items[:_SHOWN]
        ]
        told += capped(data["total_items"], len(items[:_SHOWN]))
    else:
        told.append(f"{data['at_or_below_reorder_point']} of them are at or below their reorder point.")
    return told


def _one_item(one: Data, data: Data) -> list[str]:
    unit = one["uom"]
    parts = [
        f"{measure(one[key], unit)} {words}"
        for key, words in (
            ("quantity_reserved", "reserved"), ("quantity_quarantined", "quarantined"), ("quantity_expired", "expired"),
        )
        if Decimal(one[key])
    ]  # fmt: skip
    less = f" ({', '.join(parts)})" if parts else ""
    told = [
        f"{one['sku_code']} {one['product_name']}: {measure(one['quantity_available'], unit)} available of "
        f"{measure(one['quantity_on_hand'], unit)} on hand{less}."
    ]
    if one["reorder_point"] is not None:
        verdict = "at or below" if one["reorder_needed"] else "above"
        told.append(f"That is {verdict} its reorder point of {measure(one['reorder_point'], unit)}.")
    if Decimal(one["quantity_on_order"]):
        told.append(
            f"{measure(one['quantity_on_order'], unit)} are on order; with that the position is "
            f"{measure(one['inventory_position'], unit)}."
        )
    if one["value"] is not None:
        told.append(f"The stock is worth {number(one['value'], 2)} {one['currency']} at standard cost.")
    converted = data.get("conversion")
    if converted:
        told.insert(
            0, f"{number(converted['qty'])} {converted['from']} are {number(converted['result'])} {converted['to']}."
        )
    return told


def _orders(data: Data, args: Data) -> list[str]:
    return {"open": _open_orders, "order": _one_order, "sales": _sales}[data["kind"]](data, args)


def _open_orders(data: Data, _args: Data) -> list[str]:
    if data["orders"] == 0:
        return ["No order is open."]
    told = [
        f"{number(data['orders'])} orders with {number(data['lines'])} lines are open, worth {amounts(data['value'])}.",
        f"{number(data['late_lines'])} lines are past their date.",
    ]
    told += [
        f"· {one['order_number']} line {one['line_no']}: {measure(one['open_qty'], one['uom'])} of {one['sku_code']} for "
        f"{one['customer_name'] or one['customer_code']}, due {one['due_date']}"
        for one in data["items"][:5]
    ]
    return [*told, *capped(data["lines"], min(5, len(data["items"])), "lines"), _OPEN_MEANS]


def _one_order(data: Data, _args: Data) -> list[str]:
    order = data["order"]
    worth = (
        f", worth {number(order['total_amount'], 2)} {order['currency']}" if order["total_amount"] is not None else ""
    )
    told = [
        f"Order {order['order_number']} of {order['customer_name'] or order['customer_code']} from {order['order_date']} "
        f"has {order['lines']} lines{worth}; recorded status {order['status']}."
    ]
    still = data["open_lines"]
    told.append(
        f"{len(still)} of them are still open, worth {amounts(data['open_value'])}."
        if still
        else "None of them is open."
    )
    return told


def _sales(data: Data, _args: Data) -> list[str]:
    if data["orders"] == 0:
        return ["No order was placed in that period."]
    told = [
        f"{number(data['orders'])} orders with {number(data['lines'])} lines: {quantities(data['quantities'], 'quantity')}, "
        f"worth {amounts(data['value'])}."
    ]
    told += [
        f"· {one['key']}: {number(one['orders'])} orders, {quantities(one['quantities'], 'quantity')}, {amounts(one['value'])}"
        for one in data["groups"][:12]
    ]
    return [*told, *capped(len(data["groups"]), 12, "groups"), _ORDERED_MEANS]


def _production(data: Data, args: Data) -> list[str]:
    if args.get("filter") == "scrap":
        return _scrap(data["scrap"])
    told = [f"{number(data['overdue'])} work orders are overdue; {number(data['in_progress'])} are in progress."]
    if args.get("filter") == "in_progress":
        told = [f"{number(data['in_progress'])} work orders are in progress, {number(data['overdue'])} are overdue."]
    if data["overdue"] and data["overdue_quantities"]:
        told.append(
            f"The overdue ones are for {quantities(data['overdue_quantities'], 'quantity')}; the oldest was due "
            f"{data['oldest_due']}."
        )
    told += [
        f"· {one['wo_number']}: {measure(one['ordered_qty'], one['uom'])} of {one['sku_code']} {one['product_name']}, "
        f"due {one['due_date']}" + (f", {one['days_late']} days late" if one["days_late"] else "")
        for one in data["items"][:_SHOWN]
    ]
    return [*told, *capped(data["total_items"], min(_SHOWN, len(data["items"])), "work orders")]


def _scrap(scrap: Data) -> list[str]:
    told = []
    for one in scrap["by_uom"]:
        if one["scrap_rate"] is None:
            continue
        told.append(
            f"Scrap is {percent(one['scrap_rate'], 3)} of what was made in {one['uom']}: {number(one['scrap_qty'])} of "
            f"{number(one['produced_qty'])}, over {number(one['work_orders'])} work orders (pooled)."
        )
    told += [
        f"· {one['reason']}: {measure(one['scrap_qty'], one['uom'])} ({percent(one['share'], 1)})"
        for one in scrap["by_reason"][:5]
    ]
    return told or ["No work order has recorded output yet, so there is no scrap rate."]


def _bom(data: Data, args: Data) -> list[str]:
    if "loop" in data:
        return ["The recipe contains itself and cannot be exploded."]
    if args.get("mode") == "where_used":
        told = [
            f"{data['sku_code']} {data['product_name']} goes into {data['total']} items, {data['direct']} of them directly."
        ]
        return told + [f"· {one['sku_code']} {one['product_name']}" for one in data["items"][:_SHOWN]]
    told = [
        f"{measure(data['quantity'], data['uom'])} of {data['sku_code']} {data['product_name']} needs "
        f"{data['first_level_components']} components directly and {data['leaf_components']} purchased ones in all "
        f"(recipe effective {data['effective_on']})."
    ]
    cost = data.get("cost")
    if cost and cost["total_cost"] is not None:
        told.append(f"Its purchased material costs {number(cost['total_cost'], 2)} {cost['currency']}.")
    direct = [one for one in data["components"] if one["level"] == 1]
    told += [f"· {measure(one['quantity'], one['uom'])} {one['sku_code']} {one['product_name']}" for one in direct[:15]]
    return told + capped(data["first_level_components"], min(15, len(direct)), "direct components")


_OPEN_MEANS = "(Open: ordered by that day, and neither shipped nor cancelled by then.)"
_ORDERED_MEANS = "(By order date, cancelled quantities taken off.)"


_TELLERS: dict[str, Callable[[Any, Data], list[str]]] = {
    "query_inventory": _inventory, "lookup_orders": _orders, "get_production_status": _production, "query_bom": _bom,
    "get_forecasts": forecast, "get_alerts": alerts,
}  # fmt: skip

_NEXT: dict[str | None, list[str]] = {
    None: ["Which items are at or below their reorder point?", "Show me open orders", "Which alerts are open?"],
    "query_inventory": ["What is its forecast?", "Which alerts are open?"],
    "lookup_orders": ["Which lines are late?", "and last week?"],
    "get_production_status": ["What is our scrap rate?", "Which orders are open?"],
    "get_forecasts": ["How much of it is in stock?", "What goes into it?"],
    "get_alerts": ["Which items are at or below their reorder point?"],
    "query_bom": ["How much of it is in stock?"],
}


def suggestions(run: ToolRun | None) -> list[str]:
    """Questions that follow naturally."""
    return _NEXT.get(run.tool if run else None, _NEXT[None])
