"""How a file writes its numbers, found out from all its values, never guessed row by row (P-84).

A column of numbers is looked at as shapes ("9.999,99"). One value that can only be read one way decides for the
column; other columns of the same file decide where a column cannot. Days are in layouts.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from opscopilot.catalogue import signs
from opscopilot.catalogue.layouts import ISO as ISO
from opscopilot.catalogue.layouts import LAYOUTS as LAYOUTS
from opscopilot.catalogue.layouts import DateFinding as DateFinding
from opscopilot.catalogue.layouts import DateLayout as DateLayout
from opscopilot.catalogue.layouts import Order as Order
from opscopilot.catalogue.layouts import date_layouts as date_layouts
from opscopilot.kernel import uom

Decimal = Literal[".", ","]
_DOMINANT = 0.6
"""The share of a column's unmistakable values that must have one decimal sign; the rest are then bad numbers."""
_GROUPED = {
    ",": re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}"),
    ".": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+"),
}
_CURRENCY = re.compile(rf"^([-+(]?)\s*{signs.CURRENCY}\s*|\s*{signs.CURRENCY}\s*(?=[-)]?$)", re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?\s*([0-9., ']*[0-9][0-9., ']*)\s*([-)]|\)-|%| *[CD]R\.?|,-{1,2}|\.-{1,2})?", re.IGNORECASE)
_SCIENCE = re.compile(r"[-+]?[0-9]+([.,])?[0-9]*E[-+]?[0-9]{1,2}", re.IGNORECASE)
_SUFFIX = re.compile(r"[-+(]?\s*[0-9][0-9.,' ]*?([-)])?\s*([^\W\d_][^\s]{0,11}|%)\Z")


@dataclass(frozen=True)
class NumberFormat:
    """The decimal sign of a column, and whether that was assumed rather than seen.

    `contested`: both signs were seen, one of them mostly; then a value that could be either is nobody's to read.
    `problem` mixed: neither sign is most of the column. `units` are spellings written behind its numbers.
    """

    decimal: Decimal
    assumed: bool = False
    samples: tuple[str, ...] = ()
    problem: Literal["", "mixed"] = ""
    contested: bool = False
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """Values of one look: digits 1-9 written as 9, how many rows have it, and one of them."""

    text: str
    rows: int
    sample: str


def reading(value: str) -> str:
    """What one number says about the decimal sign: '.', ',', '.?' or ',?' (could be either), or ''."""
    text = _CURRENCY.sub(r"\1", signs.plain(value).strip())
    if found := _SCIENCE.fullmatch(text):
        return found[1] or ""
    suffix = _SUFFIX.fullmatch(text)
    if suffix and suffix[2].lower().rstrip(".") not in ("e", "cr", "dr"):
        text = text[: suffix.start(2)].strip()
    number = _NUMBER.fullmatch(text)
    if number is None:
        return ""
    digits = re.sub("[' ]", "", number[1]) + (number[2] or "").strip("-)% CRDcrd")
    return _said(digits)


def _said(digits: str) -> str:
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
    clear: tuple[str, ...]

    @classmethod
    def of(cls, shapes: Iterable[Shape]) -> NumberEvidence:
        """Weigh the shapes of one column."""
        seen: Counter[str] = Counter()
        samples: list[str] = []
        clear: dict[str, list[str]] = {".": [], ",": []}
        for shape in shapes:
            said = reading(shape.text)
            seen[said] += shape.rows
            kept = samples if said.endswith("?") else clear[said] if said else []
            if said and len(kept) < 3:
                kept.append(shape.sample)
        return cls(seen["."], seen[","], seen[".?"], seen[",?"], seen[""], tuple(samples), (*clear["."], *clear[","]))

    @property
    def decided(self) -> Decimal | None:
        """The decimal sign that most of the unmistakable values use."""
        if self.point == self.comma:
            return None
        return "." if self.point > self.comma else ","

    @property
    def contested(self) -> bool:
        """Whether unmistakable values of both signs were met."""
        return bool(self.point and self.comma)

    @property
    def mixed(self) -> bool:
        """Whether neither sign is most of the column."""
        return self.contested and max(self.point, self.comma) < _DOMINANT * (self.point + self.comma)


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
        sign, units = one.decided or of_file, units_behind(columns[name])
        if one.mixed:
            found[name] = NumberFormat(sign or ".", samples=one.clear, problem="mixed", contested=True, units=units)
        elif sign is None and one.samples:
            found[name] = NumberFormat(_assume(one, delimiter, day_first_dots), True, one.samples, units=units)
        else:
            found[name] = NumberFormat(sign or ".", contested=one.contested, units=units)
    return found


def _assume(one: NumberEvidence, delimiter: str, day_first_dots: bool) -> Decimal:
    uniform = one.bare == 0
    if one.either_comma and not one.either_point:
        # "1,234" beside "500": thousands where commas cannot separate columns, else three decimals
        return "," if uniform or delimiter != "," else "."
    if day_first_dots and delimiter != "," and not uniform:
        return ","
    return "."


_UNITS = signs.DAY_WORDS | (frozenset(uom.spellings()) - {"%"})


def units_behind(shapes: Iterable[Shape]) -> tuple[str, ...]:
    """Known units (behind a quantity) and words for days (behind a number of them) that values of a column end in."""
    found = set()
    for shape in shapes:
        behind = _SUFFIX.fullmatch(signs.plain(shape.sample).strip())
        word = behind[2].lower().rstrip(".") if behind else ""
        if word in _UNITS:
            found.add(word)
    return tuple(sorted(found, key=lambda word: (-len(word), word)))
