"""EventBridge Scheduler and scheduled rules: moto stores them and never fires them, so this does."""

from __future__ import annotations

import json
import logging
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from croniter import croniter

from local.aws import LocalAws
from local.template import Schedule, TemplateError

log = logging.getLogger(__name__)

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((.+)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")


def next_fire(expression: str, after: datetime, zone: str = "UTC") -> datetime | None:
    """When ``expression`` fires next after ``after``; None when never again.

    Raises TemplateError on an expression that is neither rate(), at() nor a six-field cron().
    """
    if found := _RATE.fullmatch(expression):
        return after + timedelta(**{f"{found.group(2)}s": int(found.group(1))})
    if found := _AT.fullmatch(expression):
        moment = datetime.fromisoformat(found.group(1)).replace(tzinfo=ZoneInfo(zone))
        return moment if moment > after else None
    if found := _CRON.fullmatch(expression):
        return _next_cron(found.groups(), after.astimezone(ZoneInfo(zone)))
    raise TemplateError(f"schedule {expression!r} is neither rate(…), at(…) nor cron(…) with six fields")


def _next_cron(fields: tuple[str | Any, ...], after: datetime) -> datetime | None:
    minute, hour, day, month, weekday, year = fields
    day = "*" if day == "?" else day
    weekday = "*" if weekday == "?" else _weekdays_from_zero(weekday)
    occurrences = croniter(f"{minute} {hour} {day} {month} {weekday}", after)
    years = None if year == "*" else _years(year)
    while True:
        moment: datetime = occurrences.get_next(datetime)
        if years is None or moment.year in years:
            return moment
        if moment.year > max(years):
            return None


def _weekdays_from_zero(field: str) -> str:
    """AWS counts weekdays 1 = Sunday to 7, cron 0 = Sunday to 6; names and the 2 of ``2#1`` differ too."""
    return re.sub(r"(?<![#A-Z\d])([1-7])(?!\d)", lambda found: str(int(found.group(1)) - 1), field)


def _years(field: str) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@dataclass
class _Alarm:
    """A schedule with its expressions resolved, and when it fires next (None = never again)."""

    name: str
    expression: str
    timezone: str
    arn: str
    text: str
    due: datetime | None


class Ticker:
    """One thread that fires the template's schedules when their time has come."""

    def __init__(self, aws: LocalAws, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._aws = aws
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)
        self._alarms = [self._alarm(schedule) for schedule in aws.template.schedules()]

    def _alarm(self, schedule: Schedule) -> _Alarm:
        found = self._aws.resolved
        expression, zone = found[f"{schedule.name}.expression"], found[f"{schedule.name}.timezone"]
        return _Alarm(
            schedule.name,
            expression,
            zone,
            found[f"{schedule.name}.target"],
            found.get(f"{schedule.name}.input", "{}"),
            next_fire(expression, self._now(), zone),
        )

    def start(self) -> None:
        """Begin waiting for the first schedule."""
        self._thread.start()

    def stop(self) -> None:
        """End; a delivery in hand finishes."""
        self._stop.set()
        self._thread.join(timeout=10)

    def tick(self) -> int:
        """Fire what is due now; the number of schedules fired."""
        now, fired = self._now(), 0
        for alarm in self._alarms:
            if alarm.due is not None and alarm.due <= now:
                log.info("schedule %s fires", alarm.name)
                self._aws.deliver(alarm.arn, _filled(alarm.text, alarm.due))
                alarm.due = next_fire(alarm.expression, now, alarm.timezone)
                fired += 1
        return fired

    def _run(self) -> None:
        while not self._stop.wait(1):
            self.tick()


def _filled(text: str, due: datetime) -> Any:
    """The schedule's input with Scheduler's context attributes filled in."""
    for name, value in (
        ("scheduled-time", due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("execution-id", uuid.uuid4().hex),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    try:
        return json.loads(text)
    except ValueError:
        return text
