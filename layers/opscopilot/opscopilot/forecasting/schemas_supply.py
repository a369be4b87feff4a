"""What forecasting answers about supply. Shares and probabilities are 0 to 1; lateness in days, negative = early."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from opscopilot.web.fields import Amount, Quantity, Ratio


class SupplyRisk(BaseModel):
    """An open purchase order line: how likely late, when to expect it, what its lateness would do."""

    po_number: str
    line_no: str
    supplier_code: str
    supplier_name: str
    sku_code: str
    description: str
    quantity: Quantity = Field(description="Still to come, in the SKU's base unit.")
    uom: str
    order_date: date
    promised_date: date | None = Field(description="The first confirmation; confirming again does not move it.")
    promised_basis: Literal["original_confirmation", "confirmation", "request", "none"]
    confirmed_date: date | None = Field(description="The latest confirmation.")
    days_overdue: int
    late_probability: Ratio | None = Field(description="After the promised date, given that it has not come yet.")
    in_time_probability: Ratio | None = Field(description="Within the item's lead time from now.")
    expected_arrival: date | None = Field(description="Median.")
    earliest_arrival: date | None = Field(description="8 of 10 arrive between earliest and latest.")
    latest_arrival: date | None
    basis: str
    observations: int = Field(description="Deliveries behind it.")
    is_stale: bool = Field(description="Overdue for so long that it is not counted on.")
    stockout_probability: Ratio | None = Field(description="Of the SKU.")
    stockout_points: Ratio | None = Field(description="How much of it the line's lateness adds.")
    order_value: Amount | None
    order_currency: str | None
    money_at_stake: Amount | None = Field(description="Expected lost sales that its lateness adds.")
    currency: str | None
    version: str
    as_of: date


class SupplierPerformance(BaseModel):
    """What a supplier has shown in three years, against first confirmations (D13). Null = not available.

    A line counts when it came or is past due; a past-due open line is a failure. `otif` counts lines that are on time and
    in full, which is not the product of the two. Early by more than two days is not on time.
    """

    supplier_code: str
    name: str
    lines: int
    past_due: int
    open_lines: int
    on_time: Ratio | None
    in_full: Ratio | None
    otif: Ratio | None
    otif_low: Ratio | None = Field(description="95 % interval: few lines say little.")
    otif_high: Ratio | None
    early: Ratio | None
    receipts: int
    lead_time_mean: Decimal | None = Field(description="Days from order to first receipt.")
    lead_time_sd: Decimal | None
    levels: list[float] = Field(description="Shares that the quantiles belong to.")
    lead_time_quantiles: list[float] | None
    lateness_quantiles: list[float] | None = Field(description="Weighed with all suppliers where its record is short.")
    late_probability: Ratio | None
    basis: str
    version: str
    as_of: date


class AtStake(BaseModel):
    """Expected lost sales by the lateness of a supplier's open lines, in one currency."""

    currency: str
    amount: Amount
    skus: int = Field(description="Items whose stock-out risk it raises by a point or more.")


class SupplierDetail(SupplierPerformance):
    """With what its open lines put at stake, and the 20 that cost most."""

    at_stake: list[AtStake]
    open_risks: list[SupplyRisk]
