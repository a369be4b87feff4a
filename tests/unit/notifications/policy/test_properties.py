"""Whatever people wish and plants plan."""

from __future__ import annotations

from datetime import time, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.events import SEVERITIES, AlertType
from opscopilot.kernel.tenancy import ROLES
from opscopilot.notifications.people.availability import Available
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.policy.deciding import decide, decide_all
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.model import Person, Subject, Wish
from opscopilot.notifications.policy.rules import DEFAULT_POLICY, Policy, Step, Target
from opscopilot.notifications.policy.state import Situation, Traffic
from opscopilot.notifications.policy.stepping import timeline
from tests.unit.notifications.policy.making import MINUTE, NOON, planned, silence

CHANNELS = ("email", "sms", "slack", "apprise", "webhook")
WORKSPACES = ("operations", "plantops", "fsq", "planning", "brand", "retail")
ZONES = ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
USERS = ("anna", "bert", "carl")

severities = st.sampled_from(SEVERITIES)
channels = st.lists(st.sampled_from(CHANNELS), unique=True, max_size=3).map(tuple)
wishes = st.builds(Wish, severities, channels, st.dictionaries(severities, channels, max_size=2))
hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@st.composite
def availabilities(draw: st.DrawFn) -> Available | None:
    start, end, zone = draw(hours), draw(hours), draw(st.sampled_from(ZONES))
    return Available(QuietHours(start, end, zone), None, zone) if start != end else None


def people(user_id: str) -> st.SearchStrategy[Person]:
    return st.builds(
        Person, st.just(user_id), st.sampled_from(ROLES), st.dictionaries(st.sampled_from(CHANNELS), st.just(user_id)),
        wishes, st.dictionaries(st.sampled_from(WORKSPACES), wishes, max_size=2),
        st.frozensets(st.sampled_from(WORKSPACES), max_size=2), availabilities(), st.sampled_from(ZONES), st.booleans(),
    )  # fmt: skip


matchers = st.builds(
    Matcher, st.frozensets(st.sampled_from(get_args(AlertType)), max_size=2),
    st.frozensets(st.sampled_from(WORKSPACES), max_size=2), st.sampled_from([None, "S-*", "*"]),
    st.sampled_from([None, "P1"]),
)  # fmt: skip
targets = st.builds(Target, st.just("user"), st.sampled_from([*USERS, "gone"])) | st.sampled_from(
    [Target("schedule", "night"), Target("schedule", "gone"), Target("role", "admin")]
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    minutes = sorted(draw(st.sets(st.sampled_from([0, 5, 15, 60]), min_size=1, max_size=3)))
    steps = tuple(
        Step(one, tuple(draw(st.lists(targets, min_size=1, max_size=2))), draw(st.booleans()), draw(channels))
        for one in minutes
    )
    return Policy("own", "own", draw(severities), steps, draw(matchers), 100, minutes[0] == 0 and draw(st.booleans()))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    on_call = draw(st.lists(st.sampled_from(USERS), max_size=2))
    start = NOON - timedelta(hours=draw(st.integers(-3, 3)))
    return Situation(
        people=[draw(people(user)) for user in USERS], zone=draw(st.sampled_from(ZONES)),
        switched_off=dict.fromkeys(draw(st.frozensets(st.sampled_from(CHANNELS), max_size=1)), ""),
        dead_addresses=dict.fromkeys(draw(st.frozensets(st.tuples(st.sampled_from(CHANNELS), st.sampled_from(USERS)), max_size=1)), "It bounced."),
        silences=[silence(start, 4, draw(matchers), n) for n in range(draw(st.integers(0, 2)))],
        mutes=draw(st.sampled_from([(), (planned("shutdown", start, 5), planned("trial", start, 2, "P1"))])),
        policies=[*draw(st.lists(policies(), max_size=1)), DEFAULT_POLICY], rotas={"night": lambda _: on_call},
        traffic=draw(st.sampled_from([{}, {("anna", "email"): Traffic(7, NOON - 3 * MINUTE, NOON + 5 * MINUTE)}])),
    )  # fmt: skip


subjects = st.builds(
    Subject, st.sampled_from(get_args(AlertType)), severities, st.just("f"), st.just("c"), st.none(),
    st.sampled_from([None, "S-1"]), st.sampled_from([None, "P1"]),
    st.frozensets(st.sampled_from([*USERS, "gone"]), max_size=2),
)  # fmt: skip


def usable(situation: Situation, who: Person) -> set[str]:
    """The channels over which that person can be reached at all."""
    return {
        channel for channel, address in who.addresses.items()
        if channel not in situation.switched_off and (channel, address) not in situation.dead_addresses
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(there=situations(), subject=subjects)
def test_p85_whatever_is_set_critical_is_told_at_once_to_everybody_it_concerns(
    there: Situation, subject: Subject
) -> None:
    critical = Subject(subject.alert_type, "critical", entity_code=subject.entity_code, place=subject.place)
    plan = decide(critical, there, NOON)
    reached = {one.user_id for one in plan.decisions if one.status == "pending"}
    can = {who.user_id for who in there.people if usable(there, who)}
    own = next(one for one in there.policies if one.code == plan.policy_code)
    if own.exclusive and not plan.notes:
        assert reached  # on-call hears first; who comes next is a matter of minutes
    else:
        assert reached == can
    latest = NOON + MINUTE  # one minute where a storm is on, else at once
    assert all(
        one.scheduled_at is not None and one.scheduled_at <= latest for one in plan.decisions if one.status == "pending"
    )
    assert all(one.held_by in (None, "storm") for one in plan.decisions)


@settings(max_examples=60, deadline=None)
@given(there=situations(), subject=subjects)
def test_nobody_is_told_twice_and_everything_but_at_once_has_a_reason(there: Situation, subject: Subject) -> None:
    plan = decide(subject, there, NOON)
    keys = [(one.user_id, one.channel) for one in plan.decisions]
    assert len(keys) == len(set(keys))
    own = next((one for one in there.policies if one.code == plan.policy_code), None)
    steps = timeline(own, plan.policy_step, subject, there, NOON, plan.decisions) if own else ()
    heard = {one.user_id for one in plan.decisions if one.status == "pending" and one.scheduled_at == NOON}
    for one in steps:
        again = {made.user_id for made in one.decisions} & heard
        assert not again or (own is not None and own.steps[one.number - 1].repeat)
        assert one.reason or any(made.status == "pending" for made in one.decisions)
        heard |= {made.user_id for made in one.decisions if made.status == "pending" and made.scheduled_at == one.at}
    for made in [*plan.decisions, *(made for one in steps for made in one.decisions)]:
        assert made.status == "pending" or made.reason
        if made.held_by is not None:
            assert made.reason
            assert made.scheduled_at is not None
            assert made.scheduled_at > NOON
        assert (made.silence_id is not None) == (made.held_by == "silence")
        who = there.by_id[made.user_id]
        assert made.status == "suppressed" or made.channel in usable(there, who)


@settings(max_examples=40, deadline=None)
@given(there=situations(), batch=st.lists(subjects, min_size=1, max_size=8))
def test_the_same_question_has_the_same_answer_and_nobody_gets_more_than_five(
    there: Situation, batch: list[Subject]
) -> None:
    plans = decide_all(batch, there, NOON)
    assert plans == decide_all(batch, there, NOON)
    assert decide(batch[0], there, NOON) == decide_all(batch[:1], there, NOON)[0]
    now: dict[tuple[str, str], int] = {}
    for one in (made for plan in plans for made in plan.decisions):
        if one.status == "pending" and one.scheduled_at == NOON and one.channel not in there.machines:
            key = (one.user_id, one.channel)
            now[key] = now.get(key, there.traffic.get(key, Traffic()).messages) + 1
            assert now[key] <= 5


@settings(max_examples=60, deadline=None)
@given(there=situations(), subject=subjects)
def test_what_is_held_leaves_at_a_moment_at_which_nothing_holds_it(there: Situation, subject: Subject) -> None:
    on_call = there.on_call(NOON)
    for made in decide(subject, there, NOON).decisions:
        if made.held_by not in (None, "storm") and made.scheduled_at is not None:
            assert not any(one.covers(subject, made.scheduled_at) for one in there.silences)
            who = there.by_id[made.user_id]
            if who.availability is not None and who.user_id not in on_call:
                assert who.availability.hold(made.scheduled_at) is None
