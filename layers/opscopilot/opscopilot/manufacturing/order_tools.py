"""The copilot's question about customer orders: what is open, one order, what was ordered in a period."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import AliasChoices, ConfigDict, Field

from opscopilot.catalogue import lineage
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.kernel.tools import ToolContext, ToolResult, tool
from opscopilot.manufacturing import lookup, queries_orders
from opscopilot.manufacturing.queries_orders import GroupBy, OrderFilter
from opscopilot.manufacturing.tool_support import (
    REGISTRY,
    DayArgs,
    not_ingested,
    one_of,
    plant_on,
    read_as,
    unclear,
)

StatusArg = Literal["open", "late", "draft", "confirmed", "partial", "completed", "cancelled"]


class OrderArgs(DayArgs):
    """Which orders. `open` and `late` are about lines still to be shipped; a period is by order date."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    order: str | None = Field(default=None, max_length=64)
    status: StatusArg | None = Field(default=None, validation_alias=AliasChoices("status", "filter"))
    customer: str | None = Field(default=None, max_length=200)
    sku: str | None = Field(default=None, max_length=200)
    from_: date | None = Field(default=None, alias="from")
    to: date | None = None
    group_by: GroupBy | None = None


@tool(
    "lookup_orders", workspace="operations", args=OrderArgs,
    description="Customer orders: open or late lines with their value, one order, or what was ordered in a period.",
    examples=("How many sales orders are open and what are they worth?", "What did we sell last week by customer?"),
)  # fmt: skip
def lookup_orders(context: ToolContext, args: OrderArgs) -> ToolResult:
    """Orders as of the plant's day."""
    if (missing := not_ingested(context, "sales_order", "sales_order_line")) is not None:
        return missing
    codes: dict[str, str] = {}
    assumptions: list[str] = []
    for kind, text, code, name in (
        ("sku", args.sku, "sku_code", "description"), ("customer", args.customer, "customer_code", "name"),
    ):  # fmt: skip
        if text is None:
            continue
        known: lookup.Kind = "sku" if kind == "sku" else "customer"
        match = lookup.find(context.tx, known, text)
        if match.row is None:
            return unclear(context, known, text, match)
        codes[kind] = match.row[code]
        assumptions += read_as(text, match.row[code], match.row[name] or "")
    plant = plant_on(context, args.as_of)
    asked = OrderFilter(
        order=args.order, customer=codes.get("customer"), sku=codes.get("sku"), late=args.status == "late",
        date_from=args.from_, date_to=args.to, limit=args.limit,
    )  # fmt: skip
    if args.order is not None:
        result = _one_order(context, plant, asked)
    elif args.status in ("open", "late") or not (args.from_ or args.to or args.group_by or args.status or codes):
        result = _open(context, plant, asked)
    else:
        result = _sales(context, plant, asked, args)
    result.assumptions = assumptions + result.assumptions
    return result


def _open(context: ToolContext, plant: PlantSettings, asked: OrderFilter) -> ToolResult:
    found = queries_orders.open_orders(context.tx, plant, context.clock, asked)
    return ToolResult(
        status="ok", data={"kind": "open", **found.model_dump(mode="json")}, as_of=found.as_of,
        data_freshness=_freshness(context), assumptions=[found.definition], warnings=found.warnings,
        units={
            "value": one_of([one.currency for one in found.value], "the currency beside each amount"),
            "quantity": one_of([one.uom for one in found.quantities], "the uom beside each quantity"),
        },
        sources=[
            lineage.table_source(context.tx, REGISTRY["sales_order_line"], found.lines),
            lineage.table_source(context.tx, REGISTRY["sales_order"], found.orders),
        ],
    )  # fmt: skip


def _one_order(context: ToolContext, plant: PlantSettings, asked: OrderFilter) -> ToolResult:
    page = queries_orders.orders(context.tx, plant, asked)
    today = plant.today(context.clock)
    if not page.items:
        near = context.tx.rows(
            "SELECT order_number FROM manufacturing.sales_orders WHERE left(order_number, :n) = :start "
            "ORDER BY order_number LIMIT 5", n=max(len(asked.order or "") - 1, 1), start=(asked.order or "")[:-1],
        )  # fmt: skip
        return ToolResult(
            status="not_found", as_of=today, data={"asked": asked.order},
            did_you_mean=[row["order_number"] for row in near],
        )  # fmt: skip
    found = queries_orders.open_orders(context.tx, plant, context.clock, asked)
    order = page.items[0]
    return ToolResult(
        status="ok", as_of=today, data_freshness=_freshness(context), assumptions=[found.definition],
        data={"kind": "order", "order": order.model_dump(mode="json"),
              "open_lines": [one.model_dump(mode="json") for one in found.items],
              "open_value": [one.model_dump(mode="json") for one in found.value]},
        units={"value": order.currency},
        sources=[lineage.table_source(context.tx, REGISTRY["sales_order"], 1),
                 lineage.table_source(context.tx, REGISTRY["sales_order_line"], order.lines)],
    )  # fmt: skip


def _sales(context: ToolContext, plant: PlantSettings, asked: OrderFilter, args: OrderArgs) -> ToolResult:
    recorded = args.status if args.status not in (None, "open", "late") else None
    wanted = OrderFilter(customer=asked.customer, sku=asked.sku, status=recorded, date_from=args.from_, date_to=args.to)
    found = queries_orders.sales(context.tx, plant, context.clock, wanted, args.group_by)
    warnings = [*found.warnings, *_partial(plant, found.as_of, args.from_, args.to)]
    return ToolResult(
        status="ok", data={"kind": "sales", **found.model_dump(mode="json")}, as_of=found.as_of,
        data_freshness=_freshness(context), assumptions=[found.definition], warnings=warnings,
        units={
            "value": one_of([one.currency for one in found.value], "the currency beside each amount"),
            "quantity": one_of([one.uom for one in found.quantities], "the uom beside each quantity"),
        },
        sources=[lineage.table_source(context.tx, REGISTRY["sales_order_line"], found.lines)],
    )  # fmt: skip


def _partial(plant: PlantSettings, today: date, start: date | None, end: date | None) -> list[str]:
    """A part of a week must not be compared with a whole one."""
    if start is None or start.isoweekday() != plant.week_start:
        return []
    last = min(end or today, today)
    days = (last - start).days + 1
    if 0 < days < 7 and last + timedelta(days=1) > today:
        return [f"{days} of 7 days of the week: not comparable with a whole week as a total."]
    return []


def _freshness(context: ToolContext) -> datetime | None:
    return lineage.last_loaded(context.tx, REGISTRY["sales_order"], REGISTRY["sales_order_line"])
