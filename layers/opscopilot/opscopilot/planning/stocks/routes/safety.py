"""Routes of safety stocks: recommended, approved, what if, classes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from opscopilot.forecasting import queries
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.planning.stocks import approvals, classes, safety
from opscopilot.planning.stocks.schemas import (
    Abc,
    Approval,
    ApproveSafetyStock,
    Classification,
    Recalculation,
    RecalculationResult,
    SafetyStock,
    SafetyStockDetail,
    Xyz,
)
from opscopilot.web import Caller, CurrentCaller, PageQuery, require

Planner = Annotated[Caller, require("planner", "plant_manager")]
Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]
AbcQuery = Annotated[Abc | None, Query(description="A, B, C, or N for new items.")]
XyzQuery = Annotated[Xyz | None, Query()]
_TAG = "planning"


def safety_routes(routes: APIRouter) -> None:
    """Add the five routes of /planning/safety-stocks."""

    @routes.get("/planning/safety-stocks", tags=[_TAG], summary="Recommended safety stocks beside those in force")
    def listed(
        caller: CurrentCaller, page: PageQuery, abc: AbcQuery = None, xyz: XyzQuery = None,
        sku: Annotated[str | None, Query(max_length=200)] = None, version: Version = None,
    ) -> Page[SafetyStock]:  # fmt: skip
        skus = [lookup.require(caller.tx, "sku", sku, "sku")["sku_code"]] if sku else []
        found = queries.require_version(caller.tx, version)
        return safety.safety_stocks(caller.tx, found, skus=skus, abc=abc, xyz=xyz, cursor=page.cursor, limit=page.limit)

    @routes.post("/planning/safety-stocks/recalculate", tags=[_TAG], summary="What another service level would cost")
    def recalculate(body: Recalculation, caller: CurrentCaller) -> RecalculationResult:
        """Read off the stored demand distributions of the version in force; nothing is stored."""
        return safety.recalculate(caller.tx, queries.require_version(caller.tx), body)

    @routes.get("/planning/safety-stocks/classification", tags=[_TAG], summary="ABC/XYZ and demand patterns")
    def classification(
        caller: CurrentCaller, page: PageQuery, abc: AbcQuery = None, xyz: XyzQuery = None, version: Version = None
    ) -> Classification:
        found = queries.require_version(caller.tx, version)
        return classes.classification(caller.tx, found, abc=abc, xyz=xyz, cursor=page.cursor, limit=page.limit)

    @routes.get("/planning/safety-stocks/{sku}", tags=[_TAG], summary="One item: what each service level costs")
    def read(sku: str, caller: CurrentCaller, version: Version = None) -> SafetyStockDetail:
        item = lookup.require(caller.tx, "sku", sku, "sku")
        return safety.safety_stock(caller.tx, queries.require_version(caller.tx, version), item)

    @routes.put("/planning/safety-stocks/{sku}", tags=[_TAG], summary="Approve a safety stock")
    def approve(sku: str, body: ApproveSafetyStock, caller: Planner) -> Approval:
        """Kept with name and reason; the next forecast run uses it instead of the plant's master value."""
        return approvals.approve(caller, lookup.require(caller.tx, "sku", sku, "sku"), body)
