"""statemachines/ingestion.asl.json, run by moto's interpreter with handlers of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.template.state_machines import StateMachines

EVENT = {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "landing/acme/sap/x.csv"}}}
STAGED = {"status": "staged", "tenant_id": "t", "job_id": "j"}


class DependenciesPending(Exception):
    """The name Retry matches on; the real one is in the staging context."""


class TransientError(Exception):
    """Likewise."""


def staged(event: dict[str, Any]) -> dict[str, Any]:
    """Ingest that stages, and takes the task `fail`."""
    return {"marked": True} if event.get("task") == "fail" else STAGED


def test_a_staged_file_is_normalized_and_the_output_is_normalizes_answer(machines: StateMachines) -> None:
    ended = machines.run("ingestion", EVENT, ingest=staged, normalize=lambda _: {"status": "completed"})
    assert (ended.status, ended.output) == ("SUCCEEDED", {"status": "completed"})
    assert ended.calls == [("IngestFunction", EVENT), ("NormalizeFunction", STAGED)]


@pytest.mark.parametrize("status", ["completed", "failed", "duplicate"])
def test_anything_but_staged_ends_well_without_normalize(machines: StateMachines, status: str) -> None:
    ended = machines.run("ingestion", EVENT, ingest=lambda _: {"status": status})
    assert ended.status == "SUCCEEDED"
    assert [name for name, _ in ended.calls] == ["IngestFunction"]


def test_normalize_is_retried_while_its_masters_are_missing(machines: StateMachines) -> None:
    answers = iter([DependenciesPending("sku 0001 is not known yet")])

    def normalize(_: dict[str, Any]) -> dict[str, Any]:
        for pending in answers:
            raise pending
        return {"status": "completed"}

    ended = machines.run("ingestion", EVENT, ingest=staged, normalize=normalize)
    assert ended.status == "SUCCEEDED"
    assert ended.asked("NormalizeFunction") == [STAGED, STAGED]


def test_a_transient_error_of_ingest_is_retried(machines: StateMachines) -> None:
    answers = iter([TransientError("connection reset")])

    def ingest(_: dict[str, Any]) -> dict[str, Any]:
        for trouble in answers:
            raise trouble
        return {"status": "completed"}

    assert machines.run("ingestion", EVENT, ingest=ingest).asked("IngestFunction") == [EVENT, EVENT]


def test_an_unexpected_error_of_ingest_closes_the_job_and_fails_the_execution(machines: StateMachines) -> None:
    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        if event.get("task") == "fail":
            return {"status": "failed"}
        raise ValueError("line 7 is strange")

    ended = machines.run("ingestion", EVENT, ingest=ingest)
    assert (ended.status, ended.error) == ("FAILED", "IngestionFailed")
    first, closing = ended.asked("IngestFunction")
    assert first == EVENT
    assert (closing["task"], closing["event"], closing["error"]["Error"]) == ("fail", EVENT, "ValueError")
    assert "line 7 is strange" in closing["error"]["Cause"]


def test_an_unexpected_error_of_normalize_closes_the_job_with_the_first_event(machines: StateMachines) -> None:
    def normalize(_: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("qty")

    ended = machines.run("ingestion", EVENT, ingest=staged, normalize=normalize)
    assert ended.status == "FAILED"
    assert ended.asked("IngestFunction")[1]["event"] == EVENT
    assert ended.asked("IngestFunction")[1]["error"]["Error"] == "KeyError"
