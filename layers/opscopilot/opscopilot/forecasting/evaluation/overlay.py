"""What a forecast row says now: the planner's open override over it, else the engine's own number.

Published rows never change (P-52). A version that is out of force answers as it was published.
"""

from __future__ import annotations

_COUNTS = """(o.draft_id IS NULL OR o.draft_id = v.id OR EXISTS (
    SELECT 1 FROM forecast.forecast_versions d WHERE d.tenant_id = o.tenant_id AND d.id = o.draft_id
        AND d.status IN ('published', 'superseded', 'archived')))"""

OPEN_OVERRIDE = f"""
LEFT JOIN LATERAL (
    SELECT o.id, o.value, o.reason, o.reason_category, o.created_by, o.created_at, o.statistical_value
    FROM planning.forecast_overrides o
    WHERE o.tenant_id = f.tenant_id AND o.revoked_at IS NULL AND v.scope = 'demand'
        AND v.status IN ('draft', 'published') AND o.period = v.period AND o.bucket_start = f.bucket_start
        AND o.entity_type = f.entity_type AND o.entity_id = f.entity_id
        AND o.location_id IS NOT DISTINCT FROM f.location_id AND {_COUNTS}
    ORDER BY o.created_at DESC, o.id DESC LIMIT 1
) o ON true"""
"""Joins the override that counts, as `o`, to a forecast row `f` of version `v`."""

_ENGINE = "coalesce(f.statistical_value, f.value)"
_LIVE = "v.status IN ('draft', 'published')"
_MOVED = f"(o.value - {_ENGINE})"


def _bound(column: str, place: int) -> str:
    """The row's bound; under an override it reaches over what the engine and what the planner would say."""
    engine = f"coalesce(f.statistical_bounds[{place}], f.{column})"
    shift = f"least(0, {_MOVED})" if column.startswith("lower") else f"greatest(0, {_MOVED})"
    return (
        f"CASE WHEN {_LIVE} AND o.id IS NOT NULL THEN greatest(0, {engine} + {shift})"
        f" WHEN {_LIVE} AND f.is_override THEN {engine} ELSE f.{column} END AS {column}"
    )


_BOUNDS = ",\n    ".join(
    _bound(name, place) for place, name in enumerate(("lower_95", "lower_80", "upper_80", "upper_95"), start=1)
)

EFFECTIVE = f"""CASE WHEN {_LIVE} AND o.id IS NOT NULL THEN o.value
         WHEN {_LIVE} AND f.is_override THEN {_ENGINE} ELSE f.value END AS value,
    {_BOUNDS},
    CASE WHEN {_LIVE} THEN o.id IS NOT NULL ELSE f.is_override END AS is_override,
    CASE WHEN {_LIVE} THEN o.reason ELSE f.override_reason END AS override_reason,
    CASE WHEN {_LIVE} THEN o.id ELSE f.override_id END AS override_id,
    {_ENGINE} AS statistical_value"""
"""Columns that say what row `f` means now; needs OPEN_OVERRIDE. An override that the version was made with and that
was revoked since gives the engine's number back."""
