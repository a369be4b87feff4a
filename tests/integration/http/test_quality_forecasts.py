"""Scrap, charts and sensors over HTTP: loaded through the catalogue, forecast, paged, approved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.clock import FixedClock
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.forecasting import ListedItems, walk
from tests.support.plant import Plant

LAST = date(2025, 3, 30)
CLOCK = FixedClock(datetime(2025, 3, 31, 6, tzinfo=UTC))


class Silent:
    """Takes every event."""

    def publish(self, rows: Any) -> list[Any]:
        return [row.event_id for row in rows]


def work_orders(code: str, line: str, scrap: int, last: int) -> list[dict[str, Any]]:
    made = [(LAST - timedelta(days=7 * back + 2), scrap) for back in range(30, 0, -1)] + [(LAST, last)]
    return [
        {"wo_number": f"{code}-{day}", "sku_code": code, "line": line, "ordered_qty": "1000", "good_qty": str(1000 - bad),
         "scrap_qty": str(bad + i % 3), "uom": "EA", "status": "completed", "actual_end": day.isoformat()}
        for i, (day, bad) in enumerate(made)
    ]  # fmt: skip


def fill(plant: Plant) -> None:
    plant.load("sku", [{"sku_code": code, "description": f"Item {code}", "type": "finished", "base_uom": "EA",
                        "unit_cost": "2.5", "make_or_buy": "make"} for code in ("A", "B")])  # fmt: skip
    plant.load("location", [{"code": "MAIN", "name": "Main", "type": "warehouse"}])
    plant.load("inventory_snapshot", [{"sku_code": "A", "location_code": "MAIN", "quantity_on_hand": "5", "uom": "EA",
                                       "snapshot_at": "2025-03-29T08:00:00Z"}])  # fmt: skip
    plant.load("work_order", [*work_orders("A", "L1", 20, 90), *work_orders("B", "L2", 10, 11)])
    plant.load("work_order", [{"wo_number": "NEXT", "sku_code": "A", "line": "L1", "ordered_qty": "4000", "uom": "EA",
                               "status": "scheduled", "due_date": "2025-04-04"}])  # fmt: skip
    plant.load("sensor", [{"sensor_code": f"T{n}", "measure": "temperature", "uom": "CEL", "hi_alarm": "80"}
                          for n in (1, 2)])  # fmt: skip
    start = datetime(2025, 3, 30, 1, tzinfo=UTC)
    for code, last in (("T1", "95"), ("T2", "71")):
        values = [*(f"{70 + i % 5}" for i in range(170)), last]
        plant.load("sensor_reading", [{"sensor_code": code, "ts": (start + timedelta(minutes=i)).isoformat(), "value": one}
                                      for i, one in enumerate(values)])  # fmt: skip


@pytest.fixture
def made(new_plant: NewPlant) -> Plant:
    plant = new_plant(as_of="2025-03-30")
    fill(plant)
    service = ForecastService(plant.db("ops_forecast"), Silent(), CLOCK, ListedItems())
    walk(service, {"tenant_id": str(plant.tenant_id), "periods": ["weekly"]})
    return plant


def test_scrap_charts_and_sensors_are_answered_and_paged(api: Api, made: Plant) -> None:
    who = token(made.code)
    scrap = api.get("/forecast/quality/scrap", who, limit=1).json
    assert (scrap["total"], scrap["items"][0]["sku_code"], scrap["items"][0]["planned_qty"]) == (2, "A", "4000")
    assert float(scrap["items"][0]["expected_cost"]) > 0
    assert scrap["evidence"]["coverage_95"] > 0.8
    rest = api.get("/forecast/quality/scrap", who, limit=1, cursor=scrap["next_cursor"]).json
    assert ([one["sku_code"] for one in rest["items"]], rest["next_cursor"]) == (["B"], None)
    assert [one["line"] for one in api.get("/forecast/quality/scrap/B", who).json["lines"]] == ["L2"]
    assert api.get("/forecast/quality/scrap/NOPE", who).status == 404

    charts = api.get("/forecast/quality/charts", who, sku="A", measure="scrap_rate").json
    chart = charts["items"][0]
    assert (charts["total"], chart["open_since"] is not None) == (1, True)
    assert {one["rule"] for one in chart["signals"]} >= {"western_electric_1"}
    assert chart["points"][-1]["lower"] >= 0
    assert api.get("/forecast/quality/charts", who, open_only=True).json["total"] == 1

    sensors = api.get("/forecast/quality/sensors", who, limit=1).json
    assert (sensors["total"], sensors["items"][0]["sensor_code"], sensors["items"][0]["judged"]) == (2, "T1", 171)
    assert sensors["items"][0]["breach_since"] is not None
    after = api.get("/forecast/quality/sensors", who, limit=1, cursor=sensors["next_cursor"]).json
    assert [one["sensor_code"] for one in after["items"]] == ["T2"]
    said = api.get("/forecast/quality/sensors/T1/signals", who, limit=1).json
    assert said["total"] >= 1
    assert {one["kind"] for one in api.get("/forecast/quality/sensors/T1/signals", who).json["items"]} >= {
        "threshold_breach"
    }
    assert api.get("/forecast/quality/sensors/T9/signals", who).status == 404


def test_only_who_answers_for_the_plant_approves_limits_and_the_reason_is_kept(api: Api, made: Plant) -> None:
    chart = api.get("/forecast/quality/charts", token(made.code), sku="A").json["items"][0]["id"]
    wanted = {"base_from": "2025-01-01", "base_to": "2025-03-30", "reason": "new mould"}
    path = f"/forecast/quality/charts/{chart}/base"
    assert api.post(path, token(made.code, "operator"), wanted).status == 403
    answer = api.post(path, token(made.code, "plant_manager"), wanted)
    assert (answer.status, answer.json["reason"]) == (202, "new mould")
    backwards = {**wanted, "base_to": "2024-01-01"}
    assert api.post(path, token(made.code, "plant_manager"), backwards).status == 422
    other = f"/forecast/quality/charts/{made.tenant_id}/base"
    assert api.post(other, token(made.code, "plant_manager"), wanted).status == 404


def test_nobody_sees_another_plants_sensors(api: Api, made: Plant, new_plant: NewPlant) -> None:
    other = new_plant()
    assert api.get("/forecast/quality/sensors", token(other.code)).json["total"] == 0
    assert api.get("/forecast/quality/charts", token(other.code)).json["total"] == 0
    assert api.get("/forecast/quality/sensors/T1/signals", token(other.code)).status == 404
