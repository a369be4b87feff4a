"""What planning answers about stocks. Quantities in the SKU's base unit beside them, money with its currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.web.fields import Amount, Price, Quantity, Ratio
from opscopilot.web.params import Strict

Abc = Literal["A", "B", "C", "N"]
Xyz = Literal["X", "Y", "Z", "N"]
LevelType = Literal["csl", "fill_rate"]
Service = Annotated[Decimal, Field(ge=Decimal("0.5"), le=Decimal("0.9999"), max_digits=6)]


class SafetyStock(BaseModel):
    """The recommended safety stock of a SKU beside the one in force, and what it rests on.

    `qty` covers demand over lead time and review time. `csl` is the share of cycles without a stock-out, `fill_rate` the
    share of demand served from the shelf that `qty` achieves: two figures, never the same (P-57).
    """

    sku_id: UUID
    sku_code: str
    description: str
    location: str | None = Field(description="null = the whole plant")
    uom: str
    abc: Abc | None
    xyz: Xyz | None
    demand_pattern: str | None
    demand_basis: Literal["customers", "recipes", "both"]
    current_qty: Quantity | None = Field(description="In force now.")
    current_basis: Literal["master", "approved"] | None
    qty: Quantity = Field(description="Recommended.")
    formula_qty: Quantity = Field(description="The textbook formula with normal demand, for comparison (D3).")
    reorder_point: Quantity
    order_up_to: Quantity
    order_quantity: Quantity
    method: Literal["empirical", "formula"]
    service_level_type: LevelType
    service_level: Ratio
    service_level_basis: Literal["class", "plant"]
    csl: Ratio
    fill_rate: Ratio
    d_mean: Quantity = Field(description="Demand per day.")
    d_sd: Quantity = Field(description="Its standard deviation per day (of the forecast error).")
    lt_mean: Decimal = Field(description="Lead time in days.")
    lt_sd: Decimal
    lt_basis: str
    review_period: Decimal = Field(description="Days between two looks at the stock.")
    protection_mean: Quantity = Field(description="Demand over lead and review time.")
    protection_sd: Quantity
    unit_cost: Price | None = Field(description="null = not known")
    currency: str | None
    value: Amount | None = Field(description="qty x unit_cost")
    holding_rate: Ratio = Field(description="Of the value, per year.")
    holding_cost: Amount | None = Field(description="Per year.")
    version: str
    as_of: date


class TradeOff(BaseModel):
    """What a service level costs. `csl` and `fill_rate` are what `qty` achieves of each."""

    service_level_type: LevelType
    service_level: Ratio
    qty: Quantity
    reorder_point: Quantity
    csl: Ratio
    fill_rate: Ratio | None
    value: Amount | None
    holding_cost: Amount | None
    currency: str | None


class Approval(BaseModel):
    """A safety stock a person approved."""

    id: UUID
    sku_code: str
    location: str | None
    valid_from: date
    qty: Quantity
    reorder_point: Quantity | None
    uom: str
    recommended_qty: Quantity | None = Field(description="What was recommended at that moment.")
    reason: str
    approved_by: str
    approved_at: datetime
    row_version: int


class SafetyStockDetail(SafetyStock):
    """With the trade-off at 90, 95, 98 and 99 % by both kinds of service level, and what people approved."""

    trade_off: list[TradeOff]
    approvals: list[Approval]


class ApproveSafetyStock(Strict):
    """A value to be used from a day on. `row_version` of the approval that is corrected, when there is one already."""

    qty: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
    reorder_point: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)] | None = None
    valid_from: date | None = Field(default=None, description="Default: the plant's today.")
    location: str | None = Field(default=None, max_length=64)
    reason: str = Field(min_length=5, max_length=1000)
    row_version: int | None = None


class Recalculation(Strict):
    """What if the service level were another one? Nothing is stored."""

    service_level: Service
    service_level_type: LevelType = "csl"
    holding_rate: Annotated[Decimal, Field(ge=0, le=1)] | None = Field(
        default=None, description="Default: the version's."
    )
    skus: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=200)] = []
    abc: Abc | None = None
    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=1000)


class WhatIf(BaseModel):
    """One SKU under another service level."""

    sku_code: str
    location: str | None
    uom: str
    recommended_qty: Quantity = Field(description="By the version's own service level.")
    figures: TradeOff


class CurrencyCost(BaseModel):
    """Sums over the page, per currency."""

    currency: str
    value: Amount
    holding_cost: Amount
    without_cost: int = Field(description="SKUs whose unit cost is unknown: not in the sums.")


class RecalculationResult(BaseModel):
    """A page of what-ifs, with the sums of the page."""

    items: list[WhatIf]
    totals: list[CurrencyCost]
    next_cursor: str | None
    total: int
    version: str


class ClassRow(BaseModel):
    """One SKU's classes and the figures behind them."""

    sku_code: str
    description: str
    abc: Abc | None
    xyz: Xyz | None
    demand_pattern: str | None = Field(description="smooth, intermittent, erratic, lumpy, none (ADI 1.32, CV2 0.49)")
    adi: Decimal | None
    cv2: Decimal | None
    cv: Decimal | None = Field(description="Of de-seasonalised four-week totals, sample standard deviation.")
    annual_demand: Quantity | None
    annual_value: Amount | None
    currency: str | None
    uom: str
    service_level: Ratio


class ClassCount(BaseModel):
    """How many SKUs are in a cell of the ABC/XYZ table, and their annual value per currency."""

    abc: Abc | None
    xyz: Xyz | None
    skus: int
    annual_value: Amount | None
    currency: str | None


class Classification(BaseModel):
    """The table, and a page of SKUs. N = new: fewer than six periods of history."""

    cells: list[ClassCount]
    items: list[ClassRow]
    next_cursor: str | None
    total: int
    version: str
    as_of: date
