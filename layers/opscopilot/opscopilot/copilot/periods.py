"""Periods in words, resolved to dates of the plant: 'last week', 'im März', 'January 2025', 'past 30 days'."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from opscopilot.copilot.text import fold


class Period(NamedTuple):
    """First and last day, both included, and the words it came from."""

    start: date
    end: date
    label: str


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero", "february feb februar fevrier febrero", "march mar marz mars marzo",
            "april apr avril abril", "may mai mayo", "june jun juni juin junio", "july jul juli juillet julio",
            "august aug aout agosto", "september sep sept septembre septiembre", "october oct oktober okt octobre octubre",
            "november nov novembre noviembre", "december dec dezember dez decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_UNITS = {
    "day": "day", "days": "day", "tag": "day", "tage": "day", "tagen": "day", "jour": "day", "jours": "day",
    "dia": "day", "dias": "day", "week": "week", "weeks": "week", "woche": "week", "wochen": "week",
    "semaine": "week", "semaines": "week", "semana": "week", "semanas": "week", "month": "month",
    "months": "month", "monat": "month", "monate": "month", "monaten": "month", "mois": "month", "mes": "month",
    "meses": "month", "quarter": "quarter", "quarters": "quarter", "quartal": "quarter", "quartale": "quarter",
    "trimestre": "quarter", "trimestres": "quarter", "year": "year", "years": "year", "jahr": "year",
    "jahre": "year", "annee": "year", "an": "year", "ano": "year", "anos": "year",
}  # fmt: skip
_LAST = r"(?:last|past|previous|prior|letzte[nrs]?|vergangene[nrs]?|vorige[nrs]?|dernier(?:e|s|es)?|ultim[oa]s?|pasad[oa]s?)"
_THIS = r"(?:this|current|diese[nrsm]?|aktuelle[nrs]?|cette|cet|ce|est[ea])"
_NEXT = r"(?:next|coming|nachste[nrs]?|kommende[nrs]?|prochain(?:e|s|es)?|proxim[oa]s?)"
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))


def parse(question: str, today: date, week_start: int = 1) -> Period | None:
    """The period a question speaks of, or None. `week_start` is 1 (Monday) to 7."""
    text = fold(question)
    for rule in (_iso, _relative, _month, _quarter, _since, _year):
        found = rule(text, today, week_start)
        if found is not None:
            return found
    return None


def _span(unit: str, anchor: date, offset: int, week_start: int) -> tuple[date, date]:
    """First and last day of the unit that holds `anchor`, moved by `offset` units."""
    if unit == "day":
        day = anchor + timedelta(days=offset)
        return day, day
    if unit == "week":
        first = anchor - timedelta(days=(anchor.isoweekday() - week_start) % 7) + timedelta(weeks=offset)
        return first, first + timedelta(days=6)
    size = {"month": 1, "quarter": 3, "year": 12}[unit]
    index = (anchor.year * 12 + anchor.month - 1) // size * size + offset * size
    first, after = (date(i // 12, i % 12 + 1, 1) for i in (index, index + size))
    return first, after - timedelta(days=1)


def _iso(text: str, today: date, _week_start: int) -> Period | None:
    found = [date.fromisoformat(one) for one in re.findall(r"\b\d{4}-[01]\d-[0-3]\d\b", text) if _is_date(one)]
    if len(found) >= 2:
        return Period(min(found), max(found), f"{min(found)} to {max(found)}")
    if not found:
        return None
    if re.search(r"\b(since|seit|depuis|desde|from|ab)\b", text):
        return Period(found[0], max(today, found[0]), f"since {found[0]}")
    return Period(found[0], found[0], str(found[0]))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _relative(text: str, today: date, week_start: int) -> Period | None:
    for pattern, offset in ((r"\b(today|heute|aujourd.?hui|hoy)\b", 0), (r"\b(yesterday|gestern|hier|ayer)\b", -1),
                            (r"\b(tomorrow|morgen|demain|manana)\b", 1)):  # fmt: skip
        hit = re.search(pattern, text)
        if hit:
            day = today + timedelta(days=offset)
            return Period(day, day, hit.group(0))
    counted = re.search(rf"\b(?:{_LAST}\s+)?(\d+)\s+(?:{_LAST}\s+)?({_UNIT})\b", text)
    if counted and re.search(rf"\b{_LAST}\b", text):
        unit = _UNITS[counted.group(2)]
        days = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}[unit] * int(counted.group(1))
        return Period(today - timedelta(days=days - 1), today, f"last {counted.group(1)} {unit}s")
    for word, offset, name in ((_LAST, -1, "last"), (_THIS, 0, "this"), (_NEXT, 1, "next")):
        hit = re.search(rf"\b{word}\s+({_UNIT})\b|\b({_UNIT})\s+{word}\b", text)
        if hit:
            unit = _UNITS[hit.group(1) or hit.group(2)]
            start, end = _span(unit, today, offset, week_start)
            return Period(start, min(end, today) if offset == 0 else end, f"{name} {unit}")
    return None


def _month(text: str, today: date, _week_start: int) -> Period | None:
    for hit in re.finditer(r"\b([a-z]+)\b(?:\s+(?:of\s+|de\s+)?(\d{4}))?", text):
        number = _MONTHS.get(hit.group(1))
        # 'may' and 'mar', 'dec' are also ordinary words or codes: they count only beside a year or after 'in'.
        sure = hit.group(2) or (number and re.search(rf"\b(in|im|en|since|seit|during|for)\s+{hit.group(1)}\b", text))
        if number is None or (len(hit.group(1)) <= 3 and not sure):
            continue
        year = int(hit.group(2)) if hit.group(2) else today.year - (number > today.month)
        start, end = _span("month", date(year, number, 1), 0, 1)
        return Period(start, end, f"{start:%B %Y}")
    return None


def _quarter(text: str, today: date, _week_start: int) -> Period | None:
    hit = re.search(r"\bq([1-4])(?:\s*/?\s*(\d{4}))?\b", text)
    if not hit:
        return None
    start, end = _span("quarter", date(int(hit.group(2) or today.year), int(hit.group(1)) * 3, 1), 0, 1)
    return Period(start, end, f"Q{hit.group(1)} {start.year}")


def _since(text: str, today: date, _week_start: int) -> Period | None:
    hit = re.search(r"\b(year to date|ytd)\b", text)
    return Period(date(today.year, 1, 1), today, "year to date") if hit else None


def _year(text: str, _today: date, _week_start: int) -> Period | None:
    hit = re.search(r"\b(?:in|im|for|en|during|year|jahr)\s+(20\d{2})\b", text)
    if not hit:
        return None
    year = int(hit.group(1))
    return Period(date(year, 1, 1), date(year, 12, 31), str(year))
