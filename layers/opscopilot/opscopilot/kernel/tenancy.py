"""Who is asking, for which plant, and what 'today' means there."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from opscopilot.kernel.clock import Clock, production_day
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound

Role = Literal[
    "admin", "planner", "plant_manager", "operator", "fsq_manager", "buyer", "brand_manager",
    "category_manager", "viewer",
]  # fmt: skip
ROLES: tuple[Role, ...] = Role.__args__  # type: ignore[attr-defined]


class Principal(BaseModel):
    """A verified caller. Made from token claims only, never from a header, a body or a tool argument."""

    model_config = ConfigDict(frozen=True)

    tenant_id: UUID
    tenant_code: str
    user_id: str
    role: Role
    email: str | None = None
    platform_admin: bool = False


class PlantSettings(BaseModel):
    """Settings of a tenant that every calculation needs. `as_of` null means 'now'; a date freezes the plant
    at the end of that day (a back-test, a loaded archive, the sample plant)."""

    model_config = ConfigDict(frozen=True)

    tenant_id: UUID
    code: str
    name: str
    default_currency: str
    default_time_zone: str
    as_of: date | None
    week_start: int
    day_start: time
    language: str

    def today(self, clock: Clock) -> date:
        """The plant's current production day (P-07), or `as_of` where it is set."""
        return self.as_of or production_day(clock.now(), self.default_time_zone, self.day_start)

    def now(self, clock: Clock) -> datetime:
        """The instant answers speak of: now, or the last moment of the frozen day in the plant's zone."""
        if self.as_of is None:
            return clock.now()
        return datetime.combine(self.as_of, time(23, 59, 59), ZoneInfo(self.default_time_zone))


PLANT_COLUMNS = "tenant_id, code, name, default_currency, default_time_zone, as_of, week_start, day_start, language"


def plant_settings(tx: Tx) -> PlantSettings:
    """The settings of the transaction's tenant; NotFound when the tenant was never created."""
    row = tx.one(f"SELECT {PLANT_COLUMNS} FROM platform.tenants")
    if row is None:
        raise NotFound("This tenant does not exist yet. Create it with `ops tenants create CODE`.")
    return PlantSettings.model_validate(row)
