"""P-86: hundreds of items fall below their reorder point within a minute."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.notifications.world import Context, World, alert, record_of


def test_p86_hundreds_of_alerts_in_many_batches_are_one_digest(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.person(tenant, "system", None, webhook_url="https://w.example/x", enabled_channels=["webhook"])
    for batch in range(5):
        records = [record_of(alert(tenant, entity_code=f"SKU-{batch}-{n}"), f"m-{batch}-{n}") for n in range(50)]
        assert world.handler({"Records": records}, Context()) == {"batchItemFailures": []}
        world.clock.advance(timedelta(seconds=5))
    assert world.mails == []
    assert len(world.channels["webhook"].messages) == 250  # a machine reads everything
    world.clock.advance(timedelta(minutes=1))
    world.sweep()
    assert len(world.mails) == 1
    assert {row["status"] for row in world.rows(tenant)} == {"sent"}


def test_p86_the_sixth_critical_alert_waits_a_minute_at_most(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    for _ in range(9):
        world.handle(alert(tenant, severity="critical"))
        world.clock.advance(timedelta(seconds=2))
    assert len(world.mails) == 5
    world.clock.advance(timedelta(minutes=1))
    world.sweep()
    assert len(world.mails) == 6
    assert set(world.statuses(tenant)) == {"sent"}


def test_p86_what_drips_in_waits_until_the_ten_minutes_are_over(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    for _ in range(8):
        world.handle(alert(tenant))
        world.clock.advance(timedelta(minutes=1))
    assert len(world.mails) == 5
    world.clock.advance(timedelta(minutes=2, seconds=1))
    world.sweep()
    assert len(world.mails) == 6
