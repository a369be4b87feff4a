"""What a stored number means under its number format, as text: codes keep their zeros, dates become ISO."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache

BUILT_IN: Mapping[int, str] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    **dict.fromkeys((*range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"), **dict.fromkeys(range(32, 36), "h:mm:ss"),
}  # fmt: skip
"""Formats that workbooks use by number without writing them down."""
EXACT = 10**15
"""Excel keeps 15 digits: whole numbers from here on are not what was typed."""
_LAST_DAY = 2_958_466
_DAY_MS = 86_400_000
_QUOTED = re.compile(r'"([^"]*)"')
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_LITERAL = "-/() :.\u00a0"
Lost = Callable[[str], None]
"""Called with the text of a number whose last digits Excel has lost."""


class Kind(StrEnum):
    """What a number format makes of a number."""

    PLAIN = "plain"
    PERCENT = "percent"
    CODE = "code"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    ELAPSED = "elapsed"


@dataclass(frozen=True)
class Format:
    """A number format, understood. `mask` of a code: '0' is a digit, anything else is written as it is."""

    kind: Kind
    mask: str = ""


PLAIN = Format(Kind.PLAIN)


@cache
def understood(code: str) -> Format:
    """The format written as `code` in Excel's language."""
    sections = _sections(code)
    kind, mask = _section(sections[0])
    if kind is Kind.PLAIN and sections[0].lstrip().startswith("[<") and len(sections) > 1:
        kind, mask = _section(sections[1])  # [<=99999]00000;00000-0000
    return Format(kind, mask)


def _sections(code: str) -> list[str]:
    found, quoted, escaped = [""], False, False
    for sign in code:
        if sign == ";" and not quoted and not escaped:
            found.append("")
            continue
        quoted = quoted != (sign == '"' and not escaped)
        escaped = sign == "\\" and not escaped
        found[-1] += sign
    return found


def _section(code: str) -> tuple[Kind, str]:
    bare = re.sub(r"\\.|_.|\*.", "", _QUOTED.sub("", code))
    elapsed = _ELAPSED.search(bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare).lower()
    if "general" in bare or "@" in bare:
        return Kind.PLAIN, ""
    if elapsed:
        return Kind.ELAPSED, ""
    letters = re.sub(r"e[+-]|am/pm|a/p", "", bare)
    if re.search(r"[ymdhs]", letters):
        return _moment(letters), ""
    if "%" in bare:
        return Kind.PERCENT, ""
    mask = _mask(code)
    return (Kind.CODE, mask) if mask else (Kind.PLAIN, "")


def _moment(letters: str) -> Kind:
    clock = bool(re.search(r"[hs]", letters))
    day = bool(re.search(r"[yd]", letters)) or not clock
    return (Kind.DATETIME if clock else Kind.DATE) if day else Kind.TIME


def _mask(code: str) -> str:
    """The digits and literals of a format like 00000 or 0000-00; empty where it is no such format."""
    mask, index = "", 0
    code = re.sub(r"\[[^\]]*\]", "", code)
    while index < len(code):
        sign = code[index]
        if sign == '"':
            end = code.find('"', index + 1)
            mask, index = mask + code[index + 1 : end], end
        elif sign == "\\":
            mask, index = mask + code[index + 1 : index + 2], index + 1
        elif sign in "_*":
            index += 1
        elif sign == "0" or (sign in _LITERAL and sign != "."):
            mask += sign
        else:
            return ""
        index += 1
    return mask if mask.count("0") >= 2 and not re.search(r"[1-9]", mask) else ""


def number(value: float, lost: Lost) -> str:
    """A number as Excel means it: at most 15 digits, never in scientific notation while it is exact."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if abs(value) >= EXACT:
        mantissa, exponent = f"{value:.14E}".split("E")
        text = f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
        lost(text)
        return text
    if value.is_integer():
        return str(int(value))
    text = f"{value:.15g}"
    return plain(Decimal(text)) if "e" in text else text


def plain(value: Decimal) -> str:
    """A decimal without exponent, unless that would be absurdly long."""
    if value.is_finite() and -40 <= value.adjusted() <= 40:
        return format(value, "f")
    return str(value)


def percent(value: float, lost: Lost) -> str:
    """0.05 as 5%."""
    text = number(value, lost)
    try:
        hundredfold = Decimal(text) * 100
    except ArithmeticError:
        return text
    digits = plain(hundredfold)
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}%"


def code_text(value: float, mask: str, lost: Lost) -> str:
    """42 as 00042; what is no whole number, or negative, stays a number."""
    if value < 0 or not value.is_integer() or value >= EXACT:
        return number(value, lost)
    zeros = mask.count("0")
    digits = str(int(value)).zfill(zeros)
    over, rest = digits[: len(digits) - zeros], iter(digits[len(digits) - zeros :])
    out = ""
    for sign in mask:
        if sign == "0":
            out, over = out + over + next(rest), ""
        else:
            out += sign
    return out.strip()


def serial(value: float, kind: Kind, lost: Lost, *, since_1904: bool = False) -> str:
    """A date, moment or time of day out of Excel's count of days; a number where it is none."""
    if not -1e9 < value < 1e9:
        return number(value, lost)
    days, ms = divmod(round(value * _DAY_MS), _DAY_MS)
    if kind is Kind.ELAPSED:
        return _elapsed(value)
    if days < 0 or days >= _LAST_DAY:
        return number(value, lost)
    if days == 0 and not since_1904 and (kind is Kind.TIME or ms):
        return _clock(ms)
    if kind is Kind.TIME and days == 0:
        return _clock(ms)
    day = _day(days, since_1904)
    return f"{day} {_clock(ms)}" if kind is not Kind.DATE or ms else day


def _day(days: int, since_1904: bool) -> str:
    if since_1904:
        return (date(1904, 1, 1) + timedelta(days)).isoformat()
    if days == 60:
        return "1900-02-29"  # a day that never was, but Excel shows it
    if days == 0:
        return "1900-01-00"
    return (date(1899, 12, 30 if days > 60 else 31) + timedelta(days)).isoformat()


def _clock(ms: int) -> str:
    hours, rest = divmod(ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, ms = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}" + (f".{ms:03}" if ms else "")


def _elapsed(value: float) -> str:
    sign, seconds = "-" if value < 0 else "", round(abs(value) * 86_400)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def iso(text: str) -> str:
    """A moment that the file has as ISO text, in the form this module writes; other text unchanged."""
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    if when.tzinfo is not None:
        return when.isoformat(" ")
    at = when.isoformat(" ", "milliseconds" if when.microsecond else "seconds")
    return at[:10] if "T" not in text and " " not in text.strip() else at


def render(value: float, form: Format, lost: Lost, *, since_1904: bool = False) -> str:
    """A stored number as text under a format."""
    match form.kind:
        case Kind.PLAIN:
            return number(value, lost)
        case Kind.PERCENT:
            return percent(value, lost)
        case Kind.CODE:
            return code_text(value, form.mask, lost)
        case _:
            return serial(value, form.kind, lost, since_1904=since_1904)
