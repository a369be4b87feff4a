"""Runs of the forecasting state machine as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, Field

RunStatus = Literal["running", "completed", "failed", "cancelled"]


class Run(BaseModel):
    """A run of the state machine: plan, forecast the batches, judge the risks, raise alerts, publish."""

    run_id: UUID
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None = None
    error: str | None = None
    cause: str | None = None
    version: str | None = Field(default=None, description="The version in force.", examples=["DEMAND-W-20250330-01"])


class Runs(Protocol):
    """Starts and describes runs; a tenant can only ever name its own."""

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Start a run under this id; the same id again does nothing."""
        ...

    def describe(self, tenant_id: UUID, run_id: UUID) -> Run | None:
        """The run, or None."""
        ...
