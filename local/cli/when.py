"""Times as people type them: 30m, 4h, 2d from now; Sunday 03:00, tomorrow 06:00, 2026-11-22T03:00."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LENGTH = re.compile(r"(\d{1,4})\s*(m|min|h|d)", re.IGNORECASE)
_NAMED = re.compile(r"([a-z]{3,9})\s+(\d{1,2}):(\d{2})", re.IGNORECASE)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def length(text: str) -> timedelta:
    """How long: 30m, 4h, 2d. ValueError saying what would be right."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is no length of time; 30m, 4h and 2d are.")
    return timedelta(**{_UNITS[found[2].lower()]: int(found[1])})


def wall_time(text: str, now: datetime) -> str:
    """An ISO time for the API. A weekday is the next one with that time, today included; a date is taken as it is."""
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        return text.strip().replace(" ", "T", 1)
    name, hour, minute = found[1].lower(), int(found[2]), int(found[3])
    matching = [number for number, day in enumerate(_DAYS) if day.startswith(name)]
    if name in ("today", "tomorrow"):
        ahead = int(name == "tomorrow")
    elif len(matching) == 1:
        ahead = (matching[0] - now.weekday()) % 7
    else:
        raise ValueError(f"'{found[1]}' is no day; monday to sunday, today and tomorrow are.")
    if hour > 23 or minute > 59:
        raise ValueError(f"'{found[2]}:{found[3]}' is no time of day.")
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=ahead)
    if at <= now and matching:
        at += timedelta(days=7)
    return at.strftime("%Y-%m-%dT%H:%M")
