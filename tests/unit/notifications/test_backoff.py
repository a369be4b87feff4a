"""How long a failed message waits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from opscopilot.notifications.delivery.backoff import pause_before


def test_pauses_double_with_jitter_and_respect_the_receivers_wish() -> None:
    one = UUID("00000000-0000-7000-8000-000000000001")
    for attempt, whole in enumerate([1, 2, 4, 8, 16, 32, 60, 60], 1):
        pause = pause_before(one, attempt)
        assert timedelta(minutes=whole) / 2 <= pause <= timedelta(minutes=whole)
        assert pause == pause_before(one, attempt)
    assert len({pause_before(uuid4(), 3) for _ in range(20)}) > 15
    assert pause_before(one, 1, wish_s=600) == timedelta(minutes=10)
    assert pause_before(one, 1, wish_s=10**9) == timedelta(hours=1)
