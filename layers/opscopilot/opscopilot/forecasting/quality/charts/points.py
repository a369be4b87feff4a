"""Points of charts from the database: weekly scrap shares per item and line, hourly means per sensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from opscopilot.forecasting.quality.charts.fit import SUBGROUP, Point
from opscopilot.kernel.db import Row, Tx

SCRAP = "scrap_rate"
WEEKS_BACK, DAYS_BACK = 60, 14
MOST_CHARTS = 500
_FEWEST_SCRAPPED = 12
# quality_done is the temporary table of this transaction's scrap forecast (history.py).
_WEEKS = """
WITH weekly AS (
    SELECT sku_id, line, day - MOD(CAST(EXTRACT(isodow FROM day) AS integer) - :week_start + 7, 7) AS week,
        sum(n) AS n, sum(s) AS s
    FROM quality_done WHERE told AND day > CAST(:today AS date) - CAST(:days AS integer) GROUP BY 1, 2, 3
), worth AS (
    SELECT sku_id, line FROM weekly GROUP BY 1, 2 HAVING sum(s) >= :scrapped ORDER BY sum(s) DESC LIMIT :most
)
SELECT k.id AS sku_id, k.sku_code, k.base_uom AS uom, w.line, w.week, CAST(w.n AS float8) AS n,
    CAST(w.s AS float8) AS s
FROM weekly w JOIN worth USING (sku_id, line) JOIN manufacturing.skus k ON k.id = w.sku_id
WHERE w.week + 6 <= CAST(:today AS date) ORDER BY k.sku_code COLLATE "C", w.line COLLATE "C", w.week
"""
_HOURS = f"""
SELECT s.id AS sensor_id, s.sensor_code, s.measure, s.uom, coalesce(s.line, '') AS line, h.hour, h.mean, h.n, h.first
FROM manufacturing.sensors s
LEFT JOIN forecast.control_charts c ON c.tenant_id = s.tenant_id AND c.sensor_id = s.id
CROSS JOIN LATERAL (
    SELECT date_trunc('hour', r.ts) AS hour, CAST(avg(r.value) AS float8) AS mean, count(*) AS n,
        (array_agg(CAST(r.value AS float8) ORDER BY r.ts))[1:{SUBGROUP}] AS first
    FROM manufacturing.sensor_readings r
    WHERE r.tenant_id = s.tenant_id AND r.sensor_id = s.id AND r.quality = 'good'
        AND r.ts >= coalesce(CASE WHEN :again THEN NULL ELSE c.last_point_at + interval '1 hour' END,
            CAST(:until AS timestamptz) - make_interval(days => :days))
        AND r.ts < date_trunc('hour', CAST(:until AS timestamptz))
    GROUP BY 1) h
WHERE s.status = 'active' AND (CAST(:sensor AS uuid) IS NULL OR s.id = :sensor)
ORDER BY s.sensor_code COLLATE "C", h.hour
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a chart is about, with its points in order of time."""

    kind: Literal["sku", "sensor"]
    id: UUID
    code: str
    line: str
    measure: str
    uom: str | None
    points: list[Point]


def scrap(tx: Tx, today: date, week_start: int) -> Iterator[Subject]:
    """Weekly shares of the items and lines with most scrap, complete weeks up to `today` only."""
    rows = tx.rows(_WEEKS, today=today, week_start=week_start, days=WEEKS_BACK * 7, scrapped=_FEWEST_SCRAPPED,
                   most=MOST_CHARTS)  # fmt: skip
    for _, group in groupby(rows, key=lambda row: (row["sku_id"], row["line"])):
        own = list(group)
        one = own[0]
        points = [Point(_week_end(row["week"]), row["s"] / row["n"], row["n"]) for row in own if row["n"] > 0]
        yield Subject("sku", one["sku_id"], one["sku_code"], one["line"], SCRAP, one["uom"], points)


def _week_end(week: date) -> datetime:
    return datetime.fromisoformat(f"{week + timedelta(days=6)}T00:00:00+00:00")


def hourly(tx: Tx, until: datetime, sensor: UUID | None = None) -> Iterator[Subject]:
    """Hourly means of good readings of each active sensor since its last point; all of one `sensor` again."""
    rows = tx.rows(_HOURS, until=until, days=DAYS_BACK, sensor=sensor, again=sensor is not None)
    for _, group in groupby(rows, key=lambda row: row["sensor_id"]):
        own = list(group)
        one = own[0]
        points = [Point(row["hour"], row["mean"], float(row["n"]), _first(row)) for row in own]
        yield Subject("sensor", one["sensor_id"], one["sensor_code"], one["line"], one["measure"], one["uom"], points)


def _first(row: Row) -> tuple[float, ...]:
    found: Any = row["first"] or ()
    return tuple(float(one) for one in found)
