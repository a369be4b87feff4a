"""The plant's calendar out of the tables of shifts and calendar days; implements kernel.plant_calendar.PlantCalendar."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.plant_calendar import FreeDay, Planned, Shift

# Of several rows of one code and place each lasts until the day before the next one begins.
_SHIFTS = """
SELECT s.shift_code, s.name, s.start_local, s.end_local, s.weekdays, s.valid_from,
    least(s.valid_to, lead(s.valid_from) OVER (PARTITION BY s.shift_code, s.location_id
        ORDER BY s.valid_from NULLS FIRST) - 1) AS valid_to,
    l.code AS place, l.time_zone, t.default_time_zone
FROM manufacturing.shifts s JOIN platform.tenants t ON t.tenant_id = s.tenant_id
LEFT JOIN manufacturing.locations l ON l.tenant_id = s.tenant_id AND l.id = s.location_id
ORDER BY s.shift_code, l.code NULLS FIRST, s.valid_from NULLS FIRST
"""
_FREE = """
SELECT DISTINCT d.calendar_date AS day, l.code AS place
FROM manufacturing.calendar_days d
LEFT JOIN manufacturing.locations l ON l.tenant_id = d.tenant_id AND l.id = d.location_id
WHERE d.calendar_date BETWEEN :first AND :last
  AND coalesce(d.working_share, CASE WHEN d.kind IN ('closed', 'holiday', 'shutdown') THEN 0 ELSE 1 END) = 0
ORDER BY 1, 2 NULLS FIRST
"""
# Days of one kind, name and place that follow each other are one event.
_PLANNED = """
WITH days AS (
    SELECT d.kind, coalesce(d.name, d.kind) AS name, l.code AS place, d.calendar_date,
        d.calendar_date - (row_number() OVER (PARTITION BY d.kind, coalesce(d.name, d.kind), d.location_id
                                              ORDER BY d.calendar_date))::integer AS run
    FROM manufacturing.calendar_days d
    LEFT JOIN manufacturing.locations l ON l.tenant_id = d.tenant_id AND l.id = d.location_id
)
SELECT kind, name, min(calendar_date) AS first, max(calendar_date) AS last, place FROM days
GROUP BY kind, name, place, run HAVING min(calendar_date) <= :last AND max(calendar_date) >= :first
ORDER BY 3, 4, 1, 2, 5
"""


class WorkingTime:
    """Reads the calendar of the transaction's tenant."""

    def shifts(self, tx: Tx) -> list[Shift]:
        """Every shift, in wall time of its location (the plant's own where it has none)."""
        return [
            Shift(
                row["shift_code"], row["start_local"], row["end_local"], _zone(row),
                frozenset(int(day) for day in row["weekdays"]), row["place"], row["name"], row["valid_from"],
                row["valid_to"],
            )
            for row in tx.rows(_SHIFTS)
        ]  # fmt: skip

    def free_days(self, tx: Tx, first: date, last: date) -> list[FreeDay]:
        """Closed days, holidays and shutdowns on which nothing at all is worked, and other days told to be so.

        Public holidays that nobody told are working days: waiting for one too long is worse than a message too many.
        """
        return [FreeDay(**row) for row in tx.rows(_FREE, first=first, last=last)]

    def planned(self, tx: Tx, first: date, last: date) -> list[Planned]:
        """Calendar days that touch `first` to `last`, as events from their first to their last day."""
        return [Planned(**row) for row in tx.rows(_PLANNED, first=first, last=last)]


def _zone(row: Row) -> str:
    """The location's zone; the plant's where it has none, or a text that is no zone."""
    zone: str = row["time_zone"] if row["time_zone"] in _zones() else row["default_time_zone"]
    return zone


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
