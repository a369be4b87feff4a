"""Recipes over the whole plant: how much of every component one unit of each item needs, loops named. Pure.

A component's need per unit of its parent = quantity / base quantity / yield / (1 - scrap): scrap and yield divide (D10).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

Edges = Mapping[UUID, Mapping[UUID, float]]
Needs = dict[UUID, dict[UUID, float]]


def per_unit(edges: Edges) -> tuple[Needs, list[list[UUID]]]:
    """What one unit of each item needs of everything below it, and the loops found, each as the items along it.

    A loop cannot be exploded: the line that closes it is left out and the loop is told.
    """
    needs: Needs = {}
    loops: list[list[UUID]] = []
    for root in edges:
        if root not in needs:
            _explode(root, edges, needs, loops)
    return needs, loops


def _explode(root: UUID, edges: Edges, needs: Needs, loops: list[list[UUID]]) -> None:
    """Depth first without recursion: a chain of recipes may be longer than Python's stack."""
    path: dict[UUID, None] = {}
    stack: list[tuple[UUID, bool]] = [(root, False)]
    while stack:
        one, leaving = stack.pop()
        if leaving:
            needs[one] = _sum_up(edges[one], needs, path)
            path.pop(one)
            continue
        if one in needs or one not in edges:
            continue
        if one in path:
            walked = list(path)
            loops.append([*walked[walked.index(one) :], one])
            continue
        path[one] = None
        stack.append((one, True))
        stack.extend((child, False) for child in edges[one])


def _sum_up(lines: Mapping[UUID, float], needs: Needs, path: Mapping[UUID, None]) -> dict[UUID, float]:
    found: dict[UUID, float] = {}
    for child, quantity in lines.items():
        if child in path:
            continue
        found[child] = found.get(child, 0.0) + quantity
        for below, each in needs.get(child, {}).items():
            found[below] = found.get(below, 0.0) + quantity * each
    return found
