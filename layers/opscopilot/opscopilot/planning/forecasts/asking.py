"""Asking the forecast function to do something with a version: the API itself may not write forecasts (ADR 3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.runs.executions import Run, Runs
from opscopilot.kernel.ids import uuid7
from opscopilot.web import Caller


class Asked(Run):
    """The command is on its way; follow the run."""

    version_id: UUID | None = None
    status_url: str


def command(caller: Caller, runs: Runs, name: str, reason: str | None, **details: Any) -> Asked:
    """Start the state machine with a command, once the request is committed."""
    run_id, tenant_id = uuid7(), caller.principal.tenant_id
    told = {key: str(value) if isinstance(value, UUID) else value for key, value in details.items()}
    payload = {
        "tenant_id": str(tenant_id), "command": name, "by": caller.principal.user_id, "reason": reason, **told,
    }  # fmt: skip
    caller.after_commit(lambda: runs.start(tenant_id, run_id, payload))
    return Asked(
        run_id=run_id, status="running", started_at=caller.clock.now(),
        version_id=details.get("copy_id") or details.get("version_id"),
        status_url=f"/api/v1/forecast/runs/{run_id}",
    )  # fmt: skip
