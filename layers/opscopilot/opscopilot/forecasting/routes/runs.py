"""HTTP: start a forecast run and follow it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from opscopilot.forecasting import queries, queries_runs
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.runs.executions import Run, Runs
from opscopilot.forecasting.settings import plan_settings
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page
from opscopilot.web import Caller, CurrentCaller, PageQuery, require
from opscopilot.web.params import Strict

Planner = Annotated[Caller, require("planner", "plant_manager", "buyer")]


class RunRequest(Strict):
    """What to forecast; by default every period the plant's settings name."""

    periods: list[PeriodName] | None = Field(default=None, min_length=1, max_length=4, examples=[["weekly"]])


def run_routes(routes: APIRouter, runs: Runs) -> None:
    """Start, list, read."""

    @routes.post("/forecast/run", status_code=202, tags=["forecast"], summary="Run the forecast for my plant")
    def run(caller: Planner, body: RunRequest | None = None) -> Run:
        """Plans a version per period, forecasts every item, makes levels add up, judges stock-out risks, raises
        alerts and publishes. Without new data since the last version nothing is computed again; a run that was
        interrupted on the same data is taken up where it stopped."""
        run_id, tenant_id = uuid7(), caller.principal.tenant_id
        periods = (body and body.periods) or list(plan_settings(caller.tx).periods)
        asked = {"tenant_id": str(tenant_id), "run_id": str(run_id), "periods": list(dict.fromkeys(periods))}
        caller.after_commit(lambda: runs.start(tenant_id, run_id, asked))
        return Run(run_id=run_id, status="running", started_at=caller.clock.now())

    @routes.get("/forecast/runs", tags=["forecast"], summary="Forecast runs, newest first")
    def list_runs(caller: CurrentCaller, page: PageQuery) -> Page[Run]:
        """A run appears here when its plan begins, within seconds of being asked for."""
        return queries_runs.runs(caller.tx, page.cursor, page.limit)

    @routes.get("/forecast/runs/{run_id}", tags=["forecast"], summary="How far a run is, and what became of it")
    def read_run(run_id: UUID, caller: CurrentCaller) -> Run:
        """Per period batches and series done, the rate, the seconds that are left, the step, and the cost."""
        found = known_run(caller.tx, runs, caller.principal.tenant_id, run_id)
        version = queries.latest_version(caller.tx)
        found.version = version.code if version else None
        return found


def known_run(tx: Tx, runs: Runs, tenant_id: UUID, run_id: UUID) -> Run:
    """The run as its record has it; while there is none, or it says 'running', as the execution has it too."""
    found = queries_runs.run(tx, run_id)
    if found is not None and found.status != "running":
        return found
    told = runs.describe(tenant_id, run_id)
    if found is None and told is None:
        raise NotFound(f"There is no forecast run {run_id}.", field="run_id", value=run_id)
    if found is None or told is None or told.status in ("running", "completed"):
        return found or told  # type: ignore[return-value]
    return found.model_copy(
        update={"status": told.status, "error": told.error, "cause": told.cause, "ended_at": told.ended_at}
    )
