"""What planners overrode becomes part of the next version: in its numbers, in the levels above and below, and in
the demand its lead times see."""

from __future__ import annotations

from opscopilot.forecasting.evaluation import spreading
from opscopilot.forecasting.evaluation.actuals import STEP
from opscopilot.forecasting.evaluation.overlay import OPEN_OVERRIDE
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

# Rows that an override stands over, and rows of a copy whose override was taken back since. Everything is laid down
# from what the engine said, so that doing it again changes nothing.
_FOUND = f"""
CREATE TEMP TABLE carried ON COMMIT DROP AS
SELECT f.id, o.id AS override_id, o.reason, f.entity_type, f.entity_id, f.location_id, f.bucket_start,
    coalesce(f.statistical_value, f.value) AS engine, coalesce(o.value, f.statistical_value) AS value,
    coalesce(o.value, f.statistical_value) - f.value AS change,
    coalesce(o.value, f.statistical_value) - coalesce(f.statistical_value, f.value) AS moved,
    coalesce(f.statistical_bounds, ARRAY[f.lower_95, f.lower_80, f.upper_80, f.upper_95]) AS bounds
FROM forecast.forecasts f
JOIN forecast.forecast_versions v ON v.tenant_id = f.tenant_id AND v.id = f.version_id
{OPEN_OVERRIDE}
WHERE f.version_id = :version AND (o.id IS NOT NULL OR f.is_override)
"""
_ROWS = """
UPDATE forecast.forecasts f SET value = c.value, is_override = c.override_id IS NOT NULL, override_reason = c.reason,
    override_id = c.override_id, statistical_value = c.engine, statistical_bounds = c.bounds,
    lower_95 = greatest(0, c.bounds[1] + least(0, c.moved)), lower_80 = greatest(0, c.bounds[2] + least(0, c.moved)),
    upper_80 = c.bounds[3] + greatest(0, c.moved), upper_95 = c.bounds[4] + greatest(0, c.moved)
FROM carried c WHERE f.version_id = :version AND f.id = c.id
"""
# An override says when more or less will be asked for: the part of each bucket that lies inside the lead time (and
# inside lead time and review time) moves what stock has to last for.
_LEAD_TIMES = """
WITH inside AS (
    SELECT c.entity_type, c.entity_id,
        sum(c.change * least(1, greatest(0, (s.lead_time_days_mean - c.ahead) / c.days)))::float8 AS lead,
        sum(c.change * least(1, greatest(0, (s.protection_days - c.ahead) / c.days)))::float8 AS protection
    FROM (SELECT c.*, c.bucket_start - CAST(:start AS date) AS ahead,
              CAST(c.bucket_start + CAST(:step AS interval) AS date) - c.bucket_start AS days FROM carried c) c
    JOIN forecast.forecast_series s ON s.version_id = :version AND s.entity_type = c.entity_type
        AND s.entity_id = c.entity_id AND s.location_id IS NULL AND s.lead_time_mean IS NOT NULL
    WHERE c.location_id IS NULL GROUP BY 1, 2
)
UPDATE forecast.forecast_series s SET lead_time_mean = greatest(0, s.lead_time_mean + i.lead),
    lead_time_quantiles = ARRAY(SELECT greatest(0, q + i.lead)
        FROM unnest(s.lead_time_quantiles) WITH ORDINALITY AS u(q, place) ORDER BY place),
    order_up_to = greatest(0, s.order_up_to + i.protection),
    protection_mean = greatest(0, s.protection_mean + i.protection),
    protection_quantiles = ARRAY(SELECT greatest(0, q + i.protection)
        FROM unnest(s.protection_quantiles) WITH ORDINALITY AS u(q, place) ORDER BY place)
FROM inside i WHERE s.version_id = :version AND s.entity_type = i.entity_type AND s.entity_id = i.entity_id
    AND s.location_id IS NULL
"""


def apply(tx: Tx, version: Version) -> int:
    """Lay the open overrides of buckets still ahead over the draft; how many rows they stand over.

    The engine's own number and interval stay beside them. The interval then reaches over what either of the two
    would say, so 0 <= lower <= value <= upper holds. Levels above and below follow, so that they add up again.
    """
    tx.execute(_FOUND, version=version.id)
    changed = int(tx.scalar("SELECT count(*) FROM carried"))
    if changed:
        tx.execute(_LEAD_TIMES, version=version.id, start=version.horizon_start, step=STEP[version.period])
        tx.execute(_ROWS, version=version.id)
        spreading.spread(tx, version.id)
    tx.execute("DROP TABLE carried")
    return changed
