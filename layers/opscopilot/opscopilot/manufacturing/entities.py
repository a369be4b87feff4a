"""The canonical entities in the order in which they can be loaded."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.manufacturing.masters import MASTERS
from opscopilot.manufacturing.transactions import TRANSACTIONS

ENTITIES: tuple[Entity, ...] = (*MASTERS, *TRANSACTIONS)


def registry() -> Registry:
    """A catalogue holding the manufacturing entities."""
    return Registry(*ENTITIES)
