"""What the contract tests share: waiting, the journal of what fixture functions saw, finished executions."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.template import Template, load

APP = Path(__file__).parent / "app"
BIG = b"0123456789abcdef" * (6 << 16)  # 6 MiB, uploaded in parts of five and one


@cache
def small_template() -> Template:
    """The template in ``app/``, expanded once for all modules."""
    return load(APP / "template.yaml")


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true value of ``condition``; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")


class Journal:
    """The events the fixture functions wrote down."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def events(self, function: str) -> list[dict[str, Any]]:
        entries = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [entry["event"] for entry in entries if entry["function"] == function]

    def records(self, text: str) -> list[dict[str, Any]]:
        """SQS records that NotifyFunction got, whose body contains ``text``."""
        found = [record for event in self.events("NotifyFunction") for record in event.get("Records", [])]
        return [record for record in found if text in record["body"]]


def finished(aws: LocalAws, machine: str, count: int = 1) -> list[dict[str, Any]]:
    """The described executions of a state machine once ``count`` of them have ended, oldest first."""
    states = aws.client("stepfunctions")

    def ended() -> list[dict[str, Any]]:
        listed = states.list_executions(stateMachineArn=aws.names[machine])["executions"]
        done = [entry for entry in listed if entry["status"] != "RUNNING"]
        return done if len(done) >= count else []

    done = sorted(wait_for(ended, 120), key=lambda entry: entry["startDate"])
    return [states.describe_execution(executionArn=entry["executionArn"]) for entry in done]


def run_machine(aws: LocalAws, machine: str, event: Any) -> Any:
    """Start a state machine, wait for it to succeed, and return its output."""
    states = aws.client("stepfunctions")
    started = states.start_execution(stateMachineArn=aws.names[machine], name=uuid.uuid4().hex, input=json.dumps(event))

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = states.describe_execution(executionArn=started["executionArn"])
        return found if found["status"] != "RUNNING" else None

    done = wait_for(ended, 120)
    assert done["status"] == "SUCCEEDED", done
    return json.loads(done["output"])


def landed(journal: Journal, key: str) -> list[dict[str, Any]]:
    events = [event for event in journal.events("IngestFunction") if event.get("source") == "aws.s3"]
    return [event for event in events if event["detail"]["object"]["key"] == key]


def upload_in_parts(aws: LocalAws, key: str) -> None:
    s3, bucket = aws.client("s3"), aws.names["LandingBucket"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata={"who": "parts"})["UploadId"]
    parts = []
    for number, body in enumerate((BIG[: 5 << 20], BIG[5 << 20 :]), start=1):
        done = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"ETag": done["ETag"], "PartNumber": number})
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
