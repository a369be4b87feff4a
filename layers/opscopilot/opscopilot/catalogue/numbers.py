"""SQL (DuckDB) that reads a number as text, in the file's own format, and gives its plain form or NULL.

No cast is trusted before a pattern has approved the text: TRY_CAST turns '10.5' into 11 and '0x1F' into 31.
"""

from __future__ import annotations

import re

from opscopilot.catalogue import signs
from opscopilot.catalogue.formats import NumberFormat
from opscopilot.catalogue.signs import literal
from opscopilot.catalogue.types import Type

_DIGITS = {Type.QTY: 12, Type.PRICE: 13, Type.MONEY: 15, Type.RATIO: 6, Type.INT: 10}
"""Digits before the decimal sign that the column in Postgres can hold."""
_MAX_INT = 2_147_483_647
_AMOUNTS = (Type.PRICE, Type.MONEY)
_EITHER = r"[-+(]?[1-9][0-9]{0,2}[.,][0-9]{3}[-)]?"


def canonical(raw: str, kind: Type, form: NumberFormat, *, percent: bool = False) -> str:
    """The plain form of column `raw`; NULL for anything that is not exactly one number.

    `percent` divides a ratio by a hundred; so does a % sign in the cell.
    """
    careful = _careful(raw, kind, form)
    if kind is Type.RATIO:
        return _ratio(raw, _fast(raw, form, 12, 9, careful), percent)
    width = _DIGITS[kind]
    if kind is Type.INT:
        number = "TRY_CAST(split_part(n, '.', 1) AS BIGINT)"
        whole = f"regexp_full_match(n, '-?[0-9]{{1,{width}}}([.]0*)?') AND abs({number}) <= {_MAX_INT}"
        return _fast(raw, form, 9, 0, _let(careful, f"CASE WHEN {whole} THEN {number}::VARCHAR END"))
    fits = f"regexp_full_match(n, '-?0*[0-9]{{0,{width}}}([.][0-9]*)?')"
    return _fast(raw, form, 12, 9, _let(careful, f"CASE WHEN {fits} THEN n END"))


def _let(expression: str, body: str) -> str:
    """`body` with n standing for `expression`, which is written once."""
    return f"list_transform([{expression}], lambda n: {body})[1]"


def divided(value: str, per: str) -> str:
    """The plain number `value` divided by the whole number in the text `per` (a price per 1,000 pieces), to six
    decimals, half up; unchanged where `per` holds no such number."""
    parts = f"TRY_CAST(regexp_extract({per}, '^([0-9]{{1,7}})([.,]0*)?$', 1) AS HUGEINT)"
    micro = "(TRY_CAST(n AS DECIMAL(28, 6)) * 1000000)::HUGEINT"
    whole = f"((2 * abs({micro}) + p) // (2 * p)) * sign({micro})"
    quotient = f"(({whole})::DECIMAL(20, 0) * 0.000001::DECIMAL(7, 6))::VARCHAR"
    chosen = f"list_transform([{parts}], lambda p: CASE WHEN coalesce(p, 1) <= 1 THEN n ELSE {quotient} END)[1]"
    return _let(value, chosen)


def _fast(raw: str, form: NumberFormat, digits: int, decimals: int, otherwise: str) -> str:
    """The text itself where it is as plain as most are; the careful reading costs ten times as much."""
    sign = form.decimal
    fraction = f"([{sign}][0-9]{{1,{decimals}}})?" if decimals and not form.contested else ""
    quick = raw if sign == "." else f"replace({raw}, ',', '.')"
    return f"CASE WHEN regexp_full_match({raw}, '-?[0-9]{{1,{digits}}}{fraction}') THEN {quick} ELSE {otherwise} END"


def _careful(raw: str, kind: Type, form: NumberFormat) -> str:
    sign = form.decimal
    text = signs.plain_sql(raw)
    if kind in _AMOUNTS:
        text = _amount(text)
    if kind is Type.RATIO:
        text = f"regexp_replace({text}, '\\s*(%|pct|percent|prozent)$', '', 'i')"
    if form.units:
        suffix = "|".join(re.escape(one).replace("\\ ", " ") for one in form.units)
        behind = literal(rf"^(.*[0-9][-).,]?)\s*(?:{suffix})[.]?$")
        text = f"regexp_replace({text}, {behind}, '\\1', 'i')"
    body = _body(sign)
    legal = literal(rf"[-+]?\s*{body}|{body}\s*-|\(\s*-?{body}\s*\)")
    science = literal(rf"[-+]?[0-9]+([{sign}][0-9]+)?[eE][-+]?[0-9]{{1,2}}")
    digits = f"replace(regexp_replace(t, '[^0-9{sign}]', '', 'g'), '{sign}', '.')"
    tidy = f"regexp_replace(regexp_replace({digits}, '^[.]', '0.'), '[.]$', '')"
    minus = "CASE WHEN contains(t, '-') OR starts_with(t, '(') THEN '-' ELSE '' END"
    cast = f"TRY_CAST(replace(t, '{sign}', '.') AS DECIMAL(38, 15))::VARCHAR"
    doubt = f"WHEN regexp_full_match(t, {literal(_EITHER)}) THEN NULL " if form.contested else ""
    reading = (
        f"CASE {doubt}{_zero_dash(raw, kind)}WHEN regexp_full_match(t, {legal}) THEN {minus} || {tidy} "
        f"WHEN regexp_full_match(t, {science}) THEN {cast} END"
    )
    return f"list_transform([{text}], lambda t: {reading})[1]"


def _body(sign: str) -> str:
    """The digits of a number: plain, or in groups of three (or, in India, two) with one sign between all of them."""
    groups = [" ", "'", "," if sign == "." else "[.]"]
    wholes = ["[0-9]+", *(rf"[0-9]{{1,3}}(?:{gap}[0-9]{{3}})+" for gap in groups)]
    if sign == ".":
        wholes.append(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
    return rf"(?:(?:{'|'.join(wholes)})(?:[{sign}][0-9]*)?|[{sign}][0-9]+)"


def _amount(text: str) -> str:
    """An amount without its currency: before or behind, as sign, word or code; 12,- is 12; CR is negative."""
    before = literal(rf"^([-+(]?)\s*{signs.CURRENCY}\s*")
    behind = literal(rf"\s*{signs.CURRENCY}\s*([-)]?)$")
    text = f"regexp_replace(regexp_replace({text}, {before}, '\\1', 'i'), {behind}, '\\1', 'i')"
    text = f"regexp_replace({text}, '^(.*[0-9]) *C[Rr][.]?$', '-\\1')"
    text = f"regexp_replace({text}, '^(.*[0-9]) *D[Rr][.]?$', '\\1')"
    return f"regexp_replace({text}, '([0-9])[.,]-{{1,2}}$', '\\1')"


def _zero_dash(raw: str, kind: Type) -> str:
    """A dash beside a currency sign is how accounting formats print zero. A dash alone says so only in a column of
    amounts; a price that is a dash is a price nobody knows."""
    if kind is Type.MONEY:
        return "WHEN t = '-' THEN '0' "
    return f"WHEN t = '-' AND length({raw}) > 1 AND NOT contains({raw}, '--') THEN '0' " if kind is Type.PRICE else ""


def _ratio(raw: str, plain: str, percent: bool) -> str:
    number = "TRY_CAST(n AS DECIMAL(18, 8))"
    divided = f"({number} * 0.01)::DECIMAL(18, 10)::VARCHAR"
    marked = f"regexp_matches({raw}, '(%|％|٪|pct|percent|prozent)$', 'i')"
    value = divided if percent else f"CASE WHEN {marked} THEN {divided} ELSE n END"
    limited = f"list_transform([{value}], lambda m: CASE WHEN TRY_CAST(m AS DECIMAL(18, 10)) <= 1 THEN m END)[1]"
    return _let(plain, limited)
