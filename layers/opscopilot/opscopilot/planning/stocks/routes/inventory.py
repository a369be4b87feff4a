"""Routes of inventory as planning sees it: levels, projection, risk, health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from opscopilot.forecasting import queries, queries_risk
from opscopilot.forecasting.queries_risk import Sort
from opscopilot.forecasting.schemas import InventoryRisk, RiskLevel
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.planning.stocks import health, levels, projection
from opscopilot.planning.stocks.level_schemas import (
    InventoryLevel,
    InventoryLevelDetail,
    InventoryProjection,
    Status,
    StockHealth,
)
from opscopilot.web import CurrentCaller, PageQuery

Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]
_TAG = "planning"


def inventory_routes(routes: APIRouter) -> None:
    """Add the five routes of /planning/inventory."""

    @routes.get("/planning/inventory/levels", tags=[_TAG], summary="Stock levels against their policy")
    def listed(
        caller: CurrentCaller,
        page: PageQuery,
        status: Annotated[Status | None, Query()] = None,
        version: Version = None,
    ) -> Page[InventoryLevel]:
        found = queries.require_version(caller.tx, version)
        return levels.levels(caller.tx, found, status=status, cursor=page.cursor, limit=page.limit)

    @routes.get("/planning/inventory/levels/{sku}", tags=[_TAG], summary="One item's level and where it lies")
    def read(sku: str, caller: CurrentCaller, version: Version = None) -> InventoryLevelDetail:
        item = lookup.require(caller.tx, "sku", sku, "sku")
        return levels.level(caller, queries.require_version(caller.tx, version), item)

    @routes.get("/planning/inventory/projection", tags=[_TAG], summary="How an item's stock will go")
    def projected(
        caller: CurrentCaller, sku: Annotated[str, Query(min_length=1, max_length=200)],
        buckets: Annotated[int, Query(ge=1, le=104, description="Periods ahead.")] = 13, version: Version = None,
    ) -> InventoryProjection:  # fmt: skip
        item = lookup.require(caller.tx, "sku", sku, "sku")
        return projection.projection(caller.tx, queries.require_version(caller.tx, version), item, buckets)

    @routes.get("/planning/inventory/risk", tags=[_TAG], summary="Stock-out risks, most money at stake first")
    def risk(
        caller: CurrentCaller, page: PageQuery, risk_level: Annotated[RiskLevel | None, Query()] = None,
        order_advised: Annotated[bool | None, Query(description="Only where ordering is (not) advised.")] = None,
        sort: Annotated[Sort, Query()] = "money", version: Version = None,
    ) -> Page[InventoryRisk]:  # fmt: skip
        return queries_risk.inventory_risks(
            caller.tx, queries.require_version(caller.tx, version), risk_level=risk_level, reorder=order_advised,
            sort=sort, cursor=page.cursor, limit=page.limit,
        )  # fmt: skip

    @routes.get("/planning/inventory/health", tags=[_TAG], summary="Turns, days on hand, excess, dead, expired")
    def state(caller: CurrentCaller, version: Version = None) -> StockHealth:
        return health.health(caller.tx, queries.require_version(caller.tx, version), caller.plant.default_currency)
