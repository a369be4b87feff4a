"""Families and the plant: their ids, and their demand as the sum of their items' cleaned demand.

Quantities add up in one unit only, so there is one family per category and base unit and one plant per base unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid5

from opscopilot.forecasting import copyio
from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

NO_FAMILY = "(no family)"

_WANTED = """
SELECT DISTINCT coalesce(btrim(k.category), '') AS category, k.base_uom AS uom FROM manufacturing.skus k
WHERE EXISTS (SELECT 1 FROM forecast.demand_series s WHERE s.sku_id = k.id)
"""
_STORE = """
INSERT INTO forecast.demand_groups AS g (tenant_id, id, entity_type, code, name, category, uom, parent_id)
SELECT :tenant, id, entity_type, code, name, CASE WHEN entity_type = 'family' THEN coalesce(category, '') END, uom, parent_id
FROM wanted_groups
ON CONFLICT (tenant_id, id) DO UPDATE SET code = excluded.code, name = excluded.name, updated_at = now()
WHERE (g.code, g.name) IS DISTINCT FROM (excluded.code, excluded.name)
"""
_COLUMNS = ("id", "entity_type", "code", "name", "category", "uom", "parent_id")

# Sums of families out of the items, sums of plants out of the families: the large table is read once.
_SUMS = """
CREATE TEMP TABLE group_sums ON COMMIT DROP AS
WITH members AS MATERIALIZED (
    SELECT k.id AS sku_id, g.id, g.parent_id, g.uom FROM manufacturing.skus k
    JOIN forecast.demand_groups g ON g.entity_type = 'family' AND g.category = coalesce(btrim(k.category), '')
), families AS (
    SELECT g.id, g.parent_id, h.bucket_start, h.uom, sum(h.ordered_qty) AS ordered, sum(h.shipped_qty) AS shipped,
           sum(h.lost_qty) AS lost, sum(h.unconstrained_qty) AS unconstrained, sum(h.order_lines)::int AS lines
    FROM forecast.demand_history h
    JOIN members g ON g.sku_id = h.sku_id AND g.uom = h.uom
    WHERE h.period = :period GROUP BY g.id, g.parent_id, h.bucket_start, h.uom
)
SELECT 'family' AS entity_type, id AS entity_id, bucket_start, ordered, shipped, lost, unconstrained, lines, uom
FROM families
UNION ALL
SELECT 'plant', parent_id, bucket_start, sum(ordered), sum(shipped), sum(lost), sum(unconstrained), sum(lines)::int, uom
FROM families GROUP BY parent_id, bucket_start, uom
"""
_GONE = """
DELETE FROM forecast.demand_history_groups h WHERE h.period = :period AND NOT EXISTS (
    SELECT 1 FROM group_sums s WHERE s.entity_type = h.entity_type AND s.entity_id = h.entity_id
        AND s.bucket_start = h.bucket_start)
"""
_KEEP = """
INSERT INTO forecast.demand_history_groups AS h (tenant_id, entity_type, entity_id, period, bucket_start, ordered_qty,
    shipped_qty, lost_qty, unconstrained_qty, order_lines, uom)
SELECT :tenant, entity_type, entity_id, :period, bucket_start, ordered, shipped, lost, unconstrained, lines, uom
FROM group_sums
ON CONFLICT (tenant_id, entity_type, entity_id, period, bucket_start) DO UPDATE SET ordered_qty = excluded.ordered_qty,
    shipped_qty = excluded.shipped_qty, lost_qty = excluded.lost_qty, order_lines = excluded.order_lines,
    unconstrained_qty = excluded.unconstrained_qty, uom = excluded.uom, updated_at = now()
WHERE (h.ordered_qty, h.shipped_qty, h.lost_qty, h.unconstrained_qty, h.order_lines, h.uom) IS DISTINCT FROM
    (excluded.ordered_qty, excluded.shipped_qty, excluded.lost_qty, excluded.unconstrained_qty, excluded.order_lines,
     excluded.uom)
"""


def family_id(tenant_id: UUID, category: str, uom: str) -> UUID:
    """The id of a family: the same in every version of every year. `category` '' is the items without one."""
    return uuid5(tenant_id, f"family\x1f{category}\x1f{uom}")


def plant_id(tenant_id: UUID, uom: str) -> UUID:
    """The id of the plant's total in one base unit."""
    return uuid5(tenant_id, f"plant\x1f{uom}")


def rebuild(tx: Tx, period: Period) -> int:
    """Bring demand_groups and demand_history_groups in line with demand_history; the rows that changed."""
    assert tx.tenant_id is not None
    wanted = tx.rows(_WANTED)
    tx.execute("DROP TABLE IF EXISTS wanted_groups")
    copyio.stage(tx, "wanted_groups", "forecast.demand_groups", _COLUMNS, _groups(tx.tenant_id, wanted))
    tx.execute(_STORE, tenant=tx.tenant_id)
    tx.execute("DROP TABLE IF EXISTS group_sums")
    tx.execute(_SUMS, period=period.name)
    return tx.execute(_GONE, period=period.name) + tx.execute(_KEEP, period=period.name, tenant=tx.tenant_id)


def _groups(tenant_id: UUID, wanted: Sequence[dict[str, Any]]) -> Iterator[list[Any]]:
    for uom in sorted({row["uom"] for row in wanted}):
        yield [plant_id(tenant_id, uom), "plant", f"PLANT/{uom}", f"All items in {uom}", None, uom, None]
    for row in wanted:
        category, uom = row["category"], row["uom"]
        name = category or NO_FAMILY
        yield [family_id(tenant_id, category, uom), "family", f"{name}/{uom}", f"{name} in {uom}", category, uom,
               plant_id(tenant_id, uom)]  # fmt: skip
