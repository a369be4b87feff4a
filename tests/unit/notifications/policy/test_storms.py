"""P-86: so many messages at once that nobody reads them."""

from __future__ import annotations

import time
from datetime import timedelta

from opscopilot.notifications.policy.deciding import decide, decide_all
from opscopilot.notifications.policy.model import Wish
from opscopilot.notifications.policy.state import Traffic
from tests.unit.notifications.policy.making import MINUTE, NIGHT, NOON, alert, around, only, person


def many(number: int, severity: str = "high") -> list:  # type: ignore[type-arg]
    return [alert(severity, "stockout_risk", fingerprint=f"f{n}", entity_code=f"SKU-{n}") for n in range(number)]


def test_p86_500_items_below_their_reorder_point_leave_together() -> None:
    plans = decide_all(many(500), around(person()), NOON)
    assert {(only(one).scheduled_at, only(one).held_by, only(one).urgent) for one in plans} == {
        (NOON + MINUTE, "storm", False)
    }
    assert only(plans[0]).reason == (
        "Held until 2026-11-23 12:01 Europe/Berlin: more than 5 messages to this person within a short time go as one."
    )


def test_p86_what_follows_joins_the_digest_that_waits() -> None:
    waiting = Traffic(0, None, NOON + MINUTE)
    made = only(decide(alert(), around(person(), traffic={("anna", "email"): waiting}), NOON + MINUTE / 2))
    assert (made.scheduled_at, made.held_by) == (NOON + MINUTE, "storm")


def test_five_go_by_themselves() -> None:
    plans = decide_all(many(5), around(person()), NOON)
    assert all(only(one).scheduled_at == NOON and only(one).held_by is None for one in plans)


def test_after_five_in_ten_minutes_the_rest_waits_until_these_are_over() -> None:
    there = around(person(), traffic={("anna", "email"): Traffic(5, NOON - 4 * MINUTE)})
    assert only(decide(alert(), there, NOON)).scheduled_at == NOON + 6 * MINUTE


def test_critical_waits_a_minute_at_most() -> None:
    plans = decide_all(many(8, "critical"), around(person()), NOON)
    times = [only(one).scheduled_at for one in plans]
    assert times == [NOON] * 5 + [NOON + MINUTE] * 3
    assert [only(one).urgent for one in plans] == [True] * 5 + [False] * 3
    waiting = {("anna", "email"): Traffic(9, NOON - MINUTE, NOON + 8 * MINUTE, NOON + MINUTE / 3)}
    made = only(decide(alert("critical"), around(person(), traffic=waiting), NOON))
    assert made.scheduled_at == NOON + MINUTE / 3


def test_machines_read_everything() -> None:
    plans = decide_all(many(50), around(person(wish=Wish("info", ("webhook",)))), NOON)
    assert all(only(one).scheduled_at == NOON for one in plans)


def test_channels_and_people_count_by_themselves_and_what_is_held_does_not_count() -> None:
    two = person(wish=Wish("info", ("email", "sms")))
    plans = decide_all(many(4), around(two, person("bert", availability=NIGHT)), NOON)
    assert all(one.scheduled_at == NOON for plan in plans for one in plan.decisions)
    night = NOON + timedelta(hours=12)
    plans = decide_all(many(20), around(person(availability=NIGHT)), night)
    assert {only(one).held_by for one in plans} == {"quiet_hours"}


def test_a_batch_for_many_people_is_decided_quickly() -> None:
    people = [person(f"u{n}", wish=Wish("low", ("email", "sms")), availability=NIGHT if n % 2 else None)
              for n in range(500)]  # fmt: skip
    started = time.process_time()
    plans = decide_all(many(100), around(*people), NOON)
    assert time.process_time() - started < 1.5
    assert sum(len(one.decisions) for one in plans) == 100_000
