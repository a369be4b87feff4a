"""Deadlines as people read them: the day it is about, and how much time that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.wording.formats import formats, zone_of
from opscopilot.notifications.wording.model import Reader
from opscopilot.notifications.wording.shipped import common


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline in words, or none at all. `left` reads "2 days left" or "overdue by 3 hours"."""

    day: str | None = None
    whole: str | None = None
    left: str | None = None
    overdue: bool = False

    @property
    def shown(self) -> str | None:
        """The whole deadline with the time left."""
        return f"{self.whole} ({self.left})" if self.whole else None

    def facts(self) -> dict[str, Any]:
        """As variables of a template."""
        return {
            "deadline": self.whole, "deadline_day": self.day, "time_left": self.left, "overdue": self.overdue,
        }  # fmt: skip


def deadline_of(alert: AlertRaised, reader: Reader, locale: str, now: datetime) -> Deadline:
    """The alert's deadline. Midnight at the plant means the day itself, whatever zone the reader is in."""
    if alert.deadline is None:
        return Deadline()
    at_plant = alert.deadline.astimezone(zone_of(reader.plant_zone or reader.zone))
    if at_plant.time() == time(0):
        return _day(at_plant, now, locale)
    how, words = formats(locale), common(locale)["time"]
    seconds = (alert.deadline - now).total_seconds()
    pattern: str = words["left"] if seconds > 0 else words["overdue"]
    day = how.day(alert.deadline.astimezone(zone_of(reader.zone)))
    whole, left = how.moment(alert.deadline, reader.zone), pattern.format(span=how.span(abs(seconds)))
    return Deadline(day, whole, left, seconds <= 0)


def _day(at_plant: datetime, now: datetime, locale: str) -> Deadline:
    how, words = formats(locale), common(locale)["time"]
    days = (at_plant.date() - now.astimezone(at_plant.tzinfo).date()).days
    if days == 0:
        left: str = words["today"]
    else:
        left = words["left" if days > 0 else "overdue"].format(span=how.days(abs(days)))
    return Deadline(how.day(at_plant), how.day(at_plant, year=True), left, days < 0)
