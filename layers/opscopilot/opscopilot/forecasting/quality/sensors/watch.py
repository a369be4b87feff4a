"""New sensor readings in the database: each is judged once, in order of time; signals and states are stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from opscopilot.forecasting import copyio
from opscopilot.forecasting.quality.sensors import episodes
from opscopilot.forecasting.quality.sensors.detector import NAME
from opscopilot.forecasting.quality.sensors.episodes import Memory, Reading, Sensor, Signal
from opscopilot.kernel.db import Row, Tx

AT_MOST = 200_000
"""Readings judged in one go, about 25 s of computing; the rest waits for the next."""
LATE_WITHIN = "7 days"
_SENSORS = """
SELECT s.id, s.sensor_code, s.lo_alarm, s.hi_alarm, s.calibrated_until, s.status = 'faulty' AS faulty,
    t.state, t.judged, t.not_judged, t.uncalibrated, t.late, t.last_ts, t.last_reading, t.last_likelihood,
    t.breach_since, t.breach_side, t.anomaly_since, t.updated_at AS seen_at
FROM manufacturing.sensors s LEFT JOIN forecast.sensor_states t ON t.tenant_id = s.tenant_id AND t.sensor_id = s.id
WHERE s.status <> 'retired' AND EXISTS (SELECT 1 FROM manufacturing.sensor_readings r
    WHERE r.tenant_id = s.tenant_id AND r.sensor_id = s.id AND r.ts <= CAST(:until AS timestamptz)
      AND (r.ts > coalesce(t.last_ts, '-infinity')
           OR (r.ts > t.last_ts - CAST(:late AS interval) AND r.created_at > t.updated_at)))
ORDER BY s.sensor_code COLLATE "C"
"""
_READINGS = """
SELECT ts, value, quality, production_day FROM manufacturing.sensor_readings
WHERE sensor_id = :sensor AND ts > coalesce(CAST(:after AS timestamptz), '-infinity')
    AND ts <= CAST(:until AS timestamptz) ORDER BY ts LIMIT :rows
"""
_LATE = """
SELECT ts, value, quality, production_day FROM manufacturing.sensor_readings
WHERE sensor_id = :sensor AND ts <= CAST(:after AS timestamptz)
    AND ts > CAST(:after AS timestamptz) - CAST(:late AS interval) AND created_at > CAST(:seen AS timestamptz)
ORDER BY ts
"""


@dataclass(slots=True)
class Watched:
    """What one go came to."""

    sensors: int = 0
    readings: int = 0
    signals: int = 0
    waiting: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the run's summary."""
        return {"sensors": self.sensors, "readings": self.readings, "signals": self.signals, "waiting": self.waiting}


def judge_new(tx: Tx, zone: str, until: datetime, at_most: int = AT_MOST) -> Watched:
    """Judge what came since the last go, up to the moment `until`. `zone` makes hours of the day."""
    done = Watched()
    signals: list[tuple[UUID, Signal]] = []
    for row in tx.rows(_SENSORS, until=until, late=LATE_WITHIN):
        if done.readings >= at_most:
            done.waiting = True
            break
        own = _one(tx, row, ZoneInfo(zone), until, at_most - done.readings, done)
        signals += [(row["id"], one) for one in own]
    if signals:
        copyio.stage(tx, "signals_new", "forecast.sensor_signals", _SIGNAL, _values(signals))
        columns = ", ".join(_SIGNAL)
        done.signals = tx.execute(
            f"INSERT INTO forecast.sensor_signals (tenant_id, {columns}) SELECT :tenant, {columns} FROM signals_new "
            "ON CONFLICT DO NOTHING", tenant=tx.tenant_id,
        )  # fmt: skip
    return done


def _one(tx: Tx, row: Row, zone: ZoneInfo, until: datetime, room: int, done: Watched) -> list[Signal]:
    sensor = Sensor(row["id"], row["sensor_code"], row["lo_alarm"], row["hi_alarm"], row["calibrated_until"],
                    row["faulty"])  # fmt: skip
    memory = Memory.of(row)
    late = _late(tx, sensor, memory, row, zone) if row["last_ts"] is not None else []
    fresh = tx.rows(_READINGS, sensor=sensor.id, after=row["last_ts"], until=until, rows=room)
    found = episodes.judge(sensor, memory, (_reading(one, zone) for one in fresh))
    done.waiting |= len(fresh) == room
    done.sensors += 1
    done.readings += len(fresh) + memory.late - (row["late"] or 0)
    _remember(tx, sensor, memory, row["state"] is None)
    for kind, at in memory.ended:
        tx.execute(
            """UPDATE forecast.sensor_signals SET ended_at = :at, updated_at = now()
               WHERE sensor_id = :sensor AND kind = :kind AND ended_at IS NULL AND ts <= :at""",
            sensor=sensor.id, kind=kind, at=at,
        )  # fmt: skip
        for one in found:
            if one.kind == kind and one.ts <= at and one.ended_at is None:
                one.ended_at = at
    return [*found, *late]


def _late(tx: Tx, sensor: Sensor, memory: Memory, row: Row, zone: ZoneInfo) -> list[Signal]:
    """Readings that came after a later one was judged: too late for the course of things, not for their limits."""
    found = []
    for one in tx.rows(_LATE, sensor=sensor.id, after=row["last_ts"], late=LATE_WITHIN, seen=row["seen_at"]):
        memory.late += 1
        reading = _reading(one, zone)
        beyond = sensor.beyond(reading.value)
        if reading.quality != "bad" and beyond is not None and not sensor.faulty:
            flagged = sensor.calibrated_until is not None and reading.day > sensor.calibrated_until
            signal = episodes.breach(reading, beyond, None, flagged)
            signal.reason += "; the reading came in late"
            signal.ended_at = reading.ts
            found.append(signal)
    return found


def _reading(row: Row, zone: ZoneInfo) -> Reading:
    local = row["ts"].astimezone(zone)
    second = local.hour * 3600 + local.minute * 60 + local.second
    return Reading(row["ts"], row["value"], row["quality"], second, row["production_day"])


def _remember(tx: Tx, sensor: Sensor, memory: Memory, new: bool) -> None:
    columns = ("detector", "state", "judged", "not_judged", "uncalibrated", "late", "last_ts", "last_reading",
               "last_likelihood", "breach_since", "breach_side", "anomaly_since")  # fmt: skip
    values = {name: getattr(memory, name, None) for name in columns} | {
        "detector": NAME, "state": json.dumps(memory.state(), allow_nan=False),
    }  # fmt: skip
    marks = ", ".join(f"CAST(:{name} AS jsonb)" if name == "state" else f":{name}" for name in columns)
    if new:
        tx.execute(
            f"INSERT INTO forecast.sensor_states (tenant_id, sensor_id, {', '.join(columns)}) "
            f"VALUES (:tenant, :sensor, {marks})", tenant=tx.tenant_id, sensor=sensor.id, **values,
        )  # fmt: skip
        return
    tx.execute(
        f"UPDATE forecast.sensor_states SET ({', '.join(columns)}) = ({marks}), updated_at = now() "
        "WHERE sensor_id = :sensor", sensor=sensor.id, **values,
    )  # fmt: skip


_SIGNAL = ("sensor_id", "ts", "kind", "severity", "observed", "threshold", "likelihood", "reason", "features",
           "uncalibrated", "ended_at")  # fmt: skip


def _values(signals: list[tuple[UUID, Signal]]) -> Iterator[list[Any]]:
    for sensor, one in signals:
        yield [
            sensor, one.ts, one.kind, one.severity, one.observed, one.threshold, one.likelihood, one.reason,
            json.dumps(one.features), one.uncalibrated, one.ended_at,
        ]  # fmt: skip
