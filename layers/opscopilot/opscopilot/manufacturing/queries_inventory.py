"""How much there is: current stock per SKU or per location, its value, and what needs attention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.money import rounded
from opscopilot.kernel.pagination import cut, decode_cursor
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.manufacturing.queries_shared import OPEN_LINES, STOCK, STOCK_TEXT, SUPPLY
from opscopilot.manufacturing.schemas import (
    CurrencyTotal,
    InventoryCurrent,
    InventoryHealth,
    InventoryItem,
    UnitTotal,
)

StatusFilter = Literal["critical", "low", "optimal", "excess", "below_reorder_point", "negative"]

# Per SKU over the whole plant (`whole`): the flags. Within the asked scope (`scope`): the quantities shown.
_ITEMS = f"""
WITH {OPEN_LINES}, {STOCK}, {SUPPLY}, whole AS (
    SELECT sku_id, sum(available) AS available, sum(reserved) AS reserved,
        count(*) FILTER (WHERE on_hand < 0) AS negative_balances
    FROM stock GROUP BY sku_id
), policy AS (
    SELECT k.id AS sku_id, k.sku_code, k.description AS product_name, k.category, k.base_uom AS uom,
        k.reorder_point, k.safety_stock, k.max_stock, greatest(k.moq, k.order_multiple) AS order_quantity,
        nullif(k.unit_cost, 0) AS unit_cost, coalesce(k.currency, :currency) AS currency, w.available AS usable,
        w.negative_balances, coalesce(b.qty, 0) AS quantity_backordered,
        coalesce(o.qty, 0) AS quantity_on_order, coalesce(p.qty, 0) AS quantity_in_production,
        w.available + coalesce(o.qty, 0) + coalesce(p.qty, 0) - greatest(coalesce(b.qty, 0) - w.reserved, 0)
            AS inventory_position
    FROM whole w
    JOIN manufacturing.skus k ON k.id = w.sku_id
    LEFT JOIN on_order o ON o.sku_id = k.id
    LEFT JOIN in_production p ON p.sku_id = k.id
    LEFT JOIN backorders b ON b.sku_id = k.id
), judged AS (
    SELECT *, usable <= reorder_point AS reorder_needed, inventory_position <= reorder_point AS reorder_recommended,
        CASE WHEN reorder_point IS NULL AND safety_stock IS NULL AND max_stock IS NULL THEN NULL
             WHEN usable <= 0 OR usable < safety_stock THEN 'critical'
             WHEN usable <= reorder_point THEN 'low'
             WHEN usable > reorder_point + 2 * order_quantity OR usable > max_stock THEN 'excess'
             ELSE 'optimal' END AS inventory_status
    FROM policy
), scope AS (
    SELECT {{group}}, max(snapshot_at) AS snapshot_at, sum(on_hand) AS quantity_on_hand,
        sum(reserved) AS quantity_reserved, sum(quarantined) AS quantity_quarantined,
        sum(expired) AS quantity_expired, sum(in_transit) AS quantity_in_transit,
        sum(available) AS quantity_available
    FROM stock WHERE CAST(:warehouse AS text) IS NULL OR location_code = :warehouse
    GROUP BY {{group}}
), item AS (
    SELECT j.*, {{places}}, s.snapshot_at, s.quantity_on_hand, s.quantity_reserved, s.quantity_quarantined,
        s.quantity_expired, s.quantity_in_transit, s.quantity_available, s.quantity_on_hand * j.unit_cost AS value
    FROM scope s JOIN judged j ON j.sku_id = s.sku_id
    WHERE {{where}}
)"""
_PLACE = "location_code, lot_code, bin, expiry_date"


@dataclass(frozen=True)
class InventoryFilter:
    """What to show. `warehouse` and `skus` are exact codes; no `skus` means all."""

    warehouse: str | None = None
    skus: tuple[str, ...] = ()
    status: StatusFilter | None = None
    category: str | None = None
    by: Literal["sku", "location"] = "sku"
    cursor: str | None = None
    limit: int = 50


def _query(asked: InventoryFilter) -> tuple[str, dict[str, Any]]:
    """The common table expressions up to `item`, and the parameters of the filters."""
    tests: list[str] = ["true"]
    params: dict[str, Any] = {"warehouse": asked.warehouse}
    if asked.skus:
        tests.append("j.sku_code = ANY(CAST(:skus AS text[]))")
        params["skus"] = list(asked.skus)
    if asked.category is not None:
        tests.append("lower(j.category) = lower(:category)")
        params["category"] = asked.category
    if asked.status == "below_reorder_point":
        tests.append("j.reorder_needed")
    elif asked.status == "negative":
        tests.append("s.quantity_on_hand < 0" if asked.by == "location" else "j.negative_balances > 0")
    elif asked.status is not None:
        tests.append("j.inventory_status = :status")
        params["status"] = asked.status
    by_place = asked.by == "location"
    sql = _ITEMS.format(
        group=f"sku_id, {_PLACE}" if by_place else "sku_id", where=" AND ".join(tests),
        places=", ".join(f"s.{name}" for name in _PLACE.split(", ")) if by_place else "NULL AS location_code",
    )  # fmt: skip
    return sql, params


def current(tx: Tx, plant: PlantSettings, clock: Clock, asked: InventoryFilter) -> InventoryCurrent:
    """Current stock that matches, with totals over all of it and one page of items."""
    sql, params = _query(asked)
    params |= {"today": plant.today(clock), "currency": plant.default_currency}
    totals = tx.rows(f"{sql} {_TOTALS}", **params)
    keys = ["sku_code", "location_code", "lot_code", "bin"] if asked.by == "location" else ["sku_code"]
    sorted_by = ", ".join(f"coalesce({key}, '')" for key in keys)
    after = "true"
    if asked.cursor is not None:
        values = decode_cursor(asked.cursor, len(keys))
        after = f"({sorted_by}) > ({', '.join(f':k{n}' for n in range(len(keys)))})"
        params |= {f"k{n}": str(value) for n, value in enumerate(values)}
    rows = tx.rows(f"{sql} SELECT * FROM item WHERE {after} ORDER BY {sorted_by} LIMIT :rows", **params,
                   rows=asked.limit + 1)  # fmt: skip
    kept, following = cut(rows, asked.limit, *keys)
    items = [InventoryItem.model_validate(row) for row in kept]
    return InventoryCurrent(
        total_items=sum(row["rows"] for row in totals), items=items, as_of=plant.today(clock),
        next_cursor=following,
        time_zone=plant.default_time_zone, data_as_of=max((row["newest"] for row in totals), default=None),
        quantities=_by_unit(totals), value=_by_currency(totals), definition=STOCK_TEXT,
        at_or_below_reorder_point=sum(row["below"] for row in totals), warnings=_warnings(totals),
    )  # fmt: skip


_TOTALS = """
SELECT uom, currency, count(*) AS rows, count(DISTINCT sku_id) AS items, sum(quantity_on_hand) AS on_hand,
    sum(quantity_available) AS available, sum(value) AS value, max(snapshot_at) AS newest,
    count(*) FILTER (WHERE unit_cost IS NULL) AS without_cost,
    count(DISTINCT sku_id) FILTER (WHERE reorder_needed) AS below,
    count(DISTINCT sku_id) FILTER (WHERE negative_balances > 0) AS negative
FROM item GROUP BY uom, currency ORDER BY uom, currency"""


def _by_unit(totals: list[Row]) -> list[UnitTotal]:
    found: dict[str, UnitTotal] = {}
    for row in totals:
        one = found.setdefault(row["uom"], UnitTotal(uom=row["uom"], quantity_on_hand=0, quantity_available=0, items=0))
        one.quantity_on_hand += row["on_hand"]
        one.quantity_available += row["available"]
        one.items += row["items"]
    return list(found.values())


def _by_currency(totals: list[Row]) -> list[CurrencyTotal]:
    found: dict[str, CurrencyTotal] = {}
    for row in totals:
        one = found.setdefault(row["currency"], CurrencyTotal(currency=row["currency"], amount=0))
        one.amount += row["value"] or 0
        one.without_price += row["without_cost"]
    for one in found.values():
        one.amount = rounded(one.amount, one.currency)
    return list(found.values())


def _warnings(totals: list[Row]) -> list[str]:
    found = []
    if negative := sum(row["negative"] for row in totals):
        found.append(f"SKUs with a balance below zero somewhere: {negative}. A data issue; it counts as 0 available.")
    if without := sum(row["without_cost"] for row in totals):
        found.append(f"Rows without a standard cost: {without}. Their value is unknown and not in the total.")
    if len({row["uom"] for row in totals}) > 1:
        found.append("Quantities are given per unit; different units are not added.")
    return found


_HEALTH = """
, units AS (
    SELECT coalesce(inventory_status, 'none') AS status, count(*) AS n,
        count(*) FILTER (WHERE reorder_needed) AS below,
        count(*) FILTER (WHERE usable < safety_stock) AS unsafe,
        count(*) FILTER (WHERE reorder_recommended) AS recommended,
        sum(negative_balances) AS negative
    FROM item GROUP BY 1
) SELECT * FROM units"""
_MASTER = """
SELECT count(*) AS skus, count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM manufacturing.inventory_snapshots i
    WHERE i.tenant_id = k.tenant_id AND i.sku_id = k.id AND i.production_day <= :today)) AS without
FROM manufacturing.skus k WHERE k.is_active AND k.type <> 'service'"""


def without_records(tx: Tx, today: date) -> int:
    """Active SKUs nobody ever counted: unknown, which is not zero."""
    row = tx.one(_MASTER, today=today)
    return int(row["without"]) if row else 0


def health(tx: Tx, plant: PlantSettings, clock: Clock) -> InventoryHealth:
    """Counts per status and the totals."""
    everything = current(tx, plant, clock, InventoryFilter(limit=1))
    sql, params = _query(InventoryFilter())
    today = plant.today(clock)
    rows = tx.rows(f"{sql} {_HEALTH}", **params, today=today, currency=plant.default_currency)
    master = tx.one(_MASTER, today=today)
    if master is None:
        raise ValidationFailed("The item master cannot be counted.")
    warnings = list(everything.warnings)
    if master["without"]:
        warnings.append(f"Active SKUs without a stock record: {master['without']}. Unknown, not zero.")
    return InventoryHealth(
        as_of=today, time_zone=plant.default_time_zone, skus=master["skus"],
        skus_with_stock_records=everything.total_items, skus_without_stock_records=master["without"],
        by_status={row["status"]: row["n"] for row in rows},
        at_or_below_reorder_point=sum(row["below"] for row in rows),
        below_safety_stock=sum(row["unsafe"] for row in rows),
        reorder_recommended=sum(row["recommended"] for row in rows),
        negative_balances=sum(row["negative"] for row in rows), quantities=everything.quantities,
        value=everything.value, definition=STOCK_TEXT, warnings=warnings,
    )  # fmt: skip
