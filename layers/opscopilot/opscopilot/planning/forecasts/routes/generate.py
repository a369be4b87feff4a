"""HTTP: a forecast of certain items, made now and not published."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.runs.executions import Runs
from opscopilot.forecasting.runs.request import MAX_ITEMS
from opscopilot.kernel.ids import uuid7
from opscopilot.manufacturing import lookup
from opscopilot.planning.forecasts.asking import Asked
from opscopilot.planning.forecasts.routes.common import Planner
from opscopilot.web.params import Strict


class GenerateRequest(Strict):
    """Which items, which buckets. Without items the whole plant is forecast and published, as every night."""

    skus: list[str] | None = Field(default=None, min_length=1, max_length=MAX_ITEMS, examples=[["00100073"]])
    period: PeriodName = "weekly"
    horizon: int | None = Field(default=None, ge=1, le=104, description="With items only.")


def generate_routes(routes: APIRouter, runs: Runs) -> None:
    @routes.post("/planning/forecasts/generate", status_code=202, tags=["planning"], summary="Make a forecast")
    def generate(body: GenerateRequest, caller: Planner) -> Asked:
        """With `skus`: a draft of them, to be read by the run's versions; nothing is published."""
        run_id, tenant_id = uuid7(), caller.principal.tenant_id
        asked: dict[str, object] = {"tenant_id": str(tenant_id), "run_id": str(run_id), "periods": [body.period]}
        if body.skus is not None:
            found = {str(lookup.require(caller.tx, "sku", one, "skus")["id"]) for one in body.skus}
            asked |= {"sku_ids": sorted(found), "horizon": body.horizon}
        caller.after_commit(lambda: runs.start(tenant_id, run_id, asked))
        return Asked(run_id=run_id, status="running", started_at=caller.clock.now(),
                     status_url=f"/api/v1/forecast/runs/{run_id}")  # fmt: skip
