"""Nobody takes an alert on: who hears next, once, and what stops it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.alerts import life
from opscopilot.notifications.policy import escalating
from tests.integration.notifications.world import NOON, World, again, alert
from tests.support.api import Api, token

MINUTE = timedelta(minutes=1)


@pytest.fixture
def tenant(world: World) -> UUID:
    """Anna is a planner, Bert manages the plant, Chef is admin."""
    made = world.tenant()
    for user, role in (("anna", "planner"), ("bert", "plant_manager"), ("chef", "admin")):
        world.person(made, user, f"{user}@x.example", role=role)
    return made


def critical(tenant: UUID, **given: Any) -> AlertRaised:
    """A critical alert that concerns Anna only."""
    return alert(tenant, severity="critical", **{"to_users": ("anna",), **given})


def sent_to(world: World) -> list[str]:
    return [one.to.partition("@")[0] for one in world.mails]


def history(world: World, tenant: UUID) -> list[str]:
    sql = "SELECT note FROM notification.alert_history WHERE kind = 'policy_step' ORDER BY at, id"
    return [row["note"] for row in world.rows(tenant, sql)]


def after(world: World, minutes: float) -> list[str]:
    world.clock.instant = NOON + minutes * MINUTE
    world.sweep()
    return sent_to(world)


def test_a_critical_alert_climbs_until_everybody_knows(world: World, tenant: UUID) -> None:
    world.handle(critical(tenant))
    assert after(world, 14) == ["anna"]
    assert after(world, 15) == ["anna", "bert"]
    assert after(world, 16) == ["anna", "bert"]
    assert after(world, 30) == ["anna", "bert", "chef"]
    assert after(world, 600) == ["anna", "bert", "chef"]
    assert history(world, tenant) == [
        "Nobody had taken it on: step 1 of the policy 'built_in'. Told bert (email).",
        "Nobody had taken it on: step 2 of the policy 'built_in'. Told chef (email).",
    ]
    steps = [(row["user_id"], row["purpose"], row["round"]) for row in world.rows(tenant) if row["purpose"] == "step"]
    assert steps == [("bert", "step", 1), ("chef", "step", 2)]
    (left,) = world.rows(tenant, "SELECT policy_code, policy_step, next_step_at FROM notification.alerts")
    assert left == {"policy_code": "built_in", "policy_step": 2, "next_step_at": None}


def test_taking_it_on_stops_it_and_handing_it_back_goes_on(world: World, tenant: UUID) -> None:
    event = critical(tenant)
    world.handle(event)
    with world.copilot.tenant(tenant) as tx:
        life.acknowledge(tx, event.alert_id, "anna", None, NOON)
    assert after(world, 20) == ["anna"]
    with world.copilot.tenant(tenant) as tx:
        life.unacknowledge(tx, event.alert_id, "anna", None, world.clock.now())
    assert after(world, 21) == ["anna", "bert"]
    assert after(world, 36) == ["anna", "bert", "chef"]


def test_a_snooze_puts_it_off(world: World, tenant: UUID) -> None:
    event = critical(tenant)
    world.handle(event)
    with world.copilot.tenant(tenant) as tx:
        life.snooze(tx, event.alert_id, "anna", NOON + 60 * MINUTE, None, NOON)
    assert after(world, 30) == ["anna"]
    assert "bert" in after(world, 61)


def test_a_resolved_alert_climbs_no_further(world: World, tenant: UUID) -> None:
    event = critical(tenant)
    world.handle(event)
    with world.copilot.tenant(tenant) as tx:
        life.resolve(tx, event.alert_id, "anna", None, NOON)
    assert after(world, 120) == ["anna"]
    assert history(world, tenant) == []


def test_who_was_told_is_not_told_again_and_the_history_says_so(world: World, tenant: UUID) -> None:
    world.handle(critical(tenant, to_users=()))
    assert sorted(after(world, 40)) == ["anna", "bert", "chef"]
    assert [note.partition(". ")[2] for note in history(world, tenant)] == [
        "Nobody new to tell: bert had been told before.", "Nobody new to tell: chef had been told before.",
    ]  # fmt: skip


def test_whose_message_was_given_up_was_not_told(world: World, tenant: UUID) -> None:
    world.handle(critical(tenant, to_users=("anna", "bert")))
    with world.notify.tenant(tenant) as tx:
        tx.execute("UPDATE notification.notifications SET status = 'dead' WHERE user_id = 'bert'")
    assert after(world, 15).count("bert") == 2


def test_two_sweeps_at_once_run_a_step_once(world: World, tenant: UUID) -> None:
    for _ in range(5):
        world.handle(critical(tenant))
    world.clock.instant = NOON + 15 * MINUTE

    def one(_: int) -> int:
        with world.notify.tenant(tenant) as tx:
            return escalating.run_steps(tx, world.clock.now(), world.calendar, KINDS)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 5
    assert len(history(world, tenant)) == 5


def test_it_climbs_again_from_the_start_when_it_has_become_worse(world: World, tenant: UUID) -> None:
    event = alert(tenant, to_users=("anna",))
    world.handle(event)
    world.clock.advance(10 * MINUTE)
    world.handle(again(event, severity="critical"))
    assert after(world, 24) == ["anna", "anna"]
    assert after(world, 25) == ["anna", "anna", "bert"]


def policy(world: World, api: Api, tenant: UUID, **given: Any) -> None:
    """Put a policy for everything from high up: Bert after ten minutes."""
    (row,) = world.rows(tenant, "SELECT code FROM platform.tenants")
    step = {"after_minutes": 10, "targets": [{"kind": "user", "code": "bert"}]}
    body = {"name": "Own", "steps": [step], **given}
    answer = api.put("/notify/escalation-policies/own", token(row["code"], "admin"), body)
    assert answer.status == 200, answer.text


def test_silenced_alerts_climb_only_when_they_have_been_told(world: World, api: Api, tenant: UUID) -> None:
    policy(world, api, tenant)
    (row,) = world.rows(tenant, "SELECT code FROM platform.tenants")
    world.handle(alert(tenant, to_users=("anna",)))
    assert after(world, 5) == ["anna"]
    api.post("/notify/silences", token(row["code"], "planner"), {
        "reason": "known", "place": "X", "ends_at": (NOON + 60 * MINUTE).isoformat(),
    })  # fmt: skip
    api.post("/notify/silences", token(row["code"], "planner"), {
        "reason": "known", "entity_pattern": "SKU-1", "ends_at": (NOON + 60 * MINUTE).isoformat(),
    })  # fmt: skip
    assert after(world, 59) == ["anna"]
    assert after(world, 70) == ["anna", "bert"]


def test_a_silence_that_ends_early_lets_the_alert_climb_from_then_on(world: World, api: Api, tenant: UUID) -> None:
    policy(world, api, tenant)
    (row,) = world.rows(tenant, "SELECT code FROM platform.tenants")
    planner = token(row["code"], "planner")
    made = api.post("/notify/silences", planner, {
        "reason": "known", "entity_pattern": "*", "ends_at": (NOON + 600 * MINUTE).isoformat(),
    }).json  # fmt: skip
    world.handle(alert(tenant, to_users=("anna",)))
    assert after(world, 5) == []
    api.delete(f"/notify/silences/{made['id']}", planner)
    assert after(world, 6) == ["anna"]
    assert after(world, 15) == ["anna"]
    assert after(world, 16) == ["anna", "bert"]


def test_a_policy_taken_out_of_use_hands_over_to_the_one_that_fits(world: World, api: Api, tenant: UUID) -> None:
    policy(world, api, tenant, min_severity="critical")
    (row,) = world.rows(tenant, "SELECT code FROM platform.tenants")
    world.handle(critical(tenant))
    api.delete("/notify/escalation-policies/own", token(row["code"], "admin"))
    after(world, 10)
    assert history(world, tenant)[0].startswith("Nobody had taken it on: step 1 of the policy 'built_in'. Told bert")


def test_who_sleeps_is_woken_by_the_schedule_and_not_told_again_in_the_morning(
    world: World, api: Api, tenant: UUID
) -> None:
    world.sleeper(tenant, "dora", mail="dora@x.example")
    layer = {"users": ["dora"], "every": 1, "unit": "weeks", "starts_on": "2026-01-15", "handover": "00:05"}
    with world.copilot.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO notification.oncall_schedules (tenant_id, code, name, time_zone, layers)
               VALUES (:t, 'night', 'Night', 'Europe/Berlin', CAST(:layers AS jsonb))""",
            t=tenant, layers=json.dumps([layer]),
        )  # fmt: skip
    policy(world, api, tenant, steps=[{"after_minutes": 10, "targets": [{"kind": "schedule", "code": "night"}]}])
    midnight = 12 * 60
    world.clock.instant = NOON + midnight * MINUTE
    world.handle(alert(tenant, to_users=("dora",)))
    assert sent_to(world) == []
    assert after(world, midnight + 10) == ["dora"]
    assert after(world, midnight + 7 * 60) == ["dora"]
    reasons = [row["reason"] for row in world.rows(tenant) if row["status"] == "suppressed"]
    assert reasons == ["Told by step 1 of the escalation instead."]
