"""Questions about forecasts: the version in force, a SKU's forecast with its evidence, versions, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from opscopilot.forecasting import demand_rows
from opscopilot.forecasting.config import SCOPE
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.queries_demand import Origin, assembled
from opscopilot.forecasting.schemas import (
    AccuracyMetric,
    DemandForecast,
    ForecastVersion,
    Level,
    VersionStatus,
)
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page

STALE_AFTER_DAYS = 8
"""Age of a weekly forecast's data from which an answer must say that it is stale."""

_VERSION = """
SELECT v.id, v.code, v.name, v.period, v.status, v.as_of, v.history_end, v.horizon_start, v.horizon_end,
       v.horizon_periods,
       v.series_count, v.forecast_count, v.refused_count, v.batches, v.error, v.published_at, v.created_at,
       (SELECT count(*) FROM forecast.model_executions e WHERE e.tenant_id = v.tenant_id AND e.version_id = v.id
        AND e.status = 'completed') AS batches_done
FROM forecast.forecast_versions v
"""


def latest_version(tx: Tx, period: PeriodName = "weekly") -> ForecastVersion | None:
    """The version in force for that period, None before the first forecast."""
    row = tx.one(f"{_VERSION} WHERE v.scope = :scope AND v.period = :period AND v.status = 'published'",
                 scope=SCOPE, period=period)  # fmt: skip
    return None if row is None else ForecastVersion.model_validate(row)


def require_version(tx: Tx, code_or_id: str | None = None) -> ForecastVersion:
    """The version named by code or id, by default the one in force. NotFound with what to do about it."""
    if code_or_id is None:
        found = latest_version(tx)
        if found is None:
            raise NotFound(
                "No forecast has been published for this plant yet.", code="no_forecast",
                expected="load sales orders and stock, then POST /api/v1/forecast/run or `ops forecast run`",
            )  # fmt: skip
        return found
    row = tx.one(f"{_VERSION} WHERE v.code = :key OR v.id::text = :key", key=code_or_id)
    if row is None:
        raise NotFound(
            f"There is no forecast version '{code_or_id}'.", field="version", value=code_or_id,
            expected="a code from the list of forecast versions, such as DEMAND-W-20250330-01",
        )  # fmt: skip
    return ForecastVersion.model_validate(row)


def versions(
    tx: Tx, status: VersionStatus | None = None, cursor: str | None = None, limit: int = 50
) -> Page[ForecastVersion]:
    """Versions, the newest first."""
    where = "(CAST(:status AS text) IS NULL OR v.status = :status)"
    params: dict[str, Any] = {"status": status}
    total = int(tx.scalar(f"SELECT count(*) FROM forecast.forecast_versions v WHERE {where}", **params))
    if cursor is not None:
        params["after"] = str(decode_cursor(cursor, 1)[0])
        where += " AND v.id::text < :after"
    rows = tx.rows(f"{_VERSION} WHERE {where} ORDER BY v.id::text DESC LIMIT :rows", **params, rows=limit + 1)
    return page(rows, limit, total, ("id",), ForecastVersion.model_validate)


def is_stale(version: ForecastVersion, today: date) -> bool:
    """Whether the data behind the version are too old to answer with and say nothing."""
    return (today - version.as_of).days >= STALE_AFTER_DAYS


def demand_forecasts(
    tx: Tx, sku_ids: Sequence[UUID], *, version: ForecastVersion, level: Level = 95, horizon: int | None = None,
    history: int = 26, location: tuple[UUID, str] | None = None,
) -> dict[UUID, DemandForecast]:  # fmt: skip
    """The forecasts of these items in `version`; without those that nobody ever ordered before the version's cut."""
    found = demand_rows.fetch(
        tx, version.id, sku_ids, period=version.period, until=version.history_end, history=history,
        before=version.horizon_end + timedelta(days=1), location_id=location and location[0],
    )  # fmt: skip
    origin = Origin(
        "published", cast(PeriodName, version.period), version.as_of, version.horizon_start, version.code, version.id,
        version.published_at, location and location[1],
    )  # fmt: skip
    return {sku_id: assembled(rows, origin, level, horizon) for sku_id, rows in found.items()}


def accuracy(tx: Tx, version: ForecastVersion, sku_id: UUID | None = None) -> list[AccuracyMetric]:
    """Accuracy known at the time of `version`: all SKUs together, or one SKU's."""
    rows = tx.rows(
        """SELECT :code AS version, m.kind, k.sku_code, m.lag, m.lag_basis, m.window_start, m.window_end, m.wape,
               m.naive_wape, m.bias, m.mase, m.rmse, m.tracking_signal, m.coverage_80, m.coverage_95, m.n, m.uom
           FROM forecast.forecast_accuracy_metrics m
           LEFT JOIN manufacturing.skus k ON k.tenant_id = m.tenant_id AND k.id = m.entity_id
           WHERE m.version_id = :version AND m.entity_type = 'sku' AND m.entity_id IS NOT DISTINCT FROM CAST(:sku AS uuid)
             AND m.level = CASE WHEN CAST(:sku AS uuid) IS NULL THEN 'total' ELSE 'item' END
           ORDER BY m.kind, m.lag_basis, m.lag""",
        code=version.code, version=version.id, sku=sku_id,
    )  # fmt: skip
    return [AccuracyMetric.model_validate(row) for row in rows]
