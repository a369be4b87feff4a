"""Runs of the forecasting state machine as the API shows them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.demand.periods import PeriodName

RunStatus = Literal["running", "completed", "failed", "cancelled"]
RunStep = Literal["plan", "prepare", "forecast", "reconcile", "publish", "done"]


class PeriodProgress(BaseModel):
    """How far one version of a run has come."""

    period: PeriodName
    version: str = Field(examples=["DEMAND-W-20250330-01"])
    version_id: UUID
    status: Literal["draft", "published", "superseded", "archived", "failed"]
    batches: int
    batches_done: int
    batches_failed: int
    series: int
    series_done: int
    error: str | None = None


class RunCost(BaseModel):
    """What the batches that this run computed cost: gigabyte-seconds and requests at list price."""

    series: int = Field(description="Series computed by this run itself.")
    gb_seconds: Decimal
    usd: Decimal
    usd_per_1000_series: Decimal | None
    prices: str = Field(examples=["AWS list prices, eu-west-1, arm64, 2026-11"])


class Run(BaseModel):
    """A run of the state machine: plan, forecast the batches, add up, judge the risks, raise alerts, publish."""

    run_id: UUID
    status: RunStatus
    scope: Literal["demand", "adhoc"] = "demand"
    started_by: Literal["request", "data", "schedule"] = "request"
    step: RunStep = "plan"
    started_at: datetime
    ended_at: datetime | None = None
    reason: str | None = Field(default=None, description="Why nothing had to be computed.")
    error: str | None = None
    cause: str | None = None
    version: str | None = Field(default=None, description="The version in force.", examples=["DEMAND-W-20250330-01"])
    periods: list[PeriodProgress] = Field(default=[], description="One per version the run works on.")
    series: int = 0
    series_done: int = 0
    series_per_second: float | None = Field(default=None, description="Since the first batch of this run began.")
    seconds_left: int | None = Field(default=None, description="Until the last batch is done, at that rate.")
    resumed_batches: int = Field(default=0, description="Batches that an earlier, interrupted run had finished.")
    cost: RunCost | None = None


class Runs(Protocol):
    """Starts and describes runs; a tenant can only ever name its own."""

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Start a run under this id; the same id again does nothing."""
        ...

    def describe(self, tenant_id: UUID, run_id: UUID) -> Run | None:
        """The run, or None."""
        ...
