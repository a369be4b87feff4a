"""What planning answers about levels, projections and the health of stock."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.schemas import RiskLevel
from opscopilot.manufacturing.schemas import InventoryItem
from opscopilot.web.fields import Amount, Quantity

Status = Literal["critical", "low", "optimal", "excess"]


class InventoryLevel(BaseModel):
    """Where a SKU stands against its policy as of the version in force."""

    sku_id: UUID
    sku_code: str
    description: str
    uom: str
    status: Status | None = Field(
        description="null = no policy known. critical: below safety stock; low: <= reorder point"
    )
    on_hand: Quantity
    available: Quantity
    on_order: Quantity
    backorders: Quantity
    inventory_position: Quantity
    safety_stock: Quantity | None = Field(description="In force: approved, else the plant's own.")
    safety_stock_basis: str | None
    recommended_safety_stock: Quantity | None
    reorder_point: Quantity | None
    reorder_point_basis: str | None
    order_up_to: Quantity | None
    days_of_supply: Quantity | None = Field(description="Consuming the forecast; null = beyond the horizon")
    risk_level: RiskLevel | None
    version: str
    as_of: date


class InventoryLevelDetail(InventoryLevel):
    """With the stock rows behind it, as they are today."""

    places: list[InventoryItem] = Field(description="At most 500 rows of location, lot and bin.")


class ProjectedBucket(BaseModel):
    """One period: opening + supply - demand = closing. `position` adds what is on order beyond it."""

    bucket_start: date
    days: int = Field(description="Days of it that lie ahead; the first may be under way.")
    opening: Quantity
    supply: Quantity = Field(description="Open supply by its expected arrival.")
    demand: Quantity
    closing: Quantity = Field(description="Negative = short by that much.")
    safety_stock: Quantity | None
    below_safety_stock: bool | None
    position: Quantity


class InventoryProjection(BaseModel):
    """How the stock of a SKU will go, consuming the forecast period by period (D5)."""

    sku_code: str
    description: str
    uom: str
    period: str
    demand_basis: str | None
    buckets: list[ProjectedBucket]
    first_below_safety_stock: date | None = Field(description="First period that ends below it; null = none ahead.")
    assumptions: list[str]
    version: str
    as_of: date


class HealthTotals(BaseModel):
    """Stock in money at standard cost, in one currency (P-21). Items without a cost are counted, not valued (P-29)."""

    currency: str
    skus: int
    without_cost: int
    value: Amount
    average_value: Amount
    average_points: int = Field(description="Days over the last year at which the stock was known and averaged.")
    cost_of_goods_sold: Amount = Field(description="Shipped in the last 52 weeks, a year's worth.")
    turns: Decimal | None = Field(description="Cost of goods sold / average value, sums before the ratio.")
    days_on_hand: Decimal | None = Field(description="365 / turns")
    excess_value: Amount = Field(
        description="On hand above reorder point + one order (D14), dead stock not counted again."
    )
    excess_skus: int
    dead_value: Amount = Field(description="On hand of items with no issue in twelve months.")
    dead_skus: int
    expired_value: Amount
    expired_skus: int


class StockHealth(BaseModel):
    """Totals per currency."""

    totals: list[HealthTotals]
    definition: str
    version: str
    as_of: date
