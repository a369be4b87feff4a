"""Runs state machines in moto's interpreter, the one the one-machine stack uses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import boto3

from local.functions import Outcome

ROOT = Path(__file__).resolve().parents[3]
REGION = "eu-west-1"
FUNCTIONS = ("IngestFunction", "NormalizeFunction", "ForecastFunction")

Handler = Callable[[dict[str, Any]], Any]


@dataclass
class Execution:
    """How a state machine ended and what it asked its functions, in order."""

    status: str
    output: Any
    error: str | None
    calls: list[tuple[str, dict[str, Any]]]

    def asked(self, function: str) -> list[dict[str, Any]]:
        """The payloads one function got."""
        return [payload for name, payload in self.calls if name == function]


@dataclass
class StateMachines:
    """Runs statemachines/*.asl.json in moto's interpreter with handlers given by the test."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, name: str, event: Any) -> Outcome:
        """Invoke as Lambda does: an exception becomes its error object, which Retry and Catch match on."""
        self.calls.append((name, event))
        try:
            return Outcome(json.dumps(self.handlers[name](event)), failed=False)
        except Exception as error:
            return Outcome(json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}), failed=True)

    def call_later(self, name: str, event: Any) -> None:
        """State machines always wait."""
        raise NotImplementedError(name)

    def run(self, definition: str, start: dict[str, Any], **handlers: Handler) -> Execution:
        """Run one definition to its end; at most two minutes."""
        self.handlers = {f"{name.capitalize()}Function": handler for name, handler in handlers.items()}
        self.calls.clear()
        client = aws("stepfunctions")
        machine = client.create_state_machine(
            name=f"{definition}-{uuid.uuid4().hex[:8]}",
            definition=substituted(definition),
            roleArn="arn:aws:iam::123456789012:role/states",
        )
        execution = client.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=uuid.uuid4().hex, input=json.dumps(start)
        )["executionArn"]
        until = monotonic() + 120
        while (seen := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert monotonic() < until, f"{definition} is still running after 120 s; calls: {self.calls}"
            sleep(0.05)
        return Execution(seen["status"], json.loads(seen.get("output") or "null"), seen.get("error"), list(self.calls))


@cache
def aws(service: str) -> Any:
    """A client, made once, in the pretended AWS of some test: it holds nothing of it, and costs more than the test."""
    return boto3.client(service, region_name=REGION)


def substituted(definition: str) -> str:
    """The definition with its ${...} replaced as DefinitionSubstitutions would."""
    text = (ROOT / "statemachines" / f"{definition}.asl.json").read_text(encoding="utf-8")
    for name in FUNCTIONS:
        text = text.replace(f"${{{name}Arn}}", f"arn:aws:lambda:{REGION}:123456789012:function:{name}")
    return text
