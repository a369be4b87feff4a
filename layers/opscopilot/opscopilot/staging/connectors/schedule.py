"""When a connector is pulled: rate(…) or cron(…), as EventBridge Scheduler writes them, in the plant's time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from opscopilot.kernel.errors import ValidationFailed

SHORTEST = timedelta(minutes=5)  # the tick that starts what is due
_RATE = re.compile(r"rate\((\d{1,4}) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)(?: (\S+))?\)")
_EXPECTED = "rate(15 minutes), rate(1 day), or cron(30 5 ? * MON-FRI *) for 05:30 on working days in the plant's zone"


def check_schedule(expression: str, zone: str, now: datetime) -> datetime:
    """The first moment after `now`; ValidationFailed for what is no schedule, never fires or fires too often."""
    first = next_run(expression, now, zone)
    second = next_run(expression, first, zone)
    if second - first < SHORTEST:
        raise _wrong(expression, "it fires more often than every 5 minutes")
    return first


def next_run(expression: str, after: datetime, zone: str) -> datetime:
    """The next moment after `after`, in UTC."""
    text = expression.strip()
    if found := _RATE.fullmatch(text):
        count, unit = int(found.group(1)), f"{found.group(2)}s"
        if not count:
            raise _wrong(expression, "the rate is zero")
        return after + timedelta(**{unit: count})
    if found := _CRON.fullmatch(text):
        return _next_cron(expression, found.groups(), after.astimezone(ZoneInfo(zone)))
    raise _wrong(expression, "it is neither rate(…) nor cron(…)")


def _next_cron(expression: str, fields: tuple[str | None, ...], after: datetime) -> datetime:
    minute, hour, day, month, weekday, year = fields
    if year not in (None, "*"):
        raise _wrong(expression, "the year must be *")
    weekday = "*" if weekday == "?" else _from_zero(weekday or "*")
    try:
        found: datetime = croniter(f"{minute} {hour} {'*' if day == '?' else day} {month} {weekday}", after).get_next(
            datetime
        )
    except (CroniterError, ValueError, KeyError) as error:
        raise _wrong(expression, str(error)) from error
    return found.astimezone(UTC)


def _from_zero(field: str) -> str:
    """AWS counts weekdays 1 = Sunday to 7, cron 0 = Sunday to 6; the 2 of `2#1` is a week, not a day."""
    return re.sub(r"(?<![#A-Za-z\d/])([1-7])(?!\d)", lambda found: str(int(found.group(1)) - 1), field)


def _wrong(expression: str, why: str) -> ValidationFailed:
    return ValidationFailed(
        f"'{expression}' cannot be the schedule: {why}.", field="schedule", value=expression, expected=_EXPECTED
    )
