"""Buckets as numbers: consecutive whole numbers are consecutive buckets, in Python and in SQL alike."""

from __future__ import annotations

from datetime import date

from opscopilot.forecasting.demand.periods import Period

_EPOCH = date(1900, 1, 1)
_MONTHS = {"monthly": 1, "quarterly": 3}


def number_of(period: Period, start: date, week_start: int) -> int:
    """The number of the bucket that holds `start`."""
    if period.name in _MONTHS:
        return (start.year * 12 + start.month - 1) // _MONTHS[period.name]
    days = (start - _EPOCH).days
    return days if period.name == "daily" else (days - (week_start - 1)) // 7


def number_sql(period: Period, day: str, week_start: int) -> str:
    """SQL for the number of the bucket that holds the date expression `day`."""
    if period.name in _MONTHS:
        months = f"(extract(year FROM {day})::int * 12 + extract(month FROM {day})::int - 1)"
        return f"({months} / {_MONTHS[period.name]})"
    days = f"({day} - DATE '{_EPOCH}')"
    return days if period.name == "daily" else f"(({days} - {week_start - 1:d}) / 7)"


def start_sql(period: Period, number: str, week_start: int) -> str:
    """SQL for the first day of bucket `number` (an integer expression)."""
    if period.name in _MONTHS:
        months = f"(({number}) * {_MONTHS[period.name]})"
        return f"make_date({months} / 12, mod({months}, 12) + 1, 1)"
    if period.name == "daily":
        return f"(DATE '{_EPOCH}' + ({number}))"
    return f"(DATE '{_EPOCH}' + {week_start - 1:d} + 7 * ({number}))"


def days_sql(period: Period, number: str, week_start: int) -> str:
    """SQL for the number of days in bucket `number`."""
    return f"({start_sql(period, f'({number}) + 1', week_start)} - {start_sql(period, number, week_start)})"
