"""statemachines/forecasting.asl.json, run by moto's interpreter with handlers of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.template.state_machines import Handler, StateMachines

VERSIONS = [{"tenant_id": "t", "version_id": "v"}]
BATCHES = [{"tenant_id": "t", "version_id": "v", "batch": n, "batches": 3} for n in range(3)]
PLAN = {"skip": False, "batches": BATCHES, "versions": VERSIONS}


def forecast(broken: str | None = None, plan: dict[str, Any] | None = None) -> Handler:
    """A forecast function that knows every task; the one named `broken` raises."""

    def handle(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == broken:
            raise ValueError(f"{broken} went wrong")
        answers: dict[str, dict[str, Any]] = {
            "plan": plan or PLAN,
            "batch": {"batch": event.get("batch"), "series": 10},
            "publish": {"alerts": 2},
            "fail": {"status": "failed"},
        }
        return answers[event["task"]]

    return handle


@pytest.mark.parametrize(
    "start", [{"tenant_id": "t"}, {"all_tenants": True}, {"detail-type": "DataNormalized", "detail": {"job_id": "j"}}]
)
def test_plan_gets_the_input_as_it_is_and_batches_are_forecast_then_published(
    machines: StateMachines, start: dict[str, Any]
) -> None:
    ended = machines.run("forecasting", start, forecast=forecast())
    assert ended.status == "SUCCEEDED"
    asked = ended.asked("ForecastFunction")
    assert asked[0] == {"task": "plan", "input": start}
    assert sorted(asked[1:4], key=lambda one: one["batch"]) == [{"task": "batch", **one} for one in BATCHES]
    assert asked[4:] == [{"task": "publish", "versions": VERSIONS}]
    assert ended.output["results"] == [{"batch": n, "series": 10} for n in range(3)]
    assert ended.output["published"] == {"summary": {"alerts": 2}}


def test_nothing_due_ends_after_plan(machines: StateMachines) -> None:
    plan = {"skip": True, "batches": [], "versions": []}
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(plan=plan))
    assert ended.status == "SUCCEEDED"
    assert [one["task"] for one in ended.asked("ForecastFunction")] == ["plan"]


def test_a_version_without_batches_is_published_all_the_same(machines: StateMachines) -> None:
    plan = {"skip": False, "batches": [], "versions": VERSIONS}
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(plan=plan))
    assert [one["task"] for one in ended.asked("ForecastFunction")] == ["plan", "publish"]


@pytest.mark.parametrize("broken", ["batch", "publish"])
def test_what_fails_after_plan_closes_the_planned_versions(machines: StateMachines, broken: str) -> None:
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(broken))
    assert (ended.status, ended.error) == ("FAILED", "ForecastingFailed")
    closing = ended.asked("ForecastFunction")[-1]
    assert (closing["task"], closing["input"]) == ("fail", {"tenant_id": "t"})
    assert closing["state"]["versions"] == VERSIONS
    assert "went wrong" in closing["error"]["Cause"]


def test_a_failed_plan_is_reported_too(machines: StateMachines) -> None:
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast("plan"))
    assert ended.status == "FAILED"
    closing = ended.asked("ForecastFunction")[-1]
    assert (closing["task"], closing["error"]["Error"]) == ("fail", "ValueError")
    assert "versions" not in closing["state"]
