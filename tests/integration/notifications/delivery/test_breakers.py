"""A destination that fails five times in a row is left alone, and asked again after a while."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from opscopilot.notifications.delivery import destinations, queries
from opscopilot.notifications.delivery.breaker import Breaker
from tests.integration.notifications.world import World, alert, plenty, refused

HOST = ("webhook", "erp.example")


def told_by_machine(world: World, number: int) -> UUID:
    """A tenant with this many alerts on their way to its ERP."""
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(number)], lambda: 0.0)
    return tenant


def breaker(world: World, tenant: UUID) -> Breaker | None:
    with world.notify.tenant(tenant) as tx:
        return destinations.watched(tx).get(HOST)


def test_it_opens_holds_asks_once_and_closes(world: World) -> None:
    tenant = told_by_machine(world, 12)
    hook = world.channels["webhook"]
    hook.answers = [refused("503") for _ in range(12)]
    world.service.sender.send_due(tenant, plenty)
    found = breaker(world, tenant)
    assert found is not None
    assert found.state == "open"
    assert found.retry_at == world.clock.now() + timedelta(seconds=30)
    # What had been claimed before it was clear was tried; the next batch is not.
    world.service.handle_batch([alert(tenant) for _ in range(5)], plenty)
    waiting = [row for row in world.rows(tenant) if row["held_by"] == "breaker"]
    assert waiting
    assert {(row["status"], row["attempts"]) for row in waiting} == {("pending", 0)}
    assert all(row["scheduled_at"] >= found.retry_at for row in waiting)
    assert "erp.example fails time and again" in waiting[0]["reason"]
    with world.copilot.tenant(tenant) as tx:
        (health,) = queries.channel_health(tx, world.clock.now(), ["webhook"])
    assert health.failing_destinations[0].destination == "erp.example"
    assert health.failing_destinations[0].state == "open"

    world.clock.advance(timedelta(seconds=31))
    hook.answers, before = [refused("503")], len(hook.messages)
    world.sweep()
    assert len(hook.messages) == before, "one message went to see, and it failed"
    found = breaker(world, tenant)
    assert found is not None
    assert found.retry_at == world.clock.now() + timedelta(seconds=60), "the pause grows"

    about_it = alert(
        tenant, alert_type="delivery_failed", dedupe_key="delivery_failed:webhook:erp.example", to_users=("x",)
    )
    world.handle(about_it)
    world.clock.advance(timedelta(seconds=61))
    world.sweep()
    (told,) = world.rows(tenant, "SELECT detail FROM platform.outbox WHERE detail_type = 'AlertResolved'")
    assert told["detail"]["alert_id"] == str(about_it.alert_id)
    assert breaker(world, tenant) is None
    assert len(hook.messages) == before + 1, "again one message only went to see"
    world.clock.advance(timedelta(minutes=5))
    world.sweep()
    assert {row["status"] for row in world.rows(tenant) if row["alert_type"] == "stockout_risk"} == {"sent"}
    assert len({one.id for one in hook.messages}) == len(hook.messages) == 17


def test_what_a_message_or_an_address_does_wrong_is_not_held_against_the_host(world: World) -> None:
    tenant = told_by_machine(world, 8)
    faults = [refused("400", retryable=False) for _ in range(8)]
    for one in faults:
        one.blames = "message"
    world.channels["webhook"].answers = list(faults)
    world.sweep()
    assert breaker(world, tenant) is None


def test_two_processes_see_one_breaker_and_one_of_them_asks(world: World) -> None:
    tenant = told_by_machine(world, 1)
    with world.notify.tenant(tenant) as tx:
        destinations.settle(tx, {HOST: ["503"] * 5}, world.clock.now())
    world.clock.advance(timedelta(seconds=31))
    with world.notify.tenant(tenant) as first, world.notify.tenant(tenant) as second:
        assert destinations.probe(first, HOST, world.clock.now()) is not None
        assert destinations.probe(second, HOST, world.clock.now()) is None
    with world.notify.tenant(tenant) as tx:
        assert destinations.probe(tx, HOST, world.clock.now()) is None, "the probe is out"


def test_a_message_nobody_can_take_for_half_a_day_is_given_up(world: World) -> None:
    tenant = told_by_machine(world, 1)
    with world.notify.tenant(tenant) as tx:
        destinations.settle(tx, {HOST: ["503"] * 5}, world.clock.now())
    world.clock.advance(timedelta(hours=13))
    with world.notify.tenant(tenant) as tx:
        assert destinations.probe(tx, HOST, world.clock.now()) is not None  # somebody else is asking
    world.service.sender.send_due(tenant, plenty)
    (row,) = world.rows(tenant)
    assert (row["status"], row["attempts"]) == ("dead", 0)
    assert "has not taken anything for 12 hours" in row["last_error"]
