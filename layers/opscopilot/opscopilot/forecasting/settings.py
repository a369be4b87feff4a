"""What a plant decides about its forecasts: periods, calendar, service levels, how its demand is cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.kernel.db import Tx

AbcClass = Literal["A", "B", "C"]
ServiceLevelType = Literal["csl", "fill_rate"]
_Service = Annotated[Decimal, Field(ge=Decimal("0.5"), le=Decimal("0.9999"), decimal_places=4)]
_BY_CLASS: dict[AbcClass, Decimal] = {"A": Decimal("0.98"), "B": Decimal("0.95"), "C": Decimal("0.90")}
_LONGEST = {"daily": 366, "weekly": 104, "monthly": 36, "quarterly": 12}


class PlanSettings(BaseModel):
    """The plant's choices; every one has a default that works.

    `service_level_type`: csl is the share of replenishment cycles without a stock-out, fill_rate the share of
    demand served from the shelf; they are not interchangeable (P-57).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    periods: tuple[PeriodName, ...] = Field(
        default=("weekly", "monthly"), min_length=1, description="Weekly is always among them: stock risks rest on it."
    )
    country: str | None = Field(
        default=None, pattern="^[A-Z]{2}$", description="ISO 3166; whose public holidays count.", examples=["DK"]
    )
    service_level: _Service = Field(default=Decimal("0.95"), description="Where an item has no ABC class. 0 to 1.")
    service_level_type: ServiceLevelType = "csl"
    service_level_by_class: Mapping[AbcClass, _Service] = Field(default=_BY_CLASS, description="0 to 1 per ABC class.")
    undo_stockouts: bool = Field(default=True, description="Estimate the demand of periods without stock.")
    clean_outliers: bool = Field(default=True, description="Leave one-off orders out of what is learned.")
    closed_weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(
        default=(), max_length=6, description="Days without business, 1 = Monday … 7 = Sunday."
    )
    holidays_close_plant: bool = False
    horizons: Mapping[PeriodName, Annotated[int, Field(ge=1, le=366)]] = Field(
        default={}, description="Periods to forecast, where other than usual."
    )

    review_overrides_beyond: Decimal = Field(
        default=Decimal("0.20"), ge=0, le=10, decimal_places=4,
        description="An override asks for review once the engine's own number has moved by more than this share.",
    )  # fmt: skip

    @field_validator("periods")
    @classmethod
    def _weekly_is_there(cls, given: tuple[PeriodName, ...]) -> tuple[PeriodName, ...]:
        if "weekly" not in given:
            raise ValueError("weekly must be among the periods: stock risks and stock alerts rest on it")
        return tuple(name for name in PERIODS if name in given)

    @field_validator("closed_weekdays")
    @classmethod
    def _each_once(cls, given: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(given)))

    @field_validator("service_level_by_class")
    @classmethod
    def _every_class(cls, given: Mapping[AbcClass, Decimal]) -> Mapping[AbcClass, Decimal]:
        return {**_BY_CLASS, **given}

    @field_validator("horizons")
    @classmethod
    def _not_too_far(cls, given: Mapping[PeriodName, int]) -> Mapping[PeriodName, int]:
        for name, count in given.items():
            if count > _LONGEST[name]:
                raise ValueError(f"the {name} horizon is {count}, at most {_LONGEST[name]} periods can be forecast")
        return given

    def horizon(self, period: PeriodName) -> int:
        """How many periods ahead to forecast."""
        return self.horizons.get(period, PERIODS[period].horizon)

    def service_level_of(self, abc: str | None) -> Decimal:
        """The service level of an ABC class (D15), the general one without a class."""
        return self.service_level_by_class.get(abc, self.service_level) if abc in _BY_CLASS else self.service_level


def plan_settings(tx: Tx) -> PlanSettings:
    """The settings of the transaction's tenant, the defaults where it never said anything."""
    row = tx.one("SELECT settings FROM planning.forecast_settings")
    return PlanSettings() if row is None else PlanSettings.model_validate(row["settings"])
