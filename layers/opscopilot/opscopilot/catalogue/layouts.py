"""How a file writes its days, found out from all of them, never guessed row by row (P-84)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from opscopilot.catalogue import monthnames

Order = Literal["dmy", "mdy"]
Problem = Literal["", "ambiguous", "mixed"]


@dataclass(frozen=True)
class DateLayout:
    """A way to write a day: a pattern that guards it and the format that reads it.

    `rewrite` names the way in which dates.py turns the text into an ISO one first; such layouts need no format.
    """

    name: str
    pattern: str
    formats: tuple[str, ...]
    example: str
    rewrite: str = ""

    @property
    def sign(self) -> str:
        """The family of layouts that look alike."""
        return self.name.split("_")[-1]


ISO = DateLayout("iso", r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",), "2026-09-30")
_DAY_MONTH = r"\d{1,2}%s\d{1,2}%s(\d{4}|\d{2})"


def _ordered(order: Order, family: str, sign: str, example: str) -> DateLayout:
    first, second = ("%d", "%m") if order == "dmy" else ("%m", "%d")
    stem = f"{first}{sign}{second}{sign}"
    escaped = re.escape(sign)
    return DateLayout(f"{order}_{family}", _DAY_MONTH % (escaped, escaped), (stem + "%Y", stem + "%y"), example)


def _short(family: str, sign: str) -> DateLayout:
    escaped = re.escape(sign)
    return DateLayout(
        f"yymd_{family}",
        rf"\d{{2}}{escaped}\d{{1,2}}{escaped}\d{{1,2}}",
        (f"%y{sign}%m{sign}%d",),
        f"26{sign}09{sign}30",
    )


def _rewritten(name: str, example: str) -> DateLayout:
    return DateLayout(name, ISO.pattern, ISO.formats, example, rewrite=name)


LAYOUTS: dict[str, DateLayout] = {
    one.name: one
    for one in (
        ISO,
        DateLayout("compact", r"\d{8}", ("%Y%m%d",), "20260930"),
        DateLayout("ymd_slash", r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",), "2026/09/30"),
        DateLayout("ymd_dot", r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",), "2026.09.30"),
        _ordered("dmy", "dot", ".", "30.09.2026"),
        _ordered("mdy", "dot", ".", "09.30.2026"),
        _ordered("dmy", "slash", "/", "30/09/2026"),
        _ordered("mdy", "slash", "/", "09/30/2026"),
        _ordered("dmy", "dash", "-", "30-09-2026"),
        _ordered("mdy", "dash", "-", "09-30-2026"),
        _short("dot", "."),
        _short("slash", "/"),
        _short("dash", "-"),
        DateLayout("ddmmyyyy", r"\d{8}", ("%d%m%Y",), "30092026"),
        DateLayout("mmddyyyy", r"\d{8}", ("%m%d%Y",), "09302026"),
        DateLayout("yymmdd", r"\d{6}", ("%y%m%d",), "260930"),
        DateLayout("ddmmyy", r"\d{6}", ("%d%m%y",), "300926"),
        DateLayout("mmddyy", r"\d{6}", ("%m%d%y",), "093026"),
        _rewritten("names", "30 Sep 2026"),
        _rewritten("serial", "46295, Excel's number for 2026-09-30"),
        _rewritten("epoch_s", "1790726400"),
        _rewritten("epoch_ms", "1790726400000"),
        _rewritten("odata", "/Date(1790726400000)/"),
        _rewritten("week", "2026-W40-3"),
        _rewritten("stamp", "20260930140500"),
        _rewritten("cjk", "2026年9月30日"),
    )
}
SERIAL_FROM, SERIAL_TO = 20_000, 60_000
"""Excel's day numbers of 1954-10-03 and 2064-04-08."""
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("iso", ISO.pattern),
    ("compact", r"(19|20|99)\d{2}(0\d|1[0-2])\d{2}"),
    ("ymd_slash", LAYOUTS["ymd_slash"].pattern),
    ("ymd_dot", LAYOUTS["ymd_dot"].pattern),
    ("dot", LAYOUTS["dmy_dot"].pattern),
    ("slash", LAYOUTS["dmy_slash"].pattern),
    ("dash", LAYOUTS["dmy_dash"].pattern),
    ("serial", r"[2-5]\d{4}([.,]\d+)?|60000"),
    ("digits6", r"\d{6}"),
    ("digits8", r"[0-3]\d[0-3]\d(19|20)\d{2}"),
    ("epoch_s", r"1\d{9}"),
    ("epoch_ms", r"1\d{12}"),
    ("odata", r"/Date\(-?\d+([+-]\d{4})?\)/"),
    ("week", r"\d{4}-?W\d{2}-?[1-7]"),
    ("stamp", r"(19|20)\d{6}T?\d{4}(\d{2})?(Z|[+-]\d{4})?"),
    ("cjk", r"\d{4}年\d{1,2}月\d{1,2}日"),
)
_FAMILIES = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS)
_NAMES = tuple((order, re.compile(pattern)) for order, pattern in monthnames.PATTERNS)
_WEEKDAY = re.compile(rf"^(?:{monthnames.WEEKDAY[3:-2]})(?=[0-9])", re.IGNORECASE)
_DOMINANT = 0.6
"""The share of a column's days that must be written alike; the rest are then bad dates, one by one."""
_ENOUGH = 5
"""Days it takes to see that one of their numbers hardly moves."""
_NOTES = {
    "serial": "excel_serial_dates", "epoch_s": "epoch_dates", "epoch_ms": "epoch_dates",
    "yymmdd": "short_dates", "ddmmyy": "short_dates", "mmddyy": "short_dates", "yymd_slash": "two_digit_years",
    "yymd_dash": "two_digit_years", "yymd_dot": "two_digit_years",
}  # fmt: skip


@dataclass(frozen=True)
class DateFinding:
    """How a column writes its days, or why nobody can say. `samples` show what was met, `note` names what a
    planner should know about it: excel_serial_dates, epoch_dates, short_dates, two_digit_years."""

    layout: DateLayout
    problem: Problem = ""
    samples: tuple[str, ...] = ()
    note: str = ""


def family(day: str) -> str:
    """The family of layouts a day belongs to; empty for what is no day."""
    found = next((name for name, pattern in _FAMILIES if pattern.fullmatch(day)), "")
    return found or ("names" if _named(day) else "")


def _named(day: str) -> bool:
    text = unicodedata.normalize("NFKD", day.lower()).encode("ascii", "ignore").decode()
    for order, pattern in _NAMES:
        if found := pattern.fullmatch(text):
            return found["dmy".index("m") + 1 if order != "mdy" else 1] in monthnames.MONTHS
    return False


@dataclass
class _DateEvidence:
    families: Counter[str]
    day_first: list[str]
    month_first: list[str]
    undecided: list[str]
    days: dict[str, list[str]]

    @classmethod
    def of(cls, days: Iterable[tuple[str, int]]) -> _DateEvidence:
        found = cls(Counter(), [], [], [], {})
        for text, rows in days:
            day = _WEEKDAY.sub("", text.strip())
            name = family(day)
            if name:
                found.families[name] += rows
                found.days.setdefault(name, []).append(day)
            if name in ("slash", "dash", "dot"):
                found._order(day, name)
        return found

    def _order(self, day: str, name: str) -> None:
        first, second = (int(part) for part in re.split(r"[/.-]", day)[:2])
        if first > 12 >= second:
            self.day_first.append(day)
        elif second > 12 >= first:
            self.month_first.append(day)
        elif first <= 12 and first != second and name != "dot":
            self.undecided.append(day)

    @property
    def dominant(self) -> str:
        return self.families.most_common(1)[0][0] if self.families else ""

    @property
    def share(self) -> float:
        return self.families[self.dominant] / max(self.families.total(), 1)

    @property
    def two_digits(self) -> bool:
        return any(len(re.split(r"[/.-]", day)[-1]) == 2 for day in self.days.get(self.dominant, []))

    @property
    def year_first(self) -> bool:
        """Whether days like 26/09/30 are year, month, day: they fit, and it is the first number that hardly moves."""
        parts = [re.split(r"[/.-]", day) for day in self.days.get(self.dominant, [])]
        if len(parts) < _ENOUGH or not all(len(one[0]) == len(one[2]) == 2 for one in parts):
            return False
        fits = all(int(one[1]) <= 12 and 1 <= int(one[2]) <= 31 for one in parts)
        firsts, lasts = ({one[place] for one in parts} for place in (0, 2))
        return fits and len(firsts) <= 3 and len(lasts) > 2 * len(firsts)


def date_layouts(
    columns: Mapping[str, Sequence[tuple[str, int]]], order: Order | None = None
) -> dict[str, DateFinding]:
    """The layout of every date column, from its distinct days and how many rows have each.

    `order` is what a person said about day and month; it settles every doubt. Without it, days like 04/05/2026
    are settled by the column's other days, then by the file's other columns, and else not at all.
    """
    evidence = {name: _DateEvidence.of(days) for name, days in columns.items()}
    signed = [one for one in evidence.values() if not (one.dominant in ("slash", "dash", "dot") and one.year_first)]
    day_first = any(one.day_first for one in signed)
    month_first = any(one.month_first for one in signed)
    of_file: Order | None = None if day_first == month_first else "dmy" if day_first else "mdy"
    return {name: _finding(one, order, of_file) for name, one in evidence.items()}


def _finding(one: _DateEvidence, said: Order | None, of_file: Order | None) -> DateFinding:
    name = one.dominant
    signed = name in ("slash", "dash", "dot")
    if signed and said is None and one.share >= _DOMINANT and one.year_first:
        return _noted(f"yymd_{name}", one)
    if one.day_first and one.month_first and said is None:
        return DateFinding(ISO, "mixed", (*one.day_first[:3], *one.month_first[:3]))
    if name and one.share < _DOMINANT:
        return DateFinding(ISO, "mixed", tuple(one.days[found][0] for found, _ in one.families.most_common(3)))
    if name in ("digits6", "digits8"):
        return _digits(one, name, said)
    if not signed:
        return _noted(name or "iso", one)
    own: Order | None = "dmy" if one.day_first else "mdy" if one.month_first else None
    decided = said or own or (of_file if name != "dot" else "dmy")
    if decided is None and one.undecided:
        return DateFinding(ISO, "ambiguous", tuple(one.undecided[:6]))
    note = "two_digit_years" if one.two_digits else ""
    return DateFinding(LAYOUTS[f"{decided or 'dmy'}_{name}"], "", tuple(one.days[name][:3]) if note else (), note)


def _noted(name: str, one: _DateEvidence) -> DateFinding:
    note = _NOTES.get(name, "")
    return DateFinding(LAYOUTS[name], "", tuple(one.days[one.dominant][:3]) if note else (), note)


def _digits(one: _DateEvidence, name: str, said: Order | None) -> DateFinding:
    """Days written as digits without a sign: the one order in which all of them are days, or, of several, the one
    in which years hardly move; else nobody can say."""
    days = one.days[name]
    orders = ("yymmdd", "ddmmyy", "mmddyy") if name == "digits6" else ("ddmmyyyy", "mmddyyyy")
    fit = [order for order in orders if all(_is_day(day, order) for day in days)]
    if said is not None:
        fit = [order for order in fit if order[0] == said[0]] or fit
    if len(fit) > 1 and len(days) >= _ENOUGH:
        years = {order: len({_part(day, order, "y") for day in days}) for order in fit}
        steady = min(fit, key=lambda order: years[order])
        fit = [order for order in fit if order == steady or years[order] <= 2 * years[steady]]
    if len(fit) == 1:
        return DateFinding(LAYOUTS[fit[0]], "", tuple(days[:3]), _NOTES.get(fit[0], ""))
    return DateFinding(ISO, "ambiguous" if fit else "mixed", tuple(days[:6]))


def _part(text: str, order: str, sign: str) -> str:
    return "".join(letter for letter, place in zip(text, order, strict=True) if place == sign)


def _is_day(text: str, order: str) -> bool:
    year, month, day = (_part(text, order, sign) for sign in "ymd")
    try:
        found = date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
        return len(year) == 4 or found.year < 2050
    except ValueError:
        return False
