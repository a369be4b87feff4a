"""Routes of supply risk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from opscopilot.forecasting import queries, queries_supply
from opscopilot.forecasting.schemas_supply import SupplierDetail, SupplierPerformance, SupplyRisk
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup
from opscopilot.web import CurrentCaller, PageQuery

Version = Annotated[str | None, Query(max_length=64, description="A version's code or id; default: the one in force.")]
_Text = Annotated[str | None, Query(max_length=200)]


def supply_routes(routes: APIRouter) -> None:
    """Add the routes of /forecast/supply."""

    @routes.get("/forecast/supply/risks", tags=["forecast"], summary="Open purchase lines by what their delay costs")
    def risks(
        caller: CurrentCaller, page: PageQuery, supplier: _Text = None, sku: _Text = None, version: Version = None
    ) -> Page[SupplyRisk]:
        tx = caller.tx
        return queries_supply.supply_risks(
            tx, queries.require_version(tx, version),
            supplier=lookup.require(tx, "supplier", supplier, "supplier")["id"] if supplier else None,
            sku=lookup.require(tx, "sku", sku, "sku")["id"] if sku else None, cursor=page.cursor, limit=page.limit,
        )  # fmt: skip

    @routes.get("/forecast/supply/suppliers", tags=["forecast"], summary="How suppliers deliver")
    def suppliers(caller: CurrentCaller, page: PageQuery, version: Version = None) -> Page[SupplierPerformance]:
        found = queries.require_version(caller.tx, version)
        return queries_supply.suppliers(caller.tx, found, page.cursor, page.limit)

    @routes.get("/forecast/supply/suppliers/{code}", tags=["forecast"], summary="How one supplier delivers")
    def supplier(code: str, caller: CurrentCaller, version: Version = None) -> SupplierDetail:
        found = lookup.require(caller.tx, "supplier", code, "code")
        return queries_supply.supplier(caller.tx, queries.require_version(caller.tx, version), found)
