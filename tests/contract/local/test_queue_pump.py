"""SQS → Lambda by polling: batches, partial failures, redelivery, dead letters."""

from __future__ import annotations

import json

from local.aws import LocalAws
from local.functions import Outcome
from local.http_message import Request, Response
from local.pump import failed_ids
from local.queues import QueuesEndpoint
from tests.contract.local.support import Journal, wait_for


def send(aws: LocalAws, *bodies: str) -> None:
    aws.client("sqs").send_message_batch(
        QueueUrl=aws.names["AlertQueue"],
        Entries=[
            {
                "Id": str(index),
                "MessageBody": body,
                "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "alert"}},
            }
            for index, body in enumerate(bodies)
        ],
    )


def waiting(aws: LocalAws, queue: str) -> int:
    found = aws.client("sqs").get_queue_attributes(
        QueueUrl=aws.names[queue],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(int(value) for value in found.values())


def test_messages_come_in_one_batch_with_what_lambda_adds(pumped: LocalAws, journal: Journal) -> None:
    send(pumped, "batch-1", "batch-2", "batch-3")
    records = wait_for(lambda: found if len(found := journal.records("batch-")) == 3 else None)
    record = records[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":AlertQueue")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "alert"
    wait_for(lambda: waiting(pumped, "AlertQueue") == 0)


def test_only_the_reported_message_comes_again_and_then_goes_to_the_dead_letters(
    pumped: LocalAws, journal: Journal
) -> None:
    send(pumped, "good-one", "fail-one")
    wait_for(lambda: len(journal.records("fail-one")) == 2, 15)  # maxReceiveCount is 2
    sqs = pumped.client("sqs")

    def dead() -> list[str]:
        found = sqs.receive_message(QueueUrl=pumped.names["AlertDlq"], MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in found.get("Messages", []) if message["Body"].endswith("-one")]

    wait_for(lambda: "fail-one" in dead(), 15)
    assert "good-one" not in dead()
    assert len(journal.records("good-one")) == 1


def test_an_exception_brings_the_whole_batch_back(pumped: LocalAws, journal: Journal) -> None:
    send(pumped, "boom-one")
    wait_for(lambda: len(journal.records("boom-one")) >= 2, 15)


def outcome(answer: object, failed: bool = False) -> Outcome:
    return Outcome(json.dumps(answer), failed)


EVENT = {"Records": [{"messageId": "a"}, {"messageId": "b"}]}


def test_responses_mean_what_lambda_says_they_mean() -> None:
    one = {"batchItemFailures": [{"itemIdentifier": "b"}]}
    assert failed_ids(outcome(one), EVENT, partial=True) == {"b"}
    assert failed_ids(outcome(one), EVENT, partial=False) == set()
    assert failed_ids(outcome(None), EVENT, partial=True) == set()
    assert failed_ids(outcome({"batchItemFailures": []}), EVENT, partial=True) == set()
    assert failed_ids(outcome("boom", failed=True), EVENT, partial=True) == {"a", "b"}
    unknown = {"batchItemFailures": [{"itemIdentifier": "c"}]}
    assert failed_ids(outcome(unknown), EVENT, partial=True) == {"a", "b"}
    assert failed_ids(outcome({"batchItemFailures": [{}]}), EVENT, partial=True) == {"a", "b"}


def test_dead_letters_go_back_to_the_queue_they_came_from(pumped: LocalAws, journal: Journal) -> None:
    for body in ("back-one", "back-two"):
        pumped.client("sqs").send_message(QueueUrl=pumped.names["AlertDlq"], MessageBody=body)
    endpoint = QueuesEndpoint(pumped)

    def ask(method: str, path: str) -> Response:
        return endpoint(Request(method, f"/_local/queues{path}", "", {}, [], b"", "127.0.0.1"))

    answer = ask("POST", "/AlertDlq/redrive")
    assert answer.status == 200
    assert json.loads(answer.body)["moved"] >= 2  # other tests leave dead letters too
    wait_for(lambda: len(journal.records("back-")) == 2)
    assert {one["name"] for one in json.loads(ask("GET", "").body)["items"]} >= {"AlertQueue", "AlertDlq"}
    assert ask("POST", "/AlertQueue/redrive").status == 409
    assert ask("POST", "/NoSuch/redrive").status == 404
