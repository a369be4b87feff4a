"""Questions about control charts, and the approval of another base period. No numpy here."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from opscopilot.forecasting.quality.schemas import ChartApproval, ControlChart
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page

SHOWN = 50
"""Signals shown with a chart."""
_CHART = """
SELECT c.*, nullif(c.line, '') AS line, c.line AS line_key, coalesce((SELECT jsonb_agg(x ORDER BY x.point_at DESC, x.rule)
    FROM (SELECT s.point_at, s.rule, s.side, s.observed, s.lower_limit, s.upper_limit, s.episode_at
          FROM forecast.control_signals s WHERE s.tenant_id = c.tenant_id AND s.chart_id = c.id
          ORDER BY s.point_at DESC, s.rule LIMIT :shown) x), '[]') AS signals
FROM forecast.control_charts c
"""
_ORDER = 'c.subject_code COLLATE "C", c.line COLLATE "C", c.measure COLLATE "C", c.id'


def charts(
    tx: Tx, *, sku_id: UUID | None = None, sensor: str | None = None, measure: str | None = None,
    open_only: bool = False, cursor: str | None = None, limit: int = 50,
) -> Page[ControlChart]:  # fmt: skip
    """One page of charts in the order of their codes."""
    where, params = ["true"], dict[str, Any]()
    for value, name, test in (
        (sku_id, "sku", "c.sku_id = :sku"), (sensor, "sensor", "c.subject = 'sensor' AND c.subject_code = :sensor"),
        (measure, "measure", "c.measure = :measure"),
    ):  # fmt: skip
        if value is not None:
            where.append(test)
            params[name] = value
    if open_only:
        where.append("c.open_since IS NOT NULL")
    total = int(tx.scalar(f"SELECT count(*) FROM forecast.control_charts c WHERE {' AND '.join(where)}", **params))
    if cursor is not None:
        code, line, what, last = decode_cursor(cursor, 4)
        where.append(f"({_ORDER}) > (:code, :line, :what, CAST(:last AS uuid))")
        params |= {"code": str(code), "line": str(line), "what": str(what), "last": str(last)}
    rows = tx.rows(
        f"{_CHART} WHERE {' AND '.join(where)} ORDER BY {_ORDER} LIMIT :rows", **params, rows=limit + 1, shown=SHOWN
    )
    return page(rows, limit, total, ("subject_code", "line_key", "measure", "id"), ControlChart.model_validate)


def approve(tx: Tx, chart_id: UUID, base_from: date, base_to: date, reason: str, by: str) -> ChartApproval:
    """Ask the next run to take a chart's limits from another base period. NotFound when there is no such chart."""
    if not tx.scalar("SELECT EXISTS (SELECT 1 FROM forecast.control_charts WHERE id = :id)", id=chart_id):
        raise NotFound(
            f"There is no control chart {chart_id}.", field="chart_id", value=chart_id,
            expected="an id from GET /api/v1/forecast/quality/charts",
        )  # fmt: skip
    row = tx.one(
        """INSERT INTO planning.chart_approvals (tenant_id, chart_id, base_from, base_to, reason, created_by)
           VALUES (:tenant, :chart, :first, :last, :reason, :by) RETURNING *""",
        tenant=tx.tenant_id, chart=chart_id, first=base_from, last=base_to, reason=reason, by=by,
    )  # fmt: skip
    return ChartApproval.model_validate(row)
