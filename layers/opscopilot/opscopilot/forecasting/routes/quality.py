"""HTTP: scrap to expect, control charts, sensors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field, model_validator

from opscopilot.forecasting import queries as versions
from opscopilot.forecasting.quality import queries, queries_charts, queries_sensors
from opscopilot.forecasting.quality.schemas import (
    ChartApproval,
    ControlChart,
    ScrapForecasts,
    ScrapOfItem,
    SensorSignal,
    SensorStatus,
)
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.web import PROBLEM_RESPONSES, Caller, CurrentCaller, PageQuery, require
from opscopilot.web.params import Strict

Manager = Annotated[Caller, require("plant_manager", "fsq_manager")]
Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]


class BasePeriod(Strict):
    """The stretch of time whose points a chart's limits shall come from."""

    base_from: date
    base_to: date
    reason: str = Field(min_length=3, max_length=500, examples=["new mould since March 3"])

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.base_from > self.base_to:
            raise ValueError("base_from must not be after base_to")
        return self


def _scrap_routes(routes: APIRouter) -> None:
    @routes.get("/forecast/quality/scrap", tags=["forecast"], summary="Scrap to expect, the most expensive first")
    def scrap(
        caller: CurrentCaller, page: PageQuery, version: Version = None,
        line: Annotated[str | None, Query(max_length=64)] = None,
        planned: Annotated[bool | None, Query(description="Only with (or without) open work orders.")] = None,
    ) -> ScrapForecasts:  # fmt: skip
        found = versions.require_version(caller.tx, version)
        return queries.scrap_forecasts(
            caller.tx, found, line=line, planned=planned, cursor=page.cursor, limit=page.limit
        )

    @routes.get("/forecast/quality/scrap/{sku}", tags=["forecast"], summary="Scrap to expect of one item, by line")
    def scrap_of_item(
        caller: CurrentCaller, sku: Annotated[str, Path(max_length=200)], version: Version = None
    ) -> ScrapOfItem:
        item = lookup.require(caller.tx, "sku", sku, "sku")
        found = versions.require_version(caller.tx, version)
        lines = queries.scrap_of_item(caller.tx, found, item["id"])
        if not lines:
            raise NotFound(
                f"No dated work order of {item['sku_code']} has output or is open: there is nothing to say about its "
                "scrap.", code="no_output", field="sku", value=item["sku_code"],
            )  # fmt: skip
        return queries.item_answer(found, item["sku_code"], lines)


def _chart_routes(routes: APIRouter) -> None:
    @routes.get("/forecast/quality/charts", tags=["forecast"], summary="Control charts with their limits and signals")
    def charts(
        caller: CurrentCaller, page: PageQuery, sku: Annotated[str | None, Query(max_length=200)] = None,
        sensor: Annotated[str | None, Query(max_length=64)] = None,
        measure: Annotated[str | None, Query(max_length=64, description="scrap_rate, temperature …")] = None,
        open_only: Annotated[bool, Query(description="Only charts whose last points are out of control.")] = False,
    ) -> Page[ControlChart]:  # fmt: skip
        item = lookup.require(caller.tx, "sku", sku, "sku")["id"] if sku else None
        return queries_charts.charts(
            caller.tx, sku_id=item, sensor=sensor, measure=measure, open_only=open_only, cursor=page.cursor,
            limit=page.limit,
        )  # fmt: skip

    @routes.post("/forecast/quality/charts/{chart_id}/base", status_code=202, tags=["forecast"],
                 summary="Approve another base period for a chart")  # fmt: skip
    def approve(chart_id: UUID, body: BasePeriod, caller: Manager) -> ChartApproval:
        """The next run makes the limits from the points of this period; until then they stay as they are."""
        by = caller.principal.user_id
        return queries_charts.approve(caller.tx, chart_id, body.base_from, body.base_to, body.reason, by)


def _sensor_routes(routes: APIRouter) -> None:
    @routes.get("/forecast/quality/sensors", tags=["forecast"], summary="Sensors and how they are doing")
    def sensors(
        caller: CurrentCaller, page: PageQuery, line: Annotated[str | None, Query(max_length=64)] = None,
        measure: Annotated[str | None, Query(max_length=64)] = None,
        alarming: Annotated[bool, Query(description="Only with a limit broken or an anomaly going on.")] = False,
    ) -> Page[SensorStatus]:  # fmt: skip
        return queries_sensors.sensors(
            caller.tx, line=line, measure=measure, alarming=alarming, cursor=page.cursor, limit=page.limit
        )

    @routes.get("/forecast/quality/sensors/{code}/signals", tags=["forecast"], summary="What a sensor had to say")
    def signals(
        caller: CurrentCaller, page: PageQuery, code: Annotated[str, Path(max_length=64)]
    ) -> Page[SensorSignal]:
        return queries_sensors.signals(caller.tx, code, page.cursor, page.limit)


def router() -> APIRouter:
    """All routes about quality."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    _scrap_routes(routes)
    _chart_routes(routes)
    _sensor_routes(routes)
    return routes
