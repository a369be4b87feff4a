"""What is made of stocks: one item's verdict, and everything judged for a version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from opscopilot.forecasting.inventory.cases import Case
from opscopilot.forecasting.inventory.classes import Class
from opscopilot.forecasting.inventory.outlooks import Demand
from opscopilot.forecasting.inventory.positions import Position
from opscopilot.forecasting.inventory.risk import Risk
from opscopilot.forecasting.settings import PlanSettings
from opscopilot.forecasting.supply.delivery import Curves
from opscopilot.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Assessed:
    """One SKU's position and what was made of it. `runs_out`: the projected day, inside the horizon."""

    one: Position
    risk: Risk
    factors: list[str]
    stake: Money | None
    runs_out: date | None
    case: Case
    kind: Class | None = None

    @property
    def sku_id(self) -> UUID:
        return UUID(str(self.one.sku["id"]))


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything judged for a version. `items` by code; `demand` is what they rest on. `places`: SKUs at locations, for
    which a safety stock is recommended."""

    items: list[Assessed]
    cases: dict[UUID, Case]
    places: dict[tuple[UUID, UUID], Case]
    kinds: dict[UUID, Class]
    demand: Demand
    curves: Curves
    settings: PlanSettings
    currency: str
