"""Whole columns are checked at once: for each field the SQL of its canonical text and of its error code.

The texts work on a relation in DuckDB that has one column of trimmed raw text per field (NULL = empty) and,
for fields with a closed set of spellings, one joined column with what the spelling stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any, Literal

from opscopilot.catalogue import dates, numbers, spellings
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.formats import ISO, DateFinding, NumberFormat
from opscopilot.catalogue.types import Type

CODE_LENGTH = 64
POINT = NumberFormat(".")
ISO_DAYS = DateFinding(ISO)
_FREE_CODES = frozenset({"lot_code", "supplier_lot", "version", "bom_version", "bin", "ref_id", "sscc"})
"""Codes that a plant may well make out of a date."""
_SPREADSHEET = r"[0-9]([.,][0-9]+)?E[+][0-9]{2,}|#(N/A|REF!|VALUE!|NAME[?]|DIV/0!|NULL!|NUM!|NV|WERT!|BEZUG!)"
_LOOKS_LIKE_DATE = (
    r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}( 00:00:00([.]0+)?)?|[0-9]{1,2}/[0-9]{1,2}/(19|20)[0-9]{2}|"
    r"[0-9]{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(-[0-9]{2,4})?|"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-[0-9]{2}|[0-9]{1,2}:[0-9]{2}[.][0-9]"
)


@dataclass(frozen=True)
class Check:
    """One field of one file: how its cells are to be read. `foreign_id` marks another system's id, `per` a price
    that another column divides."""

    field: Field
    number: NumberFormat = POINT
    day: DateFinding = ISO_DAYS
    percent: bool = False
    per: bool = False
    foreign_id: bool = False
    required: bool = False
    zone: str = "UTC"
    day_start: time = time(0)

    @property
    def raw(self) -> str:
        """The column of raw text."""
        return f"r_{self.field.name}"

    @property
    def looked_up(self) -> str:
        """The joined column of what a spelling stands for."""
        return f"l_{self.field.name}"

    @property
    def value(self) -> str:
        """The column of canonical text."""
        return f"v_{self.field.name}"

    @property
    def spellings(self) -> dict[str, str] | None:
        """Accepted spellings where the set is closed."""
        return None if self.foreign_id else spellings.of(self.field)

    @property
    def refused(self) -> bool:
        """Whether nobody can say how this column writes its dates."""
        return bool(self.day.problem)


def lookup_key(check: Check) -> str:
    """The SQL of the key under which a cell is looked up among the spellings."""
    return f"rtrim(lower({check.raw}), '.')" if check.field.type is Type.UOM else f"lower({check.raw})"


def canonical(check: Check) -> str:
    """The SQL of the canonical text; NULL for an empty cell and for one that cannot be read."""
    kind, raw = check.field.type, check.raw
    if check.foreign_id or kind in (Type.CODE, Type.TEXT):
        return raw
    if check.spellings is not None:
        return check.looked_up
    if kind.is_number or kind is Type.INT:
        number = numbers.canonical(raw, kind, check.number, percent=check.percent)
        return numbers.divided(number, f"p_{check.field.name}") if check.per else number
    if kind is Type.DATE:
        return dates.date_text(raw, check.day.layout, check.zone)
    if kind is Type.INSTANT:
        return dates.instant_text(raw, check.day.layout, check.zone, check.day_start)
    return raw


def error(check: Check) -> str:
    """The SQL of the error code, NULL when the cell is right."""
    kind, raw, value = check.field.type, check.raw, check.value
    cases = [f"WHEN {raw} IS NULL THEN {_literal('required_missing') if check.required else 'NULL'}"]
    if check.foreign_id or kind is Type.CODE:
        cases.append(f"WHEN length({raw}) > {CODE_LENGTH} THEN 'too_long'")
        cases.append(f"WHEN {_damaged(check)} THEN 'damaged_code'")
    elif kind in (Type.GTIN, Type.GLN):
        cases.append(f"WHEN NOT ({_check_digit(raw, kind)}) THEN 'bad_check_digit'")
    elif kind is not Type.TEXT:
        cases.append(f"WHEN {value} IS NULL THEN '{_unreadable(check)}'")
    if check.field.positive:  # as the column will round it: 0.0000001 is nothing there
        cases.append(f"WHEN TRY_CAST({value} AS DECIMAL(38, 6)) <= 0 THEN 'not_positive'")
    elif (kind.is_number or kind is Type.INT) and not check.field.signed:
        cases.append(f"WHEN starts_with({value}, '-') AND regexp_matches({value}, '[1-9]') THEN 'negative_not_allowed'")
    return f"CASE {' '.join(cases)} END"


def _unreadable(check: Check) -> str:
    kind = check.field.type
    if kind in (Type.DATE, Type.INSTANT):
        return "ambiguous_date" if check.refused else "bad_date"
    special = {Type.BOOL: "bad_bool", Type.UOM: "uom_unknown"}
    closed = (Type.ENUM, Type.COUNTRY, Type.CURRENCY)
    return special.get(kind, "bad_enum" if kind in closed else "bad_number")


def _damaged(check: Check) -> str:
    """A code that a spreadsheet turned into a power of ten, a date or an error (P-22)."""
    pattern = _SPREADSHEET
    if check.field.name not in _FREE_CODES:
        pattern += "|" + _LOOKS_LIKE_DATE
    return f"regexp_full_match({check.raw}, '{pattern}', 'i')"


def _check_digit(raw: str, kind: Type) -> str:
    lengths = "[0-9]{13}" if kind is Type.GLN else "[0-9]{8}|[0-9]{12,14}"
    padded = f"lpad({raw}, 14, '0')"
    weighted = " + ".join(
        f"{3 if place % 2 else 1} * CAST(substr({padded}, {place}, 1) AS INTEGER)" for place in range(1, 14)
    )
    digit = f"(10 - ({weighted}) % 10) % 10 = CAST(right({raw}, 1) AS INTEGER)"
    return (
        f"CASE WHEN regexp_full_match({raw}, '{lengths}') AND regexp_matches({raw}, '[1-9]') THEN {digit} "
        f"ELSE false END"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


Code = Literal[
    "required_missing", "bad_number", "bad_date", "ambiguous_date", "bad_enum", "negative_not_allowed",
    "bad_check_digit", "uom_unknown", "bad_bool", "too_long", "damaged_code", "wrong_column_count",
]  # fmt: skip
_KEPT_AS = {"not_positive": "bad_number"}
"""Faults that have a message of their own and share a code."""
_MESSAGES: dict[str, str] = {
    "required_missing": "{label} is empty, and every {entity} needs it.",
    "bad_number": "'{raw}' in {label} is not a number, or one too large to be right.",
    "bad_date": "'{raw}' in {label} is not a date as this column writes them.",
    "ambiguous_date": "'{raw}' in {label} could be read in two ways: the column does not say whether the day or "
    "the month comes first, or says both.",
    "bad_enum": "'{raw}' is not a {label} we know.",
    "negative_not_allowed": "{label} is negative ('{raw}').",
    "not_positive": "{label} is '{raw}'; it must be more than zero.",
    "bad_check_digit": "'{raw}' in {label} is not a valid number: its length or its check digit is wrong.",
    "uom_unknown": "'{raw}' is not a unit we know.",
    "bad_bool": "'{raw}' in {label} is neither yes nor no.",
    "too_long": "'{raw}' in {label} is longer than {limit} characters.",
    "damaged_code": "'{raw}' in {label} looks like a code that a spreadsheet turned into a date, a power of ten or an error.",
}


def explain(check: Check, code: str, raw: str | None, entity_title: str) -> dict[str, Any]:
    """The error as it is kept and shown: field, code, what is wrong, what was met, what would be right."""
    label = check.field.label
    shown = (raw or "")[:80]
    message = _MESSAGES[code].format(label=label, raw=shown, entity=entity_title.lower(), limit=CODE_LENGTH)
    return {
        "field": check.field.name, "code": _KEPT_AS.get(code, code), "message": message, "raw_value": raw,
        "expected": _expected(check, code),
    }  # fmt: skip


def _expected(check: Check, code: str) -> str:
    if code in ("bad_date", "ambiguous_date"):
        layout = check.day.layout.example if code == "bad_date" else ISO.example
        return f"a date such as {layout}" + (" in the whole column" if code == "ambiguous_date" else "")
    if code == "negative_not_allowed":
        return "zero or a positive number"
    if code == "damaged_code":
        return "the code as the source system shows it; format the column as text before saving the file"
    return check.field.expected
