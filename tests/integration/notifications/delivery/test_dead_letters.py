"""What is given up is an alert itself, and can be sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.notifications.delivery.sending import Sender
from tests.integration.notifications.world import Context, World, alert, plenty, refused


def raised(world: World, tenant: UUID) -> list[dict[str, Any]]:
    """The alerts about messages that wait in the outbox."""
    found = world.rows(tenant, "SELECT detail FROM platform.outbox WHERE detail ->> 'alert_type' = 'delivery_failed'")
    return [row["detail"] for row in found]


def sender(world: World, **changed: Any) -> Sender:
    return replace(world.service.sender, **changed)


def test_a_dead_letter_is_told_to_admins_and_to_its_reader_once(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.person(tenant, "boss", "boss@x.example", role="admin", min_severity="critical")
    world.channels["email"].answers = [refused("no such mailbox", retryable=False) for _ in range(3)]
    for one in world.channels["email"].answers:
        one.blames = "address"  # type: ignore[attr-defined]
    for number in range(2):
        world.handle(alert(tenant, title=f"Number {number}"))
    told = raised(world, tenant)
    assert {one["dedupe_key"] for one in told} == {"delivery_failed:email:anna"}
    assert told[0]["to_users"] == ["anna", "boss"]
    assert told[0]["severity"] == "high"
    assert "Number 0" in told[0]["message"]
    assert "no such mailbox" in told[0]["message"]


def test_a_destination_that_is_to_blame_is_one_alert_for_everybody(world: World) -> None:
    tenant = world.tenant()
    for number in range(4):
        world.person(
            tenant, f"u{number}", None, enabled_channels=["webhook"], webhook_url=f"https://erp.example/{number}",
            min_severity="info",
        )  # fmt: skip
    world.channels["webhook"].answers = [refused("410 gone", retryable=False) for _ in range(4)]
    world.handle(alert(tenant, severity="critical"))
    (told,) = raised(world, tenant)
    assert told["dedupe_key"] == "delivery_failed:webhook:erp.example"
    assert told["severity"] == "critical", "a critical alert did not reach somebody"
    assert told["to_users"] == ["u0", "u1", "u2", "u3"]


def test_a_message_about_messages_is_never_about_itself(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.channels["email"].answers = [refused("no", retryable=False) for _ in range(3)]
    world.handle(alert(tenant, alert_type="delivery_failed", dedupe_key="delivery_failed:sms:anna"))
    assert world.statuses(tenant) == ["dead"]
    assert raised(world, tenant) == []


def test_it_does_not_take_the_way_that_failed(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["email", "sms"], phone="+4915112345678")
    world.handle(alert(tenant, alert_type="delivery_failed", dedupe_key="delivery_failed:email:anna"))
    by_channel = {row["channel"]: row for row in world.rows(tenant)}
    assert by_channel["sms"]["status"] == "sent"
    assert by_channel["email"]["reason"] == "This is the way that failed; other channels tell of it."


@pytest.mark.parametrize("over", [{}, {"channel": "email"}, {"channel": "sms"}, {"since": "2026-01-15T00:00:00Z"}])
def test_dead_letters_are_redriven_in_bulk(world: World, over: dict[str, str]) -> None:
    tenant, other = world.tenant(), world.tenant()
    for one in (tenant, other):
        world.person(one)
        world.channels["email"].answers = [refused("no", retryable=False)]
        world.handle(alert(one))
    wanted = 0 if over.get("channel") == "sms" or "since" in over else 2
    assert world.handler({"task": "redrive", "status": "dead", **over}, Context()) == {"redriven": wanted}
    for one in (tenant, other):
        world.service.sender.send_due(one, plenty)
        assert world.statuses(one) == (["sent"] if wanted else ["dead"])


@pytest.mark.parametrize("wrong", [{"status": "sent"}, {"since": "yesterday"}, {"channel": "A B"}, {"all": True}])
def test_a_redrive_says_what_is_wrong_with_it(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed, match="The redrive cannot be done"):
        world.handler({"task": "redrive", **wrong}, Context())


def test_without_retries_one_attempt_is_all(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.service.handle(alert(tenant), lambda: 0.0)
    world.channels["email"].answers = [refused("busy")]
    assert sender(world, retry=False).send_due(tenant, plenty) == {"dead": 1}
    assert len(raised(world, tenant)) == 1


def test_an_asked_for_retry_takes_the_whole_message(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.advance(timedelta(hours=12))
    world.service.handle_batch([alert(tenant) for _ in range(3)], plenty)
    world.clock.advance(timedelta(hours=8))
    world.channels["email"].answers = [refused("no", retryable=False)]
    assert world.service.sender.send_due(tenant, plenty) == {"dead": 3}
    with world.copilot.tenant(tenant) as tx:
        tx.execute(
            """UPDATE notification.notifications SET retry_requested_at = now(), retry_requested_by = 'anna'
               WHERE id = (SELECT id FROM notification.notifications LIMIT 1)"""
        )
    world.service.sender.take_up(tenant)
    assert world.service.sender.send_due(tenant, plenty) == {"sent": 3}
    assert len(world.mails) == 1
