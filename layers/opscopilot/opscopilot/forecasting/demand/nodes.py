"""The nodes a version forecasts: items, items at a place, families, the plant in each base unit (MODEL §5)."""

from __future__ import annotations

from opscopilot.forecasting.demand.buckets import number_sql
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

# Items with a history, and new ones: to be sold from a day near the cut on, without a single order so far.
_ITEMS = """
CREATE TEMP TABLE planned_items ON COMMIT DROP AS
SELECT k.id, k.sku_code, k.base_uom AS uom, coalesce(btrim(k.category), '') AS category, s.first_bucket,
       coalesce(s.buckets, 0) AS buckets, k.is_active, k.valid_to
FROM manufacturing.skus k
LEFT JOIN forecast.demand_series s ON s.sku_id = k.id AND s.location_id IS NULL AND s.period = :period
WHERE s.sku_id IS NOT NULL OR (k.is_active AND k.type = 'finished' AND (k.valid_to IS NULL OR k.valid_to > :as_of)
    AND (k.valid_from BETWEEN CAST(:as_of AS date) - 366 AND :until
         OR EXISTS (SELECT 1 FROM manufacturing.sku_supersessions u WHERE u.successor_sku_id = k.id
                    AND coalesce(u.valid_from, :as_of) <= :until)))
"""

# A group of one is that one; items without a category belong to the plant directly.
_NODES = """
CREATE TEMP TABLE planned_nodes ON COMMIT DROP AS
WITH counted AS (
    SELECT g.id, g.entity_type, g.code, g.uom, g.parent_id, count(*) AS items, min(i.first_bucket) AS first_bucket
    FROM forecast.demand_groups g JOIN planned_items i ON i.uom = g.uom AND i.buckets > 0
        AND (g.entity_type = 'plant' OR g.category = i.category)
    WHERE g.entity_type = 'plant' OR g.category <> ''
    GROUP BY g.id, g.entity_type, g.code, g.uom, g.parent_id HAVING count(*) >= 2
), plants AS (
    SELECT * FROM counted WHERE entity_type = 'plant'
), families AS (
    SELECT f.* FROM counted f LEFT JOIN plants p ON p.id = f.parent_id WHERE f.entity_type = 'family'
        AND f.items IS DISTINCT FROM p.items
), items AS (
    SELECT i.*, coalesce(f.id, p.id) AS parent_id FROM planned_items i
    LEFT JOIN (SELECT f.*, g.category FROM families f JOIN forecast.demand_groups g USING (id)) f
        ON f.uom = i.uom AND f.category = i.category
    LEFT JOIN plants p ON p.uom = i.uom
)
SELECT 'sku' AS entity_type, i.id AS entity_id, CAST(NULL AS uuid) AS location_id, i.sku_code,
       CAST(NULL AS text) AS location_code, i.uom, i.parent_id, least(i.valid_to, u.replaced) AS ends_on,
       i.first_bucket AS history_start, i.buckets AS history_periods, 0 AS rank
FROM items i LEFT JOIN (
    SELECT sku_id, min(valid_from) AS replaced FROM manufacturing.sku_supersessions
    WHERE NOT use_up AND valid_from IS NOT NULL GROUP BY sku_id) u ON u.sku_id = i.id
UNION ALL
SELECT 'sku_location', s.sku_id, s.location_id, i.sku_code, l.code, i.uom, s.sku_id, i.valid_to, s.first_bucket,
       s.buckets, 1
FROM forecast.demand_series s JOIN items i ON i.id = s.sku_id
JOIN manufacturing.locations l ON l.id = s.location_id
WHERE s.period = :period AND s.location_id IS NOT NULL
UNION ALL
SELECT entity_type, id, NULL, code, NULL, uom, parent_id, NULL, first_bucket, {buckets}, 2 FROM families
UNION ALL
SELECT entity_type, id, NULL, code, NULL, uom, NULL, NULL, first_bucket, {buckets}, 3 FROM plants
"""


def plan_nodes(tx: Tx, cut: DataCut, period: Period, horizon: int) -> int:
    """Leave the nodes of a version of that period in the temporary table planned_nodes; how many there are.

    Columns as in forecast.forecast_series (entity_type, entity_id, location_id, sku_code, location_code, uom,
    parent_id, ends_on, history_start, history_periods) and `rank`, which sorts items before what is made of them.
    parent_id is the node above: of a place its item, of an item its family or the plant, of a family the plant.
    Histories must have been rebuilt before.
    """
    tx.execute("DROP TABLE IF EXISTS planned_items, planned_nodes")
    tx.execute(_ITEMS, period=period.name, as_of=cut.as_of, until=cut.horizon_end(period, horizon))
    tx.execute("ANALYZE planned_items")
    last = number_sql(period, f"DATE '{cut.last_bucket(period)}'", cut.week_start)
    buckets = f"{last} - {number_sql(period, 'first_bucket', cut.week_start)} + 1"
    tx.execute(_NODES.format(buckets=buckets), period=period.name)
    return int(tx.scalar("SELECT count(*) FROM planned_nodes"))
