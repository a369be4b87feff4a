"""HTTP: forecast rows and the planners' numbers over them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.schemas import Level
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.planning.forecasts import in_force, overriding, records, rows
from opscopilot.planning.forecasts.routes.common import Period, Planner, Sku, Version
from opscopilot.planning.forecasts.schemas import Forecast, Node, OverrideRecord, ReasonCategory
from opscopilot.web import CurrentCaller, PageQuery
from opscopilot.web.params import Strict

Said = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 11, max_digits=18, decimal_places=6, examples=["480"])]
Reason = Annotated[str, Field(min_length=5, max_length=500, examples=["Listed at Dagrofa from week 18"])]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "The version is out of force, the period is over, or somebody was faster."}
}


class OverrideRequest(Strict):
    """The planner's number in the item's base unit, and why."""

    value: Said
    reason: Reason
    reason_category: ReasonCategory = "judgement"


class Over(Strict):
    """One of several."""

    id: UUID = Field(description="A forecast row.")
    value: Said


class OverridesRequest(Strict):
    """Several numbers for one reason."""

    items: list[Over] = Field(min_length=1, max_length=500)
    reason: Reason
    reason_category: ReasonCategory = "judgement"


def forecast_routes(routes: APIRouter) -> None:
    _override_routes(routes)

    @routes.get("/planning/forecasts", tags=["planning"], summary="What is expected, item by item and bucket by bucket")
    def forecasts(
        caller: CurrentCaller, page: PageQuery, sku: Sku = None, period: Period = "weekly", version: Version = None,
        level: Annotated[Node | None, Query(description="Items, items at locations, families, or the plant.")] = "sku",
        family: Annotated[str | None, Query(max_length=200, description="Only items of this category.")] = None,
        overridden: Annotated[bool | None, Query(description="Only what planners did (not) override.")] = None,
        from_: Annotated[date | None, Query(alias="from", description="First bucket.")] = None,
        to: Annotated[date | None, Query(description="Last bucket.")] = None,
        confidence_level: Annotated[Level, Query()] = 95,
    ) -> Page[Forecast]:  # fmt: skip
        """Of the version in force: with open overrides. Of an older one: as it was published."""
        item = lookup.require(caller.tx, "sku", sku, "sku")["id"] if sku else None
        asked = rows.Asked(level, item, None, family, overridden, from_, to, confidence_level)
        found = in_force.version_of(caller.tx, version, period)
        return rows.every(caller.tx, found, asked, page.cursor, page.limit)

    @routes.get("/planning/forecasts/{forecast_id}", tags=["planning"], summary="One forecast row")
    def forecast(
        forecast_id: UUID, caller: CurrentCaller, confidence_level: Annotated[Level, Query()] = 95
    ) -> Forecast:
        return rows.of_id(caller.tx, forecast_id, confidence_level)


def _override_routes(routes: APIRouter) -> None:
    @routes.get("/planning/forecasts/overrides", tags=["planning"], summary="Overrides that were made, newest first")
    def overrides(
        caller: CurrentCaller, page: PageQuery, sku: Sku = None, period: Annotated[PeriodName | None, Query()] = None,
        made_by: Annotated[str | None, Query(max_length=200)] = None,
        is_open: Annotated[bool | None, Query(description="Only those that (do not) still count.")] = None,
    ) -> Page[OverrideRecord]:  # fmt: skip
        item = lookup.require(caller.tx, "sku", sku, "sku")["id"] if sku else None
        return records.every(
            caller.tx, period=period, sku_id=item, made_by=made_by, only_open=is_open, cursor=page.cursor,
            limit=page.limit,
        )  # fmt: skip

    @routes.post("/planning/forecasts/overrides", tags=["planning"], responses=_CONFLICT,
                 summary="Override several forecasts for one reason")  # fmt: skip
    def several(body: OverridesRequest, caller: Planner) -> list[Forecast]:
        """All or none."""
        wanted = [(one.id, one.value) for one in body.items]
        overriding.override(caller, wanted, overriding.Why(body.reason, body.reason_category))
        return [rows.of_id(caller.tx, one) for one, _ in wanted]

    @routes.put("/planning/forecasts/{forecast_id}/override", tags=["planning"], responses=_CONFLICT,
                summary="Put a planner's number over a forecast")  # fmt: skip
    def override(forecast_id: UUID, body: OverrideRequest, caller: Planner) -> Forecast:
        """The published row stays; reading lays the number over it, and the next versions are made with it."""
        why = overriding.Why(body.reason, body.reason_category)
        overriding.override(caller, [(forecast_id, body.value)], why)
        return rows.of_id(caller.tx, forecast_id)

    @routes.delete("/planning/forecasts/{forecast_id}/override", tags=["planning"], responses=_CONFLICT,
                   summary="Take an override back")  # fmt: skip
    def revoke(forecast_id: UUID, caller: Planner) -> Forecast:
        """The engine's number counts again. The override stays on record."""
        overriding.revoke(caller, forecast_id)
        return rows.of_id(caller.tx, forecast_id)
