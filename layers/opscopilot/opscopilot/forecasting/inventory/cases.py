"""Everything that is known about one SKU before it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from opscopilot.forecasting.inventory.outlooks import Outlook
from opscopilot.forecasting.inventory.positions import ZERO, Position
from opscopilot.forecasting.inventory.safety import Policy
from opscopilot.forecasting.supply.delivery import Delivery
from opscopilot.forecasting.supply.leadtimes import Sourcing


@dataclass(frozen=True, slots=True)
class Approved:
    """A safety stock a person approved; without a reorder point of its own the forecast's demand goes on top."""

    qty: Decimal
    reorder_point: Decimal | None
    valid_from: date
    by: str

    def point(self, policy: Policy | None) -> Decimal | None:
        """The reorder point that follows; None without any."""
        if self.reorder_point is not None or policy is None:
            return self.reorder_point
        return self.qty + policy.mean


@dataclass(frozen=True, slots=True)
class Successor:
    """The item that takes this one's place since `since` (None: always has)."""

    code: str
    since: date | None
    use_up: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One SKU. `inherited`: stock of items it replaces that is to be used up, in its own base units."""

    one: Position
    sourcing: Sourcing
    outlook: Outlook | None = None
    policy: Policy | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    approved: Approved | None = None
    successor: Successor | None = None
    inherited: Decimal = ZERO
