"""Which sensors deserve an alert now: beyond an alarm limit, or behaving as never before."""

from __future__ import annotations

from decimal import Decimal

from opscopilot.forecasting import words
from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.kernel.db import Row, Tx

PREFIXES = ("threshold_breach:sensor:", "anomaly:sensor:")
FALSE_ALARMS = "A healthy sensor gives about one false alarm in 1,000 to 2,000 readings."
_MONEY = "What it costs is unknown: no cost is recorded for it."
_OPEN = """
SELECT s.id, s.sensor_code, coalesce(s.name, s.sensor_code) AS name, s.line, s.equipment, s.measure, s.uom,
    t.last_reading, t.last_ts, t.breach_since, t.breach_side, t.anomaly_since, s.hi_alarm, s.lo_alarm,
    coalesce(g.severity, 'medium') AS severity, g.observed, g.reason, g.ts, g.likelihood, g.uncalibrated
FROM forecast.sensor_states t
JOIN manufacturing.sensors s ON s.tenant_id = t.tenant_id AND s.id = t.sensor_id AND s.status <> 'retired'
LEFT JOIN LATERAL (SELECT * FROM forecast.sensor_signals x WHERE x.tenant_id = t.tenant_id AND x.sensor_id = t.sensor_id
    AND x.ended_at IS NULL AND x.kind = CASE WHEN t.breach_since IS NULL THEN 'anomaly' ELSE 'threshold_breach' END
    ORDER BY x.ts DESC LIMIT 1) g ON true
WHERE t.breach_since IS NOT NULL OR t.anomaly_since IS NOT NULL ORDER BY s.sensor_code
"""


def current(tx: Tx) -> list[Condition]:
    """One per sensor: where a limit is broken, that is the problem, and an anomaly of the same sensor its reason."""
    return [_breach(row) if row["breach_since"] is not None else _anomaly(row) for row in tx.rows(_OPEN)]


def _where(row: Row) -> str:
    place = ", ".join(part for part in (row["equipment"], f"line {row['line']}" if row["line"] else None) if part)
    return f"{row['name']} ({row['measure']}{', ' + place if place else ''})"


def _value(value: Decimal, row: Row) -> str:
    return words.amount(value, row["uom"]) if row["uom"] else words.plain(value)


def _notes(row: Row) -> str:
    flagged = " Its calibration has run out." if row["uncalibrated"] else ""
    return f"{flagged} {_MONEY}"


def _actions(row: Row, what: str) -> tuple[str, ...]:
    first = (f"Check the sensor {row['name']} itself: its calibration has run out.",) if row["uncalibrated"] else ()
    return (*first, what)


def _breach(row: Row) -> Condition:
    high = row["breach_side"] == "high"
    limit: Decimal | None = row["hi_alarm"] if high else row["lo_alarm"]
    side = "above its upper" if high else "below its lower"
    observed = row["observed"] if row["observed"] is not None else row["last_reading"]
    limit_text = f" of {_value(limit, row)}" if limit is not None else ""
    return Condition(
        f"threshold_breach:sensor:{row['id']}", "threshold_breach", row["severity"],
        f"{row['name']} is {side} alarm limit",
        f"{_where(row)} is {side} alarm limit{limit_text} since {row['breach_since']:%Y-%m-%d %H:%M} UTC: "
        f"{_value(observed, row)}, last {_value(row['last_reading'], row)}.{_notes(row)}",
        "sensor", row["id"], row["sensor_code"], observed, limit, row["uom"],
        details={"since": row["breach_since"].isoformat(), "uncalibrated": bool(row["uncalibrated"])},
        cause=f"sensor:{row['id']}", name=row["name"], place=row["line"],
        actions=_actions(row, f"Look at {row['name']} and at what went through since {row['breach_since']:%Y-%m-%d %H:%M} "
                         "UTC: it may have to be held."),
    )  # fmt: skip


def _anomaly(row: Row) -> Condition:
    observed = row["observed"] if row["observed"] is not None else row["last_reading"]
    return Condition(
        f"anomaly:sensor:{row['id']}", "anomaly", row["severity"], f"{row['name']} behaves unusually",
        f"{_where(row)} behaves unusually since {row['anomaly_since']:%Y-%m-%d %H:%M} UTC: {row['reason'] or 'unknown'}, "
        f"at {_value(observed, row)}. No alarm limit is broken. {FALSE_ALARMS}{_notes(row)}",
        "sensor", row["id"], row["sensor_code"], observed, None, row["uom"],
        details={"since": row["anomaly_since"].isoformat(), "likelihood": row["likelihood"],
                 "uncalibrated": bool(row["uncalibrated"])},
        cause=f"sensor:{row['id']}", name=row["name"], place=row["line"],
        actions=_actions(row, f"Find out what changed at {row['name']} since {row['anomaly_since']:%Y-%m-%d %H:%M} UTC."),
    )  # fmt: skip
