"""HTTP: run the forecast, read forecasts, risks, versions and accuracy."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from opscopilot.forecasting import queries, queries_risk
from opscopilot.forecasting.computing import Computer
from opscopilot.forecasting.queries_risk import Sort
from opscopilot.forecasting.routes.demand import demand_routes
from opscopilot.forecasting.routes.runs import run_routes
from opscopilot.forecasting.routes.supply import supply_routes
from opscopilot.forecasting.runs.executions import Runs
from opscopilot.forecasting.schemas import (
    AccuracyMetric,
    ForecastVersion,
    InventoryRisk,
    RiskLevel,
    RiskSummary,
    VersionStatus,
)
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.web import PROBLEM_RESPONSES, CurrentCaller, PageQuery
from opscopilot.web.params import Strict

Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]
SkuText = Annotated[str, Query(min_length=1, max_length=200, description="SKU code, id, GTIN or unique name.")]


class RiskRequest(Strict):
    """Whose risk."""

    sku: str = Field(min_length=1, max_length=200, examples=["00100073"])
    version: str | None = Field(default=None, max_length=64)


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
        reorder: Annotated[bool | None, Query(description="Only where ordering is (not) advised.")] = None,
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


def router(runs: Runs, computer: Computer) -> APIRouter:
    """All routes of the forecasting context."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    run_routes(routes, runs)
    demand_routes(routes, runs, computer)
    _risk_routes(routes)
    supply_routes(routes)
    _version_routes(routes)
    return routes
