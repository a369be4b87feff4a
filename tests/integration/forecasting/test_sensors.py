"""Sensor files of a plant: each reading judged once, limits with hysteresis, one alert per problem."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from opscopilot.forecasting.quality.sensors import conditions, watch
from opscopilot.forecasting.service import ForecastService
from opscopilot.insights.alerts import alerts
from opscopilot.kernel.db import Database

START = datetime(2025, 3, 27, tzinfo=UTC)
UNTIL = datetime(2025, 3, 31, tzinfo=UTC)
Opened = Callable[[str], Database]


def sensor(plant: Any, code: str = "T1", **values: Any) -> None:
    given = {"measure": "temperature", "uom": "CEL", "status": "active", "line": "L1", "name": f"Oven {code}"}
    plant.add("sensors", code, sensor_code=code, **{**given, **values})


def readings(
    plant: Any, values: list[float], code: str = "T1", first: datetime = START, quality: str = "good"
) -> datetime:
    """One a minute; the moment of the next."""
    with plant.writer.tenant(plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO manufacturing.sensor_readings (tenant_id, sensor_id, ts, value, quality, production_day,
                   source_system, ingestion_job_id, source_row)
               SELECT :tenant, :sensor, CAST(:first AS timestamptz) + make_interval(mins => CAST(x.n - 1 AS integer)), x.v,
                   :quality, CAST(:first AS date), 'test', :job, 1
               FROM unnest(CAST(:values AS numeric[])) WITH ORDINALITY AS x(v, n)""",
            tenant=plant.tenant_id, sensor=plant.ids[code], first=first, values=[Decimal(f"{v:.6f}") for v in values],
            quality=quality, job=uuid4(),
        )  # fmt: skip
    return first + timedelta(minutes=len(values))


def steady(count: int, seed: int = 1) -> list[float]:
    return [float(one) for one in 72 + np.random.default_rng(seed).normal(0, 0.5, count)]


def judge(plant: Any, opened: Opened, **given: Any) -> watch.Watched:
    with opened("ops_forecast").tenant(plant.tenant_id) as tx:
        return watch.judge_new(tx, "Europe/Copenhagen", UNTIL, **given)


def signals(plant: Any) -> list[dict[str, Any]]:
    return list(plant.query("SELECT * FROM forecast.sensor_signals ORDER BY ts, kind"))


def state(plant: Any) -> dict[str, Any]:
    return dict(plant.query("SELECT * FROM forecast.sensor_states")[0])


def now(plant: Any, opened: Opened) -> list[conditions.Condition]:
    with opened("ops_forecast").tenant(plant.tenant_id) as tx:
        return conditions.current(tx)


def test_a_reading_is_judged_once_and_in_pieces_as_in_one_go(make_plant: Any, opened: Opened) -> None:
    values = [*steady(700), 95.0, 95.5, *steady(50, 2)]
    whole, parts = make_plant("whole"), make_plant("parts")
    for plant in (whole, parts):
        sensor(plant)
        readings(plant, values)
    done = judge(whole, opened)
    assert (done.readings, done.waiting) == (752, False)
    assert judge(whole, opened).readings == 0, "nothing is judged twice"
    goes = [judge(parts, opened, at_most=300) for _ in range(3)]
    assert [(one.readings, one.waiting) for one in goes] == [(300, True), (300, True), (152, False)]
    shown = ("ts", "kind", "observed", "likelihood", "reason")
    assert [[row[name] for name in shown] for row in signals(whole)] == [
        [row[name] for name in shown] for row in signals(parts)
    ]
    assert START + timedelta(minutes=700) in [row["ts"] for row in signals(whole)]
    assert state(whole)["judged"] == 752


def test_p15_a_limit_is_broken_beyond_it_and_left_only_well_inside(plant: Any, opened: Opened) -> None:
    sensor(plant, hi_alarm=Decimal(75), lo_alarm=Decimal(65))
    after = readings(plant, [*steady(200), 75.0, 75.1, 74.99, 74.95, 75.2, 76.0])
    judge(plant, opened)
    broken = [row for row in signals(plant) if row["kind"] == "threshold_breach"]
    assert [(row["observed"], row["threshold"], row["severity"], row["ended_at"]) for row in broken] == [
        (Decimal("75.1"), 75, "high", None)
    ], "75.0 is on the limit; 74.99 is not far enough inside to be a new episode"
    told = now(plant, opened)
    assert [(one.key, one.severity) for one in told] == [(f"threshold_breach:sensor:{plant.ids['T1']}", "high")]
    assert "unknown" in told[0].message
    assert told[0].amount is None
    readings(plant, [72.0, 72.1, 71.9], first=after)
    judge(plant, opened)
    assert [row["ended_at"] for row in signals(plant) if row["kind"] == "threshold_breach"] == [
        after + timedelta(minutes=2)
    ]
    assert state(plant)["breach_since"] is None


def test_bad_readings_are_not_judged_and_old_calibration_is_flagged(plant: Any, opened: Opened) -> None:
    sensor(plant, hi_alarm=Decimal(80), calibrated_until=date(2025, 3, 1))
    after = readings(plant, steady(200))
    after = readings(plant, [999.0, 999.0], first=after, quality="bad")
    readings(plant, [90.0], first=after)
    judge(plant, opened)
    known = state(plant)
    assert (known["judged"], known["not_judged"], known["uncalibrated"]) == (201, 2, 201)
    broken = [row for row in signals(plant) if row["kind"] == "threshold_breach"]
    assert [(row["observed"], row["uncalibrated"]) for row in broken] == [(90, True)]
    assert "calibration has run out" in now(plant, opened)[0].message


def test_what_comes_late_is_held_against_its_limits_only(plant: Any, opened: Opened) -> None:
    sensor(plant, hi_alarm=Decimal(80))
    readings(plant, steady(200))
    judge(plant, opened)
    readings(plant, [85.0, 70.0], first=START - timedelta(hours=3))
    assert judge(plant, opened).readings == 2
    assert judge(plant, opened).readings == 0
    known = state(plant)
    assert (known["late"], known["judged"]) == (2, 200)
    late = [row for row in signals(plant) if "late" in row["reason"]]
    assert [(row["observed"], row["ended_at"] is not None) for row in late] == [(85, True)]


def test_a_file_of_readings_raises_one_alert_and_its_end_resolves_it(
    plant: Any, service: ForecastService, run: Any, bus: Any, opened: Opened
) -> None:
    plant.sku("A")
    plant.weeks("A", [20, 30, 25] * 10)
    plant.stock("A", 10_000)
    sensor(plant, hi_alarm=Decimal(80))
    after = readings(plant, [*steady(200), 90.0])
    run(plant)
    key = f"threshold_breach:sensor:{plant.ids['T1']}"
    asked = {
        "input": {
            "detail": {"tenant_id": str(plant.tenant_id), "event_id": str(uuid4()), "entity_type": "sensor_reading"}
        }
    }
    after = readings(plant, [91.0, 92.0], first=after)
    said = service.run({"task": "plan", **asked})
    assert said["skip"]
    assert "2 sensor readings were judged" in said["reasons"][0]
    mine = "SELECT status, severity, seen_count FROM forecast.forecast_alerts WHERE dedupe_key = :key"
    assert [tuple(row.values()) for row in plant.query(mine, key=key)] == [("open", "high", 2)]
    others = plant.query("SELECT count(*) AS n FROM forecast.forecast_alerts WHERE status = 'resolved'")[0]["n"]
    readings(plant, steady(5), first=after)
    service.run({"task": "plan", **asked})
    assert [row["status"] for row in plant.query(mine, key=key)] == ["resolved"]
    now_resolved = plant.query("SELECT count(*) AS n FROM forecast.forecast_alerts WHERE status = 'resolved'")[0]["n"]
    assert now_resolved == others + 1, "sensors close no other alerts"
    told = plant.query("SELECT count(*) AS n FROM platform.outbox WHERE detail_type = 'AlertRaised' "
                       "AND detail ->> 'dedupe_key' = :key", key=key)  # fmt: skip
    assert told[0]["n"] == 1, "one problem, one message"


def test_a_plant_without_a_forecast_has_alerts_of_its_sensors(
    plant: Any, service: ForecastService, run: Any, opened: Opened
) -> None:
    sensor(plant, hi_alarm=Decimal(80))
    readings(plant, [*steady(200), 90.0])
    detail = {"tenant_id": str(plant.tenant_id), "event_id": str(uuid4()), "entity_type": "sensor_reading"}
    service.run({"task": "plan", "input": {"detail": detail}})
    mine = "SELECT status, version_id, as_of FROM forecast.forecast_alerts WHERE dedupe_key = :key"
    key = f"threshold_breach:sensor:{plant.ids['T1']}"
    [found] = plant.query(mine, key=key)
    assert (found["status"], found["version_id"]) == ("open", None)
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        assert [one.version for one in alerts(tx).items] == [None]
        assert (alerts(tx, entity_code="t1").total, alerts(tx, entity_code="T2").total) == (1, 0)
    plant.sku("A")
    plant.weeks("A", [20, 30, 25] * 10)
    plant.stock("A", 10_000)
    run(plant)
    [found] = plant.query(mine, key=key)
    assert found["status"] == "open"
    assert found["version_id"] is not None, "the first version takes it over"


def test_readings_of_the_future_of_a_frozen_plant_wait(plant: Any, opened: Opened) -> None:
    sensor(plant)
    readings(plant, steady(10), first=UNTIL - timedelta(minutes=5))
    assert judge(plant, opened).readings == 6
    assert state(plant)["last_ts"] == UNTIL


@pytest.mark.parametrize("status", ["faulty", "retired"])
def test_sensors_out_of_order_are_not_judged(plant: Any, opened: Opened, status: str) -> None:
    sensor(plant, status=status, hi_alarm=Decimal(1))
    readings(plant, [5.0] * 5)
    done = judge(plant, opened)
    assert signals(plant) == []
    assert done.sensors == (status == "faulty")
