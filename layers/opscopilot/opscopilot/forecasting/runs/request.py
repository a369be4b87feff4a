"""What starts a run: one tenant, all tenants, a DataNormalized event, or a question about certain items."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from opscopilot.forecasting.config import AD_HOC, SCOPE
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.runs.records import StartedBy
from opscopilot.kernel.ids import derived_id

MAX_ITEMS = 5000


def _each_once(periods: list[PeriodName]) -> list[PeriodName]:
    return list(dict.fromkeys(periods))


Periods = Annotated[list[PeriodName], AfterValidator(_each_once), Field(min_length=1, max_length=4)]


class Detail(BaseModel):
    """The part of a DataNormalized event that decides whether it starts anything."""

    model_config = ConfigDict(extra="ignore")
    tenant_id: UUID
    event_id: UUID
    entity_type: str


class PlanRequest(BaseModel):
    """The input of the state machine. `sku_ids`: forecast these items by hand, into a draft that is only read."""

    model_config = ConfigDict(extra="ignore")
    tenant_id: UUID | None = None
    all_tenants: bool = False
    detail: Detail | None = None
    run_id: UUID | None = None
    periods: Periods | None = None
    sku_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=MAX_ITEMS)
    horizon: int | None = Field(default=None, ge=1, le=104)

    @property
    def started_by(self) -> StartedBy:
        """What kind of start it is."""
        if self.detail is not None:
            return "data"
        return "schedule" if self.all_tenants else "request"

    @property
    def scope(self) -> str:
        """What kind of forecast it asks for."""
        return SCOPE if self.sku_ids is None else AD_HOC


class Asked(BaseModel):
    """The request with the execution that carries it: its name, and since when it has been running."""

    input: PlanRequest
    execution: str = ""
    started: datetime | None = None

    def run_for(self, tenant_id: UUID) -> UUID:
        """The run's id: the one asked for, or one that follows from the execution and is the same at a retry."""
        return self.input.run_id or derived_id("forecast-run", self.execution or str(tenant_id), str(tenant_id))
