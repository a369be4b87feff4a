"""One event, one effect; one open condition, one message; a rise is told again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.ids import tenant_id_for
from tests.integration.notifications.world import World, again, alert


def test_p63_the_same_event_twice_changes_nothing(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant)
    assert world.handle(event) == {"opened": 1, "sent": 1}
    before = world.rows(tenant)
    assert world.handle(event) == {"known": 1}
    assert world.rows(tenant) == before
    assert len(world.mails) == 1
    assert world.rows(tenant, "SELECT occurrences FROM notification.alerts") == [{"occurrences": 1}]


def test_the_same_event_at_the_same_moment_in_two_processes(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant)
    threads = [threading.Thread(target=world.handle, args=(event,)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(world.mails) == 1
    assert world.statuses(tenant) == ["sent"]
    assert world.rows(tenant, "SELECT occurrences FROM notification.alerts") == [{"occurrences": 1}]


def test_p85_an_open_condition_is_told_once_and_again_only_when_it_gets_worse(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant, severity="high")
    world.handle(first)
    assert world.handle(again(first)) == {"repeated": 1}
    assert world.handle(again(first, severity="medium")) == {"repeated": 1}
    assert world.handle(again(first, severity="critical")) == {"escalated": 1, "sent": 1}
    assert world.handle(again(first, severity="high")) == {"repeated": 1}
    assert world.handle(again(first, severity="critical")) == {"repeated": 1}
    assert [row["severity"] for row in world.rows(tenant)] == ["critical", "high"]
    (condition,) = world.rows(tenant, "SELECT severity, occurrences FROM notification.alerts")
    assert condition == {"severity": "critical", "occurrences": 6}


def test_p85_the_key_names_the_condition_also_under_another_alert_id(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant)
    world.handle(first)
    flapping = again(first, alert_id=alert(tenant).alert_id)
    assert world.handle(flapping) == {"repeated": 1}
    world.clock.advance(timedelta(hours=2))
    assert world.handle(again(first, alert_id=alert(tenant).alert_id)) == {"opened": 1, "sent": 1}
    assert world.handle(again(first)) == {"repeated": 1}


def test_p85_what_was_acknowledged_and_comes_back_is_told_again(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant)
    world.handle(first)
    with world.copilot.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO notification.alert_acknowledgments (tenant_id, alert_id, user_id, acknowledged_at)
               VALUES (:t, :a, 'anna', now())""",
            t=tenant, a=first.alert_id,
        )  # fmt: skip
    assert world.handle(again(first)) == {"repeated": 1}
    assert world.handle(again(first, alert_id=alert(tenant).alert_id)) == {"opened": 1, "sent": 1}


def test_p86_a_digest_of_500_is_one_message_for_each_person(world: World) -> None:
    tenant = world.tenant()
    for name in ("anna", "bert"):
        world.person(tenant, name, f"{name}@x.example")
    digest = alert(
        tenant, title="500 items are at or below their reorder point", entity_type="digest", entity_code=None,
        dedupe_key="digest:stockout_risk", message="\n".join(f"SKU-{n}" for n in range(500)),
    )  # fmt: skip
    world.handle(digest)
    assert [mail.to for mail in world.mails] == ["anna@x.example", "bert@x.example"]
    assert world.handle(again(digest, title="501 items are at or below their reorder point")) == {"repeated": 1}


def test_who_was_not_told_can_read_why(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, "anna", min_severity="critical")
    world.person(tenant, "bert", None, enabled_channels=["email", "sms"], phone="+4915112345678")
    world.person(tenant, "cora", "c@x.example")
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE platform.users SET status = 'suspended' WHERE user_id = 'cora'")
    assert world.handle(alert(tenant)) == {"opened": 1, "sent": 1}
    told = {(row["user_id"], row["channel"]): (row["status"], row["reason"]) for row in world.rows(tenant)}
    assert told == {
        ("anna", "email"): ("suppressed", "Severity high is below this user's minimum, critical."),
        ("bert", "email"): ("suppressed", "No address for email is known for this user."),
        ("bert", "sms"): ("sent", None),
    }


def test_a_channel_switched_off_for_the_plant_stays_silent(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    with world.notify.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO notification.notification_channel_configs (tenant_id, channel, enabled)
               VALUES (:t, 'email', false)""",
            t=tenant,
        )
    world.handle(alert(tenant))
    assert world.statuses(tenant) == ["suppressed"]


@pytest.mark.parametrize("status", ["missing", "suspended"])
def test_p63_an_event_of_no_active_tenant_is_refused(world: World, status: str) -> None:
    tenant = tenant_id_for("nobody-here")
    if status == "suspended":
        tenant = world.tenant()
        with world.copilot.tenant(tenant) as tx:
            tx.execute("UPDATE platform.tenants SET status = 'suspended'")
    with pytest.raises(NotFound):
        world.handle(alert(tenant))
    assert world.rows(tenant) == []
