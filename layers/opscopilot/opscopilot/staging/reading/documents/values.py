"""JSON values as the text of a cell, and objects as flat rows of cells."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from opscopilot.staging.reading.books.formats import plain

_MOMENT = re.compile(r"/Date\((-?\d{1,15})([+-]\d{1,4})?\)/")
NOISE = frozenset({"__metadata", "__deferred"})


@dataclass
class Flat:
    """An object as cells by dotted name, and its lists of objects as JSON text by dotted name."""

    cells: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)


def text_of(value: Any) -> str:
    """A single value: numbers as they are written, without exponent."""
    match value:
        case str():
            return _string(value)
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case Decimal():
            return plain(value)
        case _:
            return str(value)


def _string(value: str) -> str:
    if "\0" in value:
        value = value.replace("\0", "")
    found = _MOMENT.fullmatch(value) if value.startswith("/Date(") else None
    if found is None:
        return value
    try:
        when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found.group(1)))
    except OverflowError:
        return value
    # OData v2: without an offset the moment has no zone.
    when = when if found.group(2) else when.replace(tzinfo=None)
    return when.isoformat(" ", "milliseconds" if when.microsecond else "seconds")


def to_json(value: Any) -> str:
    """JSON text with numbers as they were."""
    match value:
        case dict():
            return (
                "{"
                + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {to_json(one)}" for key, one in value.items())
                + "}"
            )
        case list():
            return "[" + ", ".join(map(to_json, value)) + "]"
        case Decimal():
            return plain(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def flatten(record: dict[str, Any]) -> Flat:
    """Nested objects get dotted names; lists of plain values are joined; Odoo's [7, "Name"] gives the
    name, and the number under "…/id" as its exports have it."""
    flat = Flat()
    if len(record) <= 2 and isinstance(record.get("node"), dict) and record.keys() <= {"node", "cursor"}:
        record = record["node"]  # GraphQL
    _object(record, "", flat)
    return flat


def _object(given: dict[str, Any], prefix: str, flat: Flat) -> None:
    cells = flat.cells
    for key, value in given.items():
        name = prefix + key
        kind = type(value)
        if kind is str:
            cells[name] = _string(value) if value.startswith("/Date(") or "\0" in value else value
        elif kind is dict:
            _nested(value, name, flat)
        elif kind is list:
            _listed(value, name, flat)
        elif "@odata." not in key and not key.startswith("odata."):
            cells[name] = text_of(value)
    for key in [one for one in cells if "@odata." in one or one.startswith("odata.")]:
        del cells[key]


def _nested(value: dict[str, Any], name: str, flat: Flat) -> None:
    if name.rpartition(".")[2] in NOISE or value.keys() == {"__deferred"}:
        return
    if len(value) == 1 and isinstance(value.get("results"), list):
        _listed(value["results"], name, flat)  # OData v2, expanded
        return
    _object(value, name + ".", flat)


def _listed(value: list[Any], name: str, flat: Flat) -> None:
    if not value:
        return
    if len(value) == 2 and type(value[0]) is int and type(value[1]) is str:
        flat.cells[name], flat.cells[f"{name}/id"] = value[1], str(value[0])
    elif any(isinstance(one, dict) for one in value):
        flat.lists[name] = value
    elif any(isinstance(one, list) for one in value):
        flat.cells[name] = to_json(value)
    else:
        flat.cells[name] = ", ".join(map(text_of, value))
