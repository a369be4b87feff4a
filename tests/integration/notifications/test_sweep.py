"""The sweep: the outbox goes out, lost events come back, one tenant's trouble stays its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from opscopilot.kernel.errors import TransientError, ValidationFailed
from tests.integration.notifications.world import Context, World, alert


def _old() -> datetime:
    """Clearly older than half a minute on the database's own clock."""
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_what_was_not_published_goes_out_after_half_a_minute(world: World) -> None:
    tenant = world.tenant()
    old, young = alert(tenant, occurred_at=_old()), alert(tenant, occurred_at=datetime(2199, 1, 1, tzinfo=UTC))
    world.to_outbox(old)
    world.to_outbox(young)
    assert world.sweep()["relayed"] == 1
    assert [row.event_id for row in world.bus.rows] == [old.event_id]
    assert world.sweep()["relayed"] == 0


def test_what_the_bus_refuses_stays(world: World) -> None:
    tenant = world.tenant()
    world.to_outbox(alert(tenant, occurred_at=_old()))
    world.bus.works = False
    assert world.sweep()["relayed"] == 0
    world.bus.works = True
    assert world.sweep()["relayed"] == 1


def test_recovery_handles_what_was_published_and_lost(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    lost, done = alert(tenant), alert(tenant)
    world.to_outbox(lost, published=True)
    world.to_outbox(done, published=True)
    world.handle(done)
    assert "sent" not in world.sweep()
    assert world.sweep(recover=True)["opened"] == 1
    assert len(world.mails) == 2
    assert "opened" not in world.sweep(recover=True)
    unhandled = world.rows(tenant, "SELECT count(*) AS n FROM platform.outbox WHERE handled_at IS NULL")
    assert unhandled == [{"n": 0}]


def test_p63_recovery_checks_the_tenant_of_every_event(world: World) -> None:
    tenant, other = world.tenant(), world.tenant()
    world.person(tenant)
    world.person(other, mail="spy@other.example")
    with world.copilot.tenant(tenant) as tx:
        planted = alert(other)
        tx.execute(
            """INSERT INTO platform.outbox (tenant_id, event_id, source, detail_type, detail, occurred_at, published_at)
               VALUES (:t, :e, 'opscopilot.forecasting', 'AlertRaised', CAST(:d AS jsonb), now(), now())""",
            t=tenant, e=planted.event_id, d=planted.model_dump_json(),
        )  # fmt: skip
    assert world.sweep(recover=True)["unusable"] == 1
    assert world.mails == []


def test_p63_one_tenants_trouble_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tenants = sorted(world.tenant() for _ in range(3))
    for one in tenants:
        world.person(one)
        world.service.handle(alert(one), lambda: 0.0)
    real = type(world.service.sender).take_up

    def breaks(self: Any, tenant_id: UUID) -> None:
        if tenant_id == tenants[0]:
            raise RuntimeError("this tenant's data is odd")
        real(self, tenant_id)

    monkeypatch.setattr(type(world.service.sender), "take_up", breaks)
    with pytest.raises(TransientError, match="1 of 3"):
        world.sweep()
    assert [world.statuses(one) for one in tenants] == [["pending"], ["sent"], ["sent"]]


def test_the_sweep_stops_in_time(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.service.handle(alert(tenant), lambda: 0.0)
    assert world.handler({"task": "sweep"}, Context(seconds=5)) == {}
    assert world.sweep()["sent"] == 1


def test_p85_held_messages_of_a_closed_tenant_stay(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.advance(timedelta(hours=12))
    world.handle(alert(tenant))
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE platform.tenants SET status = 'suspended'")
    world.clock.advance(timedelta(hours=12))
    world.sweep()
    assert world.mails == []


def test_an_unknown_event_is_refused_with_words(world: World) -> None:
    with pytest.raises(ValidationFailed, match="does not know"):
        world.handler({"task": "sweeep"}, Context())
