"""What is told about a wrong cell: the field, what was met, and what would be right, in words to act on."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal

from opscopilot.catalogue import spellings
from opscopilot.catalogue.check import CODE_LENGTH, Check
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.formats import reading
from opscopilot.catalogue.layouts import ISO
from opscopilot.catalogue.types import Type
from opscopilot.kernel import gs1

Code = Literal[
    "required_missing", "bad_number", "ambiguous_number", "bad_date", "ambiguous_date", "bad_enum",
    "negative_not_allowed", "out_of_range", "not_whole", "dates_out_of_order", "bad_check_digit", "uom_unknown",
    "uom_conflict", "bad_bool", "bad_time", "bad_weekdays", "too_long", "damaged_code", "wrong_column_count",
    "unreadable_record",
]  # fmt: skip
_KEPT_AS = {"not_positive": "bad_number"}
"""Faults that have a message of their own and share a code."""
_MESSAGES: dict[str, str] = {
    "required_missing": "{label} is empty, and every {entity} needs it.",
    "bad_number": "'{raw}' in {label} is not a number, or one too large to be right.",
    "ambiguous_number": "'{raw}' in {label} could be read in two ways: the column writes decimals with a point and with "
    "a comma.",
    "bad_date": "'{raw}' in {label} is not a date as this column writes them.",
    "ambiguous_date": "'{raw}' in {label} could be read in two ways: the column does not say whether the day or "
    "the month comes first, or says both.",
    "bad_enum": "'{raw}' is not a {label} we know.",
    "negative_not_allowed": "{label} is negative ('{raw}').",
    "not_positive": "{label} is '{raw}'; it must be more than zero.",
    "out_of_range": "{label} is '{raw}', which cannot be.",
    "not_whole": "{label} is '{raw}', and its unit is one that is counted: there are no parts of a piece.",
    "dates_out_of_order": "{label} ('{raw}') is before {first}.",
    "bad_check_digit": "'{raw}' in {label} is not a valid number: its length or its check digit is wrong.",
    "uom_unknown": "'{raw}' is not a unit we know.",
    "uom_conflict": "'{raw}' in {label} says another unit than the record does.",
    "bad_bool": "'{raw}' in {label} is neither yes nor no.",
    "bad_time": "'{raw}' in {label} is no time of day.",
    "bad_weekdays": "'{raw}' in {label} names no weekdays.",
    "too_long": "'{raw}' in {label} is longer than {limit} characters.",
    "damaged_code": "'{raw}' in {label} looks like a code that a spreadsheet turned into a date, a power of ten or an "
    "error.",
}
_HINTED = {"bad_enum", "uom_unknown", "bad_bool"}


def explain(check: Check, code: str, raw: str | None, entity_title: str) -> dict[str, Any]:
    """The error as it is kept and shown: field, code, what is wrong, what was met, what would be right."""
    label = check.field.label
    shown = (raw or "")[:80]
    first = " or ".join(one.replace("_", " ") for one in check.after)
    template = _MESSAGES[_code(check, code, raw)]
    message = template.format(label=label, raw=shown, entity=entity_title.lower(), limit=CODE_LENGTH, first=first)
    if code == "required_missing" and shown:
        message = f"{label} is '{shown}', which says nothing, and every {entity_title.lower()} needs it."
    kept = _code(check, code, raw)
    return {
        "field": check.field.name, "code": _KEPT_AS.get(kept, kept), "message": message, "raw_value": raw,
        "expected": _expected(check, kept, raw or ""),
    }  # fmt: skip


def explain_refused(check: Check, entity_title: str) -> dict[str, Any]:
    """What a record is told that is right by itself, in a file that was not taken because of one of its columns."""
    code, what = ("ambiguous_date", "dates") if check.day.problem else ("ambiguous_number", "numbers")
    message = f"The file was not taken, because nobody can tell how {check.field.label} writes its {what}."
    return {**explain(check, code, None, entity_title), "message": message}


def not_taken(refused: Sequence[Check]) -> tuple[str, str]:
    """Why a whole file was not taken: the error's code, and its words."""
    days = _columns([(check.field.label, check.day.samples) for check in refused if check.day.problem])
    numbers = _columns([(check.field.label, check.number.samples) for check in refused if check.number.problem])
    if not days:
        return "ambiguous_number", (
            f"The file was not taken: its numbers have decimal points and decimal commas in one column ({numbers}). "
            f"Export them one way, or state the decimal sign in the mapping of this source (decimal: '.' or ',')."
        )
    return "ambiguous_date", (
        f"The file was not taken: it does not say whether its dates put the day or the month first, or it writes "
        f"them in several ways ({days}). Export the dates as YYYY-MM-DD, or state the order in the mapping of this "
        f"source (dates: dmy or mdy)."
    )


def _columns(found: list[tuple[str, tuple[str, ...]]]) -> str:
    return "; ".join(f"{label}: {', '.join(samples)}" for label, samples in found if samples)


def _code(check: Check, code: str, raw: str | None) -> str:
    """A number that only a contested column makes unreadable is in doubt, not wrong."""
    in_doubt = code == "bad_number" and check.number.contested and raw and reading(raw).endswith("?")
    return "ambiguous_number" if in_doubt else code


def _expected(check: Check, code: str, raw: str) -> str:
    field = check.field
    if code in ("bad_date", "ambiguous_date"):
        layout = check.day.layout.example if code == "bad_date" else ISO.example
        return f"a date such as {layout}" + (" in the whole column" if code == "ambiguous_date" else "")
    if code == "bad_number" and check.number.decimal == "," and field.type is not Type.INT:
        return f"{field.expected} (with a decimal comma, as in the rest of the column)"
    if code in _HINTED:
        return field.expected + _near(field, raw.lower())
    if code == "bad_check_digit":
        return field.expected + _zeros(field, raw)
    return _PLAIN.get(code, "").format(first=" or ".join(check.after)) or field.expected


_PLAIN = {
    "negative_not_allowed": "zero or a positive number",
    "ambiguous_number": "one decimal sign in the whole column, such as 1250.5",
    "damaged_code": "the code as the source system shows it; format the column as text before saving the file",
    "not_whole": "a whole number, or the unit that is meant, such as kg",
    "dates_out_of_order": "a date that is not before {first}, or both exchanged",
    "uom_conflict": "the number alone, or with the same unit as the record",
}


_found: dict[tuple[str, Type, tuple[str, ...], str], str] = {}
_KEPT = 5000


def _near(field: Field, raw: str) -> str:
    """The accepted value nearest to what was met, as a question. Files repeat their mistakes: answers are kept."""
    key = (field.name, field.type, field.enum, raw)
    if key not in _found:
        if len(_found) >= _KEPT:
            _found.clear()
        known = spellings.of(field) or {}
        near = get_close_matches(raw[:40], known, 1, 0.75)
        meant = known[near[0]] if near else ""
        word = meant if near and near[0] == meant.lower() else f"'{near[0]}' ({meant})" if near else ""
        _found[key] = f"; did you mean {word}?" if word else ""
    return _found[key]


def _zeros(field: Field, raw: str) -> str:
    """A spreadsheet takes the leading zeros off a barcode; the check digit shows which number it was."""
    if "E+" in raw.upper():
        return "; a spreadsheet cut this one short: format the column as text before saving the file"
    if field.type is not Type.GTIN or not raw.isdigit() or not 6 <= len(raw) <= 11:
        return ""
    width = 8 if len(raw) < 8 else 12
    whole = raw.zfill(width)
    return f"; with its leading zeros it would be {whole}" if gs1.valid_gtin(whole) else ""
