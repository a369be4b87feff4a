"""Which location an order line counts for.

The one the line (or its order) names as where it leaves from; else the one the stock movement of its shipment left;
else the one this customer's orders of the item usually leave, or else this customer's orders, or else the item.
Without a single named location nothing is attributed, and demand is known per SKU only.
"""

from __future__ import annotations

from opscopilot.kernel.db import Tx

_NAMED = """
WITH named AS (
    SELECT DISTINCT ON (key) key, id FROM (
        SELECT lower(code) AS key, id, 0 AS rank FROM manufacturing.locations
        UNION ALL SELECT lower(name), id, 1 FROM manufacturing.locations) n
    ORDER BY key, rank, id
)
UPDATE demand_orders d SET location_id = n.id FROM named n WHERE n.key = lower(d.ship_from)
"""

_MOVED = """
WITH moved AS (
    SELECT DISTINCT ON (ref_id, sku_id) ref_id, sku_id, location_id FROM manufacturing.inventory_movements
    WHERE type = 'shipment' AND ref_id IS NOT NULL GROUP BY ref_id, sku_id, location_id
    ORDER BY ref_id, sku_id, sum(abs(qty)) DESC, location_id
)
UPDATE demand_orders d SET location_id = m.location_id FROM moved m
WHERE d.location_id IS NULL AND m.sku_id = d.sku_id AND m.ref_id = {reference}
"""

_USUAL = """
WITH used AS (
    SELECT customer_id, sku_id, location_id, count(*) AS n FROM demand_orders WHERE location_id IS NOT NULL
    GROUP BY 1, 2, 3
), own AS (
    SELECT DISTINCT ON (customer_id, sku_id) customer_id, sku_id, location_id FROM used
    ORDER BY customer_id, sku_id, n DESC, location_id
), customer AS (
    SELECT DISTINCT ON (customer_id) customer_id, location_id FROM used GROUP BY customer_id, location_id
    ORDER BY customer_id, sum(n) DESC, location_id
), item AS (
    SELECT DISTINCT ON (sku_id) sku_id, location_id FROM used GROUP BY sku_id, location_id
    ORDER BY sku_id, sum(n) DESC, location_id
), wanted AS (
    SELECT DISTINCT customer_id, sku_id FROM demand_orders WHERE location_id IS NULL
), chosen AS (
    SELECT w.customer_id, w.sku_id, coalesce(own.location_id, customer.location_id, item.location_id) AS location_id
    FROM wanted w LEFT JOIN own USING (customer_id, sku_id) LEFT JOIN customer USING (customer_id)
    LEFT JOIN item ON item.sku_id = w.sku_id
)
UPDATE demand_orders d SET location_id = c.location_id FROM chosen c
WHERE d.location_id IS NULL AND c.customer_id = d.customer_id AND c.sku_id = d.sku_id AND c.location_id IS NOT NULL
"""

_EVIDENCE = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM manufacturing.locations LIMIT 2) l) >= 2 AND (
    EXISTS (SELECT 1 FROM demand_orders WHERE ship_from IS NOT NULL)
    OR EXISTS (SELECT 1 FROM manufacturing.inventory_movements WHERE type = 'shipment' AND ref_id IS NOT NULL))
"""


def attribute(tx: Tx) -> None:
    """Fill location_id of the temporary table demand_orders."""
    if not tx.scalar(_EVIDENCE):
        return
    named = tx.execute(_NAMED)
    moved = tx.execute(_MOVED.format(reference="d.shipment_no")) + tx.execute(_MOVED.format(reference="d.order_number"))
    if named + moved:
        tx.execute(_USUAL)
