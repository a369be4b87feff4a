"""SQS → Lambda: batches, partial batch responses, redelivery after the visibility timeout, dead letters.

moto would call the function from inside SendMessage, one message at a time, and lose what failed; so event
sources are not created in moto at all and this polls instead, through the public API.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

from local.aws import LocalAws
from local.functions import Outcome
from local.template import EventSource

log = logging.getLogger(__name__)

LONG_POLL_SECONDS = 1
MOST_PER_RECEIVE = 10


class QueuePump:
    """One thread per event source."""

    def __init__(self, aws: LocalAws, source: EventSource) -> None:
        self._aws = aws
        self._source = source
        self._queue_arn = aws.resolved[f"{source.name}.queue"]
        self._function = aws.resolved[f"{source.name}.function"].rsplit(":", 1)[-1]
        self._queue_url = aws.queue_url(self._queue_arn.rsplit(":", 1)[-1])
        self._sqs = aws.client("sqs")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pump-{source.name}", daemon=True)

    def start(self) -> None:
        """Begin polling."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.poll(LONG_POLL_SECONDS)
            except Exception:
                log.exception("the pump from %s stumbled", self._queue_arn)
                self._stop.wait(1)

    def poll(self, wait_seconds: int = 0) -> int:
        """Take one batch and run it; the number of messages taken."""
        messages = self._receive(wait_seconds)
        if messages:
            event = {"Records": [_record(message, self._queue_arn) for message in messages]}
            failed = failed_ids(self._aws.call(self._function, event), event, self._source.partial)
            self._delete([message for message in messages if message["MessageId"] not in failed])
        return len(messages)

    def _receive(self, wait_seconds: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        deadline: float | None = None
        while len(messages) < self._source.batch_size and not self._stop.is_set():
            more = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(MOST_PER_RECEIVE, self._source.batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else wait_seconds,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            messages += more
            if deadline is None:
                deadline = time.monotonic() + self._source.window_seconds
            if not messages or (not more and time.monotonic() >= deadline):
                break
            if not more:
                self._stop.wait(0.05)
        return messages

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        for start in range(0, len(messages), MOST_PER_RECEIVE):
            self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                    for index, message in enumerate(messages[start : start + MOST_PER_RECEIVE])
                ],
            )


def failed_ids(outcome: Outcome, event: dict[str, Any], partial: bool) -> set[str]:
    """The ids of messages to leave in the queue, by Lambda's rules for batch responses.

    An error fails the whole batch, and so does a response that names an unknown message or is malformed.
    """
    everything = {str(record["messageId"]) for record in event["Records"]}
    if outcome.failed:
        log.warning("a batch of %d failed: %s", len(everything), outcome.payload)
        return everything
    answer = json.loads(outcome.payload)
    if not partial or not isinstance(answer, dict) or not answer.get("batchItemFailures"):
        return set()
    try:
        failed = {str(item["itemIdentifier"]) for item in answer["batchItemFailures"]}
    except (TypeError, KeyError):
        return everything
    return failed if failed <= everything else everything


def _record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {key: str(value) for key, value in message.get("Attributes", {}).items()},
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "dataType": value["DataType"],
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, value in attributes.items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def pumps(aws: LocalAws) -> list[QueuePump]:
    """A pump for each event source of the stack's template."""
    return [QueuePump(aws, source) for source in aws.template.event_sources()]
