"""What suppliers (and our own production) did so far, counted in Postgres, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting.supply.lateness import Seen
from opscopilot.kernel.db import Tx
from opscopilot.manufacturing.queries_shared import DATED, FINISHED, OUTSTANDING, RECEIVED

PRODUCTION = UUID(int=0)
"""Stands for the plant itself where a supplier would stand."""
YEARS_DAYS = 1096
EARLY_DAYS = 2
"""How many days before the promise a delivery may come and still be on time (D13); late is late by one day."""
_FULL = "0.95"
"""Share of the quantity from which a line counts as arrived."""

# promised: the first confirmation, which re-confirming does not move (D13). expected: the latest word, if it is later.
# arrived: the day a line was complete; the last receipt where it was closed short. Lines without a date say nothing.
LINES = f"""
{RECEIVED}, booked AS (
    SELECT r.purchase_order_line_id AS line_id, r.production_day AS day, sum(sum(r.qty * r.uom_factor))
        OVER (PARTITION BY r.purchase_order_line_id ORDER BY r.production_day) AS so_far
    FROM manufacturing.receipts r
    WHERE r.production_day BETWEEN CAST(:today AS date) - {YEARS_DAYS} AND :today GROUP BY 1, 2
), purchase AS (
    SELECT l.id, l.line_no, p.po_number, p.supplier_id, l.sku_id, p.order_date, p.status, l.confirmed_date,
        coalesce(l.original_confirmed_date, l.confirmed_date, l.requested_date) AS promised,
        CASE WHEN l.original_confirmed_date IS NOT NULL THEN 'original_confirmation'
             WHEN l.confirmed_date IS NOT NULL THEN 'confirmation'
             WHEN l.requested_date IS NOT NULL THEN 'request' ELSE 'none' END AS promised_basis,
        greatest(coalesce(l.original_confirmed_date, l.confirmed_date, l.requested_date), l.confirmed_date) AS expected,
        l.uom_factor * (l.ordered_qty - coalesce(l.cancelled_qty, 0)) AS wanted, r.base_qty AS received,
        l.unit_price / nullif(l.uom_factor, 0) AS base_price, p.currency,
        CASE WHEN p.status IN ('approved', 'sent', 'confirmed', 'partially_received') THEN {OUTSTANDING} END AS open_qty
    FROM manufacturing.purchase_order_lines l
    JOIN manufacturing.purchase_orders p ON p.tenant_id = l.tenant_id AND p.id = l.purchase_order_id
    LEFT JOIN received r ON r.purchase_order_line_id = l.id
    WHERE p.order_date BETWEEN CAST(:today AS date) - {YEARS_DAYS} AND :today AND p.status NOT IN ('draft', 'cancelled')
        AND l.ordered_qty - coalesce(l.cancelled_qty, 0) > 0
), done AS (
    SELECT b.line_id, min(b.day) FILTER (WHERE b.so_far >= {_FULL} * u.wanted OR u.wanted IS NULL) AS full_day,
        max(b.day) AS last_day
    FROM booked b JOIN purchase u ON u.id = b.line_id GROUP BY b.line_id
), delivered AS (
    SELECT u.*, d.last_day,
        coalesce(d.full_day, CASE WHEN u.status IN ('received', 'closed') THEN d.last_day END) AS arrived
    FROM purchase u LEFT JOIN done d ON d.line_id = u.id
)"""

_PURCHASED = f"""
WITH {LINES}
SELECT supplier_id, sku_id, least(greatest(CASE WHEN arrived IS NOT NULL THEN arrived
        ELSE CAST(:today AS date) END - expected, -60), 120) AS late, arrived IS NULL AS waiting, count(*) AS n
FROM delivered WHERE expected IS NOT NULL AND (arrived IS NOT NULL OR open_qty > 0) GROUP BY 1, 2, 3, 4
"""
_MADE = f"""
SELECT w.sku_id, least(greatest(CASE WHEN {FINISHED} THEN w.actual_end ELSE CAST(:today AS date) END
        - coalesce(w.scheduled_end, w.due_date), -60), 120) AS late, NOT {FINISHED} AS waiting, count(*) AS n
FROM manufacturing.work_orders w
WHERE {DATED} AND coalesce(w.scheduled_end, w.due_date) BETWEEN CAST(:today AS date) - {YEARS_DAYS} AND :today
  AND coalesce(w.status, '') NOT IN ('cancelled', 'created') AND (w.actual_end IS NOT NULL OR NOT {FINISHED})
GROUP BY 1, 2, 3
"""
_OPEN = f"""
WITH {LINES}
SELECT d.id, d.po_number, d.line_no, d.supplier_id, s.supplier_code, s.name AS supplier_name, d.sku_id, k.sku_code, k.base_uom AS uom, d.open_qty AS quantity,
    d.order_date, d.promised, d.promised_basis, d.expected, d.confirmed_date,
    round(d.open_qty * d.base_price, 4) AS order_value, coalesce(d.currency, :currency) AS order_currency
FROM delivered d
JOIN manufacturing.skus k ON k.id = d.sku_id
JOIN manufacturing.suppliers s ON s.id = d.supplier_id WHERE d.open_qty > 0
"""

Key = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A purchase order line, or what a work order (`line_id` None) still brings, in base units.

    `promised` is the first confirmation, `expected` the latest word of the supplier where that is later.
    """

    line_id: UUID | None
    label: str
    supplier_id: UUID
    sku_id: UUID
    quantity: Decimal
    ordered: date
    promised: date | None
    expected: date | None
    row: dict[str, Any]


def lateness_seen(tx: Tx, as_of: date) -> dict[Key, list[Seen]]:
    """How late deliveries came, by supplier and SKU; our own work orders under PRODUCTION."""
    found: dict[Key, list[Seen]] = {}
    for query in (_PURCHASED, _MADE):
        for row in tx.rows(query, today=as_of):
            key = (row.get("supplier_id", PRODUCTION), row["sku_id"])
            found.setdefault(key, []).append((row["late"], row["waiting"], row["n"]))
    return found


def open_purchases(tx: Tx, as_of: date, currency: str) -> list[OpenLine]:
    """Every purchase order line that has not come completely."""
    return [
        OpenLine(
            row["id"], f"PO {row['po_number']} line {row['line_no']}", row["supplier_id"], row["sku_id"],
            row["quantity"], row["order_date"], row["promised"], row["expected"], row,
        )
        for row in tx.rows(_OPEN, today=as_of, currency=currency)
    ]  # fmt: skip
