"""Demand history: what customers asked for, by the date they asked for it (D1, C23, P-51).

Ordered quantity of every order line, whether shipped, short or cancelled for lack of stock. Drafts are no
demand; neither are lines cancelled because they were typed by mistake.
"""

from __future__ import annotations

from opscopilot.forecasting.config import PERIOD
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.kernel.db import Tx

# A cancelled quantity was never demand when the reason says so; it is lost demand unless the customer
# changed their mind. Reasons are free text of the source system, hence patterns.
NEVER_DEMAND = r"(duplicat|double (entry|order)|entered twice|entry error|typing|typo|mistake|test order|\mtest\M)"
CUSTOMER_CHOICE = r"(customer|client|kunde|buyer|changed|no longer|withdrawn)"

_BUCKET = "({day} - mod(extract(isodow FROM {day})::int - :week_start + 7, 7))"

_LINES = f"""
CREATE TEMP TABLE demand_lines ON COMMIT DROP AS
WITH shipped AS (
    SELECT s.sales_order_line_id AS id, sum(s.qty * s.uom_factor) FILTER (WHERE s.production_day <= :as_of) AS base_qty
    FROM manufacturing.shipment_lines s GROUP BY s.sales_order_line_id
), lines AS (
    SELECT l.sku_id, k.base_uom, coalesce(l.requested_date, o.requested_date, o.order_date) AS day, l.ordered_qty,
           CASE WHEN l.cancelled_qty > 0 THEN least(l.cancelled_qty, l.ordered_qty) ELSE 0 END AS cancelled,
           coalesce(l.cancel_reason, '') AS reason,
           CASE WHEN s.id IS NOT NULL THEN coalesce(s.base_qty, 0) END AS shipped_base,
           CASE WHEN coalesce(l.ship_date, o.ship_date) > :as_of THEN 0
                WHEN l.shipped_qty IS NULL AND coalesce(l.ship_date, o.ship_date) IS NOT NULL THEN l.ordered_qty
                ELSE coalesce(l.shipped_qty, 0) END AS shipped,
           CASE WHEN l.uom_factor IS NOT NULL THEN l.uom_factor
                WHEN l.uom IS NULL OR l.uom = k.base_uom THEN 1 END AS factor
    FROM manufacturing.sales_order_lines l
    JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
    JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
    LEFT JOIN shipped s ON s.id = l.id
    WHERE o.status <> 'draft' AND o.order_date <= :as_of AND l.ordered_qty > 0
)
SELECT sku_id, base_uom, {_BUCKET.format(day="day")} AS bucket, count(*) AS order_lines,
       sum(factor * (ordered_qty - CASE WHEN reason ~* :never THEN cancelled ELSE 0 END)) AS ordered,
       sum(coalesce(shipped_base, factor * shipped)) AS shipped,
       sum(factor * CASE WHEN reason ~* :never OR reason ~* :choice THEN 0 ELSE cancelled END) AS lost
FROM lines WHERE factor IS NOT NULL GROUP BY 1, 2, 3
"""

# From the first demand to the last complete week, or to the end of a SKU that ended; zeros in between.
_SERIES = f"""
CREATE TEMP TABLE demand_built ON COMMIT DROP AS
WITH span AS (
    SELECT d.sku_id, d.base_uom, min(d.bucket) AS first_bucket,
           least(CAST(:last AS date), CASE WHEN NOT k.is_active OR k.valid_to <= :as_of
               THEN greatest(max(d.bucket), {_BUCKET.format(day="k.valid_to")}) END) AS last_bucket
    FROM demand_lines d JOIN manufacturing.skus k ON k.id = d.sku_id
    WHERE d.ordered > 0 AND d.bucket <= :last GROUP BY d.sku_id, d.base_uom, k.is_active, k.valid_to
)
SELECT s.sku_id, s.base_uom, b.bucket::date AS bucket, coalesce(d.ordered, 0) AS ordered,
       coalesce(d.shipped, 0) AS shipped, coalesce(d.lost, 0) AS lost, coalesce(d.order_lines, 0) AS order_lines
FROM span s CROSS JOIN generate_series(s.first_bucket, s.last_bucket, interval '7 days') AS b(bucket)
LEFT JOIN demand_lines d ON d.sku_id = s.sku_id AND d.bucket = b.bucket::date
"""

_REMOVE = """
DELETE FROM forecast.demand_history h WHERE h.period = :period AND NOT EXISTS (
    SELECT 1 FROM demand_built b WHERE b.sku_id = h.sku_id AND b.bucket = h.bucket_start)
"""

_STORE = """
INSERT INTO forecast.demand_history AS h (tenant_id, sku_id, period, bucket_start, ordered_qty, shipped_qty,
    lost_qty, was_stocked_out, unconstrained_qty, cleaning_rule, order_lines, uom)
SELECT :tenant, sku_id, :period, bucket, ordered, shipped, lost, lost > 0, ordered,
    CASE WHEN lost > 0 THEN 'gross_of_shortage' ELSE 'as_ordered' END, order_lines, base_uom
FROM demand_built
ON CONFLICT (tenant_id, sku_id, period, bucket_start) DO UPDATE SET ordered_qty = excluded.ordered_qty,
    shipped_qty = excluded.shipped_qty, lost_qty = excluded.lost_qty, was_stocked_out = excluded.was_stocked_out,
    unconstrained_qty = excluded.unconstrained_qty, cleaning_rule = excluded.cleaning_rule,
    order_lines = excluded.order_lines, uom = excluded.uom, updated_at = now()
WHERE (h.ordered_qty, h.shipped_qty, h.lost_qty, h.unconstrained_qty, h.order_lines, h.uom, h.cleaning_rule)
    IS DISTINCT FROM (excluded.ordered_qty, excluded.shipped_qty, excluded.lost_qty, excluded.unconstrained_qty,
    excluded.order_lines, excluded.uom, excluded.cleaning_rule)
"""


def rebuild(tx: Tx, cut: DataCut) -> int:
    """Bring forecast.demand_history in line with the order lines as of the cut; the rows that changed.

    Weeks that are not complete are left out, so that a running week never looks like a drop (P-56).
    """
    tx.execute(_LINES, as_of=cut.as_of, week_start=cut.week_start, never=NEVER_DEMAND, choice=CUSTOMER_CHOICE)
    tx.execute(
        _SERIES, as_of=cut.as_of, week_start=cut.week_start,
        last=cut.last_bucket(),
    )  # fmt: skip
    removed = tx.execute(_REMOVE, period=PERIOD)
    stored = tx.execute(_STORE, period=PERIOD, tenant=tx.tenant_id)
    return removed + stored
