"""Held, released, retried, given up, interrupted: every message ends somewhere and is said to have."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from opscopilot.notifications.channels import Message, Receipt
from opscopilot.notifications.delivery.backoff import MAX_ATTEMPTS
from tests.integration.notifications.world import NOON, World, again, alert, plenty, refused

NIGHT = NOON + timedelta(hours=12)  # 00:00 in Berlin
MORNING = datetime.fromisoformat("2026-01-15T06:00:00+00:00")  # 07:00 in Berlin


def test_p85_held_in_the_night_and_sent_once_in_the_morning(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.instant = NIGHT
    assert world.handle(alert(tenant)) == {"opened": 1}
    (row,) = world.rows(tenant)
    assert (row["status"], row["scheduled_at"]) == ("pending", MORNING)
    assert "Held until 2026-01-15 07:00 Europe/Berlin" in row["reason"]
    world.clock.instant = MORNING - timedelta(seconds=1)
    world.sweep()
    assert world.mails == []
    world.clock.instant = MORNING
    assert world.sweep()["sent"] == 1
    assert world.sweep().get("sent") is None
    assert len(world.mails) == 1


def test_p85_critical_passes_quiet_hours(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.instant = NIGHT
    assert world.handle(alert(tenant, severity="critical", alert_type="ccp_breach")) == {"opened": 1, "sent": 1}


def test_p85_an_escalation_replaces_what_is_still_held(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.instant = NIGHT
    first = alert(tenant)
    world.handle(first)
    world.handle(again(first, severity="critical"))
    world.clock.instant = MORNING
    world.sweep()
    assert [(row["severity"], row["status"]) for row in world.rows(tenant)] == [
        ("critical", "sent"), ("high", "suppressed"),
    ]  # fmt: skip
    assert len(world.mails) == 1


def test_who_left_meanwhile_is_not_written_to(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.instant = NIGHT
    world.handle(alert(tenant))
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE platform.users SET status = 'suspended'")
    world.clock.instant = MORNING
    assert world.sweep()["suppressed"] == 1
    assert world.rows(tenant)[0]["reason"] == "The user is no longer active."


def test_back_off_until_dead(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.channels["email"].answers = [refused(f"try {n}") for n in range(20)]
    assert world.handle(alert(tenant)) == {"opened": 1, "failed": 1}
    pauses = []
    for attempt in range(2, MAX_ATTEMPTS + 1):
        (row,) = world.rows(tenant)
        assert (row["status"], row["attempts"]) == ("failed", attempt - 1)
        pauses.append(row["scheduled_at"] - world.clock.now())
        assert world.sweep().get("failed") is None, "not before its time"
        world.clock.instant = row["scheduled_at"]
        world.sweep()
    (row,) = world.rows(tenant)
    assert (row["status"], row["attempts"], row["last_error"]) == ("dead", MAX_ATTEMPTS, "try 5")
    for number, pause in enumerate(pauses):
        assert timedelta(minutes=2**number) / 2 <= pause <= timedelta(minutes=2**number)
    world.clock.advance(timedelta(days=1))
    assert world.sweep().get("sent") is None


def test_what_cannot_succeed_is_not_retried(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.channels["email"].answers = [refused("no such mailbox", retryable=False)]
    assert world.handle(alert(tenant)) == {"opened": 1, "dead": 1}
    assert world.rows(tenant)[0]["last_error"] == "no such mailbox"


def test_a_receivers_wish_to_wait_is_respected(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.channels["email"].answers = [refused("slow down", after=1200)]
    world.handle(alert(tenant))
    assert world.rows(tenant)[0]["scheduled_at"] == NOON + timedelta(minutes=20)


def test_one_channel_failing_does_not_hold_up_the_others(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["email", "sms"], phone="+4915112345678")
    world.channels["email"].answers = [RuntimeError("a bug of ours")]
    assert world.handle(alert(tenant)) == {"opened": 1, "failed": 1, "sent": 1}
    assert world.rows(tenant)[0]["last_error"] == "Our own fault: RuntimeError."


class Killed(BaseException):
    """The process dies: nothing after this line runs."""


def test_a_sender_that_dies_in_between_costs_one_repeat_at_most(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant)
    world.channels["email"].answers = [Killed()]
    with pytest.raises(Killed):
        world.handle(event)
    assert world.statuses(tenant) == ["sending"]
    assert world.handle(event) == {"known": 1}, "somebody may still be sending it"
    world.clock.advance(timedelta(minutes=6))
    world.channels["email"].answers = [Killed()]
    with pytest.raises(Killed):
        world.sweep()
    world.clock.advance(timedelta(minutes=6))
    world.sweep()
    (row,) = world.rows(tenant)
    assert (row["status"], row["interruptions"]) == ("dead", 2)
    assert world.mails == []


def test_the_repeat_carries_the_same_id(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.channels["email"].answers = [Killed()]
    with pytest.raises(Killed):
        world.handle(alert(tenant))
    (row,) = world.rows(tenant)
    world.clock.advance(timedelta(minutes=6))
    world.sweep()
    assert [mail.id for mail in world.mails] == [row["message_id"]]
    assert world.statuses(tenant) == ["sent"]


def test_a_crash_after_intake_and_before_sending_loses_nothing(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant)
    assert dict(world.service.handle(event, lambda: 0.0)) == {"opened": 1}
    assert world.statuses(tenant) == ["pending"]
    assert world.handle(event) == {"known": 1, "sent": 1}


def test_a_late_sender_does_not_overwrite_a_newer_claim(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.service.handle(alert(tenant), lambda: 0.0)
    started, finish = threading.Event(), threading.Event()

    @dataclass
    class Slow:
        """Answers when it is told to."""

        def send(self, _message: Message) -> Receipt:
            started.set()
            assert finish.wait(60)
            raise refused("too late")

    slow = replace(world.service.sender, channels={"email": Slow()})
    no_time_for_another = lambda: 9.5 if started.is_set() else 60.0  # noqa: E731
    late = threading.Thread(target=slow.send_due, args=(tenant, no_time_for_another))
    late.start()
    assert started.wait(10)
    world.clock.advance(timedelta(minutes=6))
    world.sweep()
    finish.set()
    late.join(60)
    assert world.statuses(tenant) == ["sent"]


def test_critical_goes_first(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, min_severity="info")
    for severity in ("low", "critical", "high"):
        world.service.handle(alert(tenant, severity=severity, title=f"A {severity} one"), lambda: 0.0)
    replace(world.service.sender, workers=1).send_due(tenant, plenty)
    assert world.mails[0].subject.startswith("[CRITICAL]")


def test_a_tenants_own_wording_is_used(world: World) -> None:
    tenant, other = world.tenant(), world.tenant()
    for one in (tenant, other):
        world.person(one)
    with world.notify.tenant(tenant) as tx:
        for version, subject in ((1, "Old: {{ title }}"), (2, "Achtung: {{ title }}")):
            tx.execute(
                """INSERT INTO notification.notification_templates (tenant_id, code, channel, version, subject, body)
                   VALUES (:t, 'stockout_risk', 'email', :v, :s, '{{ message }}')""",
                t=tenant, v=version, s=subject,
            )  # fmt: skip
    world.handle(alert(tenant))
    world.handle(alert(other))
    assert [mail.subject.split(":")[0] for mail in world.mails] == ["Achtung", "[HIGH] SKU-1 runs out on Friday"]
