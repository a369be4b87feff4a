"""HTTP: stock, orders, suppliers, production, recipes. Codes that do not exist are refused with suggestions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from opscopilot.catalogue import reading
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.routes import row_model
from opscopilot.kernel.db import Row
from opscopilot.kernel.pagination import Page
from opscopilot.manufacturing import lookup, queries_bom, queries_inventory, queries_orders, queries_production
from opscopilot.manufacturing.bom_schemas import BomExplosion, EffectiveComponents, WhereUsed
from opscopilot.manufacturing.queries_inventory import InventoryFilter, StatusFilter
from opscopilot.manufacturing.queries_orders import GroupBy, OrderFilter
from opscopilot.manufacturing.queries_production import ProductionFilter, WorkOrderFilter
from opscopilot.manufacturing.schemas import (
    InventoryCurrent,
    InventoryHealth,
    OpenOrders,
    Order,
    ProductionStatus,
    SalesSummary,
)
from opscopilot.web import PROBLEM_RESPONSES, Caller, CurrentCaller, PageQuery
from opscopilot.web.fields import PositiveQuantity

OrderStatus = Literal["draft", "confirmed", "partial", "completed", "cancelled"]
Sku = Annotated[
    str | None,
    Query(max_length=200, description="SKU code, id, GTIN or a name only one item has.", examples=["00100234"]),
]
By = Annotated[Literal["sku", "location"], Query(description="One row per SKU, or per location and lot.")]
Warehouse = Annotated[str | None, Query(max_length=200, description="Location code.", examples=["WH01"])]
Customer = Annotated[str | None, Query(max_length=200, description="Customer code.")]
EffectiveOn = Annotated[date | None, Query(description="The need date; default: the plant's today.")]
From = Annotated[date | None, Query(alias="from", description="First day, inclusive.")]
To = Annotated[date | None, Query(alias="to", description="Last day, inclusive.")]


def _code(caller: Caller, kind: lookup.Kind, text: str | None, field: str) -> str | None:
    """The code that `text` names; NotFound with suggestions when it names nothing."""
    if text is None:
        return None
    column = {"sku": "sku_code", "warehouse": "code", "customer": "customer_code", "supplier": "supplier_code"}[kind]
    return str(lookup.require(caller.tx, kind, text, field)[column])


def _stock_routes(routes: APIRouter) -> None:
    @routes.get("/inventory/current", tags=["inventory"], summary="Current stock")
    def current(
        caller: CurrentCaller, page: PageQuery, warehouse: Warehouse = None, sku: Sku = None,
        status: Annotated[StatusFilter | None, Query(description="Only SKUs in this state.")] = None,
        below_reorder: Annotated[bool, Query(description="Only SKUs at or below their reorder point.")] = False,
        category: Annotated[str | None, Query(max_length=200)] = None,
        by: By = "sku",
    ) -> InventoryCurrent:  # fmt: skip
        """Latest count per SKU, location and lot. `reorder_needed` compares what is available with the reorder
        point, `reorder_recommended` the inventory position, so that an open order is not ordered again."""
        code = _code(caller, "sku", sku, "sku")
        asked = InventoryFilter(
            warehouse=_code(caller, "warehouse", warehouse, "warehouse"), skus=(code,) if code else (),
            status="below_reorder_point" if below_reorder else status, category=category, by=by,
            cursor=page.cursor, limit=page.limit,
        )  # fmt: skip
        return queries_inventory.current(caller.tx, caller.plant, caller.clock, asked)

    @routes.get("/inventory/health", tags=["inventory"], summary="Stock at a glance")
    def health(caller: CurrentCaller) -> InventoryHealth:
        return queries_inventory.health(caller.tx, caller.plant, caller.clock)


def _order_routes(routes: APIRouter) -> None:
    @routes.get("/orders/open", tags=["orders"], summary="Open sales orders, most urgent line first")
    def open_orders(
        caller: CurrentCaller, page: PageQuery, order: Annotated[str | None, Query(max_length=64)] = None,
        customer: Customer = None, sku: Sku = None, due_from: From = None, due_to: To = None,
        late: Annotated[bool, Query(description="Only lines whose due date is past.")] = False,
    ) -> OpenOrders:  # fmt: skip
        asked = OrderFilter(
            order=order, customer=_code(caller, "customer", customer, "customer"), sku=_code(caller, "sku", sku, "sku"),
            late=late, date_from=due_from, date_to=due_to, cursor=page.cursor, limit=page.limit,
        )  # fmt: skip
        return queries_orders.open_orders(caller.tx, caller.plant, caller.clock, asked)

    @routes.get("/orders", tags=["orders"], summary="Sales orders with their totals, newest first")
    def orders(
        caller: CurrentCaller, page: PageQuery, order: Annotated[str | None, Query(max_length=64)] = None,
        status: Annotated[OrderStatus | None, Query(description="Recorded status. What is open: /orders/open.")] = None,
        customer: Customer = None, sku: Sku = None, ordered_from: From = None, ordered_to: To = None,
    ) -> Page[Order]:  # fmt: skip
        asked = OrderFilter(
            order=order, customer=_code(caller, "customer", customer, "customer"), sku=_code(caller, "sku", sku, "sku"),
            status=status, date_from=ordered_from, date_to=ordered_to, cursor=page.cursor, limit=page.limit,
        )  # fmt: skip
        return queries_orders.orders(caller.tx, caller.plant, asked)

    @routes.get("/orders/summary", tags=["orders"], summary="What was ordered in a period")
    def summary(
        caller: CurrentCaller, ordered_from: From = None, ordered_to: To = None, customer: Customer = None,
        sku: Sku = None, group_by: Annotated[GroupBy | None, Query()] = None,
    ) -> SalesSummary:  # fmt: skip
        asked = OrderFilter(
            customer=_code(caller, "customer", customer, "customer"), sku=_code(caller, "sku", sku, "sku"),
            date_from=ordered_from, date_to=ordered_to,
        )  # fmt: skip
        return queries_orders.sales(caller.tx, caller.plant, caller.clock, asked, group_by)


def _supplier_routes(routes: APIRouter, registry: Registry) -> None:
    entity = registry["supplier"]
    model = row_model(entity)

    def suppliers(
        caller: CurrentCaller, page: PageQuery,
        active_only: Annotated[bool, Query(description="Leave out those on hold or blocked.")] = False,
        q: Annotated[str | None, Query(max_length=200, description="Words of code or name.")] = None,
    ) -> Page[Row]:  # fmt: skip
        filters = {"status": ["active"]} if active_only else {}
        query = reading.Query(filters, q, None, page.cursor, page.limit)
        return reading.list_rows(caller.tx, entity, registry, query)

    routes.add_api_route(
        "/suppliers", suppliers, response_model=Page[model], tags=["suppliers"], summary="Suppliers",  # type: ignore[valid-type]
    )  # fmt: skip


def _production_routes(routes: APIRouter) -> None:
    @routes.get("/production/status", tags=["production"], summary="In progress, overdue, scrap")
    def status(
        caller: CurrentCaller, page: PageQuery, sku: Sku = None,
        show: Annotated[ProductionFilter, Query(description="Which work orders `items` lists.")] = "overdue",
        line: Annotated[str | None, Query(max_length=64)] = None, ended_from: From = None, ended_to: To = None,
    ) -> ProductionStatus:  # fmt: skip
        """`from` and `to` restrict the scrap figures to work orders that ended in the period."""
        asked = WorkOrderFilter(
            show=show, sku=_code(caller, "sku", sku, "sku"), line=line, date_from=ended_from, date_to=ended_to,
            cursor=page.cursor, limit=page.limit,
        )  # fmt: skip
        return queries_production.status(caller.tx, caller.plant, caller.clock, asked)


def _bom_routes(routes: APIRouter) -> None:
    @routes.get("/boms/components", tags=["recipes"], summary="Recipe lines effective on a day")
    def components(
        caller: CurrentCaller, page: PageQuery, effective_on: EffectiveOn = None,
        assembly: Annotated[str | None, Query(max_length=200, description="Only this assembly.")] = None,
        component: Annotated[str | None, Query(max_length=200, description="Only this component.")] = None,
    ) -> EffectiveComponents:  # fmt: skip
        return queries_bom.effective_components(
            caller.tx, effective_on or caller.today, assembly=_code(caller, "sku", assembly, "assembly"),
            component=_code(caller, "sku", component, "component"), cursor=page.cursor, limit=page.limit,
        )  # fmt: skip

    @routes.get("/boms/{sku:path}/explode", tags=["recipes"], summary="Everything that goes into an item",
                responses={409: {"description": "The recipes form a loop; the problem names it."}})  # fmt: skip
    def explode(
        sku: str, caller: CurrentCaller, effective_on: EffectiveOn = None,
        qty: Annotated[PositiveQuantity, Query(description="How much of it, in its base unit.")] = Decimal(1),
        cost: Annotated[bool, Query(description="Also roll up the material cost.")] = False,
    ) -> BomExplosion:  # fmt: skip
        item = lookup.require(caller.tx, "sku", sku, "sku")
        day, currency = effective_on or caller.today, caller.plant.default_currency
        return queries_bom.explode(caller.tx, item["id"], qty, day, currency, with_cost=cost)

    @routes.get("/boms/{sku:path}/where-used", tags=["recipes"], summary="Everything an item goes into")
    def where_used(sku: str, caller: CurrentCaller, effective_on: EffectiveOn = None) -> WhereUsed:
        item = lookup.require(caller.tx, "sku", sku, "sku")
        return queries_bom.where_used(caller.tx, item, effective_on or caller.today)


def router(registry: Registry) -> APIRouter:
    """All routes of the canonical context."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    _stock_routes(routes)
    _order_routes(routes)
    _supplier_routes(routes, registry)
    _production_routes(routes)
    _bom_routes(routes)
    return routes
