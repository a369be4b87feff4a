"""functions/ingest as Lambda calls it: settings, S3's event, and the state machine giving a file up."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from opscopilot.entrypoints import Handler
from opscopilot.entrypoints.bootstrap import ingest_handler
from tests.support.dropping import LANDING, STAGING, Yard


@pytest.fixture
def handler(drops: Yard, monkeypatch: pytest.MonkeyPatch) -> Handler:
    """The function, connected as its own role."""
    settings = {
        **drops.plant.fresh.environment("ops_ingest"), "LANDING_BUCKET": LANDING, "STAGING_BUCKET": STAGING,
        "EVENT_BUS_NAME": "bus", "LOG_LEVEL": "INFO",
    }  # fmt: skip
    boto3.client("events", region_name=settings["AWS_REGION"]).create_event_bus(Name="bus")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    # The same role on a pool of its own that closes with the test.
    monkeypatch.setattr("opscopilot.entrypoints.ingest.open_database", lambda one: drops.plant.db(one.db_user))
    return ingest_handler()


def event(drops: Yard, body: bytes, name: str = "items.csv") -> dict[str, Any]:
    """The event of an object just put."""
    landing = drops.put(name, body)
    found = {"key": landing.key, "size": len(body), "etag": landing.version, "sequencer": "1"}
    return {
        "id": "11111111-2222-3333-4444-555555555555", "detail-type": "Object Created", "source": "aws.s3",
        "detail": {"bucket": {"name": LANDING}, "object": found},
    }  # fmt: skip


def test_an_object_is_ingested(drops: Yard, handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    answer = handler(event(drops, b"sku_code,description\n1,secret jam\n"), None)
    assert (answer["status"], answer["correlation_id"]) == ("staged", "11111111-2222-3333-4444-555555555555")
    (line,) = [vars(record) for record in caplog.records if record.getMessage() == "ingest staged"]
    assert (line["tenant"], line["job_id"], line["correlation_id"]) == (
        "fjord", answer["job_id"], answer["correlation_id"])  # fmt: skip
    assert line["total_records"] == 1
    assert "secret jam" not in str([vars(record) for record in caplog.records])


def test_an_object_elsewhere_is_ignored(drops: Yard, handler: Handler) -> None:
    found = event(drops, b"x")
    found["detail"]["object"]["key"] = "elsewhere/x.csv"
    assert handler(found, None) == {"status": "ignored", "reason": "not_a_landing"}
    other = event(drops, b"x")
    other["detail"]["bucket"]["name"] = "another-bucket"
    assert handler(other, None)["status"] == "ignored"


ERRORS = [
    ({"Error": "DependenciesPending", "Cause": json.dumps({"errorType": "DependenciesPending",
      "errorMessage": "sku_uom waits for: MARA.csv"})}, "waits for: MARA.csv"),
    ({"Error": "States.Timeout", "Cause": ""}, "Split the export"),
    ({"Error": "Runtime.OutOfMemory", "Cause": "not json"}, "memory"),
    ({"Error": "KeyError", "Cause": json.dumps({"errorType": "KeyError", "errorMessage": "'x'"})}, "KeyError"),
    (None, "unknown error"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "says"), ERRORS)
def test_a_file_given_up_is_a_failed_job_with_a_sentence(
    drops: Yard, handler: Handler, error: dict[str, str] | None, says: str
) -> None:
    source = event(drops, b"sku_code,description\n1,a\n")
    staged = handler(source, None)
    answer = handler({"task": "fail", "event": source, "error": error}, None)
    assert answer == {"status": "failed", "job_id": staged["job_id"], "error_code": "processing_failed"}
    job = drops.job(staged["job_id"])
    assert (job["status"], job["error_code"]) == ("failed", "processing_failed")
    assert says in job["error_summary"]
    assert handler({"task": "fail", "event": source, "error": None}, None)["status"] == "unchanged"
    assert drops.job(staged["job_id"])["error_summary"] == job["error_summary"]


def test_giving_up_never_overwrites_an_end(drops: Yard, handler: Handler) -> None:
    source = event(drops, b"sku_code,description\n1,a\n")
    staged = handler(source, None)
    with drops.plant.db("ops_normalize").tenant(drops.plant.tenant_id) as tx:
        tx.execute("UPDATE staging.ingestion_jobs SET status = 'completed', successful_records = 1")
    assert handler({"task": "fail", "event": source, "error": None}, None)["status"] == "unchanged"
    assert drops.job(staged["job_id"])["status"] == "completed"


def test_a_file_given_up_before_it_was_claimed_gets_a_job_that_says_so(drops: Yard, handler: Handler) -> None:
    source = event(drops, b"x")
    answer = handler({"task": "fail", "event": source, "error": {"Error": "Lambda.Unknown"}}, None)
    assert drops.job(answer["job_id"])["status"] == "failed"


def test_an_event_that_is_none_is_an_error(handler: Handler) -> None:
    with pytest.raises(ValueError):
        handler({"hello": "world"}, None)
