"""An override of an item moves its places and the levels above it: levels add up after it as they did before."""

from __future__ import annotations

from uuid import UUID

from opscopilot.kernel.db import Tx

_ENGINE = "coalesce(f.statistical_value, f.value)"
_PLACES = """FROM forecast.forecasts f WHERE f.version_id = :version AND f.entity_type = 'sku_location'"""

# An item without an override of its own is moved by those of its places.
_TO_ITEM = f"""
SELECT i.id, m.moved FROM (
    SELECT f.entity_id, f.bucket_start, sum(f.value - {_ENGINE}) AS moved {_PLACES}
    GROUP BY 1, 2 HAVING bool_or(f.statistical_value IS NOT NULL)) m
JOIN forecast.forecasts i ON i.version_id = :version AND i.entity_type = 'sku' AND i.entity_id = m.entity_id
    AND i.bucket_start = m.bucket_start AND NOT i.is_override
"""
# What an overridden item says beyond its places' own overrides goes to its other places in proportion.
_TO_PLACES = f"""
WITH split AS (
    SELECT f.entity_id, f.bucket_start, sum({_ENGINE}) FILTER (WHERE NOT f.is_override) AS free,
        coalesce(sum(f.value) FILTER (WHERE f.is_override), 0) AS fixed {_PLACES} GROUP BY 1, 2
)
SELECT f.id, {_ENGINE} * (greatest(0, i.value - s.fixed) / s.free - 1) AS moved
FROM forecast.forecasts f JOIN split s ON s.entity_id = f.entity_id AND s.bucket_start = f.bucket_start AND s.free > 0
JOIN forecast.forecasts i ON i.version_id = :version AND i.entity_type = 'sku' AND i.entity_id = f.entity_id
    AND i.bucket_start = f.bucket_start AND i.is_override
WHERE f.version_id = :version AND f.entity_type = 'sku_location' AND NOT f.is_override
"""
_UP = f"""
WITH items AS (
    SELECT s.parent_id, f.bucket_start, f.value - {_ENGINE} AS moved FROM forecast.forecasts f
    JOIN forecast.forecast_series s ON s.version_id = f.version_id AND s.entity_type = 'sku' AND s.entity_id = f.entity_id
    WHERE f.version_id = :version AND f.entity_type = 'sku' AND f.statistical_value IS NOT NULL
), nodes AS (
    SELECT parent_id AS node, bucket_start, moved FROM items
    UNION ALL
    SELECT s.parent_id, i.bucket_start, i.moved FROM items i JOIN forecast.forecast_series s
        ON s.version_id = :version AND s.entity_type = 'family' AND s.entity_id = i.parent_id
)
SELECT f.id, sum(n.moved) AS moved FROM nodes n JOIN forecast.forecasts f ON f.version_id = :version
    AND f.entity_type IN ('family', 'plant') AND f.entity_id = n.node AND f.bucket_start = n.bucket_start GROUP BY f.id
"""


def spread(tx: Tx, version_id: UUID) -> None:
    """Move what hangs together with the overridden rows of a draft; their engine's numbers stay beside."""
    for found in (_TO_ITEM, _TO_PLACES, _UP):
        tx.execute(
            f"""UPDATE forecast.forecasts f SET value = greatest(0, {_ENGINE} + round(m.moved, 6)),
                    statistical_value = {_ENGINE}, statistical_bounds = m.bounds,
                    lower_95 = greatest(0, m.bounds[1] + least(0, round(m.moved, 6))),
                    lower_80 = greatest(0, m.bounds[2] + least(0, round(m.moved, 6))),
                    upper_80 = m.bounds[3] + greatest(0, round(m.moved, 6)),
                    upper_95 = m.bounds[4] + greatest(0, round(m.moved, 6))
                FROM (SELECT d.id, d.moved, coalesce(g.statistical_bounds,
                          ARRAY[g.lower_95, g.lower_80, g.upper_80, g.upper_95]) AS bounds
                      FROM ({found}) d JOIN forecast.forecasts g ON g.version_id = :version AND g.id = d.id) m
                WHERE f.version_id = :version AND f.id = m.id""",
            version=version_id,
        )
