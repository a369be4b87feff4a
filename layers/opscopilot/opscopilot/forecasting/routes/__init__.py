"""HTTP: run the forecast, read forecasts, risks, versions and accuracy."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from opscopilot.forecasting import queries, queries_risk
from opscopilot.forecasting.queries_risk import Sort
from opscopilot.forecasting.routes.runs import run_routes
from opscopilot.forecasting.runs.executions import Runs
from opscopilot.forecasting.schemas import (
    AccuracyMetric,
    DemandForecast,
    ForecastVersion,
    InventoryRisk,
    Level,
    RiskLevel,
    RiskSummary,
    VersionStatus,
)
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.web import PROBLEM_RESPONSES, Caller, CurrentCaller, PageQuery
from opscopilot.web.params import Strict

Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]
SkuText = Annotated[str, Query(min_length=1, max_length=200, description="SKU code, id, GTIN or unique name.")]


class DemandRequest(Strict):
    """Which forecast to read. The forecast itself comes from the version in force."""

    sku: str = Field(min_length=1, max_length=200, examples=["00100073"])
    period: Literal["weekly"] = "weekly"
    horizon: int | None = Field(default=None, ge=1, le=104, description="Weeks; default: all there are.")
    confidence_level: Level = Field(default=95, description="Nominal coverage of the interval in percent.")
    history: int = Field(default=26, ge=0, le=260, description="Past weeks to return beside it.")
    version: str | None = Field(default=None, max_length=64)


class RiskRequest(Strict):
    """Whose risk."""

    sku: str = Field(min_length=1, max_length=200, examples=["00100073"])
    version: str | None = Field(default=None, max_length=64)


def _demand(caller: Caller, body: DemandRequest) -> DemandForecast:
    item = lookup.require(caller.tx, "sku", body.sku, "sku")
    version = queries.require_version(caller.tx, body.version)
    found = queries.demand_forecast(
        caller.tx, item["id"], version=version, level=body.confidence_level, horizon=body.horizon, history=body.history
    )
    if found is None:
        raise NotFound(
            f"Nobody ordered {item['sku_code']} before {version.as_of}: there is nothing to forecast from.",
            code="no_demand", field="sku", value=item["sku_code"],
        )  # fmt: skip
    return found


def _demand_routes(routes: APIRouter) -> None:
    @routes.post("/forecast/demand", tags=["forecast"], summary="The demand forecast of an item")
    @routes.post("/forecasts", tags=["forecast"], summary="The demand forecast of an item (alias)", deprecated=True)
    def demand(body: DemandRequest, caller: CurrentCaller) -> DemandForecast:
        return _demand(caller, body)

    @routes.get("/forecasts", tags=["forecast"], summary="The demand forecast of an item")
    def read_demand(
        caller: CurrentCaller, sku: SkuText, horizon: Annotated[int | None, Query(ge=1, le=104)] = None,
        confidence_level: Annotated[Level, Query()] = 95, version: Version = None,
    ) -> DemandForecast:  # fmt: skip
        asked = DemandRequest(sku=sku, horizon=horizon, confidence_level=confidence_level, version=version)
        return _demand(caller, asked)


def _risk_routes(routes: APIRouter) -> None:
    @routes.post("/forecast/inventory-risk", tags=["forecast"], summary="The stock-out risk of an item")
    def risk(body: RiskRequest, caller: CurrentCaller) -> InventoryRisk:
        item = lookup.require(caller.tx, "sku", body.sku, "sku")
        found = queries_risk.inventory_risk(caller.tx, item["id"], queries.require_version(caller.tx, body.version))
        if found is None:
            raise NotFound(
                f"{item['sku_code']} has neither stock nor demand: no risk was assessed.", code="not_assessed",
                field="sku", value=item["sku_code"],
            )  # fmt: skip
        return found

    @routes.get("/forecast/risks", tags=["forecast"], summary="Stock-out risks, most money at stake first")
    def risks(
        caller: CurrentCaller, page: PageQuery, risk_level: Annotated[RiskLevel | None, Query()] = None,
        reorder: Annotated[bool | None, Query(description="Only where reordering is (not) recommended.")] = None,
        sort: Annotated[Sort, Query()] = "money", version: Version = None,
    ) -> Page[InventoryRisk]:  # fmt: skip
        return queries_risk.inventory_risks(
            caller.tx, queries.require_version(caller.tx, version), risk_level=risk_level, reorder=reorder, sort=sort,
            cursor=page.cursor, limit=page.limit,
        )  # fmt: skip

    @routes.get("/forecast/risks/summary", tags=["forecast"], summary="How many items are at which risk")
    def summary(caller: CurrentCaller, version: Version = None) -> RiskSummary:
        return queries_risk.risk_summary(caller.tx, queries.require_version(caller.tx, version))


def _version_routes(routes: APIRouter) -> None:
    @routes.get("/forecast/versions", tags=["forecast"], summary="Forecast versions, newest first")
    def versions(
        caller: CurrentCaller, page: PageQuery, status: Annotated[VersionStatus | None, Query()] = None
    ) -> Page[ForecastVersion]:
        return queries.versions(caller.tx, status, page.cursor, page.limit)

    @routes.get("/forecast/accuracy", tags=["forecast"], summary="How good the forecasts were")
    def accuracy(
        caller: CurrentCaller, sku: Annotated[str | None, Query(max_length=200)] = None, version: Version = None
    ) -> list[AccuracyMetric]:
        """Without `sku`: all items together. Measured out of sample; see `kind`."""
        sku_id = lookup.require(caller.tx, "sku", sku, "sku")["id"] if sku else None
        return queries.accuracy(caller.tx, queries.require_version(caller.tx, version), sku_id)


def router(runs: Runs) -> APIRouter:
    """All routes of the forecasting context."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    run_routes(routes, runs)
    _demand_routes(routes)
    _risk_routes(routes)
    _version_routes(routes)
    return routes
