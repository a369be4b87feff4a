"""What waited for one person becomes one message; what is urgent, or for a machine, goes by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from opscopilot.notifications.alerts import life
from tests.integration.notifications.world import NOON, World, alert, plenty, refused

NIGHT = NOON + timedelta(hours=12)  # 00:00 in Berlin
MORNING = datetime.fromisoformat("2026-01-15T06:00:00+00:00")  # 07:00 in Berlin


def held(world: World, tenant: UUID, number: int, **given: object) -> list[UUID]:
    """Alerts that come in the night, when Anna sleeps; their ids."""
    world.clock.instant = NIGHT
    events = [alert(tenant, entity_code=f"SKU-{n}", title=f"SKU-{n} runs out", **given) for n in range(number)]
    assert not world.service.handle_batch(events, plenty).failed
    return [one.alert_id for one in events]


def test_p86_five_hundred_skus_make_one_mail(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    held(world, tenant, 500)
    world.clock.instant = MORNING
    assert world.sweep()["sent"] == 500
    (mail,) = world.mails
    assert "500" in mail.subject
    rows = world.rows(tenant)
    assert {row["status"] for row in rows} == {"sent"}
    assert {row["message_id"] for row in rows} == {mail.id}


def test_machines_get_every_alert_by_itself(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(3)], plenty)
    sent = world.channels["webhook"].messages
    assert len(sent) == 3
    assert {one.data["purpose"] for one in sent} == {"raised"}
    assert [one.data["message_id"] for one in sent] == [str(one.id) for one in sent]


def test_what_is_urgent_goes_alone_and_first(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    held(world, tenant, 2)
    world.clock.instant = MORNING
    world.service.handle(alert(tenant, severity="critical", title="CCP 2 is over its limit"), lambda: 0.0)
    world.sweep()
    assert len(world.mails) == 2
    assert sum("CCP 2" in mail.subject for mail in world.mails) == 1


def test_a_digest_is_the_same_at_every_attempt(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    first, _, _ = held(world, tenant, 3)
    world.clock.instant = MORNING
    world.channels["email"].answers = [refused("busy")]
    assert world.sweep()["failed"] == 3
    rows = world.rows(tenant)
    assert len({row["message_id"] for row in rows}) == 1
    with world.copilot.tenant(tenant) as tx:
        life.acknowledge(tx, first, "anna", None, world.clock.now())
    world.handle(alert(tenant, title="A late one"))  # meets Anna awake, and does not join what is on its way
    world.clock.instant = max(row["scheduled_at"] for row in rows)
    world.sweep()
    digest = [mail for mail in world.mails if mail.id == rows[0]["message_id"]]
    assert len(digest) == 1
    assert all(f"SKU-{number}" in digest[0].text for number in range(3))
    assert {row["status"] for row in world.rows(tenant)} == {"sent"}


def test_a_digest_of_one_is_an_ordinary_message(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    held(world, tenant, 1)
    world.clock.instant = MORNING
    world.sweep()
    assert world.mails[0].subject.startswith("[HIGH] SKU-0 runs out")
