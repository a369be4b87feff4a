"""Seam LambdaFunction.invoke: answers and errors look as Lambda's own."""

from __future__ import annotations

import json

from local.aws import LocalAws
from tests.contract.local.support import Journal, wait_for


def test_an_answer_comes_back_as_payload(aws: LocalAws) -> None:
    answer = aws.client("lambda").invoke(
        FunctionName=aws.names["MigrateFunction"], Payload=json.dumps({"task": "migrate"})
    )
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert json.load(answer["Payload"])["task"] == "migrate"


def test_an_exception_becomes_lambdas_error_object(aws: LocalAws) -> None:
    event = {"detail": {"object": {"key": "landing/boom.csv"}}}
    answer = aws.client("lambda").invoke(FunctionName=aws.names["IngestFunction"], Payload=json.dumps(event))
    body = json.load(answer["Payload"])
    assert answer["FunctionError"] == "Unhandled"
    assert body["errorType"] == "CannotRead"
    assert body["errorMessage"] == "no reader for landing/boom.csv"
    assert any("app.py" in line for line in body["stackTrace"])


def test_an_asynchronous_invocation_returns_at_once_and_runs(aws: LocalAws, journal: Journal) -> None:
    answer = aws.client("lambda").invoke(
        FunctionName=aws.names["IngestFunction"], InvocationType="Event", Payload=json.dumps({"mark": "later"})
    )
    assert answer["StatusCode"] == 202
    assert wait_for(lambda: {"mark": "later"} in journal.events("IngestFunction"))


def test_what_fails_for_good_goes_to_the_failure_destination(aws: LocalAws) -> None:
    event = {"detail": {"object": {"key": "landing/boom-async.csv"}}}
    aws.client("lambda").invoke(
        FunctionName=aws.names["IngestFunction"], InvocationType="Event", Payload=json.dumps(event)
    )
    sqs = aws.client("sqs")
    received = wait_for(
        lambda: sqs.receive_message(QueueUrl=aws.names["EventDlq"], MaxNumberOfMessages=10).get("Messages")
    )
    record = json.loads(received[0]["Body"])
    assert record["requestPayload"] == event
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responsePayload"]["errorType"] == "CannotRead"


def test_the_environment_is_the_functions_own_and_only_during_its_cold_start(aws: LocalAws) -> None:
    answer = aws.client("lambda").invoke(FunctionName=aws.names["IngestFunction"], Payload=json.dumps({}))
    body = json.load(answer["Payload"])
    assert body["stage"] == "local"
    assert body["stage_later"] is None
