"""EventBridge as the way out of the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from opscopilot.kernel.events import OutboxRow

_MAX_ENTRIES = 10  # PutEvents' own limit


class EventBridgePublisher:
    """Publishes outbox rows to the product's bus, ten at a time."""

    def __init__(self, client: Any, bus_name: str) -> None:
        self._client = client
        self._bus = bus_name

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        """Send the rows; the ids EventBridge took. A refused entry stays in the outbox for the sweep."""
        pending = list(rows)
        taken: list[UUID] = []
        for start in range(0, len(pending), _MAX_ENTRIES):
            chunk = pending[start : start + _MAX_ENTRIES]
            answer = self._client.put_events(
                Entries=[
                    {"EventBusName": self._bus, "Source": row.source, "DetailType": row.detail_type,
                     "Detail": row.detail}
                    for row in chunk
                ]
            )  # fmt: skip
            for row, entry in zip(chunk, answer["Entries"], strict=True):
                if "ErrorCode" not in entry:
                    taken.append(row.event_id)
        return taken
