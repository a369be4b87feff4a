"""Rules are tried on a file before they judge its records: one that most of them break is a question about the
mapping, not a thousand faults (P-28). So are percentages told from ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import time
from functools import partial

import duckdb

from opscopilot.catalogue import numbers, validation
from opscopilot.catalogue.check import Check
from opscopilot.catalogue.types import Type
from opscopilot.kernel import uom
from opscopilot.staging.binding import Binding, literal
from opscopilot.staging.checking import checks_of
from opscopilot.staging.recipe import ColumnFormat

_SAMPLE = 20_000
_ENOUGH = 5
_MOST, _SOME, _NEARLY_ALL = 0.5, 0.2, 0.99
"""Shares of the records that may break a rule before it is the rule that is in doubt: dates in the wrong order are
somebody's slip; parts of pieces are how a plant books."""


@dataclass(frozen=True)
class _Trial:
    """A rule, as SQL over the values: what breaks it and what it is about; and what its doubt does to a format."""

    field: str
    broken: str
    asked: str
    share: float
    doubt: Callable[[ColumnFormat], ColumnFormat]


def doubted(
    db: duckdb.DuckDBPyConnection, binding: Binding, formats: dict[str, ColumnFormat], zone: str, day_start: time
) -> dict[str, ColumnFormat]:
    """The formats, with the rules left out that too many of the loaded records break."""
    ours = {one.field.name for one in binding.bounds if one.derived}
    judged = checks_of(binding, formats, zone, day_start)
    checks = {check.field.name: check for check in judged if check.field.name not in ours}
    trials = [*_orders(checks), *_pieces(checks), *_percentages(checks), *_decimal_codes(checks)]
    if not trials:
        return formats
    counted = ", ".join(f"count(*) FILTER (WHERE {one.broken}), count(*) FILTER (WHERE {one.asked})" for one in trials)
    found = dict(formats)
    counts = db.execute(f"SELECT {counted} FROM ({_values(binding, checks, trials)})").fetchone() or ()
    for place, one in enumerate(trials):
        broken, asked = counts[2 * place : 2 * place + 2]
        if asked >= _ENOUGH and broken > one.share * asked:
            found[one.field] = one.doubt(found.get(one.field, ColumnFormat()))
    return found


def _orders(checks: dict[str, Check]) -> Iterator[_Trial]:
    for check in checks.values():
        for first in check.after:
            yield _Trial(
                check.field.name, f"{check.value} < v_{first}", f"{check.value} IS NOT NULL AND v_{first} IS NOT NULL",
                _MOST, partial(_unordered, first=first),
            )  # fmt: skip


def _unordered(known: ColumnFormat, first: str) -> ColumnFormat:
    return known.model_copy(update={"unordered": (*known.unordered, first)})


def _pieces(checks: dict[str, Check]) -> Iterator[_Trial]:
    for check in checks.values():
        if check.whole and check.unit and check.field.type is Type.QTY:
            yield _Trial(
                check.field.name, validation.has_parts(check), f"{check.value} IS NOT NULL", _SOME,
                lambda known: known.model_copy(update={"parts": True}),
            )  # fmt: skip


def _percentages(checks: dict[str, Check]) -> Iterator[_Trial]:
    """A ratio is at most 1: a column in which most values are more than that holds percentages."""
    for check in checks.values():
        if check.field.type is Type.RATIO and not check.percent:
            number = f"TRY_CAST(q_{check.field.name} AS DECIMAL(18, 6))"
            yield _Trial(
                check.field.name, f"{number} > 1 AND {number} <= 100", f"{number} <> 0", _MOST,
                lambda known: known.model_copy(update={"percent": True}),
            )  # fmt: skip


def _decimal_codes(checks: dict[str, Check]) -> Iterator[_Trial]:
    """Codes that all end in .0 went through a program that takes them for numbers."""
    for check in checks.values():
        if check.field.type is Type.CODE and check.field.name not in validation.FREE_CODES:
            yield _Trial(
                check.field.name, f"regexp_full_match({check.value}, '{validation.DECIMAL_CODE}')",
                f"{check.value} IS NOT NULL", _NEARLY_ALL, lambda known: known.model_copy(update={"decimal_codes": True}),
            )  # fmt: skip


def _values(binding: Binding, checks: dict[str, Check], trials: list[_Trial]) -> str:
    """The values the trials look at, of the first records. The unit is looked up by what it is written like."""
    names = {one.field for one in trials} | {first for check in checks.values() for first in check.after}
    names |= {check.unit for check in checks.values() if check.unit and check.whole}
    bounds = [one for one in binding.bounds if one.field.name in names and not one.derived]
    raw = ", ".join(f"{one.sql} AS r_{one.field.name}" for one in bounds)
    values = ", ".join(_value(checks[one.field.name]) for one in bounds)
    return f"SELECT {values} FROM (SELECT {raw} FROM raw LIMIT {_SAMPLE})"


def _value(check: Check) -> str:
    if check.field.type is Type.RATIO:
        return f"{numbers.canonical(check.raw, Type.QTY, check.form)} AS q_{check.field.name}"
    if check.field.type is not Type.UOM:
        return f"{validation.canonical(check)} AS {check.value}"
    counted = [(word, code) for word, code in (check.spellings or {}).items() if code in uom.DISCRETE]
    pairs = ", ".join(f"{literal(word)}: '{code}'" for word, code in counted)
    return f"MAP {{{pairs}}}[{validation.lookup_key(check)}] AS {check.value}"
