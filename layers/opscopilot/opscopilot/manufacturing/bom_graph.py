"""Recipes as a graph: loops, low-level codes, and how much of everything a quantity of the top needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from opscopilot.kernel.errors import Conflict


@dataclass
class Node:
    """An item. `base_qty` is what one recipe makes, in base units; None when its unit has no factor."""

    code: str
    name: str
    uom: str
    make_or_buy: str
    unit_cost: Decimal | None
    currency: str
    list_price: Decimal | None
    base_qty: Decimal | None = Decimal(1)
    expected_yield: Decimal = Decimal(1)
    version: str | None = None
    phantom: bool = False
    level: int = 0

    @classmethod
    def of(cls, row: dict[str, Any]) -> Node:
        """The node of a SKU row."""
        return cls(
            row["sku_code"], row["description"], row["base_uom"], row["make_or_buy"], row["unit_cost"],
            row["currency"], row["list_price"],
        )  # fmt: skip


class Edge(NamedTuple):
    """A recipe line: `qty` of `child` in `uom`; `factor` to the child's base unit, None when unknown."""

    child: UUID
    qty: Decimal
    uom: str | None
    factor: Decimal | None
    scrap_rate: Decimal
    fixed: bool


@dataclass
class Graph:
    """Items, what each is made of, and what could not be followed."""

    nodes: dict[UUID, Node] = field(default_factory=dict)
    edges: dict[UUID, list[Edge]] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)


def downward_order(graph: Graph, root: UUID) -> list[UUID]:
    """Every item below `root`, parents before children. Conflict names the items of a loop, in its order.

    Iterative, because a recipe chain may be longer than Python's recursion limit.
    """
    done: list[UUID] = []
    seen: set[UUID] = set()
    path: dict[UUID, None] = {}
    stack: list[tuple[UUID, bool]] = [(root, False)]
    while stack:
        one, leaving = stack.pop()
        if leaving:
            path.pop(one)
            done.append(one)
            continue
        if one in path:
            _refuse_loop(graph, path, one)
        if one in seen:
            continue
        seen.add(one)
        path[one] = None
        stack.append((one, True))
        stack.extend((edge.child, False) for edge in graph.edges.get(one, []))
    return done[::-1]


def _refuse_loop(graph: Graph, path: dict[UUID, None], again: UUID) -> None:
    walked = list(path)
    loop = [*walked[walked.index(again) :], again]
    names = [graph.nodes[one].code for one in loop]
    raise Conflict(
        "The recipes form a loop: " + " → ".join(names) + ". Correct one of them.",
        code="bom_cycle", field="bom", value=" → ".join(names), expected="recipes without a loop",
    )  # fmt: skip


def explode_needs(graph: Graph, root: UUID, quantity: Decimal) -> dict[tuple[UUID, str], Decimal]:
    """Total need of every item below `root`, per unit it is known in (its base unit unless a factor is missing).

    Sets each node's low-level code: the longest way down to it.
    """
    needs: dict[tuple[UUID, str], Decimal] = {}
    order = downward_order(graph, root)
    in_base: dict[UUID, Decimal] = {root: quantity}
    for one in order:
        parent = graph.nodes[one]
        edges = graph.edges.get(one, [])
        if not edges or one not in in_base:
            if edges:
                graph.gaps.append(f"{parent.code} was not broken down: its need has no factor to {parent.uom}.")
            continue
        if not parent.base_qty or not parent.expected_yield:
            graph.gaps.append(f"{parent.code} was not broken down: its recipe's base quantity or yield is unusable.")
            continue
        for edge in edges:
            child = graph.nodes[edge.child]
            child.level = max(child.level, parent.level + 1)
            need = _need(edge, in_base[one], parent)
            uom = child.uom
            if edge.factor is None:
                uom = edge.uom or child.uom
                gap = f"{child.code} is asked for in {uom}; there is no factor to its base unit {child.uom}."
                if gap not in graph.gaps:
                    graph.gaps.append(gap)
            else:
                need *= edge.factor
                in_base[edge.child] = in_base.get(edge.child, Decimal(0)) + need
            needs[edge.child, uom] = needs.get((edge.child, uom), Decimal(0)) + need
    return needs


def _need(edge: Edge, wanted: Decimal, parent: Node) -> Decimal:
    """Formula D10: component scrap and yield divide (100 at 5 % scrap need 105.2632)."""
    assert parent.base_qty
    if edge.fixed:
        batches = (wanted / parent.base_qty / parent.expected_yield).to_integral_value(ROUND_CEILING)
        return batches * edge.qty / (1 - edge.scrap_rate)
    return wanted * edge.qty / parent.base_qty / parent.expected_yield / (1 - edge.scrap_rate)
