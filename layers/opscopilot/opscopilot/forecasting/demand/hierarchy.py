"""Makes the forecasts of a tree add up: plant, families, items, items at a place. Pure numpy, no database.

Every node has its own forecast and a variance that says how far to trust it. The reconciled forecasts are the closest
to them (weighted least squares, weights 1 / variance) that add up and are not negative. On a tree that has a closed
form that takes two passes: up, each node's own forecast and the sum of what is below it are weighed against each
other; down, the difference between a node and its children is dealt out in proportion to their variances. [Hyndman et
al. 2016, "Fast computation of reconciled forecasts", for the problem; the passes are Gaussian message passing.]
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

MILLION = 1_000_000
_NOTHING = 1e-12
_ROUNDS = 20


def depths(parent: IntArray) -> IntArray:
    """(n,) steps to the root. `parent` (n,) is the position of the node above, -1 for a root. ValueError when the
    nodes go round in a circle."""
    depth = np.zeros(len(parent), dtype=np.int64)
    above = parent.copy()
    for _ in range(64):
        inside = above >= 0
        if not inside.any():
            return depth
        depth[inside] += 1
        above[inside] = parent[above[inside]]
    raise ValueError("the hierarchy has no root: its nodes go round in a circle")


def reconcile(parent: IntArray, base: FloatArray, variance: FloatArray, own: BoolArray) -> FloatArray:
    """(n, h) forecasts that add up: every node is the sum of its children, none is negative.

    `base` (n, h) >= 0 are the nodes' own forecasts, `variance` (n, h) > 0 their variances; `own` (n,) is False for a
    node above others that has no forecast of its own. A node without children must have one.
    """
    depth = depths(parent)
    mean, spread = np.where(own[:, None], base, 0.0), np.maximum(variance, _NOTHING)
    below, below_spread = np.zeros_like(mean), np.zeros_like(mean)
    has_children = np.zeros(len(parent), dtype=bool)
    has_children[parent[parent >= 0]] = True
    for level in range(int(depth.max(initial=0)), -1, -1):
        here = np.flatnonzero(depth == level)
        inner = here[has_children[here]]
        total, total_spread = below[inner], np.maximum(below_spread[inner], _NOTHING)
        trust = np.where(own[inner, None], total_spread / (total_spread + spread[inner]), 0.0)
        mean[inner] = total + trust * (mean[inner] - total)
        spread[inner] = total_spread * (1 - trust)
        children = here[parent[here] >= 0]
        np.add.at(below, parent[children], mean[children])
        np.add.at(below_spread, parent[children], spread[children])
    result: FloatArray = np.maximum(mean, 0.0)
    for level in range(1, int(depth.max(initial=0)) + 1):
        here = np.flatnonzero(depth == level)
        result[here] = _deal(parent[here], mean[here], spread[here], result)
    return _summed(parent, depth, result)


def _deal(parent: IntArray, mean: FloatArray, spread: FloatArray, above: FloatArray) -> FloatArray:
    """(m, h) what the nodes of one level get of their parents: their own, plus a part of what is missing or too much
    in proportion to their variance. Who would fall below nothing gets nothing, and the others share the rest."""
    values: FloatArray = mean.copy()
    free = np.ones(values.shape, dtype=bool)
    for _ in range(_ROUNDS):
        gap = above - _by_parent(parent, values, len(above))
        room = _by_parent(parent, np.where(free, spread, 0.0), len(above))
        part = np.where(free, spread / np.maximum(room[parent], _NOTHING), 0.0)
        values = values + part * np.where(room > 0, gap, 0.0)[parent]
        if not (values < 0).any():
            return values
        free &= values > 0
        values = np.maximum(values, 0.0)
    return values


def _by_parent(parent: IntArray, values: FloatArray, count: int) -> FloatArray:
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, parent, values)
    return total


def _summed(parent: IntArray, depth: IntArray, values: FloatArray) -> FloatArray:
    """The same with every inner node the sum of its children, whatever the arithmetic left over."""
    values = values.copy()
    for level in range(int(depth.max(initial=0)), 0, -1):
        here = np.flatnonzero(depth == level)
        total = _by_parent(parent[here], values[here], len(values))
        inner = np.unique(parent[here])
        values[inner] = total[inner]
    return values


def in_millionths(parent: IntArray, values: FloatArray) -> IntArray:
    """(n, h) whole millionths: leaves are rounded, and every node above is the sum of its children to the last one."""
    depth = depths(parent)
    whole: IntArray = np.rint(np.maximum(values, 0.0) * MILLION).astype(np.int64)
    for level in range(int(depth.max(initial=0)), 0, -1):
        here = np.flatnonzero(depth == level)
        total = np.zeros_like(whole)
        np.add.at(total, parent[here], whole[here])
        inner = np.unique(parent[here])
        whole[inner] = total[inner]
    return whole


def move_bounds(whole: IntArray, base: FloatArray, bounds: FloatArray) -> IntArray:
    """(n, h, 4) bounds (lower 95, lower 80, upper 80, upper 95) in millionths, moved along with the value: scaled where
    it fell, shifted where it rose, so that 0 <= lower 95 <= lower 80 <= value <= upper 80 <= upper 95."""
    value = whole / MILLION
    ratio = np.where(base > 0, np.minimum(value / np.maximum(base, _NOTHING), 1.0), 0.0)
    shift = np.maximum(value - base, 0.0)
    moved: IntArray = np.maximum(np.rint((bounds * ratio[:, :, None] + shift[:, :, None]) * MILLION), 0.0).astype(
        np.int64
    )
    moved[:, :, 1] = np.minimum(moved[:, :, 1], whole)
    moved[:, :, 0] = np.minimum(moved[:, :, 0], moved[:, :, 1])
    moved[:, :, 2] = np.maximum(moved[:, :, 2], whole)
    moved[:, :, 3] = np.maximum(moved[:, :, 3], moved[:, :, 2])
    return moved
