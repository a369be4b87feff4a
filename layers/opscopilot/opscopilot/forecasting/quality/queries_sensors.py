"""Questions about sensors and what they had to say. No numpy here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.quality.schemas import SensorSignal, SensorStatus
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page

_SENSOR = """
SELECT s.sensor_code, s.name, s.line, s.equipment, s.measure, s.uom, s.status, s.lo_alarm, s.hi_alarm,
    s.calibrated_until, coalesce(t.judged, 0) AS judged, coalesce(t.not_judged, 0) AS not_judged,
    coalesce(t.uncalibrated, 0) AS uncalibrated, coalesce(t.late, 0) AS late, t.last_ts, t.last_reading,
    t.last_likelihood AS likelihood, t.breach_since, t.anomaly_since,
    (SELECT count(*) FROM forecast.sensor_signals g WHERE g.tenant_id = s.tenant_id AND g.sensor_id = s.id) AS signals
FROM manufacturing.sensors s
LEFT JOIN forecast.sensor_states t ON t.tenant_id = s.tenant_id AND t.sensor_id = s.id
"""


def sensors(
    tx: Tx, *, line: str | None = None, measure: str | None = None, alarming: bool = False, cursor: str | None = None,
    limit: int = 50,
) -> Page[SensorStatus]:  # fmt: skip
    """One page of sensors in the order of their codes. `alarming`: only those with something open."""
    where, params = ["true"], dict[str, Any]()
    if line is not None:
        where.append("s.line = :line")
        params["line"] = line
    if measure is not None:
        where.append("s.measure = :measure")
        params["measure"] = measure
    if alarming:
        where.append("(t.breach_since IS NOT NULL OR t.anomaly_since IS NOT NULL)")
    total = int(tx.scalar(f"SELECT count(*) FROM ({_SENSOR} WHERE {' AND '.join(where)}) x", **params))
    if cursor is not None:
        params["after"] = str(decode_cursor(cursor, 1)[0])
        where.append('s.sensor_code COLLATE "C" > :after')
    rows = tx.rows(
        f'{_SENSOR} WHERE {" AND ".join(where)} ORDER BY s.sensor_code COLLATE "C" LIMIT :rows', **params,
        rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("sensor_code",), SensorStatus.model_validate)


def signals(tx: Tx, code: str, cursor: str | None = None, limit: int = 50) -> Page[SensorSignal]:
    """One page of a sensor's signals, the newest first. NotFound when there is no such sensor."""
    sensor: UUID | None = tx.scalar("SELECT id FROM manufacturing.sensors WHERE sensor_code = :code", code=code)
    if sensor is None:
        raise NotFound(
            f"There is no sensor '{code}'.", field="code", value=code,
            expected="a code from GET /api/v1/forecast/quality/sensors",
        )  # fmt: skip
    where, params = "g.sensor_id = :sensor", dict[str, Any](sensor=sensor)
    total = int(tx.scalar(f"SELECT count(*) FROM forecast.sensor_signals g WHERE {where}", **params))
    if cursor is not None:
        at, last = decode_cursor(cursor, 2)
        where += " AND (g.ts, g.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))"
        params |= {"at": str(at), "last": str(last)}
    rows = tx.rows(
        f"SELECT g.* FROM forecast.sensor_signals g WHERE {where} ORDER BY g.ts DESC, g.id DESC LIMIT :rows", **params,
        rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("ts", "id"), SensorSignal.model_validate)
