"""What a version says about items, as plain rows: read by the API, and by the forecast function that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from opscopilot.forecasting.evaluation.overlay import EFFECTIVE, OPEN_OVERRIDE
from opscopilot.kernel.db import Tx

_SERIES = """
SELECT s.entity_id, s.sku_code, k.description, s.status, s.reason, s.method, s.note, s.demand_class, s.uom,
       s.history_periods, s.origins, s.wape, s.bias, s.mase, s.coverage_80, s.coverage_95, s.naive_name, s.naive_wape
FROM forecast.forecast_series s
JOIN manufacturing.skus k ON k.tenant_id = s.tenant_id AND k.id = s.entity_id
WHERE s.version_id = :version AND s.entity_id = ANY(CAST(:ids AS uuid[])) AND s.entity_type = :type
  AND s.location_id IS NOT DISTINCT FROM CAST(:location AS uuid) AND s.status <> 'pending'
"""
_FORECASTS = f"""
SELECT f.entity_id, f.bucket_start, f.baseline_method, f.baseline_value, {EFFECTIVE}
FROM forecast.forecasts f JOIN forecast.forecast_versions v ON v.tenant_id = f.tenant_id AND v.id = f.version_id
{OPEN_OVERRIDE}
WHERE f.version_id = :version AND f.entity_id = ANY(CAST(:ids AS uuid[])) AND f.entity_type = :type
  AND f.location_id IS NOT DISTINCT FROM CAST(:location AS uuid) AND f.bucket_start < :before
ORDER BY f.entity_id, f.bucket_start
"""
_HISTORY = """
SELECT h.sku_id AS entity_id, h.bucket_start AS period_start, h.unconstrained_qty AS value, h.lost_qty AS lost_value,
       h.was_stocked_out, h.ordered_qty AS ordered_value, h.was_promo, h.cleaning_rule, h.flag, h.flag_reason
FROM unnest(CAST(:ids AS uuid[])) AS a(id) CROSS JOIN LATERAL (
    SELECT * FROM forecast.{table} x WHERE x.sku_id = a.id AND x.period = :period AND x.bucket_start <= :until {place}
    ORDER BY x.bucket_start DESC LIMIT :rows) h
ORDER BY h.sku_id, h.bucket_start
"""

Rows = dict[str, Any]


def fetch(
    tx: Tx, version_id: UUID, ids: Sequence[UUID], *, period: str, until: date, before: date, history: int,
    location_id: UUID | None = None,
) -> dict[UUID, Rows]:  # fmt: skip
    """Per item that the version holds: `series` (its verdict), `rows` (its forecast up to the day `before`) and
    `history` (the last `history` periods that ended by `until`). Three statements, however many items."""
    given = {"version": version_id, "ids": [str(one) for one in ids], "location": location_id,
             "type": "sku" if location_id is None else "sku_location"}  # fmt: skip
    found: dict[UUID, Rows] = {
        row["entity_id"]: {"series": row, "rows": [], "history": []} for row in tx.rows(_SERIES, **given)
    }
    for row in tx.rows(_FORECASTS, **given, before=before):
        if row["entity_id"] in found:
            found[row["entity_id"]]["rows"].append(row)
    place = "" if location_id is None else "AND x.location_id = CAST(:location AS uuid)"
    table = "demand_history" if location_id is None else "demand_history_locations"
    asked: dict[str, Any] = {"ids": [str(one) for one in found], "period": period, "until": until, "rows": history}
    if location_id is not None:
        asked["location"] = location_id
    for row in tx.rows(_HISTORY.format(table=table, place=place), **asked):
        found[row["entity_id"]]["history"].append(row)
    return found
