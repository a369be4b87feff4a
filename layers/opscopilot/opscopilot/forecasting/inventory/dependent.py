"""Demand for components that nobody orders from us: it follows from the forecasts of what is made of them.

Assumptions, said wherever the figures are shown: every unit sold is made from its recipe in the week it is sold (stock
and lead times of the parents are not netted off, so needs come rather early than late); forecast errors of different
parents are independent, so variances add, each scaled with the square of its quantity per unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.inventory.explosion import Edges, per_unit
from opscopilot.kernel.db import Tx

ASSUMPTION = (
    "demand follows from the forecasts of what is made of it, by the recipes in force in each week; errors of different "
    "parents are taken as independent, stock of the parents is not netted off"
)

_RECIPES = """
SELECT b.sku_id AS parent, c.component_sku_id AS child, b.id AS bom_id, b.version, b.type,
    b.base_qty * b.uom_factor AS base_qty, b.expected_yield, c.qty * c.uom_factor AS qty, c.scrap_rate,
    b.effective_from, b.effective_to, c.component_from, c.component_to
FROM manufacturing.boms b
JOIN manufacturing.bom_components c ON c.tenant_id = b.tenant_id AND c.bom_id = b.id
WHERE b.status = 'approved' AND b.type <> 'rework' AND coalesce(b.effective_from, CAST(:last AS date)) <= :last
  AND coalesce(b.effective_to, CAST(:first AS date)) >= :first AND coalesce(c.component_from, CAST(:last AS date)) <= :last
  AND coalesce(c.component_to, CAST(:first AS date)) >= :first
ORDER BY b.sku_id, (b.type = 'packaging'), b.effective_from DESC NULLS LAST, b.version DESC
"""


@dataclass(slots=True)
class Path:
    """Demand per bucket and the variance of its running total, (H,) each; `parents` forecasts stand behind it."""

    mean: FloatArray
    cumulative_variance: FloatArray
    parents: int = 0


@dataclass(slots=True)
class Explosion:
    """Paths per component, and what stood in the way: loops and lines whose unit has no factor."""

    paths: dict[UUID, Path] = field(default_factory=dict)
    loops: list[list[UUID]] = field(default_factory=list)
    unusable: set[UUID] = field(default_factory=set)


def read_recipes(tx: Tx, first: date, last: date) -> list[dict[str, Any]]:
    """Recipe lines in force at any time from `first` to `last`, the version to take first of each parent."""
    return tx.rows(_RECIPES, first=first, last=last)


def explode(recipes: Sequence[Mapping[str, Any]], buckets: Sequence[date], parents: Mapping[UUID, Path]) -> Explosion:
    """The demand of every component from the demand of `parents`, bucket by bucket with the recipe of its first day."""
    out = Explosion()
    spans = _spans(recipes, buckets)
    seen: dict[UUID, set[UUID]] = {}
    for start, end in spans:
        edges = _edges(recipes, buckets[start], out)
        needs, loops = per_unit(edges)
        out.loops += [one for one in loops if one not in out.loops]
        for parent, path in parents.items():
            for child, quantity in needs.get(parent, {}).items():
                found = out.paths.setdefault(child, Path(np.zeros(len(buckets)), np.zeros(len(buckets))))
                found.mean[start:end] += quantity * path.mean[start:end]
                steps = np.maximum(np.diff(path.cumulative_variance, prepend=0.0)[start:end], 0.0)
                grown = np.cumsum(quantity**2 * steps)
                found.cumulative_variance[start:end] += grown
                found.cumulative_variance[end:] += grown[-1]
                seen.setdefault(child, set()).add(parent)
    for child, who in seen.items():
        out.paths[child].parents = len(who)
    return out


def _spans(recipes: Sequence[Mapping[str, Any]], buckets: Sequence[date]) -> list[tuple[int, int]]:
    """Runs of buckets over which no recipe changes."""
    changes = {row[name] for row in recipes for name in ("effective_from", "component_from") if row[name]}
    ends = {row[name] for row in recipes for name in ("effective_to", "component_to") if row[name]}
    changes |= {one + timedelta(days=1) for one in ends if one < date.max}
    cuts = [0]
    for place in range(1, len(buckets)):
        if any(buckets[place - 1] < one <= buckets[place] for one in changes):
            cuts.append(place)
    return list(zip(cuts, [*cuts[1:], len(buckets)], strict=True))


def _edges(recipes: Sequence[Mapping[str, Any]], day: date, out: Explosion) -> Edges:
    """Quantity of each component per unit of its parent on `day`."""
    chosen: dict[UUID, UUID] = {}
    edges: dict[UUID, dict[UUID, float]] = {}
    for row in recipes:
        if not _holds(row["effective_from"], row["effective_to"], day):
            continue
        if chosen.setdefault(row["parent"], row["bom_id"]) != row["bom_id"]:
            continue
        if not _holds(row["component_from"], row["component_to"], day):
            continue
        if row["qty"] is None or not row["base_qty"] or not row["expected_yield"]:
            out.unusable.add(row["child"])
            continue
        per = float(row["qty"]) / float(row["base_qty"]) / float(row["expected_yield"]) / (1 - float(row["scrap_rate"]))
        lines = edges.setdefault(row["parent"], {})
        lines[row["child"]] = lines.get(row["child"], 0.0) + per
    return edges


def _holds(start: date | None, end: date | None, day: date) -> bool:
    return (start is None or start <= day) and (end is None or end >= day)
