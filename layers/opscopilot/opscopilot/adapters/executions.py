"""Step Functions: start a state machine for a tenant and look at what became of it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from botocore.exceptions import ClientError

from opscopilot.forecasting.runs.executions import Run, RunStatus
from opscopilot.staging.connectors.running import Ended

_STATUS: dict[str, RunStatus] = {
    "RUNNING": "running", "PENDING_REDRIVE": "running", "SUCCEEDED": "completed", "FAILED": "failed",
    "TIMED_OUT": "failed", "ABORTED": "cancelled",
}  # fmt: skip


class StateMachineRuns:
    """Implements forecasting.runs.Runs. An execution's name begins with the tenant's id: others cannot name it."""

    def __init__(self, client: Any, state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Start the run; a run that was started already is left alone."""
        try:
            self._client.start_execution(
                stateMachineArn=self._machine, name=_name(tenant_id, run_id), input=json.dumps(payload)
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ExecutionAlreadyExists":
                raise

    def describe(self, tenant_id: UUID, run_id: UUID) -> Run | None:
        """The run, or None when this tenant has no such run."""
        arn = self._machine.replace(":stateMachine:", ":execution:") + ":" + _name(tenant_id, run_id)
        try:
            found = self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("ExecutionDoesNotExist", "InvalidArn"):
                return None
            raise
        return Run(
            run_id=run_id, status=_STATUS.get(found["status"], "failed"), started_at=found["startDate"],
            ended_at=found.get("stopDate"), error=found.get("error") or None, cause=_short(found.get("cause")),
        )  # fmt: skip

    def ended(self, tenant_id: UUID, run_id: UUID) -> Ended:
        """Implements staging.connectors.running.PullRuns: whether it still runs, and what it said at its end."""
        arn = self._machine.replace(":stateMachine:", ":execution:") + ":" + _name(tenant_id, run_id)
        try:
            found = self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ExecutionDoesNotExist":
                return Ended(True, None)  # started a moment ago, and not visible everywhere yet
            raise
        if _STATUS.get(found["status"], "failed") == "running":
            return Ended(True, None)
        said = json.loads(found.get("output") or "null") if found["status"] == "SUCCEEDED" else None
        return Ended(False, said if isinstance(said, dict) else None)


def _name(tenant_id: UUID, run_id: UUID) -> str:
    return f"{tenant_id}_{run_id}"


def _short(cause: str | None) -> str | None:
    return cause[:500] if cause else None
