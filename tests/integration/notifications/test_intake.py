"""One event, one effect; one open condition, one alert; told once, and again only when it is worse (P-85)."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as sql_event

from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertResolved, AlertSeen
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.notifications.alerts import intake
from opscopilot.notifications.alerts.incoming import Received
from tests.integration.notifications.world import World, again, alert

ALERTS = "SELECT * FROM notification.alerts ORDER BY first_seen, fingerprint"


def take(world: World, *events: Received) -> list[str]:
    """Take the events in as one batch; what became of each."""
    with world.notify.tenant(events[0].tenant_id) as tx:
        outcomes = intake.take_in(tx, events, world.clock.now(), world.service.around)
    return [outcomes[one.event_id] for one in events]


def gone(event: AlertRaised, **changed: Any) -> AlertResolved:
    """The end of what `event` reported, at the moment of `changed`."""
    base = {"tenant_id": event.tenant_id, "correlation_id": "c", "alert_id": event.alert_id,
            "dedupe_key": event.dedupe_key, "occurred_at": event.occurred_at}  # fmt: skip
    return AlertResolved(**{**base, **changed})


def later(world: World, **by: float) -> dict[str, Any]:
    """Let time pass; `occurred_at` for an event of now."""
    world.clock.advance(timedelta(**by))
    return {"occurred_at": world.clock.now()}


def kinds(world: World, tenant: UUID) -> list[str]:
    found = world.rows(tenant, "SELECT kind FROM notification.alert_history ORDER BY at, id")
    return [row["kind"] for row in found]


def told(world: World, tenant: UUID) -> Counter[tuple[str, str, str]]:
    found = world.rows(tenant)
    return Counter((row["user_id"], row["severity"], row["status"]) for row in found)


def test_p63_the_same_event_twice_changes_nothing(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant)
    assert take(world, event, event) == ["opened", "opened"]
    before = world.rows(tenant), world.rows(tenant, ALERTS)
    assert take(world, event) == ["known"]
    assert (world.rows(tenant), world.rows(tenant, ALERTS)) == before
    assert world.rows(tenant, ALERTS)[0]["occurrences"] == 1


def test_p63_the_same_batch_at_the_same_moment_in_many_processes(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    batch = [alert(tenant, dedupe_key=f"k{number % 20}") for number in range(60)]
    outcomes: list[list[str]] = []

    def work(seed: int) -> None:
        mine = random.Random(seed).sample(batch, len(batch))
        outcomes.append(take(world, *mine))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    counted = Counter(outcome for each in outcomes for outcome in each)
    assert counted == {"opened": 20, "repeated": 40, "known": 180}
    found = world.rows(tenant, ALERTS)
    assert [row["occurrences"] for row in found] == [3] * 20
    assert len(world.rows(tenant)) == 20


def test_p85_an_open_condition_is_told_once_and_again_only_when_it_gets_worse(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant, severity="high")
    outcomes = [take(world, first)[0]]
    for severity in ("high", "medium", "critical", "high", "critical"):
        outcomes += take(world, again(first, severity=severity, **later(world, minutes=1)))
    assert outcomes == ["opened", "repeated", "repeated", "escalated", "repeated", "repeated"]
    assert told(world, tenant) == {("anna", "critical", "pending"): 1, ("anna", "high", "suppressed"): 1}
    (kept,) = world.rows(tenant, ALERTS)
    assert (kept["severity"], kept["occurrences"], kept["last_seen"]) == ("critical", 6, world.clock.now())
    assert kinds(world, tenant) == ["opened", "escalated"]


def test_p85_one_batch_comes_to_the_same_as_its_events_one_by_one(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant, severity="high")
    batch = [first, again(first), again(first, severity="critical"), again(first, severity="low")]
    assert take(world, *batch) == ["opened", "repeated", "escalated", "repeated"]
    assert told(world, tenant) == {("anna", "critical", "pending"): 1}
    assert kinds(world, tenant) == ["opened", "escalated"]


def test_the_fingerprint_names_the_condition_and_the_correlation_key_its_cause(world: World) -> None:
    tenant = world.tenant()
    first = alert(tenant, correlation_key="sku:1")
    assert take(world, first, again(first, alert_id=uuid7()), alert(tenant, correlation_key="sku:1")) == [
        "opened", "repeated", "opened",
    ]  # fmt: skip
    assert take(world, alert(tenant, dedupe_key="alone")) == ["opened"]
    keys = {row["fingerprint"]: row["correlation_key"] for row in world.rows(tenant, ALERTS)}
    assert sorted(keys.values()) == ["alone", "sku:1", "sku:1"]
    assert keys[first.dedupe_key] == "sku:1"


def test_an_id_that_another_alert_has_gets_one_of_its_own(world: World) -> None:
    tenant = world.tenant()
    first = alert(tenant)
    stranger = alert(tenant, alert_id=first.alert_id)
    assert take(world, first) + take(world, stranger) == ["opened", "opened"]
    assert len({row["alert_id"] for row in world.rows(tenant, ALERTS)}) == 2


def test_p86_five_hundred_conditions_cost_a_handful_of_statements(world: World) -> None:
    tenant = world.tenant()
    for number in range(20):
        world.person(tenant, f"user-{number}", f"u{number}@x.example")
    storm = [alert(tenant, dedupe_key=f"k{number}", severity="high") for number in range(500)]
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    sql_event.listen(world.notify.engine, "before_cursor_execute", count)
    try:
        assert set(take(world, *storm)) == {"opened"}
    finally:
        sql_event.remove(world.notify.engine, "before_cursor_execute", count)
    assert len(statements) <= 26
    found = world.rows(tenant, "SELECT count(*) AS n, count(*) FILTER (WHERE held_by IS NULL) AS alone "
                               "FROM notification.notifications")  # fmt: skip
    assert found[0]["n"] == 20 * 500
    assert found[0]["alone"] <= 20 * 5


def test_an_alert_for_named_people_is_told_to_them_alone(world: World) -> None:
    tenant = world.tenant()
    for name in ("anna", "bert", "cora"):
        world.person(tenant, name, f"{name}@x.example")
    take(world, alert(tenant, to_users=("bert",)))
    assert [row["user_id"] for row in world.rows(tenant)] == ["bert"]


def test_what_is_over_is_not_told_any_more_and_says_so(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant)
    take(world, first)
    assert take(world, gone(first, reason="12 kg came in.", **later(world, minutes=5))) == ["resolved"]
    (row,) = world.rows(tenant)
    assert (row["status"], row["reason"]) == ("suppressed", "It was over before this was sent: 12 kg came in.")
    (kept,) = world.rows(tenant, ALERTS)
    assert (kept["status"], kept["resolved_by"], kept["next_step_at"]) == ("resolved", None, None)
    assert take(world, gone(first, **later(world, minutes=5))) == ["ignored"]


def test_raised_and_over_within_one_batch_is_on_record_and_told_to_nobody(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant)
    world.clock.advance(timedelta(minutes=2))
    assert take(world, gone(first, occurred_at=world.clock.now()), first) == ["resolved", "opened"]
    assert world.rows(tenant) == []
    assert kinds(world, tenant) == ["opened", "resolved"]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("ends", [True, False])
def test_whatever_the_order_of_arrival_the_newest_word_counts(
    world: World, order: tuple[int, int, int], ends: bool
) -> None:
    tenant = world.tenant()
    start = alert(tenant)
    at = [start.occurred_at + timedelta(hours=hours) for hours in (0, 2, 4)]
    world.clock.advance(timedelta(hours=5))
    made: list[Received] = [start, gone(start, occurred_at=at[1]), again(start, occurred_at=at[2])]
    if ends:
        made = [start, again(start, occurred_at=at[1]), gone(start, occurred_at=at[2])]
    for place in order:
        take(world, made[place])
    found = world.rows(tenant, ALERTS)
    assert [row["status"] for row in found if row["closed_at"] is None] == ([] if ends else ["open"])


def test_a_resolution_that_overtakes_its_alert_keeps_it_from_being_told(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant)
    world.clock.advance(timedelta(minutes=5))
    assert take(world, gone(first, occurred_at=world.clock.now())) == ["ignored"]
    assert take(world, first) == ["ignored"]
    assert (world.rows(tenant, ALERTS), world.rows(tenant)) == ([], [])
    assert take(world, again(first, **later(world, minutes=1))) == ["opened"]


def test_p63_a_clock_that_runs_ahead_does_not_decide(world: World) -> None:
    tenant = world.tenant()
    first = alert(tenant, occurred_at=world.clock.now() + timedelta(days=3650))
    take(world, first)
    assert take(world, gone(first, **later(world, minutes=5))) == ["resolved"]


def test_what_is_still_there_is_not_told_and_does_not_reopen_what_a_person_ended(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    first = alert(tenant)
    take(world, first)
    seen = AlertSeen(**{**again(first, title="Runs out on Thursday").model_dump(), **later(world, days=1)})
    assert take(world, seen) == ["repeated"]
    (kept,) = world.rows(tenant, ALERTS)
    assert (kept["title"], kept["occurrences"], kept["last_seen"]) == ("Runs out on Thursday", 2, world.clock.now())
    assert kept["expires_at"] == world.clock.now() + timedelta(days=14)
    assert len(world.rows(tenant)) == 1


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


def test_p61_an_event_of_another_tenant_cannot_ride_along(world: World) -> None:
    mine, other = world.tenant(), world.tenant()
    with pytest.raises(ValidationFailed), world.notify.tenant(mine) as tx:
        intake.take_in(tx, [alert(mine), alert(other)], world.clock.now(), world.service.around)
    assert world.rows(mine, ALERTS) == world.rows(other, ALERTS) == []


def test_who_was_not_told_can_read_why(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, "anna", min_severity="critical")
    world.person(tenant, "bert", None, enabled_channels=["email", "sms"], phone="+4915112345678")
    world.person(tenant, "cora", "c@x.example")
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE platform.users SET status = 'suspended' WHERE user_id = 'cora'")
    take(world, alert(tenant))
    found = {(row["user_id"], row["channel"]): (row["status"], row["reason"]) for row in world.rows(tenant)}
    assert found[("anna", "email")] == ("suppressed", "Severity high is below this user's minimum, critical.")
    assert found[("bert", "email")] == ("suppressed", "No address for email is known for this user.")
    assert found[("bert", "sms")] == ("pending", None)
    assert {user for user, _ in found} == {"anna", "bert"}
