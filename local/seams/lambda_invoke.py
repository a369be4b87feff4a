"""Seam ``moto.awslambda.models.LambdaFunction.invoke``: run our handler instead of a Docker container.

Covers the Invoke API and with it every Task of a state machine, SNS subscriptions and S3 notifications.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from moto.awslambda.models import LambdaFunction

from local.functions import Outcome
from local.seams import Patches


class Invoker(Protocol):
    """What runs functions; names are the physical names in the stack."""

    def call(self, name: str, event: Any) -> Outcome:
        """Invoke and wait."""
        ...

    def call_later(self, name: str, event: Any) -> None:
        """Invoke in the background with Lambda's retries."""
        ...


def install(patches: Patches, invoker: Invoker) -> None:
    """Send every invocation to ``invoker``, answering what Lambda's Invoke API answers."""

    def invoke(self: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        event = json.loads(body) if body else {}
        kind = request_headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            return b""
        if kind == "Event":
            invoker.call_later(self.function_name, event)
            return b""
        outcome = invoker.call(self.function_name, event)
        if outcome.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        response_headers["x-amz-log-result"] = ""
        return outcome.payload.encode()

    patches.replace(LambdaFunction, "invoke", invoke)
