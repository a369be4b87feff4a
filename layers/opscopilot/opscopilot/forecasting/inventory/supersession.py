"""Items that replace others: the old one is not ordered any more, its stock may serve the new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from opscopilot.forecasting.inventory.cases import Successor
from opscopilot.forecasting.inventory.positions import ZERO, Position
from opscopilot.kernel.db import Tx

# The latest replacement in force of each item; one whose day has not come does not count yet.
_QUERY = """
SELECT DISTINCT ON (s.sku_id) s.sku_id, s.successor_sku_id, s.valid_from, s.factor, s.use_up, k.sku_code AS code
FROM manufacturing.sku_supersessions s JOIN manufacturing.skus k ON k.id = s.successor_sku_id
WHERE (s.valid_from IS NULL OR s.valid_from <= :as_of) AND s.sku_id <> s.successor_sku_id
ORDER BY s.sku_id, s.valid_from DESC NULLS LAST, s.id
"""


@dataclass(frozen=True, slots=True)
class Replacement:
    """`factor` base units of the successor stand for one of the old item."""

    successor_id: UUID
    factor: Decimal
    successor: Successor


def read(tx: Tx, as_of: date) -> dict[UUID, Replacement]:
    """By the item that is replaced."""
    return {
        row["sku_id"]: Replacement(
            row["successor_sku_id"], row["factor"], Successor(row["code"], row["valid_from"], row["use_up"])
        )
        for row in tx.rows(_QUERY, as_of=as_of)
    }


def inherited(found: Mapping[UUID, Replacement], items: Mapping[UUID, Position]) -> dict[UUID, Decimal]:
    """Usable stock each successor takes over, through chains, in its own base units. A loop ends where it began."""
    out: dict[UUID, Decimal] = {}
    for old in found:
        if old not in items:
            continue
        quantity = max(ZERO, items[old].available - items[old].backorders)
        one, seen = old, {old}
        while (step := found.get(one)) and step.successor.use_up and step.successor_id not in seen:
            quantity, one = quantity * step.factor, step.successor_id
            seen.add(one)
        if one != old and quantity > 0:
            out[one] = out.get(one, ZERO) + quantity
    return out
