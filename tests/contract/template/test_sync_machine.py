"""statemachines/sync.asl.json, run by moto's interpreter with handlers of the test's own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.contract.template.state_machines import StateMachines


class OperationalError(Exception):
    """The database was away; the name Retry matches on."""


def item(tenant: str, *jobs: str) -> dict[str, Any]:
    """One connector's pulls."""
    return {"task": "pull", "tenant_id": tenant, "jobs": list(jobs)}


def told(event: dict[str, Any], status: str, left: list[str]) -> dict[str, Any]:
    """What the function answers."""
    return {**item(event["tenant_id"], *left), "status": status, "seconds": 0}


def one_by_one(event: dict[str, Any]) -> dict[str, Any]:
    """Every call finishes one stream."""
    left = event["jobs"][1:]
    return told(event, "more" if left else "done", left)


def test_streams_follow_one_another_and_connectors_go_side_by_side(machines: StateMachines) -> None:
    start = {"task": "pull_all", "pulls": [item("t1", "a", "b"), item("t2", "c")]}
    ended = machines.run("sync", start, ingest=one_by_one)
    assert ended.status == "SUCCEEDED"
    assert Counter(one["jobs"][0] for one in ended.asked("IngestFunction")) == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("status", ["more", "wait"])
def test_a_long_pull_is_called_again_until_it_is_done(machines: StateMachines, status: str) -> None:
    calls: list[dict[str, Any]] = []

    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        calls.append(event)
        return told(event, status if len(calls) < 4 else "done", event["jobs"])

    ended = machines.run("sync", {"task": "pull_all", "pulls": [item("t", "a")]}, ingest=ingest)
    assert (ended.status, len(calls)) == ("SUCCEEDED", 4)
    assert {(one["task"], one["tenant_id"], *one["jobs"]) for one in calls} == {("pull", "t", "a")}


def test_the_schedule_pulls_what_is_due(machines: StateMachines) -> None:
    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        return {"pulls": [item("t", "a")]} if event["task"] == "pull_due" else one_by_one(event)

    ended = machines.run("sync", {"task": "pull_due"}, ingest=ingest)
    assert ended.status == "SUCCEEDED"
    assert ended.asked("IngestFunction") == [{"task": "pull_due"}, item("t", "a")]


def test_nothing_due_ends_well(machines: StateMachines) -> None:
    assert machines.run("sync", {"task": "pull_due"}, ingest=lambda _: {"pulls": []}).status == "SUCCEEDED"


def test_a_trial_answers_what_it_saw(machines: StateMachines) -> None:
    start = {"task": "pull_test", "tenant_id": "t", "connector": "odoo"}
    ended = machines.run("sync", start, ingest=lambda _: {"ok": True, "streams": []})
    assert (ended.status, ended.output) == ("SUCCEEDED", {"ok": True, "streams": []})
    assert ended.asked("IngestFunction") == [start]


def test_a_transient_error_is_retried(machines: StateMachines) -> None:
    answers = iter([OperationalError("connection reset")])

    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        for trouble in answers:
            raise trouble
        return one_by_one(event)

    ended = machines.run("sync", {"task": "pull_all", "pulls": [item("t", "a")]}, ingest=ingest)
    assert (ended.status, len(ended.asked("IngestFunction"))) == ("SUCCEEDED", 2)


def test_an_unexpected_error_closes_that_stream_and_the_others_go_on(machines: StateMachines) -> None:
    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == "pull_fail":
            assert event["error"]["Error"] == "ValueError"
            left = event["jobs"][1:]
            return told(event, "more" if left else "done", left)
        if event["jobs"][0] == "a":
            raise ValueError("strange")
        return one_by_one(event)

    ended = machines.run("sync", {"task": "pull_all", "pulls": [item("t", "a", "b"), item("t2", "c")]}, ingest=ingest)
    assert ended.status == "SUCCEEDED"
    closed = [one for one in ended.asked("IngestFunction") if one["task"] == "pull_fail"]
    assert [one["jobs"] for one in closed] == [["a", "b"]]
    assert {one["jobs"][0] for one in ended.asked("IngestFunction") if one["task"] == "pull"} == {"a", "b", "c"}


def test_a_schedule_that_breaks_rings(machines: StateMachines) -> None:
    def ingest(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == "pull_due":
            raise KeyError("tenants")
        return {"status": "done"}

    ended = machines.run("sync", {"task": "pull_due"}, ingest=ingest)
    assert (ended.status, ended.error) == ("FAILED", "SyncFailed")
    closing = ended.asked("IngestFunction")[-1]
    assert (closing["task"], closing["input"]) == ("pull_fail", {"task": "pull_due"})
