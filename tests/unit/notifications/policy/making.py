"""People, alerts and situations for the tests of the policy."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from opscopilot.notifications.people.availability import Available
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.model import Decision, Person, Plan, Subject, Wish
from opscopilot.notifications.policy.rules import Mute, Policy, Silence, Step, Target
from opscopilot.notifications.policy.state import Situation

SUNDAY_3AM = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # 03:00 in Berlin
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # Monday, 12:00 in Berlin
BERLIN = "Europe/Berlin"
ALL = {
    "email": "a@b.example",
    "sms": "+4915112345678",
    "slack": "https://s.example/x",
    "webhook": "https://w.example/x",
}
NIGHT = Available(QuietHours(time(22), time(7), BERLIN), None, BERLIN)
MINUTE = timedelta(minutes=1)


def person(user_id: str = "anna", **given: Any) -> Person:
    """Somebody who saved preferences and wants to hear of everything by mail."""
    base: dict[str, Any] = {
        "role": "planner", "addresses": ALL, "wish": Wish("info"), "explicit": True, "zone": BERLIN,
    }  # fmt: skip
    return Person(user_id, **{**base, **given})


def alert(severity: Any = "high", alert_type: Any = "anomaly", **given: Any) -> Subject:
    """An alert about sensor S-1 at PLANT-1."""
    base = {"fingerprint": "f", "correlation_key": "c", "entity_code": "S-1", "place": "PLANT-1"}
    return Subject(alert_type, severity, **{**base, **given})


def around(*people: Person, **given: Any) -> Situation:
    """A situation with these people, on a plant in Berlin."""
    return Situation(people, **{"zone": BERLIN, **given})


def silence(start: datetime, hours: float, matcher: Matcher | None = None, number: int = 1) -> Silence:
    """A silence of that length; it fits everything unless told otherwise."""
    return Silence(UUID(int=number), matcher or Matcher(), start, start + timedelta(hours=hours), "oven repair", "otto")


def planned(kind: str, start: datetime, hours: float, place: str | None = None) -> Mute:
    """A planned event."""
    return Mute(kind, f"the {kind}", start, start + timedelta(hours=hours), place)


def policy(*steps: Step, code: str = "own", **given: Any) -> Policy:
    """A policy of the plant's own for everything from high up."""
    base: dict[str, Any] = {"min_severity": "high", "matcher": Matcher()}
    return Policy(code, code, steps=steps, **{**base, **given})


def step(minutes: int, *targets: str, **given: Any) -> Step:
    """`step(15, "user:bert", "schedule:night")`"""
    made = tuple(Target(kind, code) for kind, code in (one.split(":") for one in targets))  # type: ignore[arg-type]
    return Step(minutes, made, **given)


def told(plan: Plan) -> list[tuple[str, str]]:
    """Who gets something, now or later, over which channel."""
    return [(one.user_id, one.channel) for one in plan.decisions if one.status == "pending"]


def only(plan: Plan) -> Decision:
    """The single decision of a plan."""
    (one,) = plan.decisions
    return one
