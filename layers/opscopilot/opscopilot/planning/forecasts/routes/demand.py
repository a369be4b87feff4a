"""HTTP: demand as it was ordered and as forecasts learn from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.planning.forecasts import demand
from opscopilot.planning.forecasts.demand import Action, Adjustment, DemandPoint
from opscopilot.planning.forecasts.routes.common import Period, Planner, Sku
from opscopilot.web import Caller, CurrentCaller, PageQuery
from opscopilot.web.params import Strict

Location = Annotated[str | None, Query(max_length=64, description="Only what left from this place.")]
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The bucket has an open adjustment."}}


class AdjustmentRequest(Strict):
    """Which bucket, what about it, and why."""

    sku: str = Field(min_length=1, max_length=200, examples=["00100073"])
    location: str | None = Field(default=None, max_length=64)
    period: PeriodName = "weekly"
    bucket_start: date
    action: Action
    qty: Decimal | None = Field(default=None, ge=0, le=Decimal(10) ** 11, max_digits=18, decimal_places=6)
    reason: str = Field(min_length=5, max_length=500, examples=["One tender, will not come again"])


def demand_routes(routes: APIRouter) -> None:
    @routes.get(
        "/planning/forecasts/demand-history", tags=["planning"], summary="What was asked for, and what of it is learned"
    )
    def history(
        caller: CurrentCaller, page: PageQuery, sku: Annotated[str, Query(min_length=1, max_length=200)],
        location: Location = None, period: Period = "weekly",
        flagged: Annotated[bool, Query(description="Only buckets where something was set aside or adjusted.")] = False,
    ) -> Page[DemandPoint]:  # fmt: skip
        item = lookup.require(caller.tx, "sku", sku, "sku")
        place = _place(caller, location)
        return demand.history(caller.tx, item["id"], place, period, flagged, page.cursor, page.limit)

    @routes.get("/planning/demand-adjustments", tags=["planning"], summary="What people said about past demand")
    def adjustments(
        caller: CurrentCaller, page: PageQuery, sku: Sku = None,
        only_open: Annotated[bool, Query(description="Without those taken back.")] = True,
    ) -> Page[Adjustment]:  # fmt: skip
        item = lookup.require(caller.tx, "sku", sku, "sku")["id"] if sku else None
        return demand.adjustments(caller.tx, item, only_open, page.cursor, page.limit)

    @routes.post("/planning/demand-adjustments", status_code=201, tags=["planning"], responses=_CONFLICT,
                 summary="Leave out, keep or replace a bucket of past demand")  # fmt: skip
    def adjust(body: AdjustmentRequest, caller: Planner) -> Adjustment:
        """Counts from the next version on. The orders stay as they are."""
        item = lookup.require(caller.tx, "sku", body.sku, "sku")
        place = _place(caller, body.location)
        return demand.adjust(
            caller, item["id"], place, body.period, body.bucket_start, body.action, body.qty, body.reason
        )

    @routes.delete("/planning/demand-adjustments/{adjustment_id}", tags=["planning"], summary="Take an adjustment back")
    def take_back(adjustment_id: UUID, caller: Planner) -> Adjustment:
        """It stays on record."""
        return demand.take_back(caller, adjustment_id)


def _place(caller: Caller, location: str | None) -> UUID | None:
    if location is None:
        return None
    found: UUID = lookup.require(caller.tx, "warehouse", location, "location")["id"]
    return found
