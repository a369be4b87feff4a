"""The stack's queues: how full they are, and dead letters back to where they came from.

``GET /_local/queues`` lists them, ``POST /_local/queues/AlertDlq/redrive`` empties one into its queue: what
``sqs:StartMessageMoveTask`` does on AWS and moto does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.http_message import Request, Response

if TYPE_CHECKING:
    from local.aws import LocalAws

PREFIX = "/_local/queues"
_DEPTH = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def redrive(sqs: Any, dead_letters: str) -> int:
    """Send what lies in this dead-letter queue (a URL) back to the queue it belongs to; how many messages.

    A message is deleted after it was sent again, so a crash in between repeats it and loses nothing. ValueError when
    no queue has this one for its dead letters.
    """
    sources = sqs.list_dead_letter_source_queues(QueueUrl=dead_letters).get("queueUrls", [])
    if len(sources) != 1:
        raise ValueError(
            f"{dead_letters.rsplit('/', 1)[-1]} takes the dead letters of {len(sources)} queues, not of one"
        )
    moved = 0
    while batch := sqs.receive_message(
        QueueUrl=dead_letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
    ).get("Messages"):
        for one in batch:
            sqs.send_message(
                QueueUrl=sources[0], MessageBody=one["Body"], MessageAttributes=one.get("MessageAttributes", {})
            )
            sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=one["ReceiptHandle"])
            moved += 1
    return moved


class QueuesEndpoint:
    """The gateway's endpoint; queues go by their names in the template."""

    def __init__(self, aws: LocalAws) -> None:
        self._sqs = aws.client("sqs")
        self._urls: Mapping[str, str] = {
            name: aws.names[name] for name, _ in aws.template.of_type("AWS::SQS::Queue") if aws.names.get(name)
        }

    def __call__(self, request: Request) -> Response:
        """List, or redrive one."""
        path = request.path.removeprefix(PREFIX).strip("/").split("/")
        if path == [""] and request.method == "GET":
            return Response.json(200, {"items": [self._shown(name) for name in sorted(self._urls)]})
        if len(path) != 2 or path[1] != "redrive" or request.method != "POST":
            return Response.json(405, {"message": "GET, or POST …/<queue>/redrive"})
        if path[0] not in self._urls:
            return Response.json(404, {"detail": f"There is no queue '{path[0]}'; there are {', '.join(self._urls)}."})
        try:
            return Response.json(200, {"moved": redrive(self._sqs, self._urls[path[0]])})
        except ValueError as error:
            return Response.json(409, {"detail": f"{error}; docs/runbook.md says what to do with what is in it."})

    def _shown(self, name: str) -> dict[str, Any]:
        url = self._urls[name]
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*_DEPTH, "RedrivePolicy"])["Attributes"]
        waiting, under_way = (int(found[one]) for one in _DEPTH)
        return {"name": name, "waiting": waiting, "under_way": under_way, "dead_letters": "RedrivePolicy" not in found}
