"""Definitions in SQL that several questions share. `:today` is the plant's production day everywhere.

Each constant is a list of common table expressions to put after WITH. The joins carry tenant_id although the
row policies would do: it lets the planner use the indexes, which all begin with it.
"""

from __future__ import annotations

OPEN_ORDERS_TEXT = (
    "An open order line was ordered on or before the day, belongs to no draft or cancelled order, and has a part "
    "that is neither shipped nor cancelled. Shipped counts what left on or before the day: the shipment lines where "
    "there are any (in whatever unit, converted), else the shipped quantity at the ship date (no quantity with a ship date means all of it)."
)
OPEN_LINES = """
shipped AS (
    SELECT s.sales_order_line_id, coalesce(sum(s.qty * s.uom_factor) FILTER (WHERE s.production_day <= :today), 0)
            AS base_qty,
        bool_or(s.production_day > :today) AS later
    FROM manufacturing.shipment_lines s GROUP BY s.sales_order_line_id
), sold AS (
    SELECT l.id, l.sales_order_id, l.sku_id, l.line_no, l.ordered_qty, l.cancelled_qty, l.unit_price, l.discount,
        l.uom, l.uom_factor, o.order_number, o.customer_id, o.channel, o.order_date, o.currency, o.status,
        coalesce(l.promised_date, l.requested_date, o.promised_date, o.requested_date) AS due_date,
        l.ingestion_job_id, l.source_row,
        CASE WHEN s.sales_order_line_id IS NOT NULL THEN round(s.base_qty / l.uom_factor, 6)
             WHEN coalesce(l.ship_date, o.ship_date) > :today THEN 0
             WHEN l.shipped_qty IS NOT NULL THEN l.shipped_qty
             WHEN coalesce(l.ship_date, o.ship_date) IS NOT NULL OR o.status = 'completed' THEN l.ordered_qty
             ELSE 0 END AS shipped_qty, s.base_qty AS shipped_base,
        coalesce(l.ship_date, o.ship_date) > :today OR coalesce(s.later, false) AS left_later
    FROM manufacturing.sales_order_lines l
    JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
    LEFT JOIN shipped s ON s.sales_order_line_id = l.id
    WHERE o.order_date <= :today AND o.status NOT IN ('draft', 'cancelled')
), open_lines AS (
    SELECT *, ordered_qty - cancelled_qty - shipped_qty AS open_qty,
        uom_factor * (ordered_qty - cancelled_qty) - coalesce(shipped_base, uom_factor * shipped_qty) AS open_base
    FROM sold
    WHERE ordered_qty - cancelled_qty - shipped_qty > 0 AND (status <> 'completed' OR left_later)
)"""

# Finished as of the day: it ended by then, or it is terminal and nobody recorded when. Without a status and
# without any date there is nothing to say about progress (such orders count in scrap totals only).
FINISHED = """(coalesce(w.actual_end <= :today, false)
    OR (w.actual_end IS NULL AND coalesce(w.status, '') IN ('completed', 'closed', 'cancelled'))
    OR coalesce(w.status, '') = 'cancelled')"""
DATED = "(coalesce(w.actual_start, w.scheduled_start, w.due_date) IS NOT NULL)"
IN_PROGRESS = f"""({DATED} AND NOT {FINISHED} AND coalesce(w.actual_start, w.scheduled_start) <= :today
    AND coalesce(w.status, 'in_progress') NOT IN ('created', 'scheduled'))"""
OVERDUE = f"({DATED} AND NOT {FINISHED} AND w.due_date < :today)"

STOCK_TEXT = (
    "Latest count per SKU, location, lot and bin up to the day. Available = on hand - reserved - quarantined - "
    "expired, in usable (nettable) locations only; a negative balance promises 0 and takes nothing from other rows."
)
STOCK = """
latest AS (
    SELECT DISTINCT ON (i.sku_id, i.location_id, i.lot_code, i.bin) i.*
    FROM manufacturing.inventory_snapshots i WHERE i.production_day <= :today
    ORDER BY i.sku_id, i.location_id, i.lot_code, i.bin, i.snapshot_at DESC, i.id DESC
), counted AS (
    SELECT l.sku_id, l.lot_code, l.bin, l.snapshot_at, l.expiry_date, l.ingestion_job_id, l.source_row,
        o.code AS location_code, o.name AS location_name, o.is_nettable,
        l.quantity_on_hand * l.uom_factor AS on_hand, l.quantity_reserved * l.uom_factor AS reserved,
        l.quantity_quarantined * l.uom_factor AS quarantined, l.quantity_in_transit * l.uom_factor AS in_transit,
        l.uom_factor * greatest(l.quantity_expired, CASE WHEN l.expiry_date < :today
            THEN greatest(l.quantity_on_hand - l.quantity_quarantined, 0) ELSE 0 END) AS expired
    FROM latest l
    JOIN manufacturing.locations o ON o.tenant_id = l.tenant_id AND o.id = l.location_id
), stock AS (
    SELECT *, CASE WHEN is_nettable THEN greatest(on_hand - reserved - quarantined - expired, 0) ELSE 0 END
        AS available FROM counted
)"""

# What arrived by the day, and what a purchase order line `l` still brings: in base units, because receipts may come
# in another unit than was ordered. Where the line's factor is unknown so is the result (greatest skips a plain NULL).
RECEIVED = """
received AS (
    SELECT r.purchase_order_line_id,
        coalesce(sum(r.qty * r.uom_factor) FILTER (WHERE r.production_day <= :today), 0) AS base_qty
    FROM manufacturing.receipts r GROUP BY r.purchase_order_line_id
)"""
OUTSTANDING = """greatest(l.uom_factor * (l.ordered_qty - coalesce(l.cancelled_qty, 0))
        - coalesce(r.base_qty, l.uom_factor * l.received_qty, 0), l.uom_factor * 0)"""

SUPPLY = f"""
{RECEIVED}, on_order AS (
    SELECT l.sku_id, sum({OUTSTANDING}) AS qty, count(*) FILTER (WHERE l.uom_factor IS NULL) AS unknown
    FROM manufacturing.purchase_order_lines l
    JOIN manufacturing.purchase_orders p ON p.tenant_id = l.tenant_id AND p.id = l.purchase_order_id
    LEFT JOIN received r ON r.purchase_order_line_id = l.id
    WHERE p.status IN ('approved', 'sent', 'confirmed', 'partially_received') AND p.order_date <= :today
    GROUP BY l.sku_id
), in_production AS (
    SELECT w.sku_id, sum(w.uom_factor * greatest(w.ordered_qty - coalesce(w.good_qty, 0)
        - coalesce(w.scrap_qty, 0), 0)) AS qty
    FROM manufacturing.work_orders w
    WHERE {DATED} AND NOT {FINISHED} AND coalesce(w.status, '') <> 'created'
        AND (w.status IS NOT NULL OR coalesce(w.actual_start, w.scheduled_start) <= :today)
    GROUP BY w.sku_id
), backorders AS (
    SELECT sku_id, sum(open_base) AS qty FROM open_lines WHERE due_date < :today GROUP BY sku_id
)"""
