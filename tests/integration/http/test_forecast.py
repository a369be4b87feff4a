"""Forecast and alert routes before and around the first forecast."""

from __future__ import annotations

from uuid import uuid4

from opscopilot.entrypoints.parts import Outside
from opscopilot.kernel.ids import tenant_id_for
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant, Tenant
from tests.support.outside import MemoryRuns


def test_a_run_is_started_for_the_callers_tenant_and_seen_by_nobody_else(
    api: Api, tenant: Tenant, around: Outside
) -> None:
    code, other = tenant(), tenant()
    assert api.post("/forecast/run", token(code, "operator")).status == 403
    answer = api.post("/forecast/run", token(code, "planner"))
    assert (answer.status, answer.json["status"]) == (202, "running")
    run_id = answer.json["run_id"]
    assert isinstance(around.runs, MemoryRuns)
    started = {str(run): payload for (_, run), payload in around.runs.started.items()}
    assert started[run_id] == {
        "tenant_id": str(tenant_id_for(code)), "run_id": run_id, "periods": ["weekly", "monthly"],
    }  # fmt: skip
    assert api.get(f"/forecast/runs/{run_id}", token(code)).json["status"] == "completed"
    assert api.get(f"/forecast/runs/{run_id}", token(other)).status == 404
    assert api.get(f"/forecast/runs/{uuid4()}", token(code)).status == 404


def test_without_a_forecast_the_answer_says_what_to_do(api: Api, new_plant: NewPlant) -> None:
    plant = new_plant()
    plant.load("sku", [{"sku_code": "A", "description": "Jam"}])
    for answer in (
        api.get("/forecasts", token(plant.code), sku="A"),
        api.post("/forecast/demand", token(plant.code), {"sku": "A"}),
        api.post("/forecasts", token(plant.code), {"sku": "A"}),
        api.post("/forecast/inventory-risk", token(plant.code), {"sku": "A"}),
        api.get("/forecast/risks", token(plant.code)),
        api.get("/forecast/risks/summary", token(plant.code)),
    ):
        assert (answer.status, answer.json["type"].rpartition("/")[2]) == (404, "no_forecast")
        assert "forecast/run" in answer.json["expected"]
    assert api.get("/forecast/versions", token(plant.code)).json == {"items": [], "next_cursor": None, "total": 0}
    unknown = api.post("/forecast/demand", token(plant.code), {"sku": "B"})
    assert (unknown.status, unknown.json["field"]) == (404, "sku")
    assert api.get("/alerts", token(plant.code)).json["total"] == 0
    assert api.get(f"/alerts/{uuid4()}", token(plant.code)).status == 404
