"""Days on which an item had no stock, out of stock snapshots and the stock ledger (P-51).

What was counted holds until the next count of the same item and place. "Nothing there" is believed for a week at
most and until something comes in. Where there are only movements, their sum is the balance, as long as it never
falls below nothing: a ledger that begins in the middle says nothing about stock.
"""

from __future__ import annotations

from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.kernel.db import Tx

_BELIEVED_DAYS = 7

_SPANS = """
CREATE TEMP TABLE demand_stock_spans ON COMMIT DROP AS
WITH seen AS (
    SELECT i.sku_id, i.location_id, i.production_day AS day,
           bool_or(i.quantity_on_hand - i.quantity_reserved - i.quantity_quarantined - i.quantity_expired > 0) AS has_any,
           bool_and(coalesce(i.counted, false)) AS partial
    FROM manufacturing.inventory_snapshots i
    JOIN manufacturing.locations o ON o.tenant_id = i.tenant_id AND o.id = i.location_id
    WHERE o.is_nettable AND i.production_day BETWEEN :since AND :until GROUP BY 1, 2, 3
), counted AS (
    SELECT *, lead(day) OVER (PARTITION BY sku_id, location_id ORDER BY day) AS next FROM seen
    WHERE has_any OR NOT partial
), moves AS (
    SELECT m.sku_id, m.location_id, m.production_day AS day, sum(m.qty * m.uom_factor) AS qty
    FROM manufacturing.inventory_movements m
    JOIN manufacturing.locations o ON o.tenant_id = m.tenant_id AND o.id = m.location_id
    WHERE o.is_nettable AND m.uom_factor IS NOT NULL AND m.production_day <= :until
      AND m.type NOT IN ('hold', 'release') GROUP BY 1, 2, 3
), arrivals AS (
    SELECT c.sku_id, c.location_id, c.day, min(m.day) AS first FROM counted c
    JOIN moves m ON m.sku_id = c.sku_id AND m.location_id = c.location_id AND m.qty > 0
        AND m.day > c.day AND m.day <= c.day + CAST(:believed AS integer)
    WHERE NOT c.has_any GROUP BY 1, 2, 3
), balance AS (
    SELECT m.sku_id, m.location_id, m.day,
           sum(m.qty) OVER ledger AS held, lead(m.day) OVER ledger AS next
    FROM moves m WHERE NOT EXISTS (SELECT 1 FROM seen s WHERE s.sku_id = m.sku_id AND s.location_id = m.location_id)
    WINDOW ledger AS (PARTITION BY m.sku_id, m.location_id ORDER BY m.day)
), ledger AS (
    SELECT *, min(held) OVER (PARTITION BY sku_id, location_id) AS lowest FROM balance
)
SELECT c.sku_id, c.location_id, c.has_any, daterange(c.day,
           CASE WHEN c.has_any THEN coalesce(c.next, CAST(:until AS date) + 1)
                ELSE least(coalesce(c.next, c.day + CAST(:believed AS integer)), c.day + CAST(:believed AS integer), a.first) END) AS days
FROM counted c LEFT JOIN arrivals a ON a.sku_id = c.sku_id AND a.location_id = c.location_id AND a.day = c.day
UNION ALL
SELECT sku_id, location_id, held > 0, daterange(day, coalesce(next, CAST(:until AS date) + 1)) FROM ledger
WHERE lowest >= 0 AND coalesce(next, CAST(:until AS date) + 1) > day
"""

# A SKU as a whole is out where no place had any.
_OUT = """
CREATE TEMP TABLE demand_out_days ON COMMIT DROP AS
WITH none AS (
    SELECT sku_id, CAST(NULL AS uuid) AS location_id, range_agg(days) FILTER (WHERE NOT has_any) AS empty,
           coalesce(range_agg(days) FILTER (WHERE has_any), '{}'::datemultirange) AS stocked
    FROM demand_stock_spans GROUP BY sku_id
    UNION ALL
    SELECT p.sku_id, p.location_id, range_agg(p.days) FILTER (WHERE NOT p.has_any),
           coalesce(range_agg(p.days) FILTER (WHERE p.has_any), '{}'::datemultirange)
    FROM demand_stock_spans p JOIN demand_spread USING (sku_id) GROUP BY p.sku_id, p.location_id
), spans AS (
    SELECT sku_id, location_id, unnest(empty - stocked) AS days FROM none WHERE empty IS NOT NULL
)
SELECT sku_id, location_id, CAST(day AS date) AS day FROM spans
CROSS JOIN generate_series(lower(days), upper(days) - 1, interval '1 day') AS d(day)
WHERE day BETWEEN :since AND :until
"""


def gather(tx: Tx, cut: DataCut, years: int = 4) -> None:
    """Leave the days without stock per SKU (location_id null) and SKU and place in demand_out_days."""
    since = cut.complete_day.replace(year=cut.complete_day.year - years, day=1)
    tx.execute(_SPANS, since=since, until=cut.complete_day, believed=_BELIEVED_DAYS)
    tx.execute(_OUT, since=since, until=cut.complete_day)
    tx.execute("ANALYZE demand_out_days")
