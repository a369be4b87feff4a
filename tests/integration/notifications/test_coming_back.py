"""What ends and comes back: quietly, loudly, again and again; and who hears that it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from opscopilot.kernel.events import AlertRaised, AlertSeen
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.alerts import life
from tests.integration.notifications.test_intake import ALERTS, gone, kinds, later, take
from tests.integration.notifications.world import World, again, alert, plenty


def purposes(world: World, tenant: UUID) -> list[tuple[str, str, int]]:
    """Of what went out or will, in order."""
    found = world.rows(
        tenant, "SELECT purpose, user_id, round FROM notification.notifications "
        "WHERE status <> 'suppressed' ORDER BY created_at, user_id",
    )  # fmt: skip
    return [(row["purpose"], row["user_id"], row["round"]) for row in found]


@pytest.fixture
def plant(world: World) -> UUID:
    """Anna wants to hear of the end, Bert does not care."""
    tenant = world.tenant()
    world.person(tenant, "anna", "anna@x.example", notify_on_resolved=True)
    world.person(tenant, "bert", "bert@x.example", notify_on_resolved=False)
    return tenant


def told(world: World, tenant: UUID) -> AlertRaised:
    """An alert that both were told."""
    first = alert(tenant)
    take(world, first)
    mark_sent(world, tenant)
    return first


def mark_sent(world: World, tenant: UUID) -> None:
    with world.notify.tenant(tenant) as tx:
        tx.execute(
            "UPDATE notification.notifications SET status = 'sent', sent_at = :now WHERE status = 'pending'",
            now=world.clock.now(),
        )


def sweep(world: World, tenant: UUID) -> dict[str, int]:
    """What time does, without anything being sent."""
    return dict(world.service._age(tenant))


def test_p85_back_within_the_hour_is_the_same_alert_and_nobody_is_told_twice(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=30)))
    assert take(world, again(first, alert_id=uuid7(), **later(world, minutes=5))) == ["reopened"]
    assert purposes(world, plant) == [("raised", "anna", 0), ("raised", "bert", 0)]
    (kept,) = world.rows(plant, ALERTS)
    assert (kept["status"], kept["reopened_count"], kept["resolved_at"]) == ("open", 1, None)
    assert kinds(world, plant) == ["opened", "resolved", "reopened"]


def test_p85_back_and_worse_is_told(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=30)))
    take(world, again(first, severity="critical", **later(world, minutes=5)))
    assert purposes(world, plant)[2:] == [("raised", "anna", 1), ("raised", "bert", 1)]


def test_back_after_more_than_an_hour_is_told(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=30)))
    assert take(world, again(first, alert_id=uuid7(), **later(world, hours=2))) == ["opened"]
    assert len(world.rows(plant, ALERTS)) == 2
    assert len(purposes(world, plant)) == 4


def test_the_same_alert_id_is_the_same_alert_however_late(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=30)))
    assert take(world, again(first, severity="low", **later(world, hours=2))) == ["reopened"]
    (kept,) = world.rows(plant, ALERTS)
    assert (kept["reopened_count"], kept["severity"]) == (1, "low")


def test_what_its_producer_calls_quiet_comes_back_quietly(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=30)))
    assert take(world, AlertSeen(**{**again(first).model_dump(), **later(world, hours=2)})) == ["reopened"]
    assert len(purposes(world, plant)) == 2


def test_p85_who_heard_the_all_clear_hears_that_it_is_back(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=5)))
    assert sweep(world, plant) == {}
    world.clock.advance(timedelta(minutes=10))
    assert sweep(world, plant) == {"all_clear": 1}
    assert sweep(world, plant) == {}
    assert purposes(world, plant)[2:] == [("resolved", "anna", 0)]
    mark_sent(world, plant)
    take(world, again(first, **later(world, minutes=20)))
    assert purposes(world, plant)[3:] == [("raised", "anna", 1), ("raised", "bert", 1)]


def test_an_all_clear_waits_for_calm(world: World, plant: UUID) -> None:
    first = told(world, plant)
    take(world, gone(first, **later(world, minutes=5)))
    take(world, again(first, **later(world, minutes=5)))
    world.clock.advance(timedelta(minutes=30))
    assert sweep(world, plant).get("all_clear") is None
    assert [one for one in purposes(world, plant) if one[0] == "resolved"] == []


def test_who_was_never_told_hears_no_all_clear(world: World, plant: UUID) -> None:
    first = alert(plant)
    take(world, first)
    take(world, gone(first, **later(world, minutes=5)))
    world.clock.advance(timedelta(minutes=20))
    sweep(world, plant)
    assert purposes(world, plant) == []


def test_p85_a_message_that_was_held_until_it_was_over_is_told_when_it_is_back(world: World) -> None:
    """Nobody was told, so "not told again" does not hold."""
    tenant = world.tenant()
    world.person(tenant, "anna", "anna@x.example")
    world.sleeper(tenant, "bert", mail="bert@x.example")
    world.clock.advance(timedelta(hours=12))
    first = alert(tenant, occurred_at=world.clock.now())
    take(world, first)
    with world.notify.tenant(tenant) as tx:
        tx.execute("UPDATE notification.notifications SET status = 'sent' WHERE user_id = 'anna'")
    take(world, gone(first, **later(world, minutes=5)))
    take(world, again(first, **later(world, minutes=5)))
    assert purposes(world, tenant) == [("raised", "anna", 0), ("raised", "bert", 1)]


def test_what_a_person_ended_and_is_still_there_is_told_again(world: World, plant: UUID) -> None:
    first = told(world, plant)
    with world.copilot.tenant(plant) as tx:
        life.resolve(tx, first.alert_id, "anna", "Truck is here.", world.clock.now())
    assert take(world, AlertSeen(**{**again(first).model_dump(), **later(world, minutes=1)})) == ["ignored"]
    assert take(world, again(first, **later(world, minutes=5))) == ["reopened"]
    assert purposes(world, plant)[2:] == [("raised", "anna", 1), ("raised", "bert", 1)]


def test_what_somebody_had_taken_on_stays_theirs_when_it_is_back_quietly(world: World, plant: UUID) -> None:
    first = told(world, plant)
    with world.copilot.tenant(plant) as tx:
        life.acknowledge(tx, first.alert_id, "anna", None, world.clock.now())
    take(world, gone(first, **later(world, minutes=5)))
    take(world, again(first, **later(world, minutes=5)))
    (kept,) = world.rows(plant, ALERTS)
    assert (kept["status"], kept["acknowledged_by"]) == ("acknowledged", "anna")


def flap(world: World, first: AlertRaised, times: int) -> None:
    for _ in range(times):
        take(world, gone(first, **later(world, minutes=12)))
        take(world, again(first, **later(world, minutes=5)))
        mark_sent(world, first.tenant_id)


def test_flapping_is_said_once(world: World, plant: UUID) -> None:
    first = told(world, plant)
    flap(world, first, 5)
    (kept,) = world.rows(plant, ALERTS)
    assert (kept["reopened_count"], kept["flapping_since"] is not None) == (5, True)
    assert kinds(world, plant).count("flapping") == 1
    assert purposes(world, plant)[2:] == [("raised", "anna", 3), ("raised", "bert", 3)]
    said = world.rows(plant, "SELECT n.message, e.detail FROM notification.notifications n "
                             "JOIN notification.alert_events e USING (event_id) WHERE round = 3")  # fmt: skip
    assert "It has come back 3 times within 24 hours." in said[0]["message"]
    assert said[0]["detail"]["message"] == said[0]["message"]  # mails are worded from the event


def test_while_it_flaps_the_all_clear_waits_an_hour_and_then_comes(world: World, plant: UUID) -> None:
    first = told(world, plant)
    flap(world, first, 3)
    take(world, gone(first, **later(world, minutes=5)))
    world.clock.advance(timedelta(minutes=40))
    assert sweep(world, plant) == {}
    world.clock.advance(timedelta(minutes=20))
    assert sweep(world, plant) == {"all_clear": 1}
    assert purposes(world, plant)[-1] == ("resolved", "anna", 3)


def test_what_has_not_come_back_for_a_day_does_not_flap_any_more(world: World, plant: UUID) -> None:
    first = told(world, plant)
    flap(world, first, 3)
    world.clock.advance(timedelta(hours=23))
    assert sweep(world, plant).get("settled") is None
    world.clock.advance(timedelta(hours=2))
    assert sweep(world, plant)["settled"] == 1
    assert kinds(world, plant)[-1] == "steady"
    assert world.rows(plant, ALERTS)[0]["flapping_since"] is None


@pytest.mark.parametrize(
    ("given", "days"),
    [({}, 14), ({"dedupe_key": "manual:oven"}, 30), ({"alert_type": "file_processed"}, 3), ({"expires": 2}, 2)],
)
def test_what_nobody_sees_any_more_expires(world: World, given: dict[str, Any], days: int) -> None:
    tenant = world.tenant()
    world.sleeper(tenant, "anna", min_severity="info")
    if "expires" in given:
        given = {"expires_at": world.clock.now() + timedelta(days=given["expires"])}
    take(world, alert(tenant, **given))
    world.clock.advance(timedelta(days=days, seconds=-1))
    assert sweep(world, tenant).get("expired") is None
    world.clock.advance(timedelta(seconds=1))
    assert sweep(world, tenant)["expired"] == 1
    assert sweep(world, tenant).get("expired") is None
    (kept,) = world.rows(tenant, ALERTS)
    assert (kept["status"], kept["closed_at"]) == ("expired", world.clock.now())
    assert "expired" in kinds(world, tenant)
    assert {row["status"] for row in world.rows(tenant)} == {"suppressed"}


def test_p85_a_critical_limit_that_was_passed_is_told_even_when_it_is_over_by_then(world: World, plant: UUID) -> None:
    """A file of yesterday's temperatures brings the breach and its end together: the product made in between is there."""
    first = alert(
        plant, alert_type="ccp_breach", severity="critical", occurred_at=world.clock.now() - timedelta(hours=2)
    )
    over = gone(first, occurred_at=world.clock.now() - timedelta(hours=1), reason="Back below 4 °C.")
    small = alert(plant, occurred_at=first.occurred_at)
    take(world, first, over, small, gone(small, occurred_at=over.occurred_at))
    world.service.sender.send_due(plant, plenty)
    assert sorted(one.to for one in world.mails) == ["anna@x.example", "bert@x.example"]
    assert all("It is over since 2026-01-14 11:00: Back below 4 °C." in one.text for one in world.mails)
    kept = next(one for one in world.rows(plant, ALERTS) if one["severity"] == "critical")
    assert (kept["status"], kept["next_step_at"]) == ("resolved", None)
