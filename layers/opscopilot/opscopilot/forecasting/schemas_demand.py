"""Questions about demand and their answers in lists."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.schemas import DemandForecast, Level
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.web.params import Strict

AT_ONCE = 50
"""Items answered while the caller waits; more become a job."""
AT_MOST = 1000
LONGEST: dict[PeriodName, int] = {"daily": 366, "weekly": 104, "monthly": 36, "quarterly": 12}
Source = Literal["auto", "published", "computed"]
Sku = Annotated[str, Field(min_length=1, max_length=200)]


class DemandRequest(Strict):
    """Whose demand: `sku`, `skus` or `family`, one of the three."""

    sku: Sku | None = Field(default=None, description="SKU code, id, GTIN or unique name.", examples=["00100073"])
    skus: list[Sku] | None = Field(
        default=None, min_length=1, max_length=AT_MOST, description=f"Up to {AT_ONCE} are answered at once."
    )
    family: Sku | None = Field(default=None, description="Every active item of this category.")
    location: str | None = Field(
        default=None, min_length=1, max_length=200, description="A place's code: demand served from there alone."
    )
    period: PeriodName = "weekly"
    horizon: int | None = Field(default=None, ge=1, le=366, description="Periods ahead; default: all there are.")
    confidence_level: Level = Field(default=95, description="Nominal coverage of the interval in percent.")
    history: int = Field(default=26, ge=0, le=260, description="Past periods to return beside it.")
    version: str | None = Field(default=None, max_length=64, description="A version's code or id.")
    source: Source = Field(
        default="auto",
        description="published: the version in force. computed: made now from the data as they are, stored nowhere. "
        "auto: the version in force where it covers the question, else computed.",
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        given = [name for name in ("sku", "skus", "family") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValidationFailed(
                "The question names no item." if not given else f"The question names items in {len(given)} ways.",
                field=given[1] if given else "sku", value=", ".join(given) or None,
                expected="exactly one of sku, skus and family",
            )  # fmt: skip
        if self.horizon is not None and self.horizon > LONGEST[self.period]:
            raise ValidationFailed(
                f"A {self.period} forecast does not reach {self.horizon} periods ahead.", field="horizon",
                value=self.horizon, expected=f"1 to {LONGEST[self.period]}",
            )  # fmt: skip
        if self.source == "computed" and (self.version or self.location):
            name = "version" if self.version else "location"
            raise ValidationFailed(
                f"What is computed now belongs to no {name}.", field=name, value=getattr(self, name),
                expected=f'source "published" together with {name}',
            )  # fmt: skip
        return self


class DemandItem(BaseModel):
    """The answer for one of several items."""

    asked: str = Field(description="As it was asked for.")
    status: Literal["ok", "refused", "no_demand", "not_found", "ambiguous"]
    detail: str | None = Field(default=None, description="Why there is no forecast.")
    forecast: DemandForecast | None = None


class DemandForecasts(BaseModel):
    """Answers in the order of the question."""

    period: PeriodName
    confidence_level: float
    as_of: date
    items: list[DemandItem]
