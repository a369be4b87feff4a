"""Planned events explain conditions: a shutdown its silent sensors, a promotion its wrong forecast.

What is explained is kept and listed with the reason, and told only when it outlasts the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.demand.planned_events import PlannedEvent
from opscopilot.kernel.planned import explains

_LOOK_BACK = timedelta(weeks=8)
"""A bias is measured over weeks: a promotion among them explains it."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Until when (the day after the event's last one) and why a condition is not told."""

    until: date
    reason: str


def window(as_of: date) -> tuple[date, date]:
    """The days whose planned events matter."""
    return as_of - _LOOK_BACK, as_of


def mutes(found: Sequence[Condition], planned: Sequence[PlannedEvent], as_of: date) -> dict[str, Mute]:
    """Dedupe key -> mute of the conditions that a planned event explains; the event that ends last counts."""
    out: dict[str, Mute] = {}
    for one in found:
        explaining = [event for event in planned if _explains(event, one, as_of)]
        if explaining:
            last = max(explaining, key=lambda event: (event.last, event.name))
            until = max(last.last, as_of) + timedelta(days=1)
            out[one.key] = Mute(until, f"{last.kind}: {last.name}, {last.first} to {last.last}")
    return out


def _explains(event: PlannedEvent, one: Condition, as_of: date) -> bool:
    if not explains(event.kind, one.type):
        return False
    if event.sku_id is not None and event.sku_id != one.entity_id:
        return False
    running = event.first <= as_of <= event.last
    return running or (one.type == "forecast_bias" and event.last >= as_of - _LOOK_BACK and event.first <= as_of)
