"""What the function answers the state machine: which stream is next, and whether to wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from aws_lambda_powertools import Logger
from pydantic import ValidationError

from opscopilot.entrypoints.pull import Pulling

TENANT, A, B = (uuid4() for _ in range(3))


@dataclass
class Answers:
    """A puller that says what the test wants."""

    told: dict[str, Any] = field(default_factory=dict)
    failed: list[tuple[UUID, UUID, str]] = field(default_factory=list)

    def pull(self, _tenant: UUID, _job: UUID, _deadline: object) -> dict[str, Any]:
        return self.told

    def fail(self, tenant: UUID, job: UUID, _code: str, message: str) -> dict[str, Any]:
        self.failed.append((tenant, job, message))
        return {"status": "failed"}


def call(task: str, told: dict[str, Any] | None = None, **event: Any) -> tuple[dict[str, Any], Answers]:
    """One invocation."""
    puller = Answers(told or {})
    pulling = Pulling(puller, Logger(service="test", level="ERROR"))  # type: ignore[arg-type]
    return pulling.tasks()[task]({"task": task, **event}, None), puller


@pytest.mark.parametrize(("told", "status", "left"), [
    ({"status": "more"}, "more", [A, B]), ({"status": "wait", "seconds": 30}, "wait", [A, B]),
    ({"status": "done"}, "more", [B]), ({"status": "failed", "error_code": "x"}, "more", [B]),
])  # fmt: skip
def test_a_stream_that_is_over_is_followed_by_the_next(told: dict[str, Any], status: str, left: list[UUID]) -> None:
    answer, _ = call("pull", told, tenant_id=str(TENANT), jobs=[str(A), str(B)])
    assert answer == {"task": "pull", "tenant_id": str(TENANT), "jobs": [str(one) for one in left], "status": status,
                      "seconds": told.get("seconds", 0)}  # fmt: skip


def test_after_the_last_stream_the_machine_is_done() -> None:
    assert call("pull", {"status": "done"}, tenant_id=str(TENANT), jobs=[str(A)])[0]["status"] == "done"
    assert call("pull", tenant_id=str(TENANT), jobs=[])[0]["status"] == "done"


def test_giving_up_closes_the_first_stream_and_goes_on() -> None:
    error = {"Error": "MemoryError", "Cause": "…"}
    answer, puller = call("pull_fail", tenant_id=str(TENANT), jobs=[str(A), str(B)], error=error)
    assert (answer["status"], answer["jobs"]) == ("more", [str(B)])
    assert [(tenant, job) for tenant, job, _ in puller.failed] == [(TENANT, A)]
    assert "MemoryError" in puller.failed[0][2]


def test_the_end_of_an_execution_closes_all_it_was_started_for() -> None:
    pulls = [{"task": "pull", "tenant_id": str(TENANT), "jobs": [str(A), str(B)]}]
    _, puller = call("pull_fail", input={"task": "pull_all", "pulls": pulls}, error={"Error": "States.Timeout"})
    assert [job for _, job, _ in puller.failed] == [A, B]
    assert call("pull_fail", input={"task": "pull_due"}, error=None)[1].failed == []


def test_a_task_without_a_tenant_is_refused() -> None:
    with pytest.raises(ValidationError):
        call("pull", jobs=[str(A)])
