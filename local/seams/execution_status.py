"""Seam ``BaseExecutionWorkerCommunication.terminated``: an execution's end is an event on the default bus.

moto emits none, so that a rule on failed executions would never fire.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from local.seams import Patches


def install(patches: Patches, publish: Callable[[dict[str, Any]], None]) -> None:
    """Call ``publish`` with a PutEvents entry for each execution that ends."""
    original = BaseExecutionWorkerCommunication.terminated

    def terminated(self: BaseExecutionWorkerCommunication) -> None:
        original(self)
        publish(status_event(self.execution))

    patches.replace(BaseExecutionWorkerCommunication, "terminated", terminated)


def status_event(execution: Execution) -> dict[str, Any]:
    """The event Step Functions sends when an execution has changed its status. Times in milliseconds."""
    described: dict[str, Any] = dict(execution.to_describe_output())
    started, stopped = described["startDate"], described["stopDate"]
    detail = {
        "executionArn": described["executionArn"],
        "stateMachineArn": described["stateMachineArn"],
        "name": described["name"],
        "status": str(getattr(described["status"], "value", described["status"])),
        "startDate": int(started.timestamp() * 1000),
        "stopDate": int(stopped.timestamp() * 1000) if stopped else None,
        "input": described.get("input"),
        "output": described.get("output"),
        "error": described.get("error"),
        "cause": described.get("cause"),
    }
    return {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail),
        "Resources": [described["executionArn"]],
    }
