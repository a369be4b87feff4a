"""What forecasting answers with. Quantities are in the unit beside them; shares and errors are ratios, not percent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.web.fields import Amount, Price, Quantity, Ratio

RiskLevel = Literal["critical", "high", "medium", "low"]
VersionStatus = Literal["draft", "published", "superseded", "archived", "failed"]
Level = Literal[80, 95]


class Interval(BaseModel):
    """Bounds per period. They hold `confidence_level` percent of what comes, as measured out of sample."""

    upper: list[Quantity]
    lower: list[Quantity]


class Backtest(BaseModel):
    """How the method did on history it had not seen, beside the best simple method. Null = cannot be said.

    bias = sum of (actual - forecast) / sum of actuals: negative means it forecast too much.
    """

    origins: int = Field(description="Dates in the past from which it forecast what was already known.")
    wape: float | None = Field(description="Sum of absolute errors / sum of actuals.", examples=[0.143])
    bias: float | None
    mase: float | None = Field(description="Error relative to repeating the season before; below 1 is better.")
    coverage_80: float | None = Field(description="Share of actuals that lay inside the 80 % interval.")
    coverage_95: float | None
    naive_method: str | None = Field(description="The best simple method on the same dates.")
    naive_wape: float | None


class Baseline(BaseModel):
    """What the best simple method says."""

    method: str
    values: list[Quantity]


class HistoryPoint(BaseModel):
    """Demand of one past period: what was learned from, what was ordered, and why the two differ where they do."""

    period_start: date
    value: Quantity = Field(description="What the forecast learned from: stock-outs undone, one-offs set aside.")
    ordered_value: Quantity = Field(default=Decimal(0), description="As it was ordered, served or not; never changed.")
    lost_value: Quantity = Field(description="Of it cancelled for lack of stock.")
    was_stocked_out: bool
    was_promo: bool = False
    cleaning_rule: str = Field(default="as_ordered", description="How value came from ordered_value.")
    flag: Literal["outlier", "one_off"] | None = None
    flag_reason: str | None = None


class DemandForecast(BaseModel):
    """Expected demand of one SKU per period, with an interval and the evidence for it (A24)."""

    entity_id: UUID = Field(description="The SKU's id.")
    sku_code: str = Field(examples=["00100017"])
    description: str
    status: Literal["ok", "refused"]
    reason: str | None = Field(description="Why there is no forecast.")
    period: Literal["daily", "weekly", "monthly", "quarterly"]
    forecast_dates: list[date] = Field(description="First day of each period.")
    forecast_values: list[Quantity]
    confidence_intervals: Interval
    confidence_level: float = Field(description="Nominal coverage of the interval in percent.", examples=[95.0])
    total: Quantity = Field(description="Sum of the forecast values.")
    uom: str = Field(description="The SKU's base unit.", examples=["EA"])
    method: str | None
    demand_class: str | None = Field(description="regular or intermittent")
    note: str | None
    baseline: Baseline | None
    backtest: Backtest | None
    history: list[HistoryPoint]
    history_periods: int
    overridden: list[date] = Field(default=[], description="Periods whose value a planner set; see their overrides.")
    location: str | None = Field(default=None, description="The place it is for; null = all places together.")
    source: Literal["published", "computed"] = Field(
        default="published", description="computed: made for this request from the data as they are now, stored nowhere"
    )
    version: str | None = Field(examples=["DEMAND-W-20250330-01"], description="null = computed for this request")
    version_id: UUID | None
    as_of: date = Field(description="The plant's day at which the data were cut.")
    published_at: datetime | None


class InventoryRisk(BaseModel):
    """How likely a SKU runs out within its lead time, when, what that costs, and what to order (A24)."""

    entity_id: UUID = Field(description="The SKU's id.")
    sku_code: str
    description: str
    risk_level: RiskLevel | None = Field(description="null where there is no forecast to judge by")
    stockout_probability: Ratio | None = Field(description="That lead-time demand exceeds the stock, 0 to 1.")
    days_until_critical: int | None = Field(description="null = not within days_horizon")
    days_of_supply: Quantity | None = Field(description="Consuming the forecast; null = beyond days_horizon")
    days_horizon: int
    recommended_reorder_qty: Quantity
    reorder_needed: bool | None = Field(description="available <= reorder point; null without stock record or policy")
    reorder_recommended: bool | None = Field(
        description="inventory position <= the plant's own reorder point, as in stock answers; null without one"
    )
    order_advised: bool = Field(
        description="inventory position <= reorder_trigger, which rests on the forecast; what recommended_reorder_qty is for"
    )
    reorder_trigger: Quantity | None = Field(
        description="the reorder point in force; at high risk what the forecast needs, where that is more"
    )
    needs_human: bool = Field(description="MOQ and shelf life or room contradict each other.")
    risk_factors: list[str]
    on_hand: Quantity
    available: Quantity
    on_order: Quantity = Field(description="Open purchase and work orders that are counted on.")
    due_in_lead_time: Quantity = Field(description="Promised within the lead time.")
    expected_in_lead_time: Quantity = Field(description="Weighted with the probability that it comes in time.")
    probability_if_on_time: Ratio | None = Field(description="Stock-out probability if all open supply came in time.")
    predecessor_stock: Quantity = Field(description="Stock of items this one replaces, counted in.")
    backorders: Quantity
    inventory_position: Quantity
    reorder_point: Quantity | None
    reorder_point_basis: Literal["master", "forecast", "approved"] | None
    safety_stock: Quantity | None
    safety_stock_basis: Literal["master", "approved"] | None
    demand_basis: Literal["customers", "recipes", "both"] | None = Field(
        description="recipes: components, by exploding the forecasts of what is made of them"
    )
    order_up_to: Quantity | None
    lead_time_days_mean: Decimal | None
    lead_time_days_sd: Decimal | None
    lead_time_basis: str | None
    lead_time_n: int | None = Field(description="Deliveries the lead time was learned from.")
    lead_time_demand: Quantity | None
    expected_lost_qty: Quantity | None
    unit_value: Price | None
    unit_value_basis: Literal["list_price", "recent_price", "unit_cost"] | None
    money_at_stake: Amount | None = Field(description="expected_lost_qty x unit_value: sales, not margin.")
    currency: str | None
    uom: str
    version: str
    as_of: date


class RiskSummary(BaseModel):
    """Counts over all assessed SKUs of the published version."""

    version: str
    as_of: date
    assessed: int
    by_level: dict[str, int]
    not_assessed: int = Field(description="SKUs with stock but without a forecast to judge by.")
    reorder_needed: int
    reorder_recommended: int = Field(description="By the plant's own reorder points.")
    order_advised: int = Field(description="By what the forecast needs.")


class ForecastVersion(BaseModel):
    """A version. Published ones never change."""

    id: UUID
    code: str
    name: str
    period: str
    status: VersionStatus
    as_of: date
    history_end: date
    horizon_start: date
    horizon_end: date
    horizon_periods: int
    series_count: int
    forecast_count: int
    refused_count: int
    batches: int
    batches_done: int
    error: str | None
    published_at: datetime | None
    created_at: datetime


class AccuracyMetric(BaseModel):
    """Accuracy of forecasts. backtest: rolling origins, all SKUs; live: published forecasts against what came."""

    version: str
    kind: Literal["backtest", "live"]
    sku_code: str | None = Field(description="null = all SKUs together")
    lag: int = Field(description="Periods between forecast and target; 0 = all lags, or each item at its own.")
    lag_basis: Literal["fixed", "lead_time", "all"] = Field(
        description="lead_time: at the item's lead time rounded up to periods, the lag that decides its stock."
    )
    window_start: date | None
    window_end: date | None
    uom: str | None = Field(description="null = items of several units, weighted with their price")
    wape: float | None = Field(description="sum of absolute errors / sum of actuals")
    naive_wape: float | None = Field(description="The best simple method on the same periods.")
    bias: float | None = Field(description="sum(actual - forecast) / sum(actual); negative = forecast too much")
    mase: float | None = Field(description="sum of absolute errors / sum of in-sample naive errors")
    rmse: float | None
    tracking_signal: float | None = Field(description="Alarm beyond +-4.")
    coverage_80: float | None
    coverage_95: float | None
    n: int
