"""Escalation, worked out."""

from __future__ import annotations

from datetime import timedelta

from opscopilot.notifications.policy.deciding import decide
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.model import Plan, Subject
from opscopilot.notifications.policy.rules import DEFAULT_POLICY, Policy
from opscopilot.notifications.policy.state import Situation
from opscopilot.notifications.policy.stepping import policy_for, run, timeline
from tests.unit.notifications.policy.making import (
    MINUTE,
    NIGHT,
    NOON,
    SUNDAY_3AM,
    alert,
    around,
    person,
    planned,
    policy,
    silence,
    step,
    told,
)


def follow(subject: Subject, there: Situation, plan: Plan, **given: object) -> list[tuple[float, list[str], bool]]:
    """Minutes after noon, whom the step tells, and whether it reached anybody."""
    own = next(one for one in there.policies if one.code == plan.policy_code)
    found = timeline(own, plan.policy_step, subject, there, NOON, plan.decisions, **given)  # type: ignore[arg-type]
    return [((one.at - NOON) / MINUTE, [made.user_id for made in one.decisions if made.status == "pending"],
             one.reason is None) for one in found]  # fmt: skip


def test_built_in_critical_goes_to_the_plant_manager_and_then_to_the_admin_who_were_not_told() -> None:
    people = person("anna"), person("boss", role="plant_manager"), person("root", role="admin")
    only_anna = alert("critical", to_users=frozenset({"anna"}))
    there = around(*people)
    plan = decide(only_anna, there, NOON)
    assert (plan.policy_code, plan.next_step_at) == ("built_in", NOON + 15 * MINUTE)
    assert follow(only_anna, there, plan) == [(15, ["boss"], True), (30, ["root"], True)]
    everybody = alert("critical")
    plan = decide(everybody, there, NOON)
    steps = timeline(DEFAULT_POLICY, 0, everybody, there, NOON, plan.decisions)
    assert [one.reason for one in steps] == [
        "Nobody new to tell: boss had been told before.", "Nobody new to tell: root had been told before.",
    ]  # fmt: skip
    assert steps[1].at == NOON + 15 * MINUTE  # nobody was reached: the next runs at once
    assert decide(alert("high"), there, NOON).policy_code is None


def test_the_smallest_priority_that_fits_takes_care_and_ours_is_the_last() -> None:
    def made(code: str, priority: int, **given: object) -> Policy:
        return policy(step(5, "role:admin"), code=code, priority=priority, **given)

    ovens = made("ovens", 1, matcher=Matcher(entity_pattern="OVEN-*"))
    there = around(policies=[made("b", 7), made("a", 7), ovens, DEFAULT_POLICY])
    chosen = [
        policy_for(alert(), there),
        policy_for(alert(entity_code="OVEN-2"), there),
        policy_for(alert("low"), there),
    ]
    assert [one.code if one else None for one in chosen] == ["a", "ovens", None]
    assert policy_for(alert("critical"), around(policies=[ovens, DEFAULT_POLICY])) is DEFAULT_POLICY


def test_a_step_that_reaches_nobody_gives_way_to_the_next_and_says_so() -> None:
    own = policy(
        step(5, "schedule:gap"), step(30, "user:gone", "role:buyer"), step(60, "user:bert"), step(90, "user:anna")
    )
    there = around(person("anna"), person("bert", addresses={}), policies=[own], rotas={"gap": lambda _: []})
    subject = alert(to_users=frozenset({"anna"}))
    plan = decide(subject, there, NOON)
    steps = timeline(own, 0, subject, there, NOON, plan.decisions)
    assert [((one.at - NOON) / MINUTE, one.reason) for one in steps] == [
        (5, "Nobody was told: nobody is on call in schedule gap."),
        (5, "Nobody was told: user gone is not active, nobody active has the role buyer."),
        (5, "Nobody was told: bert cannot be reached over any channel."),
        (5, "Nobody new to tell: anna had been told before."),
    ]


def test_repeat_tells_again_and_channels_of_a_step_count() -> None:
    own = policy(step(5, "user:anna", repeat=True, channels=("sms", "slack")))
    there = around(person("anna"), policies=[own])
    made = run(own, 1, alert(), there, NOON, {"anna": NOON - MINUTE})
    assert [(one.user_id, one.channel, one.purpose, one.round) for one in made.decisions] == [
        ("anna", "sms", "step", 1), ("anna", "slack", "step", 1),
    ]  # fmt: skip


def test_who_is_on_call_is_woken_though_a_message_waits_for_the_morning() -> None:
    own = policy(step(10, "schedule:night", "user:bert"))
    there = around(person("anna", availability=NIGHT), person("bert", availability=NIGHT), policies=[own],
                   rotas={"night": lambda at: ["anna"] if at > SUNDAY_3AM else []})  # fmt: skip
    subject = alert()
    plan = decide(subject, there, SUNDAY_3AM)
    assert {one.held_by for one in plan.decisions} == {"quiet_hours"}
    (made,) = timeline(own, 0, subject, there, SUNDAY_3AM, plan.decisions)
    assert [(one.user_id, one.urgent, one.scheduled_at) for one in made.decisions] == [
        ("anna", True, SUNDAY_3AM + 10 * MINUTE)
    ]


def test_while_an_alert_is_silenced_nobody_is_late() -> None:
    own = policy(step(10, "user:bert"))
    for there in (
        around(person(), policies=[own], silences=[silence(NOON, 2)]),
        around(person(), policies=[own], mutes=[planned("shutdown", NOON, 2)]),
    ):
        plan = decide(alert(), there, NOON)
        assert plan.next_step_at == NOON + timedelta(hours=2, minutes=10)
        assert decide(alert("critical"), there, NOON).next_step_at == NOON + 10 * MINUTE


def test_acknowledged_in_time_stops_the_steps() -> None:
    own = policy(step(10, "user:bert"), step(20, "user:carl"))
    there = around(person("anna"), person("bert"), person("carl"), policies=[own])
    subject = alert(to_users=frozenset({"anna"}))
    plan = decide(subject, there, NOON)
    assert told(plan) == [("anna", "email")]
    assert follow(subject, there, plan, until=NOON + 15 * MINUTE) == [(10, ["bert"], True)]
    assert follow(subject, there, plan, until=NOON + 10 * MINUTE) == []
