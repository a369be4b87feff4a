"""Filters from texts: `field=value` (several = any of them, empty = no value), `field.from`, `field.to`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from opscopilot.catalogue.declaration import Entity, Field
from opscopilot.catalogue.types import Type
from opscopilot.kernel.errors import ValidationFailed

RANGED = (Type.INT, Type.QTY, Type.PRICE, Type.MONEY, Type.RATIO, Type.DATE, Type.INSTANT)
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True)
class Condition:
    """A piece of SQL that is true or false for a row, and its parameters."""

    sql: str
    params: Mapping[str, Any]


def conditions(entity: Entity, columns: Mapping[str, str], filters: Mapping[str, Sequence[str]]) -> list[Condition]:
    """One condition per filter; ValidationFailed names an unknown field or a value of the wrong kind."""
    found = []
    for number, (name, values) in enumerate(filters.items()):
        base, _, bound = name.partition(".")
        if base not in columns or bound not in ("", "from", "to"):
            raise ValidationFailed(
                f"{entity.title} cannot be filtered by '{name}'.", code="unknown_parameter", field=name,
                value=values[0] if values else None, expected="one of: " + ", ".join(filter_names(entity)),
            )  # fmt: skip
        one = entity.field(base)
        if bound:
            found.append(_bound(one, columns[base], bound, values[-1], f"f{number}_"))
        else:
            found.append(_any_of(one, columns[base], values, f"f{number}_"))
    return found


def filter_names(entity: Entity) -> list[str]:
    """Every filter the entity's list takes."""
    ranged = [f"{one.name}.{end}" for one in entity.fields if one.type in RANGED for end in ("from", "to")]
    return [*(one.name for one in entity.fields), *ranged]


def _any_of(one: Field, sql: str, values: Sequence[str], name: str) -> Condition:
    tests, params = [], {}
    for number, text in enumerate(values):
        if text == "":
            tests.append(f"{sql} IS NULL")
            continue
        params[f"{name}{number}"] = parse(one, text)
        tests.append(f"{sql} = {_cast(one, f':{name}{number}')}")
    return Condition(f"({' OR '.join(tests)})", params)


def _bound(one: Field, sql: str, bound: str, text: str, name: str) -> Condition:
    if one.type not in RANGED:
        raise ValidationFailed(
            f"'{one.name}' has no order to take a range of.", field=f"{one.name}.{bound}", value=text,
            expected=f"{one.name}=…",
        )  # fmt: skip
    sign = ">=" if bound == "from" else "<="
    return Condition(f"{sql} {sign} {_cast(one, f':{name}')}", {name: parse(one, text)})


def _cast(one: Field, parameter: str) -> str:
    return f"CAST({parameter} AS {'text' if one.type.is_text else one.type.value.pg.split('(')[0]})"


def parse(one: Field, text: str) -> Any:
    """The value a filter text stands for; ValidationFailed says what a right one looks like."""
    try:
        return _parsed(one, text.strip())
    except (ValueError, InvalidOperation) as error:
        raise ValidationFailed(
            f"'{text}' is not {one.expected}.", field=one.name, value=text, expected=one.expected
        ) from error


def _parsed(one: Field, text: str) -> Any:
    if one.enum and text not in one.enum:
        raise ValueError(text)
    if one.type.is_number:
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError(text)
        return number
    if one.type is Type.INT:
        return int(text)
    if one.type is Type.DATE:
        return date.fromisoformat(text)
    if one.type is Type.INSTANT:
        return datetime.fromisoformat(text)
    if one.type is Type.TIME:
        return time.fromisoformat(text)
    if one.type is Type.BOOL:
        if text.lower() not in (*_TRUE, *_FALSE):
            raise ValueError(text)
        return text.lower() in _TRUE
    return text
