"""A stack that stops takes its executions along: none of them may ever speak to the real AWS."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.contract.local.support import Journal, small_template, wait_for


def test_waiting_executions_end_with_the_mock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-the-developer")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://real.example.com")
    journal = Journal(tmp_path / "journal")
    aws = LocalAws(small_template(), tmp_path / "s3", lambda _: {"JOURNAL": str(journal.path)})
    aws.start()
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL"} & set(os.environ)
    with pytest.raises(RuntimeError, match="another LocalAws runs"):
        LocalAws(small_template(), tmp_path / "s3", lambda _: {}).start()
    before = set(threading.enumerate())
    event = {"detail": {"object": {"key": "landing/pending-long.csv"}}}
    aws.client("stepfunctions").start_execution(
        stateMachineArn=aws.names["IngestionStateMachine"], name="waits", input=json.dumps(event)
    )
    wait_for(lambda: event in journal.events("IngestFunction"))
    aws.stop()
    assert os.environ["AWS_PROFILE"] == "of-the-developer"
    assert wait_for(lambda: not [t for t in set(threading.enumerate()) - before if t.is_alive()])
    aws.stop()  # twice is harmless
