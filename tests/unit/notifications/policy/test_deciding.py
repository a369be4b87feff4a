"""Who is told what, where and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from opscopilot.kernel.events import SEVERITIES, AlertType, Severity
from opscopilot.kernel.planned import EXPLAINED_BY
from opscopilot.notifications.policy.deciding import NOT_EXCLUSIVE, decide, tell
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.model import Person, Wish, rank
from opscopilot.notifications.policy.wishes import WORKSPACES
from tests.unit.notifications.policy.making import (
    ALL,
    NIGHT,
    NOON,
    SUNDAY_3AM,
    alert,
    around,
    only,
    person,
    planned,
    policy,
    silence,
    step,
    told,
)

SEVEN = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def test_every_alert_type_belongs_to_a_workspace() -> None:
    assert set(WORKSPACES) == set(get_args(AlertType))


def test_without_preferences_mail_from_high_up_and_no_trace_below() -> None:
    nobody = Person("bert", "planner", {"email": "b@b.example"})
    found = {s: [(d.channel, d.status) for d in decide(alert(s), around(nobody), NOON).decisions] for s in SEVERITIES}
    mail = [("email", "pending")]
    assert found == {"critical": mail, "high": mail, "medium": [], "low": [], "info": []}


@pytest.mark.parametrize("minimum", SEVERITIES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_min_severity(severity: Severity, minimum: Severity) -> None:
    made = only(decide(alert(severity), around(person(wish=Wish(minimum))), NOON))
    assert made.status == ("pending" if rank(severity) >= rank(minimum) else "suppressed")
    if made.status == "suppressed":
        assert made.reason == f"Severity {severity} is below this user's minimum, {minimum}."


def test_workspaces_filter_but_not_critical() -> None:
    buyer = around(person(workspaces=frozenset({"retail"})))
    made = only(decide(alert("high", "ccp_breach"), buyer, NOON))
    assert (made.status, made.reason) == ("suppressed", "Concerns fsq, plantops; this user chose retail.")
    assert only(decide(alert("high", "osa_gap"), buyer, NOON)).status == "pending"
    assert only(decide(alert("critical", "ccp_breach"), buyer, NOON)).status == "pending"


def test_channels_by_severity() -> None:
    who = around(person(wish=Wish("low", ("email",), {"critical": ("sms", "email"), "high": ("slack",)})))
    assert told(decide(alert("critical"), who, NOON)) == [("anna", "sms"), ("anna", "email")]
    assert told(decide(alert("high"), who, NOON)) == [("anna", "slack")]
    assert told(decide(alert("medium"), who, NOON)) == [("anna", "email")]


def test_the_wish_for_a_workspace_counts_and_the_most_generous_of_several() -> None:
    quiet = Wish("critical", ("sms",))
    fond = Wish("low", ("slack",))
    one = around(person(wishes={"fsq": quiet}))
    made = only(decide(alert("high", "lot_hold"), one, NOON))  # concerns fsq and plantops
    assert (made.status, made.reason) == ("suppressed", "Severity high is below this user's minimum for fsq, critical.")
    assert told(decide(alert("high", "osa_gap"), one, NOON)) == [("anna", "email")]
    two = around(person(wishes={"fsq": quiet, "plantops": fond}))
    assert told(decide(alert("high", "lot_hold"), two, NOON)) == [("anna", "slack")]
    assert told(decide(alert("critical", "lot_hold"), two, NOON)) == [("anna", "sms"), ("anna", "slack")]
    narrowed = around(person(wishes={"fsq": quiet}, workspaces=frozenset({"plantops"})))
    assert told(decide(alert("high", "lot_hold"), narrowed, NOON)) == [("anna", "email")]


def test_p85_quiet_hours_hold_everything_but_critical() -> None:
    sleeper = around(person(availability=NIGHT))
    for severity in SEVERITIES:
        made = only(decide(alert(severity), sleeper, SUNDAY_3AM))
        if severity == "critical":
            assert (made.scheduled_at, made.urgent, made.reason) == (SUNDAY_3AM, True, None)
        else:
            assert (made.scheduled_at, made.held_by, made.urgent) == (SEVEN, "quiet_hours", False)
            assert made.reason == "Held until 2026-11-22 07:00 Europe/Berlin: quiet hours 22:00-07:00 Europe/Berlin."


def test_a_channel_that_cannot_work_says_why() -> None:
    who = person(wish=Wish("info", ("email", "sms", "slack", "fax")), addresses={"sms": "+49", "email": "A@b.example"})
    there = around(who, switched_off={"sms": "budget"}, dead_addresses={("email", "a@b.example"): "It bounced."})
    assert [one.reason for one in decide(alert(), there, NOON).decisions] == [
        "It bounced.", "The channel sms is switched off for this plant (budget).",
        "No address for slack is known for this user.", "The channel fax is not set up in this installation.",
    ]  # fmt: skip
    critical = decide(alert("critical"), around(person(**{**_same(who), "addresses": {**who.addresses, "webhook": "x"}}),
                      switched_off={"sms": ""}, dead_addresses=there.dead_addresses), NOON)  # fmt: skip
    assert told(critical) == [("anna", "webhook")]
    assert "No channel this user chose can reach them" in str(critical.decisions[-1].reason)


def _same(who: Person) -> dict[str, object]:
    return {"wish": who.wish}


def test_critical_reaches_people_who_chose_no_channel_or_says_that_it_cannot() -> None:
    silent = person(wish=Wish("info", ()))
    assert told(decide(alert("critical"), around(silent), NOON)) == [("anna", "email")]
    unreachable = person(wish=Wish("info", ()), addresses={})
    made = only(decide(alert("critical"), around(unreachable), NOON))
    assert (made.status, made.reason) == ("suppressed", "No address is known for this user.")


def test_who_a_channel_does_not_reach_hears_of_it_over_another() -> None:
    lost = person("anna", wish=Wish("info", ("sms",)))
    there = around(lost, person("bert", wish=Wish("info", ("webhook",))), destination=lambda _, address: address[8:17])
    mine = decide(alert("high", "delivery_failed", entity_code="sms:anna"), there, NOON)
    assert told(mine) == [("anna", "email"), ("bert", "webhook")]
    assert mine.decisions[0].reason == "This is the way that failed; other channels tell of it."
    host = decide(alert("high", "delivery_failed", entity_code="webhook:w.example"), there, NOON)
    assert told(host) == [("anna", "sms"), ("bert", "email")]


def test_an_alert_may_concern_only_some_and_everybody_when_those_are_gone() -> None:
    asker = Person("bert", "planner", {"email": "b@b.example"})
    there = around(person(), asker)
    named = alert("low", "file_processed", to_users=frozenset({"bert"}))
    assert told(decide(named, there, NOON)) == [("bert", "email")]
    gone = alert("low", "file_processed", to_users=frozenset({"carl"}))
    assert told(decide(gone, there, NOON)) == [("anna", "email")]
    mute = around(person(), Person("bert", "planner", {}))
    assert told(decide(alert("critical", to_users=frozenset({"bert"})), mute, NOON)) == [("anna", "email")]


def test_a_silence_holds_and_then_the_night_does() -> None:
    there = around(person(availability=NIGHT), silences=[silence(SUNDAY_3AM, 1, Matcher(place="plant-1"))])
    made = only(decide(alert(), there, SUNDAY_3AM))
    assert (made.held_by, made.scheduled_at, made.silence_id) == ("silence", SEVEN, there.silences[0].id)
    assert made.reason == (
        "Held until 2026-11-22 04:00 Europe/Berlin: silenced by otto (oven repair). "
        "Held until 2026-11-22 07:00 Europe/Berlin: quiet hours 22:00-07:00 Europe/Berlin."
    )
    assert only(decide(alert(place="PLANT-2"), there, SUNDAY_3AM)).held_by == "quiet_hours"
    assert only(decide(alert("critical"), there, SUNDAY_3AM)).scheduled_at == SUNDAY_3AM


@pytest.mark.parametrize("kind", ["shutdown", "closed", "holiday", "maintenance", "trial", "promotion", "event"])
@pytest.mark.parametrize("alert_type", get_args(AlertType))
def test_planned_events_hold_what_they_explain(kind: str, alert_type: AlertType) -> None:
    there = around(person(), mutes=[planned(kind, NOON - timedelta(hours=1), 3)])
    made = only(decide(alert("high", alert_type), there, NOON))
    if kind in EXPLAINED_BY.get(alert_type, ()):
        assert (made.held_by, made.scheduled_at) == ("mute", NOON + timedelta(hours=2))
        assert (
            made.reason == f"Held until 2026-11-23 14:00 Europe/Berlin: explained by the planned {kind} 'the {kind}'."
        )
    else:
        assert made.scheduled_at == NOON
    assert only(decide(alert("critical", alert_type), there, NOON)).scheduled_at == NOON


def test_what_must_be_decided_is_never_explained_away() -> None:
    assert not EXPLAINED_BY.keys() & {"stockout_risk", "ccp_breach", "supplier_risk", "lot_hold"}


def test_a_planned_event_explains_alerts_of_its_place_only() -> None:
    there = around(person(), mutes=[planned("maintenance", NOON, 2, "PLANT-1")])
    assert only(decide(alert(), there, NOON)).held_by == "mute"
    assert only(decide(alert(place="PLANT-2"), there, NOON)).held_by is None
    assert only(decide(alert(place=None), there, NOON)).held_by is None


def test_who_is_on_call_is_told_at_night_but_not_of_trifles() -> None:
    there = around(person(availability=NIGHT), rotas={"night": lambda _: ["anna"]})
    made = only(decide(alert("high"), there, SUNDAY_3AM))
    assert (made.scheduled_at, made.urgent, made.held_by) == (SUNDAY_3AM, True, None)
    assert only(decide(alert("medium"), there, SUNDAY_3AM)).held_by == "quiet_hours"
    quiet = around(person(availability=NIGHT), rotas={"night": lambda _: ["anna"]}, silences=[silence(SUNDAY_3AM, 1)])
    assert only(decide(alert("high"), quiet, SUNDAY_3AM)).scheduled_at == SUNDAY_3AM + timedelta(hours=1)


def test_an_exclusive_first_step_replaces_everybody_and_falls_back_to_them() -> None:
    own = policy(step(0, "schedule:night"), step(10, "role:admin"), exclusive=True)
    people = person("anna", availability=NIGHT), person("bert"), person("chef", role="admin")
    there = around(*people, policies=[own], rotas={"night": lambda _: ["anna"]})
    plan = decide(alert(), there, SUNDAY_3AM)
    assert (told(plan), only(plan).urgent) == ([("anna", "email")], True)
    assert (plan.policy_code, plan.policy_step, plan.next_step_at) == ("own", 1, SUNDAY_3AM + timedelta(minutes=10))
    gap = around(*people, policies=[own], rotas={"night": lambda _: []})
    plan = decide(alert("critical"), gap, SUNDAY_3AM)
    assert {user for user, _ in told(plan)} == {"anna", "bert", "chef"}
    assert plan.notes == (NOT_EXCLUSIVE,)


def test_a_first_step_that_is_not_exclusive_adds_people_whatever_they_wish() -> None:
    own = policy(step(0, "user:bert", channels=("sms",)))
    there = around(person(), person("bert", wish=Wish("critical")), policies=[own])
    assert told(decide(alert(), there, NOON)) == [("anna", "email"), ("bert", "sms")]


def test_later_words_go_to_whom_they_are_meant_for() -> None:
    there = around(person(), person("bert", availability=NIGHT))
    plan = tell(alert(), there, SUNDAY_3AM, {"bert"}, "resolved", 2)
    made = only(plan)
    assert (made.user_id, made.purpose, made.round, made.scheduled_at) == ("bert", "resolved", 2, SEVEN)


def test_the_same_question_has_the_same_answer() -> None:
    there = around(*(person(f"u{n}", addresses=dict(reversed(ALL.items()))) for n in range(5)))
    assert decide(alert(), there, NOON) == decide(alert(), there, NOON)
