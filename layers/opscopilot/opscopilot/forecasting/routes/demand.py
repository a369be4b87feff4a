"""HTTP: the demand forecast of items, published or computed for the asking, at once or as a job."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from opscopilot.forecasting import demand_answers, queries
from opscopilot.forecasting.computing import Computer
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.demand_answers import Answerer
from opscopilot.forecasting.routes.runs import known_run
from opscopilot.forecasting.runs.executions import Run, Runs
from opscopilot.forecasting.schemas import DemandForecast, Level
from opscopilot.forecasting.schemas_demand import AT_ONCE, DemandForecasts, DemandItem, DemandRequest, Source
from opscopilot.kernel.errors import Conflict, NotFound
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page
from opscopilot.web import Caller, CurrentCaller, PageQuery

Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]
SkuText = Annotated[str, Query(min_length=1, max_length=200, description="SKU code, id, GTIN or unique name.")]
Answer = DemandForecast | DemandForecasts

_JOB: dict[int | str, dict[str, Any]] = {
    202: {
        "model": Run, "description": f"More than {AT_ONCE} items to compute: a job. `Location` names it.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Where to follow the job."}},
    }
}  # fmt: skip


def demand_routes(routes: APIRouter, runs: Runs, computer: Computer) -> None:
    """Ask for one item or many; read what a job came to."""

    @routes.post(
        "/forecast/demand",
        tags=["forecast"],
        summary="The demand forecast of items",
        responses=_JOB,
        response_model=Answer,
    )
    @routes.post(
        "/forecasts",
        tags=["forecast"],
        summary="The demand forecast of items (alias)",
        deprecated=True,
        responses=_JOB,
        response_model=Answer,
    )
    def demand(body: DemandRequest, caller: CurrentCaller) -> Answer | JSONResponse:
        """`sku` answers with that item's forecast; `skus` and `family` with one answer per item, the unknown ones
        among them marked. Up to 50 items are answered at once, from the published version where it covers the
        question (period, horizon, item), else computed on the spot; more that have to be computed become a job."""
        return _answer(caller, body, runs, computer)

    @routes.get("/forecasts", tags=["forecast"], summary="The demand forecast of an item")
    def read_demand(
        caller: CurrentCaller, sku: SkuText, period: Annotated[PeriodName, Query()] = "weekly",
        horizon: Annotated[int | None, Query(ge=1, le=366)] = None,
        confidence_level: Annotated[Level, Query()] = 95, version: Version = None,
        source: Annotated[Source, Query()] = "auto",
    ) -> DemandForecast:  # fmt: skip
        asked = DemandRequest(
            sku=sku, period=period, horizon=horizon, confidence_level=confidence_level, version=version, source=source
        )
        return Answerer(caller.tx, caller.clock, computer, asked).one()

    @routes.get("/forecast/runs/{run_id}/forecasts", tags=["forecast"], summary="What a forecast job came to")
    def read_job(
        run_id: UUID, caller: CurrentCaller, page: PageQuery, confidence_level: Annotated[Level, Query()] = 95,
        history: Annotated[int, Query(ge=0, le=260)] = 26,
    ) -> Page[DemandItem]:  # fmt: skip
        """The items of a job (a run of scope `adhoc`) once it is completed; kept for a week."""
        found = known_run(caller.tx, runs, caller.principal.tenant_id, run_id)
        if found.scope != "adhoc":
            raise NotFound(
                f"Run {run_id} published versions; it is not a job of chosen items.", field="run_id", value=run_id,
                expected="a run that POST /api/v1/forecast/demand started; versions are read there by their code",
            )  # fmt: skip
        if found.status != "completed":
            raise Conflict(
                f"The job is {found.status}.", code="job_not_done", field="run_id", value=run_id,
                expected=f"status completed at GET /api/v1/forecast/runs/{run_id}",
            )  # fmt: skip
        version = queries.require_version(caller.tx, str(found.periods[0].version_id))
        return demand_answers.page_of(caller.tx, version, confidence_level, history, page.cursor, page.limit)


def _answer(caller: Caller, body: DemandRequest, runs: Runs, computer: Computer) -> Answer | JSONResponse:
    answerer = Answerer(caller.tx, caller.clock, computer, body)
    if body.sku is not None:
        return answerer.one()
    left = answerer.to_compute()
    if len(left) <= AT_ONCE:
        return answerer.several()
    run_id, tenant_id = uuid7(), caller.principal.tenant_id
    asked = {
        "tenant_id": str(tenant_id), "run_id": str(run_id), "periods": [body.period], "horizon": body.horizon,
        "sku_ids": [str(one) for one in left],
    }  # fmt: skip
    caller.after_commit(lambda: runs.start(tenant_id, run_id, {k: v for k, v in asked.items() if v is not None}))
    job = Run(run_id=run_id, status="running", scope="adhoc", started_at=caller.clock.now(), series=len(left))
    where = f"/api/v1/forecast/runs/{run_id}"
    return JSONResponse(job.model_dump(mode="json"), status_code=202, headers={"Location": where})
