"""HTTP: scrap to expect, control charts, sensors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from opscopilot.forecasting import queries as versions
from opscopilot.forecasting.quality import queries
from opscopilot.forecasting.quality.schemas import ScrapForecasts, ScrapOfItem
from opscopilot.kernel.errors import NotFound
from opscopilot.manufacturing import lookup
from opscopilot.web import PROBLEM_RESPONSES, CurrentCaller, PageQuery

Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]


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


def router() -> APIRouter:
    """All routes about quality."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    _scrap_routes(routes)
    return routes
