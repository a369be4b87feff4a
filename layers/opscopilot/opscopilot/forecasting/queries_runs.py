"""Questions about runs: how far they are, how fast, what they cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting.runs.cost import cost
from opscopilot.forecasting.runs.executions import PeriodProgress, Run, RunCost, RunStatus
from opscopilot.forecasting.runs.records import ALIVE_S
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, decode_cursor, page

_STATUS: dict[str, RunStatus] = {
    "running": "running", "completed": "completed", "skipped": "completed", "failed": "failed",
}  # fmt: skip
SILENT = (
    "nothing has been heard of this run for a quarter of an hour; start another one: batches that are done are kept"
)

_RUNS = """
SELECT r.id, r.scope, r.started_by, r.status, r.step, r.reason, r.error, r.started_at, r.ended_at, r.resumed_batches,
       r.updated_at, v.progress, e.first, e.last, e.series, e.attempts, e.gb_seconds,
       now() - greatest(r.updated_at, e.last) > make_interval(secs => {alive}) AS silent
FROM forecast.forecast_runs r
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('period', v.period, 'version', v.code, 'version_id', v.id, 'status', v.status,
               'batches', v.batches, 'batches_done', d.done, 'batches_failed', d.failed, 'series', v.series_count,
               'series_done', d.series, 'error', v.error) ORDER BY v.code) AS progress
    FROM forecast.forecast_versions v CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE x.status = 'completed') AS done,
               count(*) FILTER (WHERE x.status = 'failed') AS failed,
               coalesce(sum(x.series) FILTER (WHERE x.status = 'completed'), 0) AS series
        FROM forecast.model_executions x WHERE x.tenant_id = v.tenant_id AND x.version_id = v.id) d
    WHERE v.tenant_id = r.tenant_id AND v.id = ANY (r.versions)) v ON true
LEFT JOIN LATERAL (
    SELECT min(x.started_at) AS first, max(coalesce(x.ended_at, x.started_at)) AS last,
           coalesce(sum(x.series) FILTER (WHERE x.status = 'completed'), 0) AS series,
           coalesce(sum(x.attempts), 0) AS attempts, coalesce(sum(x.gb_seconds), 0) AS gb_seconds
    FROM forecast.model_executions x
    WHERE x.tenant_id = r.tenant_id AND x.version_id = ANY (r.versions) AND x.run_id = r.id) e ON true
""".replace("{alive}", str(ALIVE_S))


def run(tx: Tx, run_id: UUID) -> Run | None:
    """The record of one run; None before its plan has begun."""
    row = tx.one(f"{_RUNS} WHERE r.id = :id", id=run_id)
    return None if row is None else _run(row)


def runs(tx: Tx, cursor: str | None = None, limit: int = 50) -> Page[Run]:
    """Runs, the newest first."""
    total = int(tx.scalar("SELECT count(*) FROM forecast.forecast_runs"))
    where, params = "true", {}
    if cursor is not None:
        started, last = decode_cursor(cursor, 2)
        where = "(r.started_at, r.id::text) < (CAST(:started AS timestamptz), :last)"
        params = {"started": str(started), "last": str(last)}
    rows = tx.rows(
        f"{_RUNS} WHERE {where} ORDER BY r.started_at DESC, r.id::text DESC LIMIT :rows", **params, rows=limit + 1
    )
    return page(rows, limit, total, ("started_at", "id"), _run)


def _run(row: Row) -> Run:
    periods = [PeriodProgress.model_validate(one) for one in row["progress"] or []]
    series, done = sum(one.series for one in periods), sum(one.series_done for one in periods)
    rate = _rate(row)
    status, error = _STATUS[row["status"]], row["error"]
    if status == "running" and row["silent"]:
        status, error = "failed", SILENT
    going = status == "running" and row["step"] == "forecast"
    return Run(
        run_id=row["id"], status=status, scope=row["scope"], started_by=row["started_by"], step=row["step"],
        started_at=row["started_at"], ended_at=row["ended_at"], reason=row["reason"], error=error, periods=periods,
        series=series, series_done=done, series_per_second=rate and round(rate, 1),
        seconds_left=round((series - done) / rate) if rate and going else None,
        resumed_batches=row["resumed_batches"], cost=_cost(row) if row["attempts"] else None,
    )  # fmt: skip


def _rate(row: dict[str, Any]) -> float | None:
    """Series per second over the time in which this run's batches were computed."""
    first: datetime | None = row["first"]
    if first is None or not row["series"]:
        return None
    last: datetime = row["last"]
    return float(row["series"]) / max((last - first).total_seconds(), 0.001)


def _cost(row: dict[str, Any]) -> RunCost:
    found = cost(int(row["series"]), int(row["attempts"]), Decimal(row["gb_seconds"]))
    return RunCost.model_validate(found.as_json())
