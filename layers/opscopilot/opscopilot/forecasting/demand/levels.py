"""Reads the tree of a draft's forecasts, reconciles it and writes back what changed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting.demand import hierarchy
from opscopilot.forecasting.demand.numeric import numbers
from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray
from opscopilot.kernel.db import Tx

_Z80 = 1.2815515655446004
"""Half the width of an 80 % interval in standard deviations."""

# The tree: published nodes only. A place hangs below its item, everything else below parent_id.
_TREE = """
CREATE TEMP TABLE tree_nodes ON COMMIT DROP AS
SELECT (row_number() OVER (ORDER BY entity_type, entity_id, location_id) - 1)::int AS place, entity_type, entity_id,
       location_id, parent_id, status = 'ok' AS told, coalesce(recent_volume, 0) AS volume,
       outside, ends_in
FROM (
    SELECT s.*, s.ends_on - v.horizon_start AS ends_in,
           coalesce(s.method LIKE 'like %', false)
           OR (coalesce(s.note LIKE 'inherits %', false) AND coalesce(s.history_start, v.as_of) > v.as_of - 182) AS outside
    FROM forecast.forecast_series s JOIN forecast.forecast_versions v ON v.id = s.version_id WHERE s.version_id = :version
) s
"""
_LINKS = """
SELECT n.place, coalesce(p.place, -1), n.told::int, n.volume, n.outside::int, (n.entity_type = 'sku_location')::int,
       coalesce(n.ends_in, 100000)
FROM tree_nodes n LEFT JOIN tree_nodes p ON p.entity_id = n.parent_id AND p.location_id IS NULL ORDER BY n.place
"""
_EDGES = """
SELECT f.bucket_start - v.horizon_start, v.horizon_end + 1 - v.horizon_start FROM forecast.forecast_versions v
JOIN (SELECT DISTINCT bucket_start FROM forecast.forecasts WHERE version_id = '{version}') f ON true
WHERE v.id = '{version}' ORDER BY 1
"""
_ROWS = """
SELECT n.place, dense_rank() OVER (ORDER BY f.bucket_start) - 1, f.value, f.lower_95, f.lower_80, f.upper_80, f.upper_95
FROM tree_nodes n JOIN forecast.forecasts f ON f.version_id = '{version}' AND f.entity_type = n.entity_type
    AND f.entity_id = n.entity_id AND f.location_id IS NOT DISTINCT FROM n.location_id
"""
_STAGE = """
CREATE TEMP TABLE tree_values (place int, step int, value numeric(18,6), lower_95 numeric(18,6), lower_80 numeric(18,6),
    upper_80 numeric(18,6), upper_95 numeric(18,6)) ON COMMIT DROP
"""
_WRITE = """
UPDATE forecast.forecasts f SET value = t.value, lower_80 = t.lower_80, upper_80 = t.upper_80, lower_95 = t.lower_95,
    upper_95 = t.upper_95
FROM tree_values t JOIN tree_nodes n USING (place)
JOIN (SELECT bucket_start, row_number() OVER (ORDER BY bucket_start) - 1 AS step FROM (
        SELECT DISTINCT bucket_start FROM forecast.forecasts WHERE version_id = :version) b) b ON b.step = t.step
WHERE f.version_id = :version AND f.entity_type = n.entity_type AND f.entity_id = n.entity_id
  AND f.location_id IS NOT DISTINCT FROM n.location_id AND f.bucket_start = b.bucket_start
"""

# What follows from an item's demand moves with it.
_FOLLOW = """
UPDATE forecast.forecast_series s SET lead_time_mean = s.lead_time_mean * r.ratio, order_up_to = s.order_up_to * r.ratio,
    protection_mean = s.protection_mean * r.ratio,
    cumulative_sd = ARRAY(SELECT q * r.ratio FROM unnest(s.cumulative_sd) WITH ORDINALITY u(q, i) ORDER BY i),
    lead_time_quantiles = ARRAY(SELECT q * r.ratio FROM unnest(s.lead_time_quantiles) WITH ORDINALITY u(q, i) ORDER BY i),
    protection_quantiles = ARRAY(SELECT q * r.ratio FROM unnest(s.protection_quantiles) WITH ORDINALITY u(q, i) ORDER BY i)
FROM tree_ratios r JOIN tree_nodes n USING (place)
WHERE s.version_id = :version AND s.entity_type = n.entity_type AND s.entity_id = n.entity_id
  AND s.location_id IS NOT DISTINCT FROM n.location_id AND s.lead_time_quantiles IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Tree:
    """n nodes: position of the parent, whether they have a forecast, demand of the last year, whether they are outside
    their parent's history (new items, young successors), whether they are places, and (n, h) the share of each bucket on
    which they are sold."""

    parent: IntArray
    told: BoolArray
    volume: FloatArray
    outside: BoolArray
    is_place: BoolArray
    sold: FloatArray


def reconcile(tx: Tx, version_id: UUID) -> int:
    """Make the forecasts of a draft add up; the rows that changed."""
    tx.execute("DROP TABLE IF EXISTS tree_nodes, tree_values, tree_ratios")
    tx.execute(_TREE, version=version_id)
    tx.execute("ANALYZE tree_nodes")
    links = numbers(tx, _LINKS, 7)
    if not (links[:, 1] >= 0).any():
        return 0
    rows = numbers(tx, _ROWS.format(version=version_id), 7)
    if not len(rows):
        return 0
    tree = _tree(links, numbers(tx, _EDGES.format(version=version_id), 2))
    place, step = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    table = np.zeros((len(links), int(step.max()) + 1, 5))
    table[place, step] = rows[:, 2:]
    base, bounds = table[:, :, 0], table[:, :, 1:]
    return _write(tx, version_id, tree.told, base, bounds, added_up(tree, base, bounds))


def _tree(links: FloatArray, edges: FloatArray) -> Tree:
    flags = links.astype(np.int64)
    start, end = edges[:, 0], np.append(edges[1:, 0], edges[-1, 1])
    sold = np.clip((links[:, 6][:, None] - start) / (end - start), 0.0, 1.0)
    return Tree(flags[:, 1], flags[:, 2] == 1, links[:, 3], flags[:, 4] == 1, flags[:, 5] == 1, sold)


def added_up(tree: Tree, base: FloatArray, bounds: FloatArray) -> IntArray:
    """(n, h) millionths: every node with a forecast is the sum of those below it.

    A group is only what is forecast in it: the part of items that are refused is taken out of its own forecast, and
    new items, which its history does not know, are put on top. What places of an item without a forecast of their own
    would sell stays with the item: where one is missing, the item's places are left as they are told.
    """
    told = tree.told
    known = _known_share(tree)
    parent = _told_above(_without_incomplete(tree.parent, told, tree.is_place), told)
    keep = told & ~tree.outside
    position = np.full(len(parent) + 1, -1)
    position[:-1][keep] = np.arange(int(keep.sum()))
    own = base[keep] * known[keep]
    width = (bounds[keep][:, :, 2] - bounds[keep][:, :, 1]) / (2 * _Z80) * known[keep]
    values = base.copy()
    values[keep] = hierarchy.reconcile(
        position[parent[keep]], own, np.maximum(width**2, (0.01 * own) ** 2 + 1e-12), np.ones(len(own), dtype=bool)
    )
    return hierarchy.in_millionths(parent, values)


def _told_above(parent: IntArray, told: BoolArray) -> IntArray:
    """`parent` as the nearest node above with a forecast; -1 for nodes without one themselves."""
    above = parent.copy()
    for _ in range(int(hierarchy.depths(parent).max(initial=0))):
        skip = (above >= 0) & ~told[np.maximum(above, 0)]
        above[skip] = parent[above[skip]]
    return np.where(told, above, -1)


def _without_incomplete(parent: IntArray, told: BoolArray, is_place: BoolArray) -> IntArray:
    """`parent` with places cut loose from items of which another place has no forecast."""
    lacking = np.zeros(len(parent), dtype=bool)
    lacking[parent[is_place & ~told & (parent >= 0)]] = True
    return np.where(is_place & (parent >= 0) & lacking[np.maximum(parent, 0)], -1, parent)


def _known_share(tree: Tree) -> FloatArray:
    """(n, h) share of a group's demand of the last year that is of items still sold and forecast; 1 for the rest."""
    parent, n = tree.parent, len(tree.parent)
    item = ~tree.is_place & ~np.isin(np.arange(n), parent[~tree.is_place & (parent >= 0)])
    everything = np.where(item & ~tree.outside, tree.volume, 0.0)[:, None] * np.ones_like(tree.sold)
    known = np.where((item & tree.told)[:, None], everything * tree.sold, 0.0)
    depth = hierarchy.depths(parent)
    for level in range(int(depth.max(initial=0)), 0, -1):
        here = np.flatnonzero((depth == level) & ~tree.is_place)
        np.add.at(everything, parent[here], everything[here])
        np.add.at(known, parent[here], known[here])
    share = np.where(known > 0, known / np.maximum(everything, 1e-12), 1.0)
    return np.where((item | tree.is_place)[:, None], 1.0, share)


def _write(
    tx: Tx, version_id: UUID, told: BoolArray, base: FloatArray, bounds: FloatArray, whole: IntArray
) -> int:  # fmt: skip
    changed = told[:, None] & (whole != np.rint(base * hierarchy.MILLION).astype(np.int64))
    place, step = np.nonzero(changed)
    if not len(place):
        return 0
    moved = hierarchy.move_bounds(whole, base, bounds)
    table = np.column_stack([place, step, whole[place, step], moved[place, step]])
    tx.execute(_STAGE)
    _copy(tx, "tree_values", ("%d", "%d", *["%de-6"] * 5), table)
    tx.execute("ANALYZE tree_values")
    touched = tx.execute(_WRITE, version=version_id)
    before, after = base.sum(axis=1), whole.sum(axis=1) / hierarchy.MILLION
    follows = np.flatnonzero(changed.any(axis=1) & (before > 0))
    tx.execute("CREATE TEMP TABLE tree_ratios (place int, ratio float8) ON COMMIT DROP")
    _copy(tx, "tree_ratios", ("%d", "%.17g"), np.column_stack([follows, after[follows] / before[follows]]))
    tx.execute(_FOLLOW, version=version_id)
    return touched


def _copy(tx: Tx, table: str, formats: tuple[str, ...], rows: Any) -> None:
    stream = io.BytesIO()
    np.savetxt(stream, rows, fmt="\t".join(formats))
    stream.seek(0)
    tx.copy_in(f"COPY {table} FROM STDIN", stream)
