"""moto must not call the function from inside SendMessage, because then nothing would be retried or dead."""

from __future__ import annotations

import time

from local.aws import LocalAws
from tests.contract.local.support import Journal


def test_sending_calls_nobody_until_the_queue_is_polled(aws: LocalAws, journal: Journal) -> None:
    sqs, queue = aws.client("sqs"), aws.names["AlertQueue"]
    sqs.send_message(QueueUrl=queue, MessageBody="quiet")
    time.sleep(0.2)
    assert journal.events("NotifyFunction") == []
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "quiet"
