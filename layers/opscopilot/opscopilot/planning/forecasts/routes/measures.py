"""HTTP: how good the forecasts were, and what planners added to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.planning.forecasts import in_force, measures, value_added
from opscopilot.planning.forecasts.measures import AccuracyPage, Kind, LagBasis, Level
from opscopilot.planning.forecasts.routes.common import Period, Sku, Version
from opscopilot.planning.forecasts.schemas import Node
from opscopilot.planning.forecasts.value_added import By, ValueAdded
from opscopilot.web import CurrentCaller, PageQuery

Lag = Annotated[int | None, Query(ge=0, le=366, description="Periods between forecast and target.")]


def measure_routes(routes: APIRouter) -> None:
    @routes.get("/planning/forecasts/accuracy", tags=["planning"], summary="How good the forecasts were")
    def accuracy(
        caller: CurrentCaller, page: PageQuery, level: Annotated[Level | None, Query()] = "total",
        kind: Annotated[Kind | None, Query()] = None, lag: Lag = None,
        lag_basis: Annotated[LagBasis | None, Query(description="lead_time: at the lag that decides stock.")] = None,
        sku: Sku = None, family: Annotated[str | None, Query(max_length=200)] = None,
        node: Annotated[Node | None, Query(description="With level=item: which series.")] = None,
        period: Period = "weekly", version: Version = None,
    ) -> AccuracyPage:  # fmt: skip
        """Largest error first. With `sku` the item's own measures, whatever `level` says."""
        item = lookup.require(caller.tx, "sku", sku, "sku")["id"] if sku else None
        asked = measures.Asked(kind, "item" if item else level, lag, lag_basis, item, family, node)
        found = in_force.version_of(caller.tx, version, period)
        return measures.accuracy(caller.tx, found, asked, page.cursor, page.limit)

    @routes.get("/planning/forecasts/value-added", tags=["planning"],
                summary="Whether the engine beat the naive, and planners the engine")  # fmt: skip
    def added(
        caller: CurrentCaller, page: PageQuery, by: Annotated[By, Query()] = "total",
        lag: Annotated[int | None, Query(ge=1, le=366, description="Default: each item's lead time.")] = None,
        period: Period = "weekly", version: Version = None,
    ) -> Page[ValueAdded]:  # fmt: skip
        """Over the last complete periods before the version's cut, every forecast frozen at the lag."""
        found = in_force.version_of(caller.tx, version, period)
        return value_added.value_added(caller.tx, found, by, lag, page.cursor, page.limit)
