"""Where production stands: in progress, overdue, scrap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from opscopilot.catalogue import lineage
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import cut, decode_cursor
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.manufacturing.queries_orders import unit_quantities
from opscopilot.manufacturing.queries_shared import DATED, IN_PROGRESS, OVERDUE
from opscopilot.manufacturing.schemas import ProductionStatus, Scrap, ScrapRate, ScrapReason, WorkOrderLine

ProductionFilter = Literal["overdue", "in_progress", "all"]
PRODUCTION_TEXT = (
    "In progress: started on or before the day, not ended by then, not cancelled, not merely planned. Overdue: due "
    "before the day and neither finished nor cancelled. Work orders without any date count in scrap totals only."
)
SCRAP_TEXT = (
    "Pooled rate = total scrap / (total good + total scrap) per unit over all work orders that recorded output; the "
    "ordered quantity stands in where good quantity was not recorded. Never a mean of single rates."
)


@dataclass(frozen=True)
class WorkOrderFilter:
    """Which work orders; the period is about their end date and restricts scrap only."""

    show: ProductionFilter = "overdue"
    sku: str | None = None
    work_order: str | None = None
    line: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    cursor: str | None = None
    limit: int = 50


def _where(asked: WorkOrderFilter) -> tuple[str, dict[str, Any]]:
    tests: list[str] = ["true"]
    params: dict[str, Any] = {}
    for value, name, test in (
        (asked.sku, "sku", "k.sku_code = :sku"), (asked.work_order, "work_order", "w.wo_number = :work_order"),
        (asked.line, "line", "w.line = :line"),
    ):  # fmt: skip
        if value is not None:
            tests.append(test)
            params[name] = value
    return " AND ".join(tests), params


_SOURCE = "manufacturing.work_orders w JOIN manufacturing.skus k ON k.tenant_id = w.tenant_id AND k.id = w.sku_id"
_COUNTS = f"""
SELECT coalesce(w.status, 'none') AS status, coalesce(w.uom, k.base_uom) AS uom, count(*) AS n,
    count(*) FILTER (WHERE {IN_PROGRESS}) AS in_progress, count(*) FILTER (WHERE {OVERDUE}) AS overdue,
    coalesce(sum(w.ordered_qty) FILTER (WHERE {OVERDUE}), 0) AS quantity,
    min(w.due_date) FILTER (WHERE {OVERDUE}) AS oldest, count(*) FILTER (WHERE NOT {DATED}) AS undated
FROM {_SOURCE} WHERE {{where}} GROUP BY 1, 2 ORDER BY 1, 2"""
_LIST = f"""
SELECT w.id, w.wo_number, k.sku_code, k.description AS product_name, w.line, w.status, w.ordered_qty, w.good_qty,
    w.scrap_qty, coalesce(w.uom, k.base_uom) AS uom, coalesce(w.actual_start, w.scheduled_start) AS start_date,
    w.due_date, greatest(coalesce(:today - w.due_date, 0), 0) AS days_late, w.ingestion_job_id, w.source_row,
    coalesce(w.due_date, 'infinity'::date)::text AS day
FROM {_SOURCE} WHERE {{where}} AND {{shown}} AND {{after}}
ORDER BY coalesce(w.due_date, 'infinity'::date), w.id LIMIT :rows"""


_COUNTED = {"overdue": "overdue", "in_progress": "in_progress", "all": "n"}


def status(tx: Tx, plant: PlantSettings, clock: Clock, asked: WorkOrderFilter) -> ProductionStatus:
    """Counts, scrap and one page of the work orders asked for, the longest overdue first."""
    where, params = _where(asked)
    today = plant.today(clock)
    counts = tx.rows(_COUNTS.format(where=where), **params, today=today)
    late = [row for row in counts if row["overdue"]]
    shown = {"overdue": OVERDUE, "in_progress": IN_PROGRESS, "all": "true"}[asked.show]
    items, more = _page(tx, today, where, shown, params, asked)
    by_status: dict[str, int] = {}
    for row in counts:
        by_status[row["status"]] = by_status.get(row["status"], 0) + row["n"]
    return ProductionStatus(
        as_of=today, time_zone=plant.default_time_zone, in_progress=sum(row["in_progress"] for row in counts),
        overdue=sum(row["overdue"] for row in counts), overdue_quantities=unit_quantities(late),
        oldest_due=min((row["oldest"] for row in late), default=None),
        undated=sum(row["undated"] for row in counts), by_status=by_status, scrap=scrap(tx, asked),
        items=items, next_cursor=more, total_items=sum(row[_COUNTED[asked.show]] for row in counts),
        definition=PRODUCTION_TEXT, warnings=[],
    )  # fmt: skip


def _page(
    tx: Tx, today: date, where: str, shown: str, params: dict[str, Any], asked: WorkOrderFilter
) -> tuple[list[WorkOrderLine], str | None]:
    after, position = "true", dict[str, Any]()
    if asked.cursor is not None:
        day, last = decode_cursor(asked.cursor, 2)
        after = "(coalesce(w.due_date, 'infinity'::date), w.id) > (CAST(:day AS date), CAST(:last AS uuid))"
        position = {"day": str(day), "last": str(last)}
    rows = tx.rows(
        _LIST.format(where=where, shown=shown, after=after), **params, **position, today=today, rows=asked.limit + 1
    )
    kept, more = cut(rows, asked.limit, "day", "id")
    names = lineage.files(tx, (row["ingestion_job_id"] for row in kept))
    items = [
        WorkOrderLine.model_validate({**row, "file": names.get(str(row["ingestion_job_id"])), "row": row["source_row"]})
        for row in kept
    ]
    return items, more


_SCRAP = f"""
SELECT coalesce(w.uom, k.base_uom) AS uom, {{reason}} AS reason, count(*) AS work_orders,
    count(*) FILTER (WHERE w.scrap_qty > 0) AS with_scrap, coalesce(sum(w.scrap_qty), 0) AS scrap,
    sum(CASE WHEN w.good_qty IS NULL THEN greatest(w.ordered_qty, coalesce(w.scrap_qty, 0))
        ELSE w.good_qty + coalesce(w.scrap_qty, 0) END) AS produced
FROM {_SOURCE}
WHERE {{where}} AND (w.good_qty IS NOT NULL OR w.scrap_qty IS NOT NULL)
    AND coalesce(w.good_qty, 0) + coalesce(w.scrap_qty, 0) > 0 AND {{period}}
GROUP BY 1, 2 ORDER BY 1, 5 DESC, 2"""
_RATE = Decimal("0.0000001")


def scrap(tx: Tx, asked: WorkOrderFilter) -> Scrap:
    """Pooled scrap per unit and reason. Without a period: over everything recorded."""
    where, params = _where(asked)
    period = ["true"]
    for value, name, sign in ((asked.date_from, "date_from", ">="), (asked.date_to, "date_to", "<=")):
        if value is not None:
            period.append(f"w.actual_end {sign} :{name}")
            params[name] = value
    within = " AND ".join(period)
    rates = tx.rows(_SCRAP.format(where=where, period=within, reason="NULL::text"), **params)
    reasons = tx.rows(
        _SCRAP.format(where=f"{where} AND w.scrap_qty > 0", period=within,
                      reason="coalesce(w.reason_code, 'not recorded')"), **params
    )  # fmt: skip
    totals = {row["uom"]: row["scrap"] for row in rates}
    by_uom = [_rate(row) for row in rates]
    return Scrap(
        period_from=asked.date_from, period_to=asked.date_to, by_uom=by_uom, definition=SCRAP_TEXT,
        scrap_rate=by_uom[0].scrap_rate if len(by_uom) == 1 else None,
        by_reason=[
            ScrapReason(
                reason=row["reason"], uom=row["uom"], scrap_qty=row["scrap"], work_orders=row["work_orders"],
                share=(row["scrap"] / totals[row["uom"]]).quantize(Decimal("0.0001")),
            )
            for row in reasons
        ],
    )  # fmt: skip


def _rate(row: Row) -> ScrapRate:
    produced = row["produced"]
    return ScrapRate(
        uom=row["uom"], scrap_qty=row["scrap"], produced_qty=produced, work_orders=row["work_orders"],
        work_orders_with_scrap=row["with_scrap"],
        scrap_rate=(row["scrap"] / produced).quantize(_RATE) if produced else None,
    )  # fmt: skip
