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


def parts_of(*jobs: str) -> dict[str, Any]:
    """The hand-over of an object with a large table, and one table more per further job."""
    same = {"tenant_id": "t", "correlation_id": "c"}
    read = [{"task": "part", "job_id": jobs[0], "part": number, **same} for number in (1, 2, 3)]
    load = [{"status": "staged", "job_id": jobs[0], "part": number, **same} for number in (1, 2, 3)]
    load += [{"status": "staged", "job_id": job, "part": None, **same} for job in jobs[1:]]
    return {"status": "parts", "job_id": jobs[0], "read": read, "load": load}


def test_parts_are_judged_side_by_side_and_loaded_in_order(machines: StateMachines) -> None:
    whole = parts_of("a", "b")

    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        return {"status": "staged"} if event.get("task") == "part" else whole

    ended = machines.run("ingestion", EVENT, ingest=ingest, normalize=lambda _: {"status": "completed"})
    assert ended.status == "SUCCEEDED"
    judged = ended.asked("IngestFunction")[1:]
    assert sorted(one["part"] for one in judged) == [1, 2, 3]
    assert ended.asked("NormalizeFunction") == whole["load"]
    names = [name for name, _ in ended.calls]
    assert names == ["IngestFunction"] * 4 + ["NormalizeFunction"] * 4, "nothing is loaded before all is judged"


def test_tables_without_parts_are_loaded_one_after_the_other(machines: StateMachines) -> None:
    sheets = {**parts_of("a", "b"), "read": []}
    ended = machines.run("ingestion", EVENT, ingest=lambda _: sheets, normalize=lambda _: {"status": "completed"})
    assert ended.status == "SUCCEEDED"
    assert ended.asked("NormalizeFunction") == sheets["load"]


def test_a_part_nobody_can_judge_ends_its_job_and_the_other_table_is_loaded(machines: StateMachines) -> None:
    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        if event.get("task") == "part" and event["part"] == 2:
            raise ValueError("line 7 is strange")
        return {"status": "staged"} if event.get("task") else parts_of("a", "b")

    ended = machines.run("ingestion", EVENT, ingest=ingest, normalize=lambda _: {"status": "completed"})
    assert ended.status == "SUCCEEDED"
    (closing,) = [one for one in ended.asked("IngestFunction") if one.get("task") == "fail_job"]
    assert (closing["tenant_id"], closing["job_id"], closing["correlation_id"]) == ("t", "a", "c")
    assert "line 7 is strange" in closing["error"]["Cause"]
    assert ended.asked("NormalizeFunction")[-1]["job_id"] == "b"


def test_a_table_that_cannot_be_loaded_does_not_stop_the_next(machines: StateMachines) -> None:
    def normalize(event: dict[str, Any]) -> dict[str, Any]:
        if event["job_id"] == "a":
            raise KeyError("qty")
        return {"status": "completed"}

    sheets = {**parts_of("a", "b"), "read": []}
    ended = machines.run("ingestion", EVENT, ingest=lambda _: sheets, normalize=normalize)
    assert ended.status == "SUCCEEDED"
    assert [one["job_id"] for one in ended.asked("IngestFunction")[1:]] == ["a", "a", "a"]
    assert ended.asked("NormalizeFunction")[-1]["job_id"] == "b"
