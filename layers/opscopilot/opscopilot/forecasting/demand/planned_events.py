"""What the plant has planned that makes figures unusual: promotions, shutdowns, closed days, events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from opscopilot.kernel.db import Tx


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """`first` and `last` day, both included. `sku_id` None: every item; `location_id` None: the whole plant.

    `kind`: promotion, or a calendar day's closed, holiday, shutdown, event, maintenance, trial.
    """

    kind: str
    name: str
    first: date
    last: date
    sku_id: UUID | None = None
    location_id: UUID | None = None


# Days of one kind and name that follow each other are one event.
_PLANNED = """
WITH days AS (
    SELECT kind, coalesce(name, kind) AS name, location_id, calendar_date,
           calendar_date - (row_number() OVER (PARTITION BY kind, coalesce(name, kind), location_id
                                               ORDER BY calendar_date))::integer AS run
    FROM manufacturing.calendar_days
)
SELECT 'promotion' AS kind, coalesce(name, promo_code) AS name, starts_on AS first, ends_on AS last, sku_id, location_id
FROM manufacturing.promotions WHERE status <> 'cancelled' AND starts_on <= :last AND ends_on >= :first
UNION ALL
SELECT kind, name, min(calendar_date), max(calendar_date), NULL, location_id FROM days
GROUP BY kind, name, location_id, run HAVING min(calendar_date) <= :last AND max(calendar_date) >= :first
ORDER BY 3, 4, 1, 2, 5, 6
"""


def planned(tx: Tx, first: date, last: date) -> list[PlannedEvent]:
    """Planned events that touch the days `first` to `last`, both included, oldest first. Cancelled ones are none."""
    return [PlannedEvent(**row) for row in tx.rows(_PLANNED, first=first, last=last)]
