"""Says at every total how much of what it stands for is not in it: items that are sold but get no forecast."""

from __future__ import annotations

from uuid import UUID

from opscopilot.kernel.db import Tx

# Items below a family, and below the plant directly or through a family. An item that has ended is missed by nobody,
# nor is one that nobody ordered in the last year unless it is new. Said once, however often it is asked.
_SAY = """
WITH items AS (
    SELECT s.parent_id, s.status, coalesce(s.recent_volume, 0) AS volume, s.history_periods = 0 AS is_new
    FROM forecast.forecast_series s
    JOIN forecast.forecast_versions v ON v.id = s.version_id
    JOIN manufacturing.skus k ON k.id = s.entity_id
    WHERE s.version_id = :version AND s.entity_type = 'sku' AND k.is_active
      AND coalesce(k.valid_to > v.as_of, true) AND coalesce(s.ends_on > v.as_of, true)
), below AS (
    SELECT * FROM items
    UNION ALL
    SELECT f.parent_id, i.status, i.volume, i.is_new FROM items i
    JOIN forecast.forecast_series f ON f.version_id = :version AND f.entity_id = i.parent_id
        AND f.entity_type = 'family' AND f.parent_id IS NOT NULL
), missing AS (
    SELECT parent_id, count(*) FILTER (WHERE status = 'refused' AND (volume > 0 OR is_new)) AS items,
           coalesce(sum(volume) FILTER (WHERE status = 'refused'), 0) AS volume, sum(volume) AS whole
    FROM below WHERE parent_id IS NOT NULL GROUP BY parent_id
)
UPDATE forecast.forecast_series s SET note = concat_ws('; ', nullif(s.note, ''), format(
    '%s with %s %% of the last year''s demand %s no forecast and %s not in it',
    CASE WHEN m.items = 1 THEN '1 item' ELSE m.items || ' items' END,
    CASE WHEN m.whole > 0 THEN round((100 * m.volume / m.whole)::numeric, 1) ELSE 0 END,
    CASE WHEN m.items = 1 THEN 'has' ELSE 'have' END, CASE WHEN m.items = 1 THEN 'is' ELSE 'are' END))
FROM missing m
WHERE s.version_id = :version AND s.entity_type IN ('family', 'plant') AND s.entity_id = m.parent_id AND m.items > 0
  AND s.status = 'ok' AND coalesce(s.note, '') NOT LIKE '% not in it'
"""


def say(tx: Tx, version_id: UUID) -> int:
    """Add to the notes of a draft's families and plants what is left out of them; how many notes that were."""
    return tx.execute(_SAY, version=version_id)
