"""Who is told what, where and when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.events import SEVERITIES, AlertType, Severity
from opscopilot.notifications.channels import CHANNELS, ChannelName
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.policy.former import WORKSPACES, Recipient, decide, pause_before, rank

NOW = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")
ALL: dict[ChannelName, str] = {"email": "a@b.example", "sms": "+4915112345678", "slack": "https://s.example/x",
                               "webhook": "https://w.example/x"}  # fmt: skip


def person(**given: object) -> Recipient:
    base: dict[str, object] = {"user_id": "anna", "addresses": ALL, "explicit": True}
    return Recipient(**{**base, **given})  # type: ignore[arg-type]


def test_every_alert_type_belongs_to_a_workspace() -> None:
    assert set(WORKSPACES) == set(get_args(AlertType))


def test_without_preferences_mail_from_high_up() -> None:
    nobody = Recipient("bert", {"email": "b@b.example"})
    told = {s: [(d.channel, d.status) for d in decide(nobody, s, "anomaly", NOW)] for s in SEVERITIES}
    mail = [("email", "pending")]
    assert told == {"critical": mail, "high": mail, "medium": [], "low": [], "info": []}


@pytest.mark.parametrize("minimum", SEVERITIES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_min_severity(severity: Severity, minimum: Severity) -> None:
    (made,) = decide(person(min_severity=minimum), severity, "anomaly", NOW)
    assert made.status == ("pending" if rank(severity) >= rank(minimum) else "suppressed")
    if made.status == "suppressed":
        assert severity in str(made.reason)
        assert minimum in str(made.reason)


def test_workspaces_filter_but_not_critical() -> None:
    buyer = person(workspaces=frozenset({"retail"}))
    assert decide(buyer, "high", "ccp_breach", NOW)[0].status == "suppressed"
    assert decide(buyer, "high", "osa_gap", NOW)[0].status == "pending"
    assert decide(buyer, "critical", "ccp_breach", NOW)[0].status == "pending"


def test_p85_quiet_hours_hold_everything_but_critical() -> None:
    sleeper = person(quiet=NIGHT, min_severity="info")
    for severity in SEVERITIES:
        (made,) = decide(sleeper, severity, "anomaly", NOW)
        assert made.status == "pending"
        if severity == "critical":
            assert made.scheduled_at == NOW
        else:
            assert made.scheduled_at == datetime(2026, 1, 15, 6, 0, tzinfo=UTC)
            assert made.reason == "Held until 2026-01-15 07:00 Europe/Berlin: quiet hours 22:00-07:00 Europe/Berlin."


def test_a_channel_without_address_or_switched_off_says_so() -> None:
    two = person(channels=("email", "sms"), addresses={"sms": "+4915112345678"})
    mail, text = decide(two, "high", "anomaly", NOW, switched_off={"sms"})
    assert (mail.status, text.status) == ("suppressed", "suppressed")
    assert "No address for email" in str(mail.reason)
    assert "switched off" in str(text.reason)


def test_critical_finds_another_way_when_the_chosen_one_is_closed() -> None:
    silent = person(channels=())
    assert [(d.channel, d.status) for d in decide(silent, "critical", "ccp_breach", NOW)] == [("email", "pending")]
    unreachable = person(channels=(), addresses={})
    (made,) = decide(unreachable, "critical", "ccp_breach", NOW)
    assert (made.status, made.reason) == ("suppressed", "No address is known for this user.")


RECIPIENTS = st.builds(
    Recipient,
    user_id=st.just("u"),
    addresses=st.dictionaries(st.sampled_from(CHANNELS), st.just("somewhere")),
    channels=st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple),
    min_severity=st.sampled_from(SEVERITIES),
    quiet=st.none() | st.just(NIGHT),
    workspaces=st.frozensets(st.sampled_from(["operations", "fsq", "retail"])),
    explicit=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(who=RECIPIENTS, kind=st.sampled_from(get_args(AlertType)), severity=st.sampled_from(SEVERITIES),
       off=st.frozensets(st.sampled_from(CHANNELS)))  # fmt: skip
def test_p85_whatever_the_preferences(who: Recipient, kind: AlertType, severity: Severity, off: frozenset[str]) -> None:
    made = decide(who, severity, kind, NOW, off)
    assert len({one.channel for one in made}) == len(made)
    assert all((one.reason is not None) if one.status == "suppressed" else one.scheduled_at for one in made)
    if severity == "critical" and set(who.addresses) - off:
        assert any(one.status == "pending" and one.scheduled_at == NOW for one in made)


def test_pauses_double_with_jitter_and_respect_the_receivers_wish() -> None:
    one = UUID("00000000-0000-7000-8000-000000000001")
    for attempt, whole in enumerate([1, 2, 4, 8, 16, 32, 60, 60], 1):
        pause = pause_before(one, attempt)
        assert timedelta(minutes=whole) / 2 <= pause <= timedelta(minutes=whole)
        assert pause == pause_before(one, attempt)
    assert len({pause_before(uuid4(), 3) for _ in range(20)}) > 15
    assert pause_before(one, 1, wish_s=600) == timedelta(minutes=10)
    assert pause_before(one, 1, wish_s=10**9) == timedelta(hours=1)
