"""What quality forecasts, charts and sensors answer with. Rates are ratios, not percent; null is "cannot be said"."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.pagination import Page
from opscopilot.web.fields import Amount, Price, Quantity, Ratio


class ScrapEvidence(BaseModel):
    """How the method did on periods it had not seen. Losses are per unit; the lower the better."""

    origins: int = Field(description="Past periods forecast from what was known before them.")
    coverage_80: float | None = Field(description="Share of them inside the 80 % interval. Counts come in whole units: "
                                      "where little is made, intervals hold more than their level.")  # fmt: skip
    coverage_95: float | None
    log_loss: float | None
    log_loss_pooled: float | None = Field(description="The same with the plant's pooled rate for every item.")
    log_loss_last: float | None = Field(description="The same with the rate of the item's last period.")


class ScrapForecast(BaseModel):
    """The scrap rate to expect of one item on one line, and what it means for its open work orders."""

    sku_id: UUID
    sku_code: str
    description: str
    line: str | None = Field(description="Null where work orders name no line.")
    uom: str
    status: Literal["ok", "refused"]
    reason: str | None = Field(description="Why there is no forecast.")
    window_from: date | None
    window_to: date | None
    work_orders: int
    input_qty: Quantity = Field(description="Good and scrap together, over everything recorded.")
    scrap_qty: Quantity
    rate: Ratio | None = Field(description="Sum of scrap / sum of input over everything recorded.")
    rate_low_95: Ratio | None = Field(description="Wilson's 95 % interval of that share.")
    rate_high_95: Ratio | None
    expected_rate: Ratio | None = Field(description="Of the next period: recent orders weigh more, and where data are "
                                        "few the item's and the plant's rates are leaned on.")  # fmt: skip
    own_weight: float | None = Field(description="How much of the expected rate its own orders decided, 0 to 1.")
    dispersion: float | None = Field(
        description="How much more orders scatter than single pieces would; 1 is not at all."
    )
    period_qty: Quantity | None = Field(description="Quantity the interval is for: the open work orders, else a usual "
                                        "period.")  # fmt: skip
    lower_80: Ratio | None
    upper_80: Ratio | None
    lower_95: Ratio | None
    upper_95: Ratio | None
    planned_orders: int
    planned_qty: Quantity = Field(description="Still to be made by open work orders.")
    expected_scrap_qty: Quantity | None
    scrap_lower_95_qty: Quantity | None
    scrap_upper_95_qty: Quantity | None
    baseline_rate: Ratio | None
    baseline_basis: str | None
    excess_qty: Quantity | None = Field(description="Expected scrap of the open work orders above the baseline.")
    unit_cost: Price | None
    expected_cost: Amount | None = Field(
        description="Expected scrap at standard cost. Null: no standard cost is known."
    )
    excess_cost: Amount | None
    currency: str | None
    evidence: ScrapEvidence


class ScrapForecasts(Page[ScrapForecast]):
    """A page of scrap forecasts, the most expensive first, and how good the method was over all of them."""

    version: str
    as_of: date
    evidence: ScrapEvidence | None
    definition: str


class ScrapOfItem(BaseModel):
    """All lines of one item."""

    sku_code: str
    version: str
    as_of: date
    lines: list[ScrapForecast]
    definition: str


class ChartSignal(BaseModel):
    """A point that a rule flagged."""

    point_at: datetime
    rule: str
    side: Literal["high", "low"]
    observed: float
    lower_limit: float | None
    upper_limit: float | None
    episode_at: datetime = Field(description="First moment of the episode the point belongs to.")


class ControlChart(BaseModel):
    """A control chart with frozen limits."""

    id: UUID
    subject: Literal["sku", "sensor"]
    subject_code: str
    line: str | None
    measure: str
    kind: Literal["p", "laney_p", "i_mr", "xbar_r", "ewma", "cusum"]
    uom: str | None
    base_from: datetime
    base_to: datetime
    base_points: int = Field(description="Points the limits come from. They stay until a person approves others.")
    base_excluded: int
    center: float
    sigma: float
    autocorrelation: float | None
    note: str | None
    false_alarm_every: float | None = Field(description="Points between two false alarms of a stable process.")
    open_since: datetime | None = Field(description="Start of the episode that goes on.")
    last_point_at: datetime
    points: list[dict[str, Any]]
    signals: list[ChartSignal] = Field(description="The latest, newest first.")


class ChartApproval(BaseModel):
    """The base period a chart's limits come from at the next run."""

    id: UUID
    chart_id: UUID
    base_from: date
    base_to: date
    reason: str
    created_by: str
    created_at: datetime


class SensorStatus(BaseModel):
    """A sensor and what is known of it."""

    sensor_code: str
    name: str | None
    line: str | None
    equipment: str | None
    measure: str
    uom: str | None
    status: str
    lo_alarm: Quantity | None
    hi_alarm: Quantity | None
    calibrated_until: date | None
    judged: int = Field(description="Readings judged so far; each once.")
    not_judged: int = Field(description="Readings of bad quality: kept, never judged.")
    uncalibrated: int = Field(description="Readings after calibrated_until: judged and flagged.")
    late: int = Field(description="Readings that came after a later one had been judged: only their limits are.")
    last_ts: datetime | None
    last_reading: Decimal | None
    likelihood: float | None = Field(description="How unusual the last reading was, 0 to 1.")
    breach_since: datetime | None
    anomaly_since: datetime | None
    signals: int


class SensorSignal(BaseModel):
    """One thing a sensor had to say."""

    ts: datetime
    kind: Literal["anomaly", "threshold_breach"]
    severity: Literal["critical", "high", "medium", "low"]
    observed: Quantity
    threshold: Quantity | None
    likelihood: float | None
    reason: str
    features: dict[str, float]
    uncalibrated: bool
    ended_at: datetime | None
