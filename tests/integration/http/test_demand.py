"""`POST /forecast/demand` over HTTP: lists, jobs, hostile input."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from opscopilot.entrypoints.parts import Outside
from opscopilot.kernel.ids import tenant_id_for
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.outside import MemoryComputer, MemoryRuns

LINEAGE = "source_system, ingestion_job_id, source_row"


@pytest.fixture
def plant(new_plant: NewPlant, owner_sql: Any) -> Any:
    """A plant with sixty items of one family."""
    found = new_plant()
    owner_sql(
        found.code,
        f"""INSERT INTO manufacturing.skus (tenant_id, sku_code, description, category, type, base_uom, make_or_buy,
                lot_controlled, is_ftl, is_active, {LINEAGE})
            SELECT CAST('{tenant_id_for(found.code)}' AS uuid), 'S' || n, 'Item ' || n, 'Jams', 'finished', 'EA', 'buy',
                false, false, true, 'test', CAST('{UUID(int=1)}' AS uuid), 1 FROM generate_series(101, 160) n""",
    )
    return found


def test_a_list_is_computed_at_once_and_every_item_answered(api: Api, plant: Any, around: Outside) -> None:
    answer = api.post("/forecast/demand", token(plant.code), {"skus": ["S101", "NOBODY"], "period": "monthly"})
    assert answer.status == 200
    assert [(one["asked"], one["status"]) for one in answer.json["items"]] == [
        ("S101", "no_demand"), ("NOBODY", "not_found"),
    ]  # fmt: skip
    assert isinstance(around.computer, MemoryComputer)
    (tenant_id, asked) = around.computer.asked[-1]
    assert (tenant_id, asked["period"], len(asked["sku_ids"])) == (tenant_id_for(plant.code), "monthly", 1)


@pytest.mark.parametrize("body", [{"family": "jams"}, {"skus": [f"S{n}" for n in range(101, 160)]}])
def test_more_than_fifty_become_a_job_with_a_place_to_look(
    api: Api, plant: Any, around: Outside, body: dict[str, Any]
) -> None:
    answer = api.post("/forecast/demand", token(plant.code), {**body, "period": "daily", "horizon": 14})
    assert (answer.status, answer.json["scope"]) == (202, "adhoc")
    run_id = answer.json["run_id"]
    assert answer.headers["location"] == f"/api/v1/forecast/runs/{run_id}"
    assert isinstance(around.runs, MemoryRuns)
    started = around.runs.started[tenant_id_for(plant.code), UUID(run_id)]
    assert (started["periods"], started["horizon"]) == (["daily"], 14)
    assert len(started["sku_ids"]) == answer.json["series"] > 50
    assert api.get(f"/forecast/runs/{run_id}", token(plant.code)).status == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "exactly one of sku, skus and family"), ({"sku": "A", "family": "B"}, "exactly one of"),
        ({"skus": []}, ""), ({"skus": ["A"] * 1001}, ""), ({"skus": [""]}, ""), ({"skus": "A"}, ""),
        ({"sku": "A", "period": "hourly"}, ""), ({"sku": "A", "horizon": 0}, ""), ({"sku": "A", "horizon": 105}, "1 to 104"),
        ({"sku": "A", "horizon": 10**9}, ""), ({"sku": "A", "source": "magic"}, ""), ({"sku": "A", "history": -1}, ""),
        ({"sku": "A", "confidence_level": 99}, ""), ({"sku": "A", "surprise": 1}, ""), ({"sku": "A\0"}, ""),
        ({"skus": ["A\0"]}, ""), ({"sku": "x" * 201}, ""), ({"sku": "A", "source": "computed", "version": "V"}, "published"),
    ],
)  # fmt: skip
def test_hostile_questions_are_refused_with_what_would_be_right(
    api: Api, plant: Any, body: dict[str, Any], says: str
) -> None:
    answer = api.post("/forecast/demand", token(plant.code), body)
    assert answer.status in (404, 422), answer.json
    assert says in str(answer.json.get("expected"))


def test_a_family_nobody_knows_names_those_there_are(api: Api, plant: Any) -> None:
    answer = api.post("/forecast/demand", token(plant.code), {"family": "Cheese"})
    assert answer.status == 404
    assert "Jams" in answer.json["expected"]


def test_what_only_a_published_version_can_answer_says_so(api: Api, plant: Any) -> None:
    for body in ({"skus": ["S101"], "source": "published"}, {"sku": "S101", "location": "MAIN"}):
        answer = api.post("/forecast/demand", token(plant.code), body)
        assert (answer.status, answer.json["type"].rpartition("/")[2]) == (404, "no_forecast")


def test_runs_and_their_answers_are_nobody_elses(api: Api, plant: Any, new_plant: NewPlant) -> None:
    other = new_plant()
    run_id = api.post("/forecast/demand", token(plant.code), {"family": "Jams"}).json["run_id"]
    assert api.get(f"/forecast/runs/{run_id}/forecasts", token(other.code)).status == 404
    assert api.get("/forecast/runs", token(other.code)).json["items"] == []


def test_periods_of_a_run_are_checked(api: Api, plant: Any) -> None:
    for body in ({"periods": []}, {"periods": ["hourly"]}, {"periods": ["weekly"] * 5}, {"period": "weekly"}):
        assert api.post("/forecast/run", token(plant.code, "planner"), body).status == 422, body
