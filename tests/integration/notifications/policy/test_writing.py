"""Decisions as rows: one statement for a batch, and never twice."""

from __future__ import annotations

from opscopilot.adapters.channels import KINDS
from opscopilot.notifications.policy.deciding import decide_all
from opscopilot.notifications.policy.model import Subject
from opscopilot.notifications.policy.situation import situation
from opscopilot.notifications.policy.writing import Told, write
from tests.integration.notifications.world import NOON, World, alert


def test_p85_the_same_decisions_written_again_tell_nobody_again(world: World) -> None:
    tenant = world.tenant()
    events = [alert(tenant) for _ in range(3)]
    for one in events:
        world.handle(one)  # nobody is there yet: the alerts are on record, and nobody was told
    for user in ("anna", "bert"):
        world.person(tenant, user, f"{user}@x.example")
    with world.notify.tenant(tenant) as tx:
        subjects = [Subject(one.alert_type, one.severity, one.dedupe_key) for one in events]
        plans = decide_all(subjects, situation(tx, NOON, world.calendar, KINDS), NOON)
        told = [Told(one.alert_id, one.event_id, one.title, one.message, one.alert_type, one.severity, one.dedupe_key)
                for one in events]  # fmt: skip
        batch = list(zip(told, plans, strict=True))
        assert plans[0].decisions is plans[1].decisions  # what is the same is decided, and sent, once
        assert (write(tx, batch, NOON), write(tx, batch, NOON), write(tx, [], NOON)) == (6, 0, 0)
    rows = world.rows(tenant)
    assert {(row["user_id"], row["channel"], row["type"], row["status"]) for row in rows} == {
        ("anna", "email", "alert", "pending"), ("bert", "email", "alert", "pending"),
    }  # fmt: skip
