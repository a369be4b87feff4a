"""What the manufacturing questions answer with. Quantities are in the unit beside them, amounts in the currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from opscopilot.web.fields import Amount, Price, Quantity, Ratio

InventoryStatus = Literal["critical", "low", "optimal", "excess"]


class UnitTotal(BaseModel):
    """Quantities of one unit. Units are never added to each other (P-17)."""

    uom: str = Field(examples=["EA"])
    quantity_on_hand: Quantity
    quantity_available: Quantity
    items: int


class CurrencyTotal(BaseModel):
    """An amount of one currency, rounded to its smallest coin. Currencies are never added to each other."""

    currency: str = Field(examples=["EUR"])
    amount: Amount
    without_price: int = Field(default=0, description="Items or lines left out because cost or price is unknown.")


class InventoryItem(BaseModel):
    """Stock of a SKU, or of one location and lot of it. The flags are those of the SKU over all usable locations."""

    sku_code: str = Field(examples=["00100234"])
    product_name: str
    category: str | None
    location_code: str | None = Field(default=None, description="Only with by=location.")
    lot_code: str | None = None
    bin: str | None = None
    expiry_date: date | None = None
    uom: str = Field(description="The SKU's base unit.", examples=["EA"])
    quantity_on_hand: Quantity
    quantity_reserved: Quantity
    quantity_quarantined: Quantity
    quantity_expired: Quantity
    quantity_in_transit: Quantity
    quantity_available: Quantity
    quantity_on_order: Quantity = Field(description="Open purchase quantity of the SKU.")
    quantity_in_production: Quantity = Field(description="Open work order quantity of the SKU.")
    quantity_backordered: Quantity = Field(description="Overdue open customer orders of the SKU.")
    inventory_position: Quantity = Field(
        description="available + on order + in production - back-orders that are not reserved yet"
    )
    reorder_point: Quantity | None
    safety_stock: Quantity | None
    reorder_needed: bool | None = Field(description="available <= reorder point; null without a reorder point")
    reorder_recommended: bool | None = Field(
        description="inventory position <= reorder point: the plant's own policy. What the forecast advises is "
        "`order_advised` of the stock-out risks."
    )
    inventory_status: InventoryStatus | None = Field(description="null where no stock policy is recorded")
    negative_balances: int = Field(description="Locations and lots whose recorded balance is below zero.")
    unit_cost: Price | None = Field(description="Standard cost; null = unknown.")
    value: Amount | None = Field(description="on hand x unit cost")
    currency: str
    snapshot_at: datetime = Field(description="The newest count behind this row.")


class InventoryCurrent(BaseModel):
    """Current stock, one page of it; totals are over everything that matches."""

    total_items: int
    items: list[InventoryItem]
    next_cursor: str | None = None
    as_of: date = Field(description="The plant's production day the answer is for.")
    time_zone: str
    data_as_of: datetime | None = Field(description="The newest count behind the answer.")
    quantities: list[UnitTotal]
    value: list[CurrencyTotal]
    at_or_below_reorder_point: int
    definition: str
    warnings: list[str] = []


class InventoryHealth(BaseModel):
    """Stock at a glance."""

    as_of: date
    time_zone: str
    skus: int = Field(description="Active SKUs in the item master.")
    skus_with_stock_records: int
    skus_without_stock_records: int = Field(description="Unknown, which is not the same as zero.")
    by_status: dict[str, int] = Field(description="SKUs per status; 'none' = no stock policy recorded.")
    at_or_below_reorder_point: int
    below_safety_stock: int
    reorder_recommended: int
    negative_balances: int
    quantities: list[UnitTotal]
    value: list[CurrencyTotal]
    definition: str
    warnings: list[str] = []


class OpenLine(BaseModel):
    """An open sales order line."""

    order_number: str = Field(examples=["4500012"])
    line_no: str
    customer_code: str | None
    customer_name: str | None
    sku_code: str
    product_name: str
    order_date: date
    due_date: date | None = Field(description="Promised date, else requested date.")
    days_late: int = Field(description="0 when not late or without a date.")
    ordered_qty: Quantity
    shipped_qty: Quantity
    cancelled_qty: Quantity
    open_qty: Quantity
    uom: str | None = Field(description="The unit it was ordered in.")
    unit_price: Price | None
    discount: Ratio
    open_value: Amount | None = Field(description="open quantity x unit price x (1 - discount)")
    currency: str
    file: str | None = None
    row: int | None = None


class UnitQuantity(BaseModel):
    """A quantity of one unit."""

    uom: str
    quantity: Quantity


class OpenOrders(BaseModel):
    """Open sales orders; counts and values are over everything that matches, items is one page of lines."""

    as_of: date
    time_zone: str
    orders: int
    lines: int
    late_lines: int
    value: list[CurrencyTotal]
    quantities: list[UnitQuantity] = Field(description="Open quantity per ordered unit.")
    items: list[OpenLine]
    next_cursor: str | None = None
    definition: str
    warnings: list[str] = []


class Order(BaseModel):
    """A sales order with its total."""

    order_number: str
    customer_code: str | None
    customer_name: str | None
    channel: str | None
    order_date: date
    requested_date: date | None
    promised_date: date | None
    ship_date: date | None
    status: str
    lines: int
    total_amount: Amount | None = Field(description="Ordered less cancelled, net of discount; null: a price is missing")
    currency: str


class SalesGroup(BaseModel):
    """Orders of one group."""

    key: str
    orders: int
    lines: int
    quantities: list[UnitQuantity]
    value: list[CurrencyTotal]


class SalesSummary(BaseModel):
    """What was ordered in a period, by order date, cancelled quantities taken off."""

    as_of: date
    time_zone: str
    period_from: date | None
    period_to: date | None
    orders: int
    lines: int
    quantities: list[UnitQuantity]
    value: list[CurrencyTotal]
    groups: list[SalesGroup] = []
    definition: str
    warnings: list[str] = []


class WorkOrderLine(BaseModel):
    """A work order that is in progress or late."""

    wo_number: str
    sku_code: str
    product_name: str
    line: str | None
    status: str | None
    ordered_qty: Quantity
    good_qty: Quantity | None
    scrap_qty: Quantity | None
    uom: str | None
    start_date: date | None
    due_date: date | None
    days_late: int
    file: str | None = None
    row: int | None = None


class ScrapRate(BaseModel):
    """Pooled scrap of one unit: total scrap over total produced, never a mean of rates (P-02)."""

    uom: str
    scrap_qty: Quantity
    produced_qty: Quantity = Field(description="good + scrap; the ordered quantity where good was not recorded")
    scrap_rate: Ratio | None
    work_orders: int
    work_orders_with_scrap: int


class ScrapReason(BaseModel):
    """Scrap of one reason and unit."""

    reason: str
    uom: str
    scrap_qty: Quantity
    work_orders: int
    share: Ratio = Field(description="Share of all scrap in this unit.")


class Scrap(BaseModel):
    """Scrap over all work orders that recorded any output, or those that ended in the period."""

    period_from: date | None
    period_to: date | None
    scrap_rate: Ratio | None = Field(description="Only when everything is counted in one unit.")
    by_uom: list[ScrapRate]
    by_reason: list[ScrapReason]
    definition: str


class ProductionStatus(BaseModel):
    """Where production stands; `items` is one page of the work orders asked for."""

    as_of: date
    time_zone: str
    in_progress: int
    overdue: int
    overdue_quantities: list[UnitQuantity]
    oldest_due: date | None
    undated: int = Field(description="Work orders without any date: they count in scrap totals only.")
    by_status: dict[str, int] = Field(description="All work orders by recorded status; 'none' = no status recorded.")
    scrap: Scrap
    items: list[WorkOrderLine]
    total_items: int
    next_cursor: str | None = None
    definition: str
    warnings: list[str] = []
