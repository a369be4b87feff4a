"""What is put before a person who has to say how a file is read: the likeliest readings, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.recognition import Bid, Recognition, carried, needed

SAMPLE_ROWS = 5
CANDIDATES = 3
_WIDEST = 200
"""Characters of a sample cell that are shown."""


def build(
    registry: Registry, found: Recognition, headers: Sequence[str], sample: Sequence[Sequence[str]], reason: str,
    *, first: Iterable[Bid] = (),
) -> dict[str, Any]:  # fmt: skip
    """The proposal as JSON: the columns, some rows, up to three readings (those of `first` lead), and why we ask."""
    ranked = list(dict.fromkeys([*(bid.entity for bid in first), *(bid.entity for bid in found.ranked)]))
    bids = [bid for name in ranked if (bid := found.of(name)) is not None and (bid.matches or bid in tuple(first))]
    return document(headers, sample, [candidate(registry, bid) for bid in bids[:CANDIDATES]], reason)


def document(
    headers: Sequence[str], sample: Sequence[Sequence[str]], candidates: list[dict[str, Any]], reason: str
) -> dict[str, Any]:
    """A proposal of these candidates."""
    rows = [[cell[:_WIDEST] for cell in row] for row in sample[:SAMPLE_ROWS]]
    return {"headers": list(headers), "sample": rows, "candidates": candidates, "reason": reason}


def candidate(registry: Registry, bid: Bid) -> dict[str, Any]:
    """One reading of the file."""
    entity = registry[bid.entity]
    taken = {one.header for one in bid.matches}
    columns = {}
    for one in bid.matches:
        columns[one.field] = {"column": one.header, "score": round(one.score, 2), "why": one.why}
        if one.percent:
            columns[one.field]["percent"] = True
        if one.values:
            columns[one.field]["values"] = dict(one.values)
        if one.per:
            columns[one.field]["per"] = one.per
    return {
        "entity": bid.entity, "title": entity.title, "score": bid.score, "columns": columns,
        "missing": missing(registry, bid.entity, set(columns)),
        "unknown": [name for name in (*bid.unknown, *bid.known) if name not in taken],
        "why": list(bid.why),
    }  # fmt: skip


def missing(registry: Registry, entity: str, have: set[str]) -> list[dict[str, str]]:
    """Required fields without a column."""
    fields = carried(registry[entity], registry)
    return [
        {"field": name, "label": fields[name].label, "expected": fields[name].expected}
        for name in needed(registry[entity], registry) if name not in have
    ]  # fmt: skip
