"""How a file writes its numbers and dates, found out from all its values, never guessed row by row (P-84).

A column of numbers is looked at as shapes ("9.999,99"), a column of dates as its distinct days. One value that
can only be read one way decides for the column; other columns of the same file decide where a column cannot.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Decimal = Literal[".", ","]
Order = Literal["dmy", "mdy"]
_NOT_NUMBER = re.compile(r"[^0-9.,'’\s\u00a0\u202f]")
_GROUPED = {",": re.compile(r"[0-9]{1,3}(,[0-9]{3})+"), ".": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+")}


@dataclass(frozen=True)
class NumberFormat:
    """The decimal sign of a column, and whether that was assumed rather than seen."""

    decimal: Decimal
    assumed: bool = False
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """Values of one look: digits 1-9 written as 9, how many rows have it, and one of them."""

    text: str
    rows: int
    sample: str


def reading(value: str) -> str:
    """What one number says about the decimal sign: '.', ',', '.?' or ',?' (could be either), or ''."""
    digits = re.sub(r"['’\s\u00a0\u202f]", "", _NOT_NUMBER.sub("", value))
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    sign: Decimal = "." if points else ","
    other: Decimal = "," if points else "."
    if points + commas == 0:
        return ""
    if points + commas > 1:
        return other if _GROUPED[sign].fullmatch(digits) else ""
    whole, fraction = digits.split(sign)
    if len(fraction) != 3 or len(whole) > 3 or whole in ("", "0"):
        return sign
    return f"{sign}?"


@dataclass(frozen=True)
class NumberEvidence:
    """What a column's shapes say, counted in rows."""

    point: int
    comma: int
    either_point: int
    either_comma: int
    bare: int
    samples: tuple[str, ...]

    @classmethod
    def of(cls, shapes: Iterable[Shape]) -> NumberEvidence:
        """Weigh the shapes of one column."""
        seen: Counter[str] = Counter()
        samples: list[str] = []
        for shape in shapes:
            said = reading(shape.text)
            seen[said] += shape.rows
            if said.endswith("?") and len(samples) < 3:
                samples.append(shape.sample)
        return cls(seen["."], seen[","], seen[".?"], seen[",?"], seen[""], tuple(samples))

    @property
    def decided(self) -> Decimal | None:
        """The decimal sign that most of the unmistakable values use."""
        if self.point == self.comma:
            return None
        return "." if self.point > self.comma else ","


def number_formats(
    columns: Mapping[str, Sequence[Shape]], delimiter: str, *, day_first_dots: bool = False
) -> dict[str, NumberFormat]:
    """The format of every number column of a file.

    `day_first_dots` (dates like 30.09.2026) and a delimiter other than a comma hint at a decimal comma. Only
    where no value of the file decides is the format assumed, and then the caller has to say so.
    """
    evidence = {name: NumberEvidence.of(shapes) for name, shapes in columns.items()}
    point = sum(one.point for one in evidence.values())
    comma = sum(one.comma for one in evidence.values())
    of_file: Decimal | None = None if point == comma else "." if point > comma else ","
    found: dict[str, NumberFormat] = {}
    for name, one in evidence.items():
        sign = one.decided or of_file
        if sign is None and one.samples:
            found[name] = NumberFormat(_assume(one, delimiter, day_first_dots), True, one.samples)
        else:
            found[name] = NumberFormat(sign or ".")
    return found


def _assume(one: NumberEvidence, delimiter: str, day_first_dots: bool) -> Decimal:
    uniform = one.bare == 0
    if one.either_comma and not one.either_point:
        # "1,234" beside "500": thousands where commas cannot separate columns, else three decimals
        return "," if uniform or delimiter != "," else "."
    if day_first_dots and delimiter != "," and not uniform:
        return ","
    return "."


@dataclass(frozen=True)
class DateLayout:
    """A way to write a day: a pattern that guards it and the format that reads it."""

    name: str
    pattern: str
    formats: tuple[str, ...]
    example: str

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


LAYOUTS: dict[str, DateLayout] = {
    one.name: one
    for one in (
        ISO,
        DateLayout("compact", r"\d{8}", ("%Y%m%d",), "20260930"),
        DateLayout("ymd_slash", r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",), "2026/09/30"),
        DateLayout("ymd_dot", r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",), "2026.09.30"),
        _ordered("dmy", "dot", ".", "30.09.2026"),
        _ordered("dmy", "slash", "/", "30/09/2026"),
        _ordered("mdy", "slash", "/", "09/30/2026"),
        _ordered("dmy", "dash", "-", "30-09-2026"),
        _ordered("mdy", "dash", "-", "09-30-2026"),
    )
}
_FAMILIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("iso", re.compile(ISO.pattern)),
    ("compact", re.compile(r"(19|20|99)\d{6}")),
    ("ymd_slash", re.compile(LAYOUTS["ymd_slash"].pattern)),
    ("ymd_dot", re.compile(LAYOUTS["ymd_dot"].pattern)),
    ("dot", re.compile(LAYOUTS["dmy_dot"].pattern)),
    ("slash", re.compile(LAYOUTS["dmy_slash"].pattern)),
    ("dash", re.compile(LAYOUTS["dmy_dash"].pattern)),
)
_DOMINANT = 0.6
"""The share of a column's days that must be written alike; the rest are then bad dates, one by one."""


@dataclass(frozen=True)
class DateFinding:
    """How a column writes its days, or why nobody can say. `samples` show what was met."""

    layout: DateLayout
    problem: Literal["", "ambiguous", "mixed"] = ""
    samples: tuple[str, ...] = ()


@dataclass
class _DateEvidence:
    families: Counter[str]
    day_first: list[str]
    month_first: list[str]
    undecided: list[str]

    @classmethod
    def of(cls, days: Iterable[tuple[str, int]]) -> _DateEvidence:
        found = cls(Counter(), [], [], [])
        for day, rows in days:
            family = next((name for name, pattern in _FAMILIES if pattern.fullmatch(day)), "")
            if family:
                found.families[family] += rows
            if family in ("slash", "dash"):
                found._order(day)
        return found

    def _order(self, day: str) -> None:
        first, second = (int(part) for part in re.split(r"[/-]", day)[:2])
        if first > 12 >= second:
            self.day_first.append(day)
        elif second > 12 >= first:
            self.month_first.append(day)
        elif first <= 12 and first != second:
            self.undecided.append(day)

    @property
    def dominant(self) -> str:
        return self.families.most_common(1)[0][0] if self.families else ""

    @property
    def share(self) -> float:
        return self.families[self.dominant] / max(self.families.total(), 1)


def date_layouts(
    columns: Mapping[str, Sequence[tuple[str, int]]], order: Order | None = None
) -> dict[str, DateFinding]:
    """The layout of every date column, from its distinct days and how many rows have each.

    `order` is what a person said about day and month; it settles every doubt. Without it, days like 04/05/2026
    are settled by the column's other days, then by the file's other columns, and else not at all.
    """
    evidence = {name: _DateEvidence.of(days) for name, days in columns.items()}
    day_first = any(one.day_first for one in evidence.values())
    month_first = any(one.month_first for one in evidence.values())
    of_file: Order | None = None if day_first == month_first else "dmy" if day_first else "mdy"
    return {name: _finding(one, order, of_file) for name, one in evidence.items()}


def _finding(one: _DateEvidence, said: Order | None, of_file: Order | None) -> DateFinding:
    family = one.dominant
    if one.day_first and one.month_first and said is None:
        return DateFinding(ISO, "mixed", (*one.day_first[:3], *one.month_first[:3]))
    if family and one.share < _DOMINANT:
        return DateFinding(ISO, "mixed", tuple(name for name, _ in one.families.most_common(3)))
    if family in ("", "iso", "compact", "ymd_slash", "ymd_dot"):
        return DateFinding(LAYOUTS[family or "iso"])
    if family == "dot":
        return DateFinding(LAYOUTS["dmy_dot"])
    own: Order | None = "dmy" if one.day_first else "mdy" if one.month_first else None
    decided = said or own or of_file
    if decided is None and one.undecided:
        return DateFinding(ISO, "ambiguous", tuple(one.undecided[:6]))
    return DateFinding(LAYOUTS[f"{decided or 'dmy'}_{family}"])
