"""What came, and which frozen forecast it is to be held against: SQL shared by the measures (P-52).

An automatic flag does not excuse an error: a one-off order counts as it came. Where stock ran out the demand that
could not be served counts too; where a person corrected the demand with a reason, the correction counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from opscopilot.forecasting.demand.periods import PeriodName

STEP: Mapping[str, str] = {"daily": "1 day", "weekly": "7 days", "monthly": "1 month", "quarterly": "3 months"}
"""From the first day of a bucket to that of the next, as Postgres says it."""
LAGS: Mapping[PeriodName, tuple[int, ...]] = {
    "daily": (1, 7, 14, 28), "weekly": (1, 2, 4, 8), "monthly": (1, 2, 3, 6), "quarterly": (1, 2),
}  # fmt: skip
"""Periods between the forecast and what it was for; 1 = the first forecast period."""
WINDOW: Mapping[PeriodName, int] = {"daily": 56, "weekly": 26, "monthly": 12, "quarterly": 8}
"""Complete periods looked back upon."""

_CAME = "CASE WHEN flag IS NOT NULL AND adjustment_id IS NULL THEN ordered_qty ELSE unconstrained_qty END"

ACTUALS = f"""
    SELECT 'sku' AS entity_type, sku_id AS entity_id, CAST(NULL AS uuid) AS location_id, bucket_start,
        CAST({_CAME} AS float8) AS actual
    FROM forecast.demand_history WHERE period = :period
    UNION ALL
    SELECT 'sku_location', sku_id, location_id, bucket_start, CAST({_CAME} AS float8)
    FROM forecast.demand_history_locations WHERE period = :period
    UNION ALL
    SELECT entity_type, entity_id, NULL, bucket_start, CAST(ordered_qty AS float8)
    FROM forecast.demand_history_groups WHERE period = :period
"""
"""Demand per node and bucket of :period."""

_MONTHS = "(extract(year FROM {0})::int * 12 + extract(month FROM {0})::int)"


def lag_of(period: PeriodName) -> str:
    """SQL: periods between the first bucket of version `v` and the bucket of row `f`, 1 for the first one."""
    if period in ("daily", "weekly"):
        return f"1 + (f.bucket_start - v.horizon_start) / {7 if period == 'weekly' else 1}"
    months = f"{_MONTHS.format('f.bucket_start')} - {_MONTHS.format('v.horizon_start')}"
    return f"1 + ({months}) / {3 if period == 'quarterly' else 1}"


def judged(period: PeriodName, only: str = "true") -> str:
    """SQL: one row per node, bucket and lag with what came and what had been said.

    Of several versions made in one bucket the last one counts, unless a rollback withdrew it. The planner's
    override counts that was in force before the version's first bucket was over. Parameters: :scope, :period,
    :since, :until (first and last day), :lags, :current (the version whose lead times say which lag matters).
    `only` narrows the rows `f` down.
    """
    return f"""
    SELECT DISTINCT ON (b.basis, f.entity_type, f.entity_id, f.location_id, f.bucket_start, lag)
        b.basis, f.entity_type, f.entity_id, f.location_id, f.bucket_start, f.uom, l.lag, a.actual,
        a.actual - CAST(CASE WHEN o.id IS NOT NULL THEN o.value WHEN f.is_override THEN f.statistical_value
            ELSE f.value END AS float8) AS error,
        a.actual - CAST(coalesce(f.statistical_value, f.value) AS float8) AS engine_error,
        a.actual - CAST(f.baseline_value AS float8) AS naive_error,
        o.id IS NOT NULL AS overridden, o.created_by AS made_by, o.reason_category,
        CAST(a.actual BETWEEN {_reach("lower_80", 2)} AND {_reach("upper_80", 3)} AS int) AS in_80,
        CAST(a.actual BETWEEN {_reach("lower_95", 1)} AND {_reach("upper_95", 4)} AS int) AS in_95
    FROM forecast.forecast_versions v
    JOIN forecast.forecasts f ON f.tenant_id = v.tenant_id AND f.version_id = v.id
    CROSS JOIN LATERAL (SELECT {lag_of(period)} AS lag) l
    LEFT JOIN forecast.forecast_series s ON s.version_id = :current AND s.entity_type = f.entity_type
        AND s.entity_id = f.entity_id AND s.location_id IS NOT DISTINCT FROM f.location_id
    JOIN ({ACTUALS}) a ON a.entity_type = f.entity_type AND a.entity_id = f.entity_id
        AND a.location_id IS NOT DISTINCT FROM f.location_id AND a.bucket_start = f.bucket_start
    LEFT JOIN planning.forecast_overrides o ON o.period = v.period AND o.entity_type = f.entity_type
        AND o.entity_id = f.entity_id AND o.location_id IS NOT DISTINCT FROM f.location_id
        AND o.bucket_start = f.bucket_start
        AND o.as_of < CAST(v.horizon_start + CAST(:step AS interval) AS date)
        AND o.as_of <= greatest(f.bucket_start, v.as_of)
        AND (o.revoked_as_of IS NULL OR o.revoked_as_of >= CAST(v.horizon_start + CAST(:step AS interval) AS date))
        AND (o.draft_id IS NULL OR EXISTS (SELECT 1 FROM forecast.forecast_versions d
             WHERE d.id = o.draft_id AND d.status IN ('published', 'superseded', 'archived')))
    CROSS JOIN LATERAL (VALUES ('fixed', l.lag = ANY(CAST(:lags AS integer[]))),
        ('lead_time', l.lag = {LEAD_LAG})) AS b(basis, counts)
    WHERE v.scope = :scope AND v.period = :period AND v.status IN ('published', 'superseded', 'archived')
      AND v.horizon_start <= :until AND v.horizon_end >= :since AND f.bucket_start BETWEEN :since AND :until
      AND b.counts AND {only}
      AND NOT EXISTS (SELECT 1 FROM forecast.version_moves w WHERE w.version_id = v.id AND w.move = 'withdrawn')
    ORDER BY b.basis, f.entity_type, f.entity_id, f.location_id, f.bucket_start, lag, v.published_at DESC,
        o.created_at DESC NULLS LAST"""


LEAD_LAG = """least((SELECT horizon_periods FROM forecast.forecast_versions WHERE id = :current),
    greatest(1, ceil(s.lead_time_days_mean / :days)::int))"""
"""SQL: the lag that matters to series `s`: its lead time in periods of :days, rounded up, within the horizon."""


def _reach(column: str, place: int) -> str:
    """The bound as it counted: under an override it reaches over what the engine and what the planner said."""
    engine, moved = "coalesce(f.statistical_value, f.value)", "o.value"
    far = f"least(0, {moved} - {engine})" if place <= 2 else f"greatest(0, {moved} - {engine})"
    bound = f"coalesce(f.statistical_bounds[{place}], f.{column})"
    return (
        f"CASE WHEN o.id IS NOT NULL THEN greatest(0, {bound} + {far}) WHEN f.is_override THEN {bound}"
        f" ELSE f.{column} END"
    )
