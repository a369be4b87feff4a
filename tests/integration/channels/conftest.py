"""Servers on this machine, and the channels' way to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from opscopilot.adapters.channels._web import OutboundWeb
from opscopilot.notifications.channels import DeliveryFailed, Message
from tests.support.servers.receivers import Receiver, local_web, receiving

NOON = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)
ID = UUID("0198c0de-0000-7000-8000-000000000001")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that remembers."""
    with receiving() as made:
        yield made


@pytest.fixture
def web() -> Iterator[OutboundWeb]:
    """HTTP as on one machine."""
    with local_web() as made:
        yield made


def message(to: str, **given: Any) -> Message:
    """A message to that address."""
    base: dict[str, Any] = {"id": ID, "to": to, "subject": "[HIGH] x", "text": "t", "data": {"title": "ü", "n": 1}}
    return Message(**{**base, **given})


def failure(action: Callable[[], object]) -> DeliveryFailed:
    """The DeliveryFailed that `action` raises."""
    with pytest.raises(DeliveryFailed) as found:
        action()
    return found.value
