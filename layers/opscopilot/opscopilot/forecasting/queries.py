"""Questions about forecasts: the version in force, a SKU's forecast with its evidence, versions, accuracy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting.schemas import (
    AccuracyMetric,
    Backtest,
    Baseline,
    DemandForecast,
    ForecastVersion,
    HistoryPoint,
    Interval,
    Level,
    VersionStatus,
)
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, encode_cursor

SCOPE, PERIOD = "demand", "weekly"
STALE_AFTER_DAYS = 8
"""Age of a weekly forecast's data from which an answer must say that it is stale."""

_VERSION = """
SELECT v.id, v.code, v.name, v.period, v.status, v.as_of, v.history_end, v.horizon_start, v.horizon_end,
       v.series_count, v.forecast_count, v.refused_count, v.batches, v.error, v.published_at, v.created_at,
       (SELECT count(*) FROM forecast.model_executions e WHERE e.tenant_id = v.tenant_id AND e.version_id = v.id
        AND e.status = 'completed') AS batches_done
FROM forecast.forecast_versions v
"""


def latest_version(tx: Tx) -> ForecastVersion | None:
    """The version in force, None before the first forecast."""
    row = tx.one(f"{_VERSION} WHERE v.scope = :scope AND v.period = :period AND v.status = 'published'",
                 scope=SCOPE, period=PERIOD)  # fmt: skip
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
    items = [ForecastVersion.model_validate(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor([items[-1].id]) if more else None, total=total)


def is_stale(version: ForecastVersion, today: date) -> bool:
    """Whether the data behind the version are too old to answer with and say nothing."""
    return (today - version.as_of).days >= STALE_AFTER_DAYS


def demand_forecast(
    tx: Tx, sku_id: UUID, *, version: ForecastVersion, level: Level = 95, horizon: int | None = None,
    history: int = 26,
) -> DemandForecast | None:  # fmt: skip
    """The SKU's forecast in `version`; None when nobody ever ordered it before the version's cut."""
    series = tx.one(
        """SELECT s.*, k.description FROM forecast.forecast_series s JOIN manufacturing.skus k
               ON k.tenant_id = s.tenant_id AND k.id = s.entity_id
           WHERE s.version_id = :version AND s.entity_id = :sku""",
        version=version.id, sku=sku_id,
    )  # fmt: skip
    if series is None:
        return None
    rows = tx.rows(
        """SELECT bucket_start, value, lower_80, upper_80, lower_95, upper_95, baseline_method, baseline_value
           FROM forecast.forecasts WHERE version_id = :version AND entity_type = 'sku' AND entity_id = :sku
               AND location_id IS NULL ORDER BY bucket_start LIMIT :rows""",
        version=version.id, sku=sku_id, rows=horizon or 1000,
    )  # fmt: skip
    return DemandForecast(
        entity_id=sku_id, sku_code=series["sku_code"], description=series["description"],
        status="refused" if series["status"] == "refused" else "ok", reason=series["reason"],
        period="weekly", forecast_dates=[row["bucket_start"] for row in rows],
        forecast_values=[row["value"] for row in rows],
        confidence_intervals=Interval(
            upper=[row[f"upper_{level}"] for row in rows], lower=[row[f"lower_{level}"] for row in rows]
        ),
        confidence_level=float(level), total=sum((row["value"] for row in rows), Decimal(0)), uom=series["uom"],
        method=series["method"], demand_class=series["demand_class"], note=series["note"],
        baseline=_baseline(rows), backtest=_backtest(series), history=_history(tx, sku_id, version, history),
        history_periods=series["history_periods"], version=version.code, version_id=version.id, as_of=version.as_of,
        published_at=version.published_at,
    )  # fmt: skip


def _baseline(rows: list[Row]) -> Baseline | None:
    if not rows or rows[0]["baseline_method"] is None:
        return None
    return Baseline(method=rows[0]["baseline_method"], values=[row["baseline_value"] for row in rows])


def _backtest(series: Row) -> Backtest | None:
    if not series["origins"]:
        return None
    return Backtest(
        origins=series["origins"], wape=series["wape"], bias=series["bias"], mase=series["mase"],
        coverage_80=series["coverage_80"], coverage_95=series["coverage_95"], naive_method=series["naive_name"],
        naive_wape=series["naive_wape"],
    )  # fmt: skip


def _history(tx: Tx, sku_id: UUID, version: ForecastVersion, periods: int) -> list[HistoryPoint]:
    rows = tx.rows(
        """SELECT bucket_start AS period_start, unconstrained_qty AS value, lost_qty AS lost_value,
               was_stocked_out FROM forecast.demand_history
           WHERE sku_id = :sku AND period = :period AND bucket_start <= :until
           ORDER BY bucket_start DESC LIMIT :rows""",
        sku=sku_id, period=version.period, until=version.history_end, rows=periods,
    )  # fmt: skip
    return [HistoryPoint.model_validate(row) for row in reversed(rows)]


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
