"""Overrides that were made: open ones and those that were taken back or replaced."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.planning.forecasts import plan
from opscopilot.planning.forecasts.rows import moved
from opscopilot.planning.forecasts.schemas import OverrideRecord

# engine: what the version in force says today, to tell whether the override rests on old ground.
_MADE = """
SELECT o.*, v.code AS version, k.sku_code, l.code AS location_code, now_said.engine
FROM planning.forecast_overrides o
LEFT JOIN forecast.forecast_versions v ON v.tenant_id = o.tenant_id AND v.id = o.version_id
LEFT JOIN manufacturing.skus k ON k.tenant_id = o.tenant_id AND k.id = o.entity_id
LEFT JOIN manufacturing.locations l ON l.tenant_id = o.tenant_id AND l.id = o.location_id
LEFT JOIN LATERAL (
    SELECT coalesce(f.statistical_value, f.value) AS engine FROM forecast.forecasts f
    JOIN forecast.forecast_versions p ON p.tenant_id = f.tenant_id AND p.id = f.version_id
    WHERE f.tenant_id = o.tenant_id AND p.scope = 'demand' AND p.period = o.period AND p.status = 'published'
      AND f.entity_type = o.entity_type AND f.entity_id = o.entity_id AND f.bucket_start = o.bucket_start
      AND f.location_id IS NOT DISTINCT FROM o.location_id) now_said ON true
"""


def every(
    tx: Tx, *, period: PeriodName | None, sku_id: UUID | None, made_by: str | None, only_open: bool | None,
    cursor: str | None, limit: int,
) -> Page[OverrideRecord]:  # fmt: skip
    """Overrides, the newest first."""
    params: dict[str, Any] = {"period": period, "sku": sku_id, "by": made_by, "open": only_open}
    where = """(CAST(:period AS text) IS NULL OR o.period = :period)
        AND (CAST(:sku AS uuid) IS NULL OR o.entity_id = :sku) AND (CAST(:by AS text) IS NULL OR o.created_by = :by)
        AND (CAST(:open AS boolean) IS NULL OR (o.revoked_at IS NULL) = :open)"""
    total = int(tx.scalar(f"SELECT count(*) FROM planning.forecast_overrides o WHERE {where}", **params))
    if cursor is not None:
        params["after"] = str(decode_cursor(cursor, 1)[0])
        where += " AND o.id::text < :after"
    rows = tx.rows(f"{_MADE} WHERE {where} ORDER BY o.id::text DESC LIMIT :rows", **params, rows=limit + 1)
    share = plan.read(tx).review_overrides_beyond
    return page(rows, limit, total, ("id",), lambda row: _shown(row, share))


def _shown(row: Row, share: Any) -> OverrideRecord:
    is_open = row["revoked_at"] is None
    return OverrideRecord(
        **{name: row[name] for name in _PLAIN}, made_by=row["created_by"], made_at=row["created_at"], is_open=is_open,
        replaced=row["replaced_by"] is not None,
        needs_review=is_open and row["engine"] is not None and moved(row["engine"], row["statistical_value"], share),
    )  # fmt: skip


_PLAIN = (
    "id", "value", "reason", "reason_category", "statistical_value", "forecast_id", "version", "entity_type",
    "entity_id", "sku_code", "location_code", "period", "bucket_start", "uom", "revoked_at", "revoked_by",
)  # fmt: skip
