"""A proposal for a table without column names: what its values could be. It is only ever shown, never taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opscopilot.catalogue import samples
from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.catalogue.recognition import carried, needed
from opscopilot.catalogue.samples import Column
from opscopilot.catalogue.types import Type
from opscopilot.staging import proposals

_SCORE = 0.3
_SURE = (Type.SSCC, Type.GTIN, Type.GLN, Type.CURRENCY, Type.UOM, Type.COUNTRY, Type.ENUM, Type.DATE, Type.INSTANT,
         Type.BOOL)  # fmt: skip
"""Types whose values speak for themselves, in the order in which they are looked for; then numbers, codes, text."""


def propose(
    registry: Registry, entities: Iterable[str], headers: Sequence[str], sample: Sequence[Sequence[str]], reason: str
) -> dict[str, Any]:
    """The table read as each of these entities."""
    columns = samples.columns(len(headers), sample)
    candidates = []
    for name in list(entities)[: proposals.CANDIDATES]:
        found = _columns(registry[name], registry, headers, columns)
        candidates.append({
            "entity": name, "title": registry[name].title, "score": 0.0, "columns": found,
            "missing": proposals.missing(registry, name, set(found)),
            "unknown": [one for one in headers if one not in {source["column"] for source in found.values()}],
            "why": ["by its values only: check every column"],
        })  # fmt: skip
    return proposals.document(headers, sample, candidates, reason)


def _columns(
    entity: Entity, registry: Registry, headers: Sequence[str], columns: Sequence[Column]
) -> dict[str, dict[str, Any]]:
    """Field → column: what must be there first, a column and a field once."""
    fields = carried(entity, registry)
    wanted = [fields[name] for name in needed(entity, registry)]
    wanted += [one for one in fields.values() if one not in wanted and one.type in _SURE and one.type is not Type.BOOL]
    wanted.sort(key=_order)
    free = list(range(len(columns)))
    found: dict[str, dict[str, Any]] = {}
    for field in wanted:
        at = next((index for index in free if columns[index].values and _fits(field, columns[index])), None)
        if at is not None:
            free.remove(at)
            why = f"its values are {samples.KINDS[field.type]}"
            found[field.name] = {"column": headers[at], "score": _SCORE, "why": why}
    return found


def _order(field: Field) -> int:
    if field.type in _SURE:
        return _SURE.index(field.type)
    return len(_SURE) + (0 if field.type is Type.CODE else 1 if field.type.is_number or field.type is Type.INT else 2)


def _fits(field: Field, column: Column) -> bool:
    """Whether the values are such as the field has; a code must tell rows apart, a text must have letters."""
    if column.verdict(field) != "supports":
        return False
    if field.type is Type.CODE:
        return len(set(column.values)) * 2 > len(column.values) and not any("." in one for one in column.values)
    return True
