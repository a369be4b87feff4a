"""What scrap rates are made of: recorded output per SKU, line and period, and the open work orders, in base units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.quality.rates import Cells
from opscopilot.kernel.db import Tx
from opscopilot.manufacturing.queries_shared import DATED, FINISHED

BASELINE_DAYS = 56
_PERIODS_BACK = 156

# Input = good + scrap; the ordered quantity stands in where good was not recorded. Reworked pieces are good (B3).
_DONE = """
CREATE TEMP TABLE quality_done ON COMMIT DROP AS
SELECT w.sku_id, coalesce(w.line, '') AS line, w.uom_factor * coalesce(w.scrap_qty, 0) AS s,
    w.uom_factor * CASE WHEN w.good_qty IS NULL THEN greatest(w.ordered_qty, coalesce(w.scrap_qty, 0))
        ELSE w.good_qty + coalesce(w.scrap_qty, 0) END AS n,
    w.scrap_qty IS NOT NULL AS told, coalesce(w.actual_end, w.scheduled_end, w.due_date) AS day
FROM manufacturing.work_orders w
WHERE (w.good_qty IS NOT NULL OR w.scrap_qty IS NOT NULL) AND coalesce(w.good_qty, 0) + coalesce(w.scrap_qty, 0) > 0
    AND w.uom_factor IS NOT NULL AND coalesce(w.status, '') <> 'cancelled'
    AND coalesce(w.actual_end, w.scheduled_end, w.due_date) <= CAST(:today AS date)
"""
_OPEN = f"""
CREATE TEMP TABLE quality_open ON COMMIT DROP AS
SELECT w.sku_id, coalesce(w.line, '') AS line, count(*) AS orders, sum(q.n) AS n, sum(q.n * q.n) AS nn
FROM manufacturing.work_orders w
CROSS JOIN LATERAL (SELECT w.uom_factor * greatest(w.ordered_qty - coalesce(w.good_qty, 0) - coalesce(w.scrap_qty, 0), 0)
    AS n) q
WHERE {DATED} AND NOT {FINISHED} AND q.n > 0 GROUP BY w.sku_id, coalesce(w.line, '')
"""
_SERIES = """
CREATE TEMP TABLE quality_series ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY k.sku_code COLLATE "C", a.line COLLATE "C") - 1 AS i,
    dense_rank() OVER (ORDER BY k.sku_code COLLATE "C") - 1 AS sku_no, a.sku_id, k.sku_code, a.line,
    k.base_uom AS uom, k.unit_cost, k.currency
FROM (SELECT sku_id, line FROM quality_done WHERE day > CAST(:oldest AS date)
      UNION SELECT sku_id, line FROM quality_open) a
JOIN manufacturing.skus k ON k.id = a.sku_id
"""
_READ = """
SELECT x.*, d.orders, d.n, d.s, d.told, d.first_day, d.last_day, d.base_n, d.base_s,
    o.orders AS planned_orders, o.n AS planned_n, o.nn AS planned_nn
FROM quality_series x
LEFT JOIN (SELECT sku_id, line, count(*) AS orders, sum(n) AS n, sum(s) AS s, bool_or(told) AS told,
        min(day) AS first_day, max(day) AS last_day, sum(n) FILTER (WHERE {base}) AS base_n,
        sum(s) FILTER (WHERE {base}) AS base_s FROM quality_done GROUP BY sku_id, line) d USING (sku_id, line)
LEFT JOIN quality_open o USING (sku_id, line)
ORDER BY x.i
"""
_CELLS = """
SELECT x.i, (CAST('{today}' AS date) - d.day) / {days} + 1 AS age, count(*), sum(d.n)::float8, sum(d.s)::float8,
    sum(d.n * d.n)::float8, sum(d.s * d.s)::float8, sum(d.n * d.s)::float8
FROM quality_done d JOIN quality_series x USING (sku_id, line)
WHERE d.day > CAST('{oldest}' AS date) GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class ScrapSeries:
    """One SKU on one line (''= none recorded): what was made of it, and what is planned. Quantities in `uom`."""

    sku_no: int
    sku_id: UUID
    sku_code: str
    line: str
    uom: str
    unit_cost: Decimal | None
    currency: str | None
    orders: int
    n: Decimal
    s: Decimal
    told: bool
    first_day: date | None
    last_day: date | None
    base_n: Decimal
    base_s: Decimal
    planned_orders: int
    planned_n: Decimal
    planned_nn: Decimal


def read(tx: Tx, today: date, days: int) -> tuple[list[ScrapSeries], Cells]:
    """Every SKU and line with output or open orders, and their cells of `days` days counted back from `today`.

    `today` is the last day whose output is known; orders without any date and rows without a unit factor are left out.
    """
    oldest = date.fromordinal(today.toordinal() - days * _PERIODS_BACK)
    tx.execute(_DONE, today=today)
    tx.execute(_OPEN, today=today)
    tx.execute(_SERIES, oldest=oldest)
    # The baseline leaves today out: what is judged is not part of what it is judged against (B4).
    within = f"day < CAST('{today}' AS date) AND day >= CAST('{today}' AS date) - {BASELINE_DAYS}"
    series = [_series(row) for row in tx.rows(_READ.format(base=within))]
    return series, _cells(tx, today, oldest, days)


def _series(row: dict[str, object]) -> ScrapSeries:
    def number(name: str) -> Decimal:
        found = row[name]
        return found if isinstance(found, Decimal) else Decimal(str(found or 0))

    return ScrapSeries(
        int(str(row["sku_no"])), UUID(str(row["sku_id"])), str(row["sku_code"]), str(row["line"]), str(row["uom"]),
        number("unit_cost") or None, str(row["currency"]) if row["currency"] else None, int(str(row["orders"] or 0)),
        number("n"), number("s"), bool(row["told"]), _day(row["first_day"]), _day(row["last_day"]), number("base_n"),
        number("base_s"), int(str(row["planned_orders"] or 0)), number("planned_n"), number("planned_nn"),
    )  # fmt: skip


def _day(found: object) -> date | None:
    return found if isinstance(found, date) else None


def _cells(tx: Tx, today: date, oldest: date, days: int) -> Cells:
    text = copyio.read(tx, _CELLS.format(today=today, oldest=oldest, days=days))
    table = np.loadtxt(text, delimiter="\t", ndmin=2) if text.getbuffer().nbytes else np.zeros((0, 8))
    whole = table[:, :2].astype(np.int64)
    return Cells(whole[:, 0], whole[:, 1], *(table[:, i] for i in range(2, 8)))
