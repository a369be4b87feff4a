"""The last look before a message leaves: is there still something to say, and somebody to say it to?"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from opscopilot.kernel.events import AlertResolved
from opscopilot.notifications.alerts import life
from tests.integration.notifications.world import NOON, World, alert, plenty

NIGHT = NOON + timedelta(hours=12)  # 00:00 in Berlin
MORNING = datetime.fromisoformat("2026-01-15T06:00:00+00:00")  # 07:00 in Berlin


@pytest.fixture
def waiting(world: World) -> tuple[UUID, UUID]:
    """A tenant and an alert that waits for Anna's morning; Berta works at night."""
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.instant = NIGHT
    event = alert(tenant)
    world.handle(event)
    with world.copilot.tenant(tenant) as tx:
        tx.execute(
            "INSERT INTO platform.users (tenant_id, user_id, name, role) VALUES (:t, 'berta', 'Berta', 'planner')",
            t=tenant,
        )
    return tenant, event.alert_id


def reason(world: World, tenant: UUID) -> str:
    """Why Anna's mail did not leave in the morning."""
    world.clock.instant = MORNING
    assert world.sweep()["suppressed"] == 1
    assert world.mails == []
    (row,) = [one for one in world.rows(tenant) if one["user_id"] == "anna"]
    assert (row["status"], row["attempts"], row["message_id"]) == ("suppressed", 0, None)
    return str(row["reason"])


def test_acknowledged_meanwhile(world: World, waiting: tuple[UUID, UUID]) -> None:
    tenant, alert_id = waiting
    with world.copilot.tenant(tenant) as tx:
        life.acknowledge(tx, alert_id, "berta", None, datetime.fromisoformat("2026-01-15T05:12:00+00:00"))
    assert reason(world, tenant) == "Berta acknowledged it at 06:12 before this was due."


def test_resolved_meanwhile(world: World, waiting: tuple[UUID, UUID]) -> None:
    tenant, alert_id = waiting
    (row,) = world.rows(tenant)
    world.clock.advance(timedelta(hours=3))
    world.handle(
        AlertResolved(
            tenant_id=tenant, occurred_at=world.clock.now(), correlation_id="c", alert_id=alert_id,
            dedupe_key=row["dedupe_key"],
        )
    )  # fmt: skip
    world.clock.instant = MORNING
    world.sweep()
    assert world.mails == []
    (row,) = world.rows(tenant)
    assert row["status"] == "suppressed"


def test_the_channel_was_switched_off(world: World, waiting: tuple[UUID, UUID]) -> None:
    tenant, _ = waiting
    with world.copilot.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO notification.notification_channel_configs (tenant_id, channel, enabled)
               VALUES (:t, 'email', false)""",
            t=tenant,
        )
    assert reason(world, tenant) == "The channel email is switched off for this plant."


def test_the_address_bounced(world: World, waiting: tuple[UUID, UUID]) -> None:
    tenant, _ = waiting
    with world.notify.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO notification.suppressed_addresses (tenant_id, channel, address, reason, since)
               VALUES (:t, 'email', 'anna@x.example', 'bounce', :now)""",
            t=tenant, now=world.clock.now(),
        )  # fmt: skip
    assert "bounced on 2026-01-15; nothing is sent to it until an admin lifts that" in reason(world, tenant)


def test_snoozed_it_waits_without_using_an_attempt(world: World, waiting: tuple[UUID, UUID]) -> None:
    tenant, alert_id = waiting
    until = MORNING + timedelta(hours=2)
    with world.notify.tenant(tenant) as tx:
        tx.execute(
            "UPDATE notification.alerts SET snoozed_until = :until, snoozed_by = 'berta' WHERE alert_id = :id",
            until=until, id=alert_id,
        )  # fmt: skip
    world.clock.instant = MORNING
    assert world.service.sender.send_due(tenant, plenty) == {"held": 1}
    (row,) = world.rows(tenant)
    assert (row["status"], row["scheduled_at"], row["held_by"], row["attempts"]) == ("pending", until, "snooze", 0)
    assert row["reason"] == "Berta snoozed it until 2026-01-15 09:00 Europe/Berlin."
