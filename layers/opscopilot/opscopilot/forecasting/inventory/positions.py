"""Stock and open supply per SKU as of the cut, in base units: what is usable, what is coming, what is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.manufacturing.queries_shared import DATED, FINISHED, OPEN_LINES, OUTSTANDING, RECEIVED, STOCK

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Supply:
    """Open purchase or work orders: how much is due when. `due` None: nobody said, so the lead time from
    `ordered` on has to do."""

    quantity: Decimal
    due: date | None
    ordered: date


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
    supply: list[Supply] = field(default_factory=list)

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

_PURCHASES = f"""
WITH {RECEIVED}
SELECT l.sku_id, coalesce(l.confirmed_date, l.requested_date) AS due, max(p.order_date) AS ordered,
       sum({OUTSTANDING}) AS quantity
FROM manufacturing.purchase_order_lines l
JOIN manufacturing.purchase_orders p ON p.tenant_id = l.tenant_id AND p.id = l.purchase_order_id
LEFT JOIN received r ON r.purchase_order_line_id = l.id
WHERE p.status IN ('approved', 'sent', 'confirmed', 'partially_received') AND p.order_date <= :today
  AND l.uom_factor IS NOT NULL
GROUP BY l.sku_id, coalesce(l.confirmed_date, l.requested_date)
"""

# Firm work orders only: one that is merely created is a plan, not supply.
_PRODUCTION = f"""
SELECT w.sku_id, coalesce(w.scheduled_end, w.due_date) AS due,
       max(coalesce(w.actual_start, w.scheduled_start, w.due_date)) AS ordered,
       sum(w.uom_factor * greatest(w.ordered_qty - coalesce(w.good_qty, 0) - coalesce(w.scrap_qty, 0), 0)) AS quantity
FROM manufacturing.work_orders w
WHERE {DATED} AND NOT {FINISHED} AND coalesce(w.status, '') <> 'created' AND w.uom_factor IS NOT NULL
  AND (w.status IS NOT NULL OR coalesce(w.actual_start, w.scheduled_start) <= :today)
GROUP BY w.sku_id, coalesce(w.scheduled_end, w.due_date)
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


def positions(tx: Tx, as_of: date, currency: str) -> dict[UUID, Position]:
    """Every stockable SKU with its position; `currency` is the plant's, for items that name none."""
    found = {row["id"]: Position(row) for row in tx.rows(_SKUS)}
    for row in tx.rows(_STOCK, today=as_of):
        if one := found.get(row.pop("sku_id")):
            for name, value in row.items():
                setattr(one, name, value)
    for query in (_PURCHASES, _PRODUCTION):
        for row in tx.rows(query, today=as_of):
            if (one := found.get(row["sku_id"])) and row["quantity"] > 0:
                one.supply.append(Supply(row["quantity"], row["due"], row["ordered"]))
    for row in tx.rows(_PRICES, as_of=as_of, currency=currency):
        one = found.get(row["sku_id"])
        if one is not None and row["currency"] == (one.sku["currency"] or currency):
            one.recent_price = row["price"]
    return found
