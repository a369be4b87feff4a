"""statemachines/forecasting.asl.json, run by moto's interpreter with handlers of the test's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.template.state_machines import REGION, Handler, StateMachines, aws

KEYS = [{"tenant_id": "t", "run_id": "r", "version_id": version} for version in ("weekly", "monthly")]
BATCHES = [{**key, "batch": number} for key in KEYS for number in range(3)]
PLAN = {"wait": False, "skip": False, "versions": KEYS, "reasons": []}


@pytest.fixture(autouse=True)
def items(machines: StateMachines) -> None:
    """The object that `deal` writes, with all batches."""
    s3 = aws("s3")
    s3.create_bucket(Bucket="staging", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="staging", Key="forecast-runs/e.json", Body=json.dumps(BATCHES).encode())


def forecast(
    broken: str | None = None, plan: dict[str, Any] | None = None, count: int = len(BATCHES), **about: Any
) -> Handler:
    """A forecast function that knows every task; the one named `broken` raises, for what `about` says of it."""

    def handle(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == broken and all(event[name] == value for name, value in about.items()):
            raise ValueError(f"{broken} went wrong")
        answers: dict[str, dict[str, Any]] = {
            "plan": plan or PLAN,
            "prepare": {"series": 30},
            "deal": {"bucket": "staging", "key": "forecast-runs/e.json", "count": count},
            "batch": {"batch": event.get("batch"), "status": "completed"},
            "batch_failed": {"status": "failed"},
            "reconcile": {"status": "draft"},
            "publish": {"status": "published"},
            "fail_version": {"failed": True},
            "finish": {"ok": broken is None, "runs": [{"run_id": "r"}]},
            "fail": {"failed": []},
        }
        return answers[event["task"]]

    return handle


def asked(ended: Any, task: str) -> list[dict[str, Any]]:
    """The payloads of one task, without its name."""
    told = [one for one in ended.asked("ForecastFunction") if one["task"] == task]
    return [{name: value for name, value in one.items() if name != "task"} for one in told]


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Maps run side by side: by version and batch."""
    return sorted(found, key=lambda one: (one["version_id"] != "weekly", one.get("batch", 0)))


@pytest.mark.parametrize(
    "start", [{"tenant_id": "t"}, {"all_tenants": True}, {"detail-type": "DataNormalized", "detail": {"job_id": "j"}}]
)
def test_a_run_plans_prepares_deals_forecasts_reconciles_and_publishes_every_version(
    machines: StateMachines, start: dict[str, Any]
) -> None:
    ended = machines.run("forecasting", start, forecast=forecast())
    assert ended.status == "SUCCEEDED"
    (plan,) = asked(ended, "plan")
    assert plan["input"] == start
    assert plan["execution"]
    assert plan["started"]
    assert asked(ended, "deal") == [{"execution": plan["execution"], "versions": KEYS}]
    for task, expected in (("prepare", KEYS), ("batch", BATCHES), ("reconcile", KEYS), ("publish", KEYS)):
        assert in_order(asked(ended, task)) == expected, task
    assert asked(ended, "finish") == [{"versions": KEYS}]
    assert ended.output["finished"] == {"summary": {"ok": True, "runs": [{"run_id": "r"}]}}
    order = list(dict.fromkeys(one["task"] for one in ended.asked("ForecastFunction")))
    assert order == ["plan", "prepare", "deal", "batch", "reconcile", "publish", "finish"]


def test_nothing_due_ends_after_plan(machines: StateMachines) -> None:
    plan = {"wait": False, "skip": True, "versions": [], "reasons": ["no"]}
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(plan=plan))
    assert ended.status == "SUCCEEDED"
    assert [one["task"] for one in ended.asked("ForecastFunction")] == ["plan"]


def test_versions_without_batches_are_published_all_the_same(machines: StateMachines) -> None:
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(count=0))
    assert ended.status == "SUCCEEDED"
    assert asked(ended, "batch") == []
    assert in_order(asked(ended, "publish")) == KEYS


def test_a_batch_that_fails_twice_is_noted_and_the_others_go_on(machines: StateMachines) -> None:
    broken = forecast("batch", version_id="weekly", batch=1)
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=broken)
    assert ended.error == "ForecastingFailed"
    tried = [(one["version_id"], one["batch"]) for one in asked(ended, "batch")]
    assert tried.count(("weekly", 1)) == 2
    assert len(set(tried)) == len(BATCHES)
    (noted,) = asked(ended, "batch_failed")
    assert {name: noted[name] for name in BATCHES[1]} == BATCHES[1]
    assert "went wrong" in noted["error"]["Cause"]
    assert in_order(asked(ended, "reconcile")) == KEYS  # whether it is complete is found out there


@pytest.mark.parametrize("broken", ["prepare", "reconcile", "publish"])
def test_what_goes_wrong_with_one_version_does_not_stop_the_other(machines: StateMachines, broken: str) -> None:
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(broken, version_id="weekly"))
    assert (ended.status, ended.error) == ("FAILED", "ForecastingFailed")
    (closed,) = asked(ended, "fail_version")
    assert closed["version_id"] == "weekly"
    assert "went wrong" in closed["error"]["Cause"]
    assert "monthly" in [one["version_id"] for one in asked(ended, "publish")]
    assert asked(ended, "finish") == [{"versions": KEYS}]


@pytest.mark.parametrize("broken", ["deal", "finish"])
def test_what_fails_for_all_closes_the_planned_versions(machines: StateMachines, broken: str) -> None:
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(broken))
    assert (ended.status, ended.error) == ("FAILED", "ForecastingFailed")
    (closing,) = asked(ended, "fail")
    assert closing["asked"]["input"] == {"tenant_id": "t"}
    assert closing["state"]["planned"]["versions"] == KEYS
    assert "went wrong" in closing["error"]["Cause"]


def test_a_failed_plan_is_reported_too(machines: StateMachines) -> None:
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast("plan"))
    assert ended.status == "FAILED"
    (closing,) = asked(ended, "fail")
    assert closing["error"]["Error"] == "ValueError"
    assert "planned" not in closing["state"]


def test_more_batches_than_a_state_can_carry(machines: StateMachines) -> None:
    """The batches travel by S3 and each answers one word: what the execution carries does not grow with them."""
    key = dict.fromkeys(KEYS[0], "0198f6b0-1d2c-7e3f-8a9b-4c5d6e7f8091")
    many = [{**key, "batch": number} for number in range(120)]
    aws("s3").put_object(Bucket="staging", Key="forecast-runs/e.json", Body=json.dumps(many).encode())
    ended = machines.run("forecasting", {"tenant_id": "t"}, forecast=forecast(count=120))
    assert ended.status == "SUCCEEDED"
    assert len(asked(ended, "batch")) == 120
    assert len(json.dumps(ended.output)) < 4000
