"""Numbers, money, dates and spans as people write them in a language. Which way is in `locales.toml`.

A language that is not in that file gets what everybody can read: 2026-11-26 06:00, 12 500.50.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from opscopilot.kernel import uom as units
from opscopilot.kernel.money import minor_units, rounded

_WHOLE_FROM = 100
_HOURS_UNTIL = 48


@lru_cache(maxsize=1)
def _conventions() -> dict[str, Any]:
    source = (resources.files(__package__) / "locales.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


@dataclass(frozen=True)
class Formats:
    """How one language writes figures."""

    conventions: dict[str, Any]

    def number(self, value: Decimal, decimals: int) -> str:
        """The value rounded half up to that many decimals, thousands grouped."""
        shown = f"{value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):,f}"
        one = self.conventions
        return shown.translate({44: one["group"], 46: one["point"]})

    def money(self, amount: Decimal, currency: str, *, short: bool = False) -> str:
        """The amount with its ISO code, which no two currencies share; `short` drops cents that do not matter."""
        drop = short and abs(amount) >= _WHOLE_FROM
        figure = self.number(rounded(amount, currency), 0 if drop else minor_units(currency))
        return str(self.conventions["money"]).format(figure=figure, currency=currency)

    def quantity(self, value: Decimal, uom: str | None) -> str:
        """The value with at most four decimals and no trailing zeros, and its unit."""
        exact = value.quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize()
        exponent = exact.as_tuple().exponent
        figure = self.number(exact, max(0, -exponent) if isinstance(exponent, int) else 0)
        return f"{figure} {unit_label(uom)}" if uom else figure

    def day(self, instant: datetime, *, year: bool = False) -> str:
        """'Thu 26 Nov', with `year` 'Thu 26 Nov 2026'."""
        one = self.conventions
        weekday = one["days"][instant.weekday()] if one["days"] else ""
        month = one["months"][instant.month - 1] if one["months"] else f"{instant.month:02}"
        return str(one["long_day" if year else "day"]).format(
            weekday=weekday, day=instant.day, day2=f"{instant.day:02}", month=month, year=instant.year
        )

    def moment(self, instant: datetime, zone: str) -> str:
        """'Thu 26 Nov 2026 06:00 (Europe/Berlin)'."""
        local = instant.astimezone(zone_of(zone))
        return f"{self.day(local, year=True)} {local:%H:%M} ({zone})"

    def short_moment(self, instant: datetime, zone: str) -> str:
        """'Thu 26 Nov 06:00'."""
        local = instant.astimezone(zone_of(zone))
        return f"{self.day(local)} {local:%H:%M}"

    def percent(self, share: Decimal) -> str:
        """'85 %'; never rounds an uncertainty away: 0.997 is '>99 %'."""
        if Decimal("0.99") < share < 1:
            return ">99 %"
        return "<1 %" if 0 < share < Decimal("0.01") else f"{self.number(share * 100, 0)} %"

    def days(self, number: int) -> str:
        """'1 day', '2 days'."""
        return self._counted("day_words", number)

    def span(self, seconds: float) -> str:
        """A length of time in its one largest sensible unit: '20 minutes', '5 hours', '2 days'."""
        minutes = max(0, round(seconds / 60))
        if minutes < 90:
            return self._counted("minute_words", minutes)
        hours = round(seconds / 3600)
        return self._counted("hour_words", hours) if hours < _HOURS_UNTIL else self.days(round(seconds / 86400))

    def _counted(self, words: str, number: int) -> str:
        one, many = self.conventions[words]
        return f"{number} {one if number == 1 else many}"


@lru_cache(maxsize=64)
def formats(locale: str) -> Formats:
    """The conventions of `locale`, or the neutral ones."""
    found = _conventions()
    return Formats({**found["neutral"], **found.get(locale, {})})


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name."""
    return ZoneInfo(name)


@lru_cache(maxsize=256)
def unit_label(uom: str) -> str:
    """'kg' for KGM; a unit we do not know as it is written."""
    known = units.UNITS.get(uom)
    return known.label if known else uom
