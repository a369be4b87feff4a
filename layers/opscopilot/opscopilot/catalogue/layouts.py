"""How a file writes its days, found out from all of them, never guessed row by row (P-84)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Order = Literal["dmy", "mdy"]


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
