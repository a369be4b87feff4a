"""One local AWS over the small stack in ``app/`` for the whole module, and a journal of what functions saw."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import LocalAws
from local.template import load

APP = Path(__file__).parent / "app"


def wait_for(condition: Callable[[], Any], seconds: float = 10) -> Any:
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


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    return Journal(tmp_path_factory.mktemp("journal") / "journal.jsonl")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s3")


@pytest.fixture(scope="module")
def aws(journal: Journal, store: Path) -> Iterator[LocalAws]:
    template = load(APP / "template.yaml")
    local = LocalAws(template, store, lambda _: {"JOURNAL": str(journal.path), "STAGE": "local"})
    local.start()
    try:
        yield local
    finally:
        local.stop()


def finished(aws: LocalAws, machine: str, count: int = 1) -> list[dict[str, Any]]:
    """The described executions of a state machine once ``count`` of them have ended, oldest first."""
    states = aws.client("stepfunctions")

    def ended() -> list[dict[str, Any]]:
        listed = states.list_executions(stateMachineArn=aws.names[machine])["executions"]
        done = [entry for entry in listed if entry["status"] != "RUNNING"]
        return done if len(done) >= count else []

    done = sorted(wait_for(ended, 30), key=lambda entry: entry["startDate"])
    return [states.describe_execution(executionArn=entry["executionArn"]) for entry in done]
