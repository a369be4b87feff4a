"""Stock and open supply per SKU as of the cut, in base units: what is usable, what is coming, what is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Tx

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Supply:
    """An open purchase or work order: how much is due when. `due` None: nobody said."""

    quantity: Decimal
    due: date | None
    kind: str


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


# A lot past its date is expired whatever the feeding system says. Rows whose unit has no factor are left out:
# a quantity of unknown size is not added to one of known size (P-18).
_STOCK = """
SELECT sku_id, count(*) AS stock_rows, count(*) FILTER (WHERE on_hand < 0) AS negative_rows,
       sum(greatest(on_hand, 0)) AS on_hand,
       coalesce(sum(greatest(on_hand - reserved - quarantined - expired, 0)) FILTER (WHERE is_nettable), 0)
           AS available,
       coalesce(sum(reserved) FILTER (WHERE is_nettable), 0) AS reserved,
       sum(quarantined) AS quarantined, sum(expired) AS expired
FROM (
    SELECT s.sku_id, p.is_nettable, f.factor * s.quantity_on_hand AS on_hand,
           f.factor * s.quantity_reserved AS reserved, f.factor * s.quantity_quarantined AS quarantined,
           f.factor * greatest(s.quantity_expired, CASE WHEN s.expiry_date < :as_of
               THEN greatest(s.quantity_on_hand - s.quantity_quarantined, 0) ELSE 0 END) AS expired
    FROM (SELECT DISTINCT ON (sku_id, location_id, lot_code, bin) * FROM manufacturing.inventory_snapshots
          WHERE production_day <= :as_of ORDER BY sku_id, location_id, lot_code, bin, snapshot_at DESC, id DESC) s
    JOIN manufacturing.locations p ON p.tenant_id = s.tenant_id AND p.id = s.location_id
    JOIN manufacturing.skus k ON k.tenant_id = s.tenant_id AND k.id = s.sku_id
    CROSS JOIN LATERAL (SELECT coalesce(s.uom_factor, CASE WHEN s.uom IS NULL OR s.uom = k.base_uom THEN 1 END)
                        AS factor) f
    WHERE f.factor IS NOT NULL
) latest GROUP BY sku_id
"""

# As of the cut: an order that is closed today may still have been open then; what arrived later tells.
_PURCHASES = """
WITH arrived AS (
    SELECT r.purchase_order_line_id AS id, coalesce(sum(r.qty) FILTER (WHERE r.production_day <= :as_of), 0) AS before,
           coalesce(sum(r.qty) FILTER (WHERE r.production_day > :as_of), 0) AS later
    FROM manufacturing.receipts r GROUP BY 1
)
SELECT sku_id, 'purchase' AS kind, due, sum(quantity) AS quantity FROM (
    SELECT l.sku_id, coalesce(l.confirmed_date, l.requested_date) AS due,
           coalesce(l.uom_factor, CASE WHEN l.uom IS NULL OR l.uom = k.base_uom THEN 1 END) *
           CASE WHEN o.status IN ('received', 'closed') THEN coalesce(a.later, 0)
                ELSE greatest(l.ordered_qty - coalesce(l.cancelled_qty, 0)
                              - coalesce(a.before, l.received_qty, 0), 0) END AS quantity
    FROM manufacturing.purchase_order_lines l
    JOIN manufacturing.purchase_orders o ON o.tenant_id = l.tenant_id AND o.id = l.purchase_order_id
    JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
    LEFT JOIN arrived a ON a.id = l.id
    WHERE o.order_date <= :as_of AND o.status NOT IN ('draft', 'cancelled')
) open WHERE quantity > 0 GROUP BY sku_id, due
"""

# Firm work orders only: one that is merely created is a plan, not supply.
_PRODUCTION = """
SELECT sku_id, 'production' AS kind, due, sum(quantity) AS quantity FROM (
    SELECT w.sku_id, coalesce(w.scheduled_end, w.due_date) AS due,
           coalesce(w.uom_factor, CASE WHEN w.uom IS NULL OR w.uom = k.base_uom THEN 1 END) *
           greatest(w.ordered_qty - CASE WHEN w.actual_end > :as_of THEN 0 ELSE coalesce(w.good_qty, 0) END, 0)
           AS quantity
    FROM manufacturing.work_orders w JOIN manufacturing.skus k ON k.tenant_id = w.tenant_id AND k.id = w.sku_id
    WHERE coalesce(w.status, '') <> 'cancelled'
      AND (w.actual_end > :as_of OR (w.actual_end IS NULL
           AND coalesce(w.status, 'scheduled') IN ('scheduled', 'in_progress', 'paused', 'on_hold')))
      AND coalesce(w.scheduled_end, w.due_date) IS NOT NULL
) open WHERE quantity > 0 GROUP BY sku_id, due
"""

# Customer quantities that were due by the cut and had not left; a completed order's rest is not owed any more.
_OWED = """
WITH left_house AS (
    SELECT s.sales_order_line_id AS id, coalesce(sum(s.qty) FILTER (WHERE s.production_day <= :as_of), 0) AS before,
           coalesce(sum(s.qty) FILTER (WHERE s.production_day > :as_of), 0) AS later
    FROM manufacturing.shipment_lines s GROUP BY 1
)
SELECT sku_id, sum(quantity) AS quantity FROM (
    SELECT l.sku_id, coalesce(l.uom_factor, CASE WHEN l.uom IS NULL OR l.uom = k.base_uom THEN 1 END) * CASE
               WHEN h.id IS NOT NULL AND o.status = 'completed' THEN h.later
               WHEN h.id IS NOT NULL THEN l.ordered_qty - l.cancelled_qty - h.before
               WHEN coalesce(l.ship_date, o.ship_date) > :as_of THEN l.ordered_qty - l.cancelled_qty
               WHEN o.status = 'completed' OR coalesce(l.ship_date, o.ship_date) IS NOT NULL THEN 0
               ELSE l.ordered_qty - l.cancelled_qty - coalesce(l.shipped_qty, 0) END AS quantity
    FROM manufacturing.sales_order_lines l
    JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
    JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
    LEFT JOIN left_house h ON h.id = l.id
    WHERE o.order_date <= :as_of AND o.status NOT IN ('draft', 'cancelled')
      AND coalesce(l.requested_date, o.requested_date, o.order_date) <= :as_of
) open WHERE quantity > 0 GROUP BY sku_id
"""

# Net price per base unit over the last quarter, in the currency of the item alone.
_PRICES = """
SELECT l.sku_id, sum(l.ordered_qty * l.unit_price * (1 - l.discount)) / sum(l.ordered_qty * l.uom_factor) AS price
FROM manufacturing.sales_order_lines l
JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
WHERE o.order_date BETWEEN CAST(:as_of AS date) - 91 AND :as_of AND o.status <> 'draft' AND l.unit_price > 0
  AND l.uom_factor > 0 AND coalesce(o.currency, :currency) = coalesce(k.currency, :currency)
GROUP BY l.sku_id
"""

_SKUS = """
SELECT id, sku_code, description, base_uom, make_or_buy, is_active, reorder_point, safety_stock, moq, order_multiple,
       max_stock, shelf_life_days, min_remaining_shelf_life_days, list_price, unit_cost, currency
FROM manufacturing.skus WHERE type <> 'service'
"""


def positions(tx: Tx, as_of: date, currency: str) -> dict[UUID, Position]:
    """Every stockable SKU with its position; `currency` is the plant's, for items that name none."""
    found = {row["id"]: Position(row) for row in tx.rows(_SKUS)}
    for row in tx.rows(_STOCK, as_of=as_of):
        if one := found.get(row.pop("sku_id")):
            for name, value in row.items():
                setattr(one, name, value)
    for query in (_PURCHASES, _PRODUCTION):
        for row in tx.rows(query, as_of=as_of):
            if one := found.get(row["sku_id"]):
                one.supply.append(Supply(row["quantity"], row["due"], row["kind"]))
    for row in tx.rows(_OWED, as_of=as_of):
        if one := found.get(row["sku_id"]):
            one.overdue_orders = row["quantity"]
    for row in tx.rows(_PRICES, as_of=as_of, currency=currency):
        if one := found.get(row["sku_id"]):
            one.recent_price = row["price"]
    return found
