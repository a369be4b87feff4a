"""What planning with forecasts answers with. Quantities are in the unit beside them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.web.fields import Quantity

Node = Literal["sku", "sku_location", "family", "plant"]
ReasonCategory = Literal[
    "promotion", "price_change", "new_customer", "lost_customer", "new_item", "phase_out", "supply", "event",
    "data_error", "judgement",
]  # fmt: skip


class Override(BaseModel):
    """A planner's number and why."""

    id: UUID
    value: Quantity
    reason: str
    reason_category: ReasonCategory
    made_by: str
    made_at: datetime
    statistical_value: Quantity = Field(description="What the engine said when the planner spoke.")
    needs_review: bool = Field(description="The engine has changed its mind since by more than the plant allows.")


class Forecast(BaseModel):
    """What is expected of one entity in one bucket, as it counts now: with the planner's override, if there is one."""

    id: UUID
    version: str = Field(examples=["DEMAND-W-20250330-01"])
    version_id: UUID
    entity_type: Node
    entity_id: UUID
    sku_code: str = Field(description="Code of the item, or of the family or plant.")
    location_id: UUID | None
    location_code: str | None
    period: PeriodName
    bucket_start: date
    value: Quantity
    lower: Quantity
    upper: Quantity
    confidence_level: float = Field(description="Nominal coverage of lower to upper in percent.")
    uom: str
    method: str
    is_override: bool
    override_reason: str | None
    baseline_value: Quantity = Field(description="What the engine says without the override.")
    naive_method: str | None = Field(description="The best simple method on this item's history.")
    naive_value: Quantity | None
    promo_uplift: Quantity | None = Field(description="Of the engine's value, what promotions and prices add.")
    override: Override | None


class OverrideRecord(Override):
    """An override that was made, whether or not it still counts."""

    forecast_id: UUID
    version: str | None = Field(description="The version it was made on.")
    entity_type: Node
    entity_id: UUID
    sku_code: str | None
    location_code: str | None
    period: PeriodName
    bucket_start: date
    uom: str
    is_open: bool
    revoked_at: datetime | None
    revoked_by: str | None
    replaced: bool = Field(description="Another number for the same bucket took its place.")
