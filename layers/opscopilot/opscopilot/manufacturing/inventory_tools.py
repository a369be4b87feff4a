"""The copilot's question about stock."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from opscopilot.catalogue import lineage
from opscopilot.kernel import uom
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.tools import Source, ToolArgs, ToolContext, ToolResult, tool
from opscopilot.manufacturing import lookup, queries_inventory
from opscopilot.manufacturing.queries_inventory import InventoryFilter, StatusFilter
from opscopilot.manufacturing.tool_support import (
    REGISTRY,
    STALE_AFTER,
    DayArgs,
    not_ingested,
    one_of,
    plant_on,
    read_as,
    unclear,
)


class Conversion(ToolArgs):
    """A quantity to express in another unit of the item."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    qty: Decimal
    from_: str = Field(alias="from", max_length=20, description="A unit such as carton, XCT, kg.")
    to: str = Field(max_length=20)


class InventoryArgs(DayArgs):
    """Which stock."""

    sku_code: str | None = Field(default=None, max_length=200, description="Code or name of an item.")
    warehouse: str | None = Field(default=None, max_length=200, description="Code or name of a location.")
    status: StatusFilter | None = None
    aggregate: Literal["sku", "location"] = Field(default="sku", description="A row per item, or per location and lot.")
    convert: Conversion | None = None


@tool(
    "query_inventory", workspace="operations", args=InventoryArgs,
    description="Current stock: on hand, available, reorder point, status, value; per item or location.",
    examples=("How much of SKU 00100001 do we have?", "Which items are at or below their reorder point?"),
)  # fmt: skip
def query_inventory(context: ToolContext, args: InventoryArgs) -> ToolResult:
    """Stock as of the plant's day."""
    if (missing := not_ingested(context, "sku", "inventory_snapshot")) is not None:
        return missing
    skus: tuple[str, ...] = ()
    assumptions: list[str] = []
    warehouse = None
    if args.warehouse is not None:
        place = lookup.find(context.tx, "warehouse", args.warehouse)
        if place.row is None:
            return unclear(context, "warehouse", args.warehouse, place)
        warehouse = place.row["code"]
        assumptions += read_as(args.warehouse, warehouse, place.row["name"])
    if args.sku_code is not None:
        match = lookup.find_sku(context.tx, args.sku_code)
        if match.status == "ambiguous":
            return _family(context, args, match, warehouse)
        if match.row is None:
            return unclear(context, "sku", args.sku_code, match)
        skus = (match.row["sku_code"],)
        assumptions += read_as(args.sku_code, match.row["sku_code"], match.row["description"])
    result = _stock(context, args, skus, warehouse)
    result.assumptions = assumptions + result.assumptions
    if args.convert is not None and skus:
        _convert(context, args.convert, skus[0], result)
    return result


def _stock(context: ToolContext, args: InventoryArgs, skus: tuple[str, ...], warehouse: str | None) -> ToolResult:
    plant = plant_on(context, args.as_of)
    asked = InventoryFilter(warehouse=warehouse, skus=skus, status=args.status, by=args.aggregate, limit=args.limit)
    found = queries_inventory.current(context.tx, plant, context.clock, asked)
    warnings = list(found.warnings)
    if skus and not found.items:
        warnings.append(f"There is no stock record of {', '.join(skus)}: its stock is unknown, not zero.")
    if args.status == "below_reorder_point":
        unknown = queries_inventory.without_records(context.tx, plant.today(context.clock))
        if unknown:
            warnings.append(f"Active SKUs without a stock record: {unknown}. Unknown, not zero; they are not listed.")
    stale = found.data_as_of is not None and plant.now(context.clock) - found.data_as_of > STALE_AFTER
    if stale:
        warnings.append(f"The newest count is of {found.data_as_of:%Y-%m-%d}.")
    snapshot = REGISTRY["inventory_snapshot"]
    return ToolResult(
        status="stale" if stale else "ok", data=found.model_dump(mode="json"), as_of=found.as_of,
        data_freshness=found.data_as_of, assumptions=[found.definition], warnings=warnings,
        units={
            "quantity": one_of([one.uom for one in found.quantities], "the uom beside each item"),
            "value": one_of([one.currency for one in found.value], "the currency beside each item"),
        },
        sources=[*_rows_of(context, skus), lineage.table_source(context.tx, snapshot, found.total_items)],
    )  # fmt: skip


def _rows_of(context: ToolContext, skus: tuple[str, ...]) -> list[Source]:
    """The very file rows behind one SKU's stock (at most ten)."""
    if len(skus) != 1:
        return []
    rows = context.tx.rows(
        """SELECT DISTINCT ON (i.location_id, i.lot_code, i.bin) i.ingestion_job_id, i.source_row
           FROM manufacturing.inventory_snapshots i JOIN manufacturing.skus k ON k.id = i.sku_id
           WHERE k.sku_code = :code AND i.production_day <= :today
           ORDER BY i.location_id, i.lot_code, i.bin, i.snapshot_at DESC LIMIT 10""",
        code=skus[0], today=context.plant.today(context.clock),
    )  # fmt: skip
    names = lineage.files(context.tx, (row["ingestion_job_id"] for row in rows))
    return [lineage.row_source(REGISTRY["inventory_snapshot"], row, names) for row in rows]


def _family(context: ToolContext, args: InventoryArgs, match: lookup.Match, warehouse: str | None) -> ToolResult:
    """Several SKUs fit: each with its own figure, and the total labelled as that of the family."""
    result = unclear(context, "sku", args.sku_code or "", match)
    skus = tuple(row["sku_code"] for row in match.candidates)
    found = _stock(context, args.model_copy(update={"limit": 100}), skus, warehouse)
    available = {one["sku_code"]: one["quantity_available"] for one in found.data["items"]}
    for one in result.candidates:
        one["quantity_available"] = available.get(one["sku_code"])
    result.data |= {"total_of_the_listed": found.data["quantities"]}
    result.sources, result.data_freshness, result.units = found.sources, found.data_freshness, found.units
    return result


def _convert(context: ToolContext, wanted: Conversion, sku_code: str, result: ToolResult) -> None:
    """Add the conversion to the result; without a factor say so and where to maintain it (P-18)."""
    source, target = uom.canonical(wanted.from_), uom.canonical(wanted.to)
    result.data["conversion"] = None
    if source is None or target is None:
        result.warnings.append(f"'{wanted.from_ if source is None else wanted.to}' is not a unit we know.")
        return
    row = context.tx.one(
        """SELECT k.base_uom, coalesce(jsonb_object_agg(u.uom, u.factor_to_base::text)
               FILTER (WHERE u.uom IS NOT NULL), '{}') AS factors
           FROM manufacturing.skus k LEFT JOIN manufacturing.sku_uoms u ON u.sku_id = k.id
           WHERE k.sku_code = :code GROUP BY k.base_uom""", code=sku_code,
    )  # fmt: skip
    factors = {name: Decimal(text) for name, text in row["factors"].items()} if row else {}
    base = row["base_uom"] if row else ""
    try:
        in_base = uom.convert(wanted.qty, source, base, factors)
        per_target = uom.convert(Decimal(1), target, base, factors)
    except ValidationFailed as error:
        result.warnings.append(f"{error.detail} It is kept in the unit factors (sku_uom) of {sku_code}.")
        return
    result.data["conversion"] = {
        "qty": str(wanted.qty), "from": source, "to": target,
        "result": format((in_base / per_target).quantize(Decimal("0.000001")).normalize(), "f"),
    }  # fmt: skip
