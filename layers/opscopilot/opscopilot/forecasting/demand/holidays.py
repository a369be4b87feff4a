"""Public holidays of a country, moving ones included, and the country a plant is in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources

_ORTHODOX = frozenset({"BG", "BY", "CY", "GE", "GR", "MD", "ME", "MK", "RO", "RS", "RU", "UA"})
EASTER_DAYS = 8
"""Easter Sunday and the week before it: when shops stock up."""


def country_of(time_zone: str) -> str | None:
    """ISO 3166 code of the country an IANA time zone lies in; None for zones of no country (UTC)."""
    return _countries().get(time_zone)


@cache
def _countries() -> dict[str, str]:
    """Zone -> country, from the table that comes with the time zones."""
    text = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


@lru_cache(maxsize=64)
def public_holidays(country: str, years: tuple[int, ...]) -> dict[date, str]:
    """Day -> name. Empty for a country the calendar does not know."""
    # Imported here: most runs of the function never ask, and it takes a tenth of a second.
    import holidays

    try:
        found = holidays.country_holidays(country, years=years, language="en_US")
    except NotImplementedError:
        return {}
    return {day: str(name) for day, name in sorted(found.items())}


def easter_weeks(country: str | None, years: Iterable[int]) -> set[date]:
    """Easter Sunday and the seven days before it, by the reckoning of the country's churches."""
    reckoned = [_orthodox_easter(year) if country in _ORTHODOX else _easter(year) for year in years]
    return {sunday - timedelta(days=back) for sunday in reckoned for back in range(EASTER_DAYS)}


def _easter(year: int) -> date:
    """Gregorian Easter Sunday (Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    skipped = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - skipped + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _orthodox_easter(year: int) -> date:
    """Julian Easter Sunday (Meeus) in the Gregorian calendar of 1900 to 2099."""
    moon = (19 * (year % 19) + 15) % 30
    weekday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + weekday + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)
