"""Whole columns are checked at once: for each field the SQL of its canonical text and of its error code.

The texts work on a relation in DuckDB that has one column of trimmed raw text per field (NULL = empty) and,
for fields with a closed set of spellings, one joined column with what the spelling stands for.
"""

from __future__ import annotations

import re

from opscopilot.catalogue import clock_times, dates, numbers, signs
from opscopilot.catalogue.check import CODE_LENGTH as CODE_LENGTH
from opscopilot.catalogue.check import Check as Check
from opscopilot.catalogue.formats import NumberFormat
from opscopilot.catalogue.messages import Code as Code
from opscopilot.catalogue.messages import explain as explain
from opscopilot.catalogue.messages import explain_refused as explain_refused
from opscopilot.catalogue.signs import literal
from opscopilot.catalogue.types import Type
from opscopilot.kernel import uom

_KEYS = (Type.GTIN, Type.GLN, Type.SSCC)
_EMPTY = signs.listed(signs.NOTHING | signs.UNKNOWN)
_NO_CODE = ", ".join(
    literal(one)
    for one in ("-", "n/a", "N/A", "n.a.", "N.A.", "NaN", "nan", "None", "none", "null", "(null)",
                "(blank)", "(none)", "<NA>", "k.A.", "?")
)  # fmt: skip
"""Cells that stand for no code at all."""
FREE_CODES = frozenset({"lot_code", "supplier_lot", "version", "bom_version", "bin", "ref_id"})
"""Codes that a plant may well make out of a date."""
DECIMAL_CODE = "[0-9]{3,}[.]0"
"""A code that was taken for a number on its way."""
_SPREADSHEET = r"[0-9]([.,][0-9]+)?E[+][0-9]{2,}|#(N/A|REF!|VALUE!|NAME[?]|DIV/0!|NULL!|NUM!|NV|WERT!|BEZUG!)"
_LOOKS_LIKE_DATE = (
    r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}( 00:00:00([.]0+)?)?|[0-9]{1,2}/[0-9]{1,2}/(19|20)[0-9]{2}|"
    r"[0-9]{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(-[0-9]{2,4})?|"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-[0-9]{2}|[0-9]{1,2}:[0-9]{2}[.][0-9]"
)


def lookup_key(check: Check) -> str:
    """The SQL of the key under which a cell is looked up among the spellings."""
    return f"rtrim(lower({check.raw}), '.')" if check.field.type is Type.UOM else f"lower({check.raw})"


def canonical(check: Check) -> str:
    """The SQL of the canonical text; NULL for an empty cell and for one that cannot be read."""
    kind, raw = check.field.type, check.raw
    if check.foreign_id or kind is Type.CODE:
        text = f"regexp_replace({raw}, '^([0-9]{{3,}})[.]0$', '\\1')" if check.decimal_codes else raw
        return f"CASE WHEN {raw} IN ({_NO_CODE}) THEN NULL ELSE {text} END"
    if check.spellings is not None:
        return check.looked_up
    if kind.is_number or kind is Type.INT:
        number = numbers.canonical(raw, kind, check.form, percent=check.percent)
        return numbers.divided(number, f"p_{check.field.name}") if check.per else number
    if kind is Type.DATE:
        return dates.date_text(raw, check.day.layout, check.zone)
    if kind is Type.INSTANT:
        return dates.instant_text(raw, check.day.layout, check.zone, check.day_start)
    if kind is Type.TIME:
        return clock_times.time_text(raw)
    if kind is Type.WEEKDAYS:
        return clock_times.weekdays_text(raw)
    return _key(raw) if kind in _KEYS else raw


def _key(raw: str) -> str:
    """A GS1 key without what people put around its digits: blanks, hyphens, (01), and the .0 of a spreadsheet."""
    bare = f"regexp_replace({raw}, '^ *[(](00|01|02|41[0-7])[)]', '')"
    return (
        f"CASE WHEN regexp_full_match({raw}, '[0-9]+') THEN {raw} WHEN lower({raw}) IN ({_EMPTY}) THEN NULL "
        f"ELSE regexp_replace({bare}, '[ -]|[.]0+$', '', 'g') END"
    )


def error(check: Check) -> str:
    """The SQL of the error code, NULL when the cell is right."""
    kind, raw, value = check.field.type, check.raw, check.value
    missing = literal("required_missing") if check.required else "NULL"
    cases = [f"WHEN {raw} IS NULL THEN {missing}"]
    if check.foreign_id or kind is Type.CODE:
        cases.append(f"WHEN {value} IS NULL THEN {missing}")
        cases.append(f"WHEN length({raw}) > {CODE_LENGTH} THEN 'too_long'")
        cases.append(f"WHEN {_damaged(check)} THEN 'damaged_code'")
    elif kind in _KEYS:
        cases.append(
            f"WHEN NOT ({_check_digit(value, kind)}) THEN CASE WHEN lower({raw}) IN ({_EMPTY}) THEN {missing} "
            f"ELSE 'bad_check_digit' END"
        )
    elif kind is not Type.TEXT:
        words = _EMPTY if kind is not Type.UOM and check.field.default is None else signs.listed(signs.NOTHING)
        cases.append(
            f"WHEN {value} IS NULL THEN CASE WHEN lower({raw}) IN ({words}) THEN {missing} "
            f"ELSE '{_unreadable(check)}' END"
        )
    return f"CASE {' '.join(cases + _limits(check))} END"


def _limits(check: Check) -> list[str]:
    """Cases for values that can be read and are still wrong."""
    field, value, kind = check.field, check.value, check.field.type
    number = f"TRY_CAST({value} AS DECIMAL(38, 6))"  # as the column will round it: 0.0000001 is nothing there
    cases = []
    if field.positive:
        cases.append(f"WHEN {number} <= 0 THEN 'not_positive'")
    elif (kind.is_number or kind is Type.INT) and not field.signed:
        cases.append(f"WHEN starts_with({value}, '-') AND regexp_matches({value}, '[1-9]') THEN 'negative_not_allowed'")
    bounds = ((field.minimum, "<"), (field.maximum, ">"), (field.below, ">="))
    cases += [f"WHEN {number} {sign} {bound} THEN 'out_of_range'" for bound, sign in bounds if bound is not None]
    if check.form.units and check.unit:
        codes = ", ".join(f"{literal(one)}: '{uom.canonical(one)}'" for one in check.form.units)
        cases.append(
            f"WHEN MAP {{{codes}}}[{unit_behind(check.raw, check.form)}] <> v_{check.unit} THEN 'uom_conflict'"
        )
    if check.whole and check.unit and kind is Type.QTY:
        cases.append(f"WHEN {has_parts(check)} THEN 'not_whole'")
    cases += [f"WHEN {value} < v_{one} THEN 'dates_out_of_order'" for one in check.after]
    return cases


def has_parts(check: Check) -> str:
    """The SQL of whether a quantity in a unit that is counted has decimals."""
    counted = ", ".join(f"'{one}'" for one in sorted(uom.DISCRETE))
    return (
        f"v_{check.unit} IN ({counted}) AND contains({check.value}, '.') "
        f"AND regexp_matches({check.value}, '[.][0-9]*[1-9]')"
    )


def unit_behind(raw: str, form: NumberFormat) -> str:
    """The SQL of the unit written behind a number, in lower case; NULL where there is none."""
    words = "|".join(re.escape(one).replace("\\ ", " ") for one in form.units)
    pattern = literal(rf"[0-9][-).,]?\s*({words})[.]?$")
    return f"nullif(lower(regexp_extract({signs.plain_sql(raw)}, {pattern}, 1, 'i')), '')"


def _unreadable(check: Check) -> str:
    kind = check.field.type
    if kind in (Type.DATE, Type.INSTANT):
        return "ambiguous_date" if check.refused else "bad_date"
    if check.number.problem:
        return "ambiguous_number"
    special = {
        Type.BOOL: "bad_bool", Type.UOM: "uom_unknown", Type.TIME: "bad_time", Type.WEEKDAYS: "bad_weekdays",
    }  # fmt: skip
    closed = (Type.ENUM, Type.COUNTRY, Type.CURRENCY)
    return special.get(kind, "bad_enum" if kind in closed else "bad_number")


def _damaged(check: Check) -> str:
    """A code that a spreadsheet turned into a power of ten, a date or an error (P-22)."""
    pattern = _SPREADSHEET
    if check.field.name not in FREE_CODES:
        pattern += "|" + _LOOKS_LIKE_DATE
    return f"regexp_full_match({check.raw}, '{pattern}', 'i')"


def _check_digit(key: str, kind: Type) -> str:
    lengths = {Type.GLN: "[0-9]{13}", Type.SSCC: "[0-9]{18}"}.get(kind, "[0-9]{8}|[0-9]{12,14}")
    width = 18 if kind is Type.SSCC else 14
    padded = f"lpad({key}, {width}, '0')"
    weighted = " + ".join(
        f"{3 if (width - place) % 2 else 1} * CAST(substr({padded}, {place}, 1) AS INTEGER)"
        for place in range(1, width)
    )
    digit = f"(10 - ({weighted}) % 10) % 10 = CAST(right({key}, 1) AS INTEGER)"
    return (
        f"CASE WHEN regexp_full_match({key}, '{lengths}') AND regexp_matches({key}, '[1-9]') THEN {digit} "
        f"ELSE false END"
    )
