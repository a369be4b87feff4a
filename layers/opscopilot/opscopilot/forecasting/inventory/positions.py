"""Stock and open supply per SKU as of the cut, in base units: what is usable, what is coming, what is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting.supply.observed import PRODUCTION, OpenLine, open_purchases
from opscopilot.kernel.db import Tx
from opscopilot.manufacturing.queries_shared import DATED, FINISHED, OPEN_LINES, STOCK

ZERO = Decimal(0)


@dataclass(slots=True)
class Position:
    """A SKU's master data, stock and commitments.

    `available` excludes reserved, quarantined, expired and unusable locations (P-24); a negative balance
    counts as 0 and hides nobody else's stock (P-26). `backorders` are overdue customer quantities that no
    reservation covers.
    """

    sku: dict[str, Any]
    on_hand: Decimal = ZERO
    available: Decimal = ZERO
    reserved: Decimal = ZERO
    quarantined: Decimal = ZERO
    expired: Decimal = ZERO
    negative_rows: int = 0
    stock_rows: int = 0
    overdue_orders: Decimal = ZERO
    recent_price: Decimal | None = None
    supply: list[OpenLine] = field(default_factory=list)

    @property
    def backorders(self) -> Decimal:
        """Overdue customer quantity beyond what is reserved already."""
        return max(ZERO, self.overdue_orders - self.reserved)


# Stock, open orders and open supply mean here what they mean in every other answer (queries_shared).
_STOCK = f"""
WITH {OPEN_LINES}, {STOCK}, owed AS (
    SELECT sku_id, sum(open_base) AS qty FROM open_lines WHERE due_date < :today GROUP BY sku_id
), held AS (
    SELECT sku_id, count(*) AS stock_rows, count(*) FILTER (WHERE on_hand < 0) AS negative_rows,
           sum(greatest(on_hand, 0)) AS on_hand, sum(available) AS available, sum(reserved) AS reserved,
           sum(quarantined) AS quarantined, sum(expired) AS expired
    FROM stock WHERE on_hand IS NOT NULL GROUP BY sku_id
)
SELECT coalesce(h.sku_id, o.sku_id) AS sku_id, coalesce(h.stock_rows, 0) AS stock_rows,
       coalesce(h.negative_rows, 0) AS negative_rows, coalesce(h.on_hand, 0) AS on_hand,
       coalesce(h.available, 0) AS available, coalesce(h.reserved, 0) AS reserved,
       coalesce(h.quarantined, 0) AS quarantined, coalesce(h.expired, 0) AS expired,
       coalesce(o.qty, 0) AS overdue_orders
FROM held h FULL JOIN owed o ON o.sku_id = h.sku_id
"""

# Firm work orders only: one that is merely created is a plan, not supply.
_PRODUCTION = f"""
SELECT w.sku_id, w.wo_number, coalesce(w.scheduled_end, w.due_date) AS due,
       coalesce(w.actual_start, w.scheduled_start, w.due_date) AS ordered,
       w.uom_factor * greatest(w.ordered_qty - coalesce(w.good_qty, 0) - coalesce(w.scrap_qty, 0), 0) AS quantity
FROM manufacturing.work_orders w
WHERE {DATED} AND NOT {FINISHED} AND coalesce(w.status, '') <> 'created' AND w.uom_factor IS NOT NULL
  AND (w.status IS NOT NULL OR coalesce(w.actual_start, w.scheduled_start) <= :today)
"""

# Net price per base unit over the last quarter, per currency.
_PRICES = """
SELECT l.sku_id, coalesce(o.currency, :currency) AS currency,
       sum(l.ordered_qty * l.unit_price * (1 - l.discount)) / sum(l.ordered_qty * l.uom_factor) AS price
FROM manufacturing.sales_order_lines l
JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
WHERE o.order_date BETWEEN CAST(:as_of AS date) - 91 AND :as_of AND o.status <> 'draft' AND l.unit_price > 0
  AND l.ordered_qty * l.uom_factor > 0
GROUP BY 1, 2
"""

_SKUS = """
SELECT id, sku_code, description, base_uom, make_or_buy, is_active, reorder_point, safety_stock, moq, order_multiple,
       max_stock, shelf_life_days, min_remaining_shelf_life_days, list_price, unit_cost, currency
FROM manufacturing.skus WHERE type <> 'service'
"""


def _in_production(tx: Tx, as_of: date) -> list[OpenLine]:
    """Firm work orders as supply."""
    return [
        OpenLine(None, f"work order {row['wo_number']}", PRODUCTION, row["sku_id"], row["quantity"], row["ordered"],
                 row["due"], row["due"], row)
        for row in tx.rows(_PRODUCTION, today=as_of) if row["quantity"] > 0
    ]  # fmt: skip


def positions(tx: Tx, as_of: date, currency: str) -> dict[UUID, Position]:
    """Every stockable SKU with its position; `currency` is the plant's, for items that name none."""
    found = {row["id"]: Position(row) for row in tx.rows(_SKUS)}
    for row in tx.rows(_STOCK, today=as_of):
        if one := found.get(row.pop("sku_id")):
            for name, value in row.items():
                setattr(one, name, value)
    for line in (*open_purchases(tx, as_of, currency), *_in_production(tx, as_of)):
        if one := found.get(line.sku_id):
            one.supply.append(line)
    for row in tx.rows(_PRICES, as_of=as_of, currency=currency):
        one = found.get(row["sku_id"])
        if one is not None and row["currency"] == (one.sku["currency"] or currency):
            one.recent_price = row["price"]
    return found
