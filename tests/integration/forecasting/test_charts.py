"""Control charts kept in the database: frozen limits, signals once, approval of another base."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from opscopilot.forecasting.quality.charts import keep
from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import uuid7
from tests.integration.forecasting.test_scrap import order
from tests.integration.forecasting.test_sensors import readings, sensor

Opened = Callable[[str], Database]
LAST = date(2025, 3, 30)
UNTIL = datetime(2025, 3, 31, tzinfo=UTC)


def week(back: int) -> date:
    return LAST - timedelta(days=7 * back + 2)


def charts(plant: Any) -> list[dict[str, Any]]:
    return list(plant.query("SELECT * FROM forecast.control_charts ORDER BY subject_code, line"))


def signals(plant: Any) -> list[tuple[str, str]]:
    rows = plant.query("SELECT point_at, rule FROM forecast.control_signals ORDER BY point_at, rule")
    return [(row["point_at"].date().isoformat(), row["rule"]) for row in rows]


@pytest.fixture
def scrapping(plant: Any) -> Any:
    """A year of 2 % scrap, then a week of 6 %."""
    plant.sku("A", unit_cost=Decimal("2.82"), currency="EUR")
    plant.weeks("A", [20, 30, 25] * 10)
    plant.stock("A", 10_000)
    rng = np.random.default_rng(2)
    for back in range(40, 0, -1):
        bad = int(rng.binomial(2000, 0.02))
        order(plant, "A", week(back), 2000 - bad, bad)
    order(plant, "A", week(0), 1880, 120)
    return plant


def test_p15_a_bad_week_leaves_frozen_limits_and_is_told_once_with_its_money(scrapping: Any, run: Any) -> None:
    done = run(scrapping)
    assert done["published"][0]["charts"]["charts"] == 1
    chart = charts(scrapping)[0]
    assert (chart["kind"], chart["base_points"] + chart["base_excluded"]) == ("p", 25)
    assert chart["center"] == pytest.approx(0.02, abs=0.002)
    assert ("2025-03-30", "western_electric_1") in signals(scrapping)
    alert = scrapping.query("SELECT * FROM forecast.forecast_alerts WHERE alert_type = 'anomaly'")
    assert [(row["severity"], row["currency"]) for row in alert] == [("high", "EUR")]
    assert alert[0]["amount"] == pytest.approx(
        Decimal(repr((0.06 - chart["center"]) * 2000 * 2.82)), abs=Decimal("0.01")
    )
    assert "false alarm about every 92 weeks" in alert[0]["message"]
    before = signals(scrapping)
    order(scrapping, "A", LAST, 1, 0, line="L2")
    run(scrapping)
    after = charts(scrapping)[0]
    assert (after["center"], after["base_to"]) == (chart["center"], chart["base_to"]), "the signal moves no limit"
    assert signals(scrapping) == before, "a point is judged once"
    told = scrapping.query("SELECT count(*) AS n FROM platform.outbox WHERE detail_type = 'AlertRaised' "
                           "AND detail ->> 'alert_type' = 'anomaly'")  # fmt: skip
    assert told[0]["n"] == 1


def test_a_person_may_approve_another_base_and_only_then_limits_move(scrapping: Any, run: Any, opened: Opened) -> None:
    run(scrapping)
    chart = charts(scrapping)[0]
    with opened("ops_copilot").tenant(scrapping.tenant_id) as tx:
        tx.execute(
            """INSERT INTO planning.chart_approvals (tenant_id, chart_id, base_from, base_to, reason, created_by)
               VALUES (:tenant, :chart, :first, :last, 'new mould', 'kim')""",
            tenant=scrapping.tenant_id, chart=chart["id"], first=week(20), last=LAST,
        )  # fmt: skip
    order(scrapping, "A", LAST, 1, 0, line="L2")
    run(scrapping)
    moved = charts(scrapping)[0]
    assert moved["id"] == chart["id"]
    assert moved["base_from"] > chart["base_from"]
    assert moved["approval_id"] is not None
    order(scrapping, "A", LAST, 1, 0, line="L3")
    run(scrapping)
    assert charts(scrapping)[0]["base_from"] == moved["base_from"]


def update(plant: Any, opened: Opened, until: datetime) -> keep.Kept:
    with opened("ops_forecast").tenant(plant.tenant_id) as tx:
        tx.script("CREATE TEMP TABLE quality_done (sku_id uuid, line text, day date, n numeric, s numeric, told boolean) "
                  "ON COMMIT DROP")  # fmt: skip
        return keep.update(tx, uuid7(), LAST, 1, until)


def test_sensors_are_charted_by_what_their_readings_are_like(plant: Any, opened: Opened) -> None:
    rng = np.random.default_rng(3)
    hours, level = 96, 0.0
    walk = []
    for _ in range(hours * 6):
        level = 0.995 * level + rng.normal(0, 0.3)
        walk.append(70 + level)
    start = UNTIL - timedelta(hours=hours)
    for code, values in (("calm", 70 + rng.normal(0, 1, hours * 6)), ("slow", walk)):
        sensor(plant, code)
        with plant.writer.tenant(plant.tenant_id) as tx:
            tx.execute(
                """INSERT INTO manufacturing.sensor_readings (tenant_id, sensor_id, ts, value, quality, production_day,
                       source_system, ingestion_job_id, source_row)
                   SELECT :tenant, :sensor, CAST(:first AS timestamptz) + make_interval(mins => CAST(10 * (x.n - 1) AS integer)),
                       x.v, 'good', CAST(:first AS date), 'test', :job, 1
                   FROM unnest(CAST(:values AS numeric[])) WITH ORDINALITY AS x(v, n)""",
                tenant=plant.tenant_id, sensor=plant.ids[code], first=start, job=uuid7(),
                values=[Decimal(f"{one:.6f}") for one in values],
            )  # fmt: skip
    assert update(plant, opened, UNTIL).charts == 2
    calm, slow = charts(plant)
    assert (calm["kind"], slow["kind"]) == ("xbar_r", "ewma")
    assert "autocorrelation" in slow["note"]
    seen = signals(plant)
    after = readings(plant, [90.0] * 60, code="calm", first=UNTIL)
    assert update(plant, opened, after).signals >= 1
    assert len(signals(plant)) > len(seen)
    assert charts(plant)[0]["center"] == calm["center"]
    assert charts(plant)[0]["open_since"] == UNTIL
    assert update(plant, opened, after).signals == 0
