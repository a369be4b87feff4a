"""The calendar as drivers: holidays, days without work, events, working days, Easter."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import numpy as np

from opscopilot.forecasting.demand.holidays import country_of, easter_weeks, public_holidays
from opscopilot.forecasting.demand.periods import Period
from opscopilot.forecasting.demand.spans import Span
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.settings import PlanSettings
from opscopilot.kernel.db import Tx

_SEEN_BEFORE = 2
"""Buckets of the past an event must have touched before its effect can be known."""

_DAYS = """
SELECT location_id, calendar_date, kind, coalesce(name, '') AS name,
       coalesce(working_share, CASE WHEN kind IN ('event', 'maintenance', 'trial') THEN 1 ELSE 0 END)::float8 AS working
FROM manufacturing.calendar_days WHERE calendar_date >= :first AND calendar_date < :past ORDER BY calendar_date, kind
"""


def calendar_columns(
    tx: Tx, span: Span, period: Period, settings: PlanSettings, time_zone: str
) -> dict[UUID | None, dict[str, FloatArray]]:
    """Location (None: everywhere) -> name -> (buckets,) of what the calendar says of each bucket."""
    rows = tx.rows(_DAYS, first=span.first, past=span.first + timedelta(days=span.days))
    places: set[UUID | None] = {None, *(row["location_id"] for row in rows)}
    return {
        place: _columns(
            _Calendar(span, settings, time_zone, [r for r in rows if r["location_id"] in (None, place)]), span, period
        )
        for place in places
    }


class _Calendar:
    """One place's days, as (days,) numbers."""

    def __init__(self, span: Span, settings: PlanSettings, time_zone: str, rows: list[dict[str, object]]) -> None:
        days = [span.first + timedelta(days=i) for i in range(span.days)]
        self.open = np.array([float(day.isoweekday() not in settings.closed_weekdays) for day in days])
        usual = np.array([float(day.isoweekday() < 6) for day in days]) if not settings.closed_weekdays else self.open
        country = settings.country or country_of(time_zone)
        years = tuple(range(days[0].year, days[-1].year + 1))
        public = public_holidays(country, years) if country else {}
        self.holiday = np.array([float(day in public) for day in days]) * usual
        if settings.holidays_close_plant:
            self.open = self.open * (1 - np.array([float(day in public) for day in days]))
        easter = (
            easter_weeks(country, years)
            if any("Easter" in name or "Good Friday" in name for name in public.values())
            else set()
        )
        self.easter = np.array([float(day in easter) for day in days])
        self.events: dict[str, FloatArray] = {}
        for row in rows:
            self._mark(row, span)
        self.working = usual * self.open * (1 - self.holiday)

    def _mark(self, row: dict[str, object], span: Span) -> None:
        at = (row["calendar_date"] - span.first).days  # type: ignore[operator]
        kind, name = str(row["kind"]), str(row["name"])
        if kind == "holiday":
            self.holiday[at] = 1.0
        if kind == "event":
            self.events.setdefault(name, np.zeros(span.days))[at] = 1.0
        self.open[at] = min(self.open[at], float(str(row["working"]))) if kind != "holiday" else self.open[at]


def _columns(calendar: _Calendar, span: Span, period: Period) -> dict[str, FloatArray]:
    found = {"holiday": span.mean(calendar.holiday), "easter": span.mean(calendar.easter)}
    if period.name == "daily":
        found["closed"] = (calendar.open <= 0).astype(np.float64)
    else:
        found["closed share"] = span.mean(1 - calendar.open)
    if period.name in ("monthly", "quarterly"):
        found["working days"] = span.mean(calendar.working)
    found["event"] = np.zeros(len(span.edges))
    for name, daily in calendar.events.items():
        share = span.mean(daily)
        recurring = name and int((share[: span.back] > 0).sum()) >= _SEEN_BEFORE
        found[f"event {name}" if recurring else "event"] = np.maximum(
            found.get(f"event {name}" if recurring else "event", 0.0), share
        )
    return {name: values for name, values in found.items() if values.max() > values.min()}
