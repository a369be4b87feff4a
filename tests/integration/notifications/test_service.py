"""A batch from the queue: tenants apart, one bad event alone, nothing lost on the way in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.events import AlertSeen
from opscopilot.kernel.ids import uuid7
from tests.integration.notifications.test_intake import ALERTS, gone
from tests.integration.notifications.world import World, again, alert, plenty


def handle(world: World, *events: object) -> tuple[dict[str, int], dict[UUID, Exception]]:
    handled = world.service.handle_batch(events, plenty)  # type: ignore[arg-type]
    return dict(handled.counts), handled.failed


def test_p63_tenants_of_one_batch_do_not_meet(world: World) -> None:
    first, second = world.tenant(), world.tenant()
    for one in (first, second):
        world.person(one)
    closed = world.tenant()
    with world.copilot.tenant(closed) as tx:
        tx.execute("UPDATE platform.tenants SET status = 'suspended'")
    same = alert(first)
    batch = [same, same.model_copy(update={"tenant_id": second, "event_id": uuid7()}), alert(closed), alert(closed)]
    counts, failed = handle(world, *batch)
    assert counts == {"opened": 2, "sent": 2}
    assert {key: type(error) for key, error in failed.items()} == {one.event_id: NotFound for one in batch[2:]}
    assert [len(world.rows(one, ALERTS)) for one in (first, second, closed)] == [1, 1, 0]


def test_one_event_that_cannot_be_stored_fails_alone(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    bad = alert(tenant, title="a\x00b")  # Postgres refuses NUL; the queue's reader would have, before
    counts, failed = handle(world, alert(tenant), bad, alert(tenant))
    assert counts == {"opened": 2, "sent": 2}
    assert list(failed) == [bad.event_id]


def test_a_batch_handed_in_again_does_what_the_first_time_left_undone(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    batch = [alert(tenant), alert(tenant)]
    world.service.handle_batch(batch, lambda: 0.0)  # no time left to send
    assert world.mails == []
    assert handle(world, *batch)[0] == {"known": 2, "sent": 2}
    assert handle(world, *batch)[0] == {"known": 2}


def test_recovery_brings_back_reports_and_ends_in_their_order(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first, second = alert(tenant), alert(tenant)
    world.clock.advance(timedelta(minutes=5))
    now = world.clock.now()
    world.to_outbox(gone(first, occurred_at=now), published=True)  # type: ignore[arg-type]
    for event in (first, second, AlertSeen(**{**again(second).model_dump(), "occurred_at": now})):
        world.to_outbox(event, published=True)
    counts = world.sweep(recover=True)
    assert {name: counts[name] for name in ("opened", "resolved", "repeated", "sent")} == {
        "opened": 2, "resolved": 1, "repeated": 1, "sent": 1,
    }  # fmt: skip
    assert world.rows(tenant, "SELECT 1 FROM platform.outbox WHERE handled_at IS NULL") == []
    assert "opened" not in world.sweep(recover=True)


def test_what_is_over_before_it_was_sent_is_not_sent(world: World) -> None:
    tenant = world.tenant()
    world.sleeper(tenant)
    world.clock.advance(timedelta(hours=12))
    event = alert(tenant, occurred_at=world.clock.now())
    world.handle(event)
    handle(world, gone(event, occurred_at=world.clock.now()))
    world.clock.advance(timedelta(hours=12))
    assert "sent" not in world.sweep()
    assert world.mails == []


def test_the_end_reaches_those_who_were_told_and_want_it(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, "anna", "anna@x.example", notify_on_resolved=True)
    world.person(tenant, "bert", "bert@x.example", notify_on_resolved=False)
    event = alert(tenant)
    world.handle(event)
    handle(world, gone(event, occurred_at=world.clock.now(), reason="1,250 kg came in."))
    world.clock.advance(timedelta(minutes=10))
    assert world.sweep()["all_clear"] == 1
    told = [mail.to for mail in world.mails]
    assert (sorted(told[:2]), told[2:]) == (["anna@x.example", "bert@x.example"], ["anna@x.example"])
