"""The copilot's tools of this context: stock, orders, production and recipes. All of them only read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import ConfigDict, Field

from opscopilot.catalogue import lineage
from opscopilot.kernel.errors import Conflict
from opscopilot.kernel.tools import Tool, ToolContext, ToolResult, tool
from opscopilot.manufacturing import lookup, queries_bom, queries_production
from opscopilot.manufacturing.inventory_tools import query_inventory
from opscopilot.manufacturing.order_tools import lookup_orders
from opscopilot.manufacturing.queries_production import WorkOrderFilter
from opscopilot.manufacturing.tool_support import (
    REGISTRY,
    DayArgs,
    not_ingested,
    one_of,
    plant_on,
    read_as,
    unclear,
)


class ProductionArgs(DayArgs):
    """Which work orders."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    filter: Literal["overdue", "in_progress", "scrap", "all"] = "overdue"
    sku: str | None = Field(default=None, max_length=200)
    work_order: str | None = Field(default=None, max_length=64)
    line: str | None = Field(default=None, max_length=64)
    from_: date | None = Field(default=None, alias="from", description="Scrap of orders that ended on or after.")
    to: date | None = Field(default=None, description="Scrap of orders that ended on or before.")


@tool(
    "get_production_status", workspace="operations", args=ProductionArgs,
    description="Work orders in progress and overdue, pooled scrap rate and scrap by reason.",
    examples=("Which work orders are overdue?", "What is our scrap rate?"),
)  # fmt: skip
def get_production_status(context: ToolContext, args: ProductionArgs) -> ToolResult:
    """Production as of the plant's day."""
    if (missing := not_ingested(context, "work_order")) is not None:
        return missing
    code, assumptions = None, list[str]()
    if args.sku is not None:
        match = lookup.find_sku(context.tx, args.sku)
        if match.row is None:
            return unclear(context, "sku", args.sku, match)
        code = match.row["sku_code"]
        assumptions += read_as(args.sku, code, match.row["description"])
    plant = plant_on(context, args.as_of)
    shown = "all" if args.work_order else "overdue" if args.filter == "scrap" else args.filter
    asked = WorkOrderFilter(
        show=shown, sku=code, work_order=args.work_order, line=args.line, date_from=args.from_, date_to=args.to,
        limit=args.limit,
    )  # fmt: skip
    found = queries_production.status(context.tx, plant, context.clock, asked)
    entity = REGISTRY["work_order"]
    if args.work_order and not found.items:
        return ToolResult(status="not_found", as_of=found.as_of, data={"asked": args.work_order})
    rows = sum(found.by_status.values())
    units = [one.uom for one in found.scrap.by_uom]
    warnings = list(found.warnings)
    if args.filter == "scrap" and len(set(units)) > 1:
        warnings.append("Scrap is given per unit; there is no one rate over different units.")
    return ToolResult(
        status="ok", data=found.model_dump(mode="json"), as_of=found.as_of,
        data_freshness=lineage.last_loaded(context.tx, entity), warnings=warnings,
        assumptions=[*assumptions, found.scrap.definition if args.filter == "scrap" else found.definition],
        units={"quantity": one_of(units, "the uom beside each row"), "scrap_rate": "ratio 0 to 1"},
        sources=[lineage.table_source(context.tx, entity, rows)],
    )  # fmt: skip


class BomArgs(DayArgs):
    """Which recipe question."""

    sku: str = Field(max_length=200, description="Code or name of an item.")
    mode: Literal["explode", "where_used", "cost_rollup"] = "explode"
    qty: Decimal = Field(default=Decimal(1), gt=0, description="In the item's base unit.")
    effective_on: date | None = Field(default=None, description="The need date; default: the plant's day.")


@tool(
    "query_bom", workspace="operations", args=BomArgs,
    description="What goes into an item, what it goes into, and its rolled-up material cost.",
    examples=("What goes into Road-150 Red, 62?", "Where is item 00200011 used?"),
)  # fmt: skip
def query_bom(context: ToolContext, args: BomArgs) -> ToolResult:
    """Recipes effective on the day."""
    if (missing := not_ingested(context, "bom_component")) is not None:
        return missing
    match = lookup.find_sku(context.tx, args.sku)
    if match.row is None:
        return unclear(context, "sku", args.sku, match)
    plant = plant_on(context, args.as_of)
    day = args.effective_on or plant.today(context.clock)
    row = match.row
    result = ToolResult(
        status="ok", as_of=day, data_freshness=lineage.last_loaded(context.tx, REGISTRY["bom_component"]),
        assumptions=[*read_as(args.sku, row["sku_code"], row["description"]), f"Recipes effective on {day}."],
        units={"quantity": "the uom beside each row"},
    )  # fmt: skip
    try:
        _answer_bom(context, args, row, day, result)
    except Conflict as error:
        result.data = {"loop": error.value}
        result.warnings.append(error.detail)
    return result


def _answer_bom(context: ToolContext, args: BomArgs, row: dict[str, Any], day: date, result: ToolResult) -> None:
    if args.mode == "where_used":
        used = queries_bom.where_used(context.tx, row, day)
        result.data, rows = used.model_dump(mode="json"), used.total
        result.assumptions.append(used.definition)
    else:
        currency = context.plant.default_currency
        exploded = queries_bom.explode(
            context.tx, row["id"], args.qty, day, currency, with_cost=args.mode == "cost_rollup"
        )
        result.data, rows = exploded.model_dump(mode="json"), len(exploded.components)
        result.assumptions.append(exploded.definition)
        result.warnings += exploded.gaps
        if exploded.cost is not None:
            result.units["cost"] = exploded.cost.currency
            if exploded.cost.unknown:
                result.warnings.append(
                    f"{len(exploded.cost.unknown)} components have no known cost; there is no total and no margin."
                )
    result.sources = [lineage.table_source(context.tx, REGISTRY["bom_component"], rows)]


TOOLS: tuple[Tool, ...] = (query_inventory, lookup_orders, get_production_status, query_bom)
