"""Recipes: what is effective on a day, explosion, where-used, cost roll-up (P-30, P-31)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import TooLarge, ValidationFailed
from opscopilot.kernel.money import rounded
from opscopilot.kernel.pagination import cut, decode_cursor
from opscopilot.manufacturing.bom_graph import Edge, Graph, Node, explode_needs
from opscopilot.manufacturing.bom_schemas import (
    BomExplosion,
    BomLine,
    CostRollup,
    EffectiveComponent,
    EffectiveComponents,
    WhereUsed,
    WhereUsedLine,
)

BOM_TEXT = (
    "Approved recipe version effective on the day. Need of a component = need of its parent / base quantity / "
    "expected yield x quantity / (1 - component scrap); per-batch quantities count whole batches; phantoms pass "
    "through. A component without a recipe on the day is purchased."
)
COMPONENTS_TEXT = (
    "Recipe lines whose own dates and whose approved recipe's dates include the day. Lines without an assembly mark "
    "top-level items."
)
_MAX_NODES = 20_000
_EFFECTIVE = """b.status = 'approved' AND (b.effective_from IS NULL OR b.effective_from <= :day)
    AND (b.effective_to IS NULL OR b.effective_to >= :day)"""
_LINE_EFFECTIVE = """(c.component_from IS NULL OR c.component_from <= :day)
    AND (c.component_to IS NULL OR c.component_to >= :day)"""

_COMPONENTS = f"""
SELECT {{what}} FROM manufacturing.bom_components c
LEFT JOIN manufacturing.boms b ON b.tenant_id = c.tenant_id AND b.id = c.bom_id
LEFT JOIN manufacturing.skus a ON a.tenant_id = b.tenant_id AND a.id = b.sku_id
JOIN manufacturing.skus k ON k.tenant_id = c.tenant_id AND k.id = c.component_sku_id
WHERE {_LINE_EFFECTIVE} AND (c.bom_id IS NULL OR ({_EFFECTIVE}))
    AND (CAST(:assembly AS text) IS NULL OR a.sku_code = :assembly)
    AND (CAST(:component AS text) IS NULL OR k.sku_code = :component)"""


def effective_components(
    tx: Tx, day: date, *, assembly: str | None, component: str | None, cursor: str | None, limit: int
) -> EffectiveComponents:
    """Recipe lines effective on `day`."""
    params: dict[str, Any] = {"day": day, "assembly": assembly, "component": component}
    counted = tx.rows(_COMPONENTS.format(what="c.bom_id IS NULL AS top, count(*) AS n") + " GROUP BY 1", **params)
    after = ""
    position: dict[str, Any] = {}
    if cursor is not None:
        after, position = " AND c.id > CAST(:last AS uuid)", {"last": str(decode_cursor(cursor, 1)[0])}
    what = """c.id, a.sku_code AS assembly, b.version, c.line_no, k.sku_code AS component,
        k.description AS component_name, c.qty, coalesce(c.uom, k.base_uom) AS uom, c.scrap_rate,
        c.component_from, c.component_to, c.bom_id IS NULL AS top_level"""
    rows = tx.rows(
        _COMPONENTS.format(what=what) + after + " ORDER BY c.id LIMIT :rows", **params, **position, rows=limit + 1
    )
    kept, following = cut(rows, limit, "id")
    return EffectiveComponents(
        effective_on=day, total=sum(row["n"] for row in counted),
        top_level=sum(row["n"] for row in counted if row["top"]),
        items=[EffectiveComponent.model_validate(row) for row in kept],
        next_cursor=following, definition=COMPONENTS_TEXT,
    )  # fmt: skip


_NODES = """
SELECT id, sku_code, description, base_uom, make_or_buy, nullif(unit_cost, 0) AS unit_cost,
    coalesce(currency, :currency) AS currency, list_price
FROM manufacturing.skus WHERE id = ANY(CAST(:ids AS uuid[]))"""
_RECIPES = f"""
SELECT b.sku_id, b.id, b.version, b.base_qty * b.uom_factor AS base_qty, b.expected_yield, b.type,
    count(*) OVER (PARTITION BY b.sku_id) AS versions
FROM manufacturing.boms b WHERE b.sku_id = ANY(CAST(:ids AS uuid[])) AND b.type <> 'rework' AND {_EFFECTIVE}
ORDER BY b.sku_id, (b.type = 'packaging'), b.effective_from DESC NULLS LAST, b.version DESC"""
_LINES = f"""
SELECT c.bom_id, c.component_sku_id, c.qty, c.uom, c.uom_factor, c.scrap_rate, c.fixed_qty
FROM manufacturing.bom_components c WHERE c.bom_id = ANY(CAST(:ids AS uuid[])) AND {_LINE_EFFECTIVE}
ORDER BY c.bom_id, c.line_no"""


def _load(tx: Tx, root: UUID, day: date, currency: str) -> Graph:
    """Everything reachable from `root`, level by level: one query per level, however wide it is."""
    graph = Graph()
    frontier = {root}
    while frontier:
        if len(graph.nodes) + len(frontier) > _MAX_NODES:
            raise TooLarge(f"This recipe reaches more than {_MAX_NODES} items.")
        ids = [str(one) for one in frontier]
        for row in tx.rows(_NODES, ids=ids, currency=currency):
            graph.nodes[row["id"]] = Node.of(row)
        recipes: dict[UUID, Row] = {}
        for row in tx.rows(_RECIPES, ids=ids, day=day):
            recipes.setdefault(row["sku_id"], row)
        _add_edges(tx, graph, recipes, day)
        found = {edge.child for sku in recipes for edge in graph.edges.get(sku, [])}
        frontier = found - set(graph.nodes)
    return graph


def _add_edges(tx: Tx, graph: Graph, recipes: dict[UUID, Row], day: date) -> None:
    by_recipe = {row["id"]: sku for sku, row in recipes.items()}
    for row in tx.rows(_LINES, ids=[str(one) for one in by_recipe], day=day):
        child, factor = row["component_sku_id"], row["uom_factor"]
        edge = Edge(child, row["qty"], row["uom"], factor, row["scrap_rate"], row["fixed_qty"])
        graph.edges.setdefault(by_recipe[row["bom_id"]], []).append(edge)
    for sku, row in recipes.items():
        node = graph.nodes[sku]
        node.base_qty, node.expected_yield = row["base_qty"], row["expected_yield"]
        node.version, node.phantom = row["version"], row["type"] == "phantom"
        if row["versions"] > 1:
            graph.gaps.append(f"{node.code}: {row['versions']} versions are effective; {node.version} was taken.")


def explode(
    tx: Tx, sku_id: UUID, quantity: Decimal, day: date, currency: str, *, with_cost: bool = False
) -> BomExplosion:
    """What `quantity` (base unit) of the SKU needs. Conflict names the loop when the recipes form one."""
    if quantity <= 0:
        raise ValidationFailed("The quantity must be more than zero.", field="qty", value=quantity, expected="> 0")
    graph = _load(tx, sku_id, day, currency)
    root = graph.nodes[sku_id]
    needs = explode_needs(graph, sku_id, quantity)
    lines = []
    for (one, uom), need in needs.items():
        node = graph.nodes[one]
        kind = "purchased" if not graph.edges.get(one) else "phantom" if node.phantom else "made"
        lines.append(
            BomLine(sku_code=node.code, product_name=node.name, level=node.level, kind=kind, uom=uom or "",
                    quantity=need.quantize(Decimal("0.000001")), unit_cost=node.unit_cost, currency=node.currency)
        )  # fmt: skip
    lines.sort(key=lambda one: (one.level, one.kind, -one.quantity, one.sku_code))
    return BomExplosion(
        sku_code=root.code, product_name=root.name, quantity=quantity, uom=root.uom, effective_on=day,
        bom_version=root.version, first_level_components=len({edge.child for edge in graph.edges.get(sku_id, [])}),
        leaf_components=len({one.sku_code for one in lines if one.kind == "purchased"}), components=lines,
        cost=_roll_up(root, lines, graph) if with_cost else None,
        gaps=graph.gaps + _recipe_gaps(graph, sku_id), definition=BOM_TEXT,
    )  # fmt: skip


def _recipe_gaps(graph: Graph, root: UUID) -> list[str]:
    if not graph.edges.get(root):
        return [f"{graph.nodes[root].code} has no recipe that is effective on the day."]
    missing = sorted(
        node.code for key, node in graph.nodes.items() if node.make_or_buy == "make" and not graph.edges.get(key)
    )
    return [f"Made in-house but without an effective recipe: {', '.join(missing)}."] if missing else []


def _roll_up(root: Node, lines: Iterable[BomLine], graph: Graph) -> CostRollup:
    """Standard cost of the leaves. Unknown is listed, and then there is neither a total nor a comparison (P-29)."""
    base = {node.code: node.uom for node in graph.nodes.values()}
    known, unknown = Decimal(0), []
    for one in lines:
        if one.kind != "purchased":
            continue
        if one.unit_cost is None or one.uom != base[one.sku_code] or one.currency != root.currency:
            unknown.append(one.sku_code)
        else:
            known += one.quantity * one.unit_cost
    complete = not unknown and bool(graph.edges)
    return CostRollup(
        known_cost=known.quantize(Decimal("0.0001")), currency=root.currency, complete=complete,
        total_cost=rounded(known, root.currency) if complete else None, unknown=sorted(set(unknown)),
        list_price=root.list_price or None,
        exceeds_list_price=known > root.list_price if complete and root.list_price else None,
    )  # fmt: skip


_PARENTS = f"""
SELECT c.component_sku_id AS child, a.id, a.sku_code, a.description AS product_name, c.qty,
    coalesce(c.uom, k.base_uom) AS uom
FROM manufacturing.bom_components c
JOIN manufacturing.boms b ON b.tenant_id = c.tenant_id AND b.id = c.bom_id
JOIN manufacturing.skus a ON a.tenant_id = b.tenant_id AND a.id = b.sku_id
JOIN manufacturing.skus k ON k.tenant_id = c.tenant_id AND k.id = c.component_sku_id
WHERE c.component_sku_id = ANY(CAST(:ids AS uuid[])) AND b.type <> 'rework' AND {_EFFECTIVE} AND {_LINE_EFFECTIVE}
ORDER BY a.sku_code, c.line_no"""


def where_used(tx: Tx, sku: Row, day: date) -> WhereUsed:
    """Every item that needs the SKU on `day`, the direct users first. Loops end where they began."""
    found: dict[UUID, WhereUsedLine] = {}
    frontier, level = {sku["id"]}, 0
    with_parents: set[UUID] = set()
    while frontier:
        level += 1
        rows = tx.rows(_PARENTS, ids=[str(one) for one in frontier], day=day)
        with_parents |= {row["child"] for row in rows}
        frontier = set()
        for row in rows:
            if row["id"] in found or row["id"] == sku["id"]:
                continue
            direct = level == 1
            found[row["id"]] = WhereUsedLine(
                sku_code=row["sku_code"], product_name=row["product_name"], level=level, top_level=False,
                quantity_per=row["qty"] if direct else None, uom=row["uom"] if direct else None,
            )  # fmt: skip
            frontier.add(row["id"])
    for key, line in found.items():
        line.top_level = key not in with_parents
    return WhereUsed(
        sku_code=sku["sku_code"], product_name=sku["description"], effective_on=day,
        direct=sum(one.level == 1 for one in found.values()), total=len(found), items=list(found.values()),
        definition=BOM_TEXT,
    )  # fmt: skip
