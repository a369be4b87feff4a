"""The canonical entities in the order in which they can be loaded."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.manufacturing.driving import DRIVING
from opscopilot.manufacturing.masters import MASTERS
from opscopilot.manufacturing.sensing import SENSING
from opscopilot.manufacturing.shifts import SHIFT
from opscopilot.manufacturing.tracing import TRACING
from opscopilot.manufacturing.transactions import TRANSACTIONS

ENTITIES: tuple[Entity, ...] = (*MASTERS, *TRANSACTIONS, *TRACING, *SENSING, *DRIVING, SHIFT)


def registry() -> Registry:
    """A catalogue holding the manufacturing entities."""
    return Registry(*ENTITIES)
