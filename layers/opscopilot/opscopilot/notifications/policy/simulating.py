"""What if this happened then? Decided by the same code as a real alert, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.policy import stepping
from opscopilot.notifications.policy.deciding import decide
from opscopilot.notifications.policy.holding import Quieting, quieting
from opscopilot.notifications.policy.model import Decision, Plan, StepPlan, Subject
from opscopilot.notifications.policy.rules import Policy
from opscopilot.notifications.policy.simulation_schemas import (
    AppliedMute,
    AppliedPolicy,
    AppliedSilence,
    Simulation,
    Supposed,
    SupposedStep,
    Telling,
)
from opscopilot.notifications.policy.situation import situation as read_situation
from opscopilot.notifications.policy.state import Situation

FARTHEST = timedelta(days=366)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def simulate(tx: Tx, asked: Supposed, now: datetime, zone: str, calendar: PlantCalendar, kinds: Kinds) -> Simulation:
    """Who would be told of `asked`; ValidationFailed for a time that is none, or too far away. `zone`: the plant's."""
    at = _instant(asked.at, now, zone)
    subject = Subject(
        asked.alert_type, asked.severity, correlation_key=asked.correlation_key or "", entity_code=asked.entity_code,
        place=asked.place, workspace=asked.workspace,
    )  # fmt: skip
    return answer(subject, read_situation(tx, at, calendar, kinds), at, asked.acknowledged_after_minutes)


def answer(subject: Subject, situation: Situation, at: datetime, acknowledged_after: int | None) -> Simulation:
    """The same from a situation: pure."""
    plan = decide(subject, situation, at)
    until = None if acknowledged_after is None else at + timedelta(minutes=acknowledged_after)
    policy = next((one for one in situation.policies if one.code == plan.policy_code), None)
    steps = _steps(policy, plan, subject, situation, at, until)
    quiet = quieting(subject, situation, at)
    tellings = [_telling(one, situation, at, until) for one in plan.decisions]
    stops = None
    if until is not None:
        stops = f"Somebody takes it on {shown(until, situation.zone)}; nothing more is sent after that."
    return Simulation(
        summary=_summary(tellings, steps, situation, at), at=at, at_local=shown(at, situation.zone),
        tellings=tellings, **_quiet(quiet, at), steps=steps, stops=stops, notes=_notes(plan, policy, stops),
        policy=AppliedPolicy(code=policy.code, name=policy.name, exclusive=policy.exclusive) if policy else None,
    )  # fmt: skip


def shown(instant: datetime, zone: str) -> str:
    """`Sunday 2026-11-22 03:00 Europe/Berlin`"""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{_DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M} {zone}"


def _instant(given: str | None, now: datetime, zone: str) -> datetime:
    if given is None:
        return now
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        raise ValidationFailed(
            "This is not a date and time.", field="at", value=given,
            expected="'2026-11-22T03:00' on the plant's clock, or with an offset as in '2026-11-22T03:00+01:00'",
        ) from None  # fmt: skip
    local = read if read.tzinfo is not None else read.replace(tzinfo=ZoneInfo(zone))
    if not now.year - 2 < local.year < now.year + 3 or abs(local.astimezone(UTC) - now) > FARTHEST:
        raise ValidationFailed(
            "Calendars and preferences tell nothing about a time so far away.", field="at", value=given,
            expected=f"within {FARTHEST.days} days of today",
        )  # fmt: skip
    return local.astimezone(UTC)


def _telling(one: Decision, situation: Situation, at: datetime, until: datetime | None) -> Telling:
    goes = one.scheduled_at if one.status == "pending" else None
    reason, zone = one.reason, situation.zone_of(one.user_id)
    if goes is not None and until is not None and goes > until:
        reason = f"{reason or ''} By then somebody has taken it on: not sent.".strip()
        goes = None
    return Telling(
        user_id=one.user_id, name=situation.name_of(one.user_id), channel=one.channel, urgent=one.urgent, at=goes,
        told="not" if goes is None else "at_once" if goes <= at else "later",
        at_local=None if goes is None else shown(goes, zone), held_by=one.held_by, reason=reason,
    )  # fmt: skip


def _steps(
    policy: Policy | None, plan: Plan, subject: Subject, situation: Situation, at: datetime, until: datetime | None
) -> list[SupposedStep]:
    if policy is None:
        return []
    found = stepping.timeline(policy, plan.policy_step, subject, situation, at, plan.decisions, until)
    return [_step(one, situation, until) for one in found]


def _step(one: StepPlan, situation: Situation, until: datetime | None) -> SupposedStep:
    return SupposedStep(
        number=one.number, at=one.at, at_local=shown(one.at, situation.zone), targets=list(one.targets),
        tellings=[_telling(made, situation, one.at, until) for made in one.decisions], reason=one.reason,
    )  # fmt: skip


def _quiet(quiet: Quieting, at: datetime) -> dict[str, list[AppliedSilence] | list[AppliedMute]]:
    silences = [
        AppliedSilence(id=one.id, reason=one.reason, ends_at=one.ends_at, created_by=one.created_by)
        for one in quiet.silences if one.starts_at <= at < one.ends_at
    ]  # fmt: skip
    mutes = [
        AppliedMute(kind=one.kind, name=one.name, place=one.place, ends_at=one.ends_at)
        for one in quiet.mutes if one.starts_at <= at < one.ends_at
    ]  # fmt: skip
    return {"silences": silences, "mutes": mutes}


def _notes(plan: Plan, policy: Policy | None, stops: str | None) -> list[str]:
    notes = list(plan.notes)
    if policy is not None and plan.policy_step:
        notes.append(f"Step 1 of the policy '{policy.code}' runs at once and is part of what is told first.")
    if policy is None:
        notes.append("No escalation policy fits: nobody else is told when nobody takes it on.")
    if stops is None and policy is not None:
        notes.append("Steps run only while nobody has acknowledged or snoozed the alert.")
    return notes


def _summary(tellings: Sequence[Telling], steps: Sequence[SupposedStep], situation: Situation, at: datetime) -> str:
    """`Sunday 2026-11-22 03:00 Europe/Berlin: Anna Berg (email, sms) at once; Bert (email) Sunday … 07:00 …`"""
    now = _people([one for one in tellings if one.told == "at_once"])
    parts = [f"{now} at once" if now else "nobody at once"]
    later: dict[str, list[Telling]] = {}
    for one in tellings:
        if one.told == "later" and one.at_local is not None:
            later.setdefault(one.at_local, []).append(one)
    parts += [f"{_people(group)} {when}" for when, group in later.items()]
    reaching = [one for one in steps if any(made.told != "not" for made in one.tellings)]
    parts += [
        f"step {one.number}, if nobody has it by {one.at_local}: "
        + (_people([made for made in one.tellings if made.told != "not"]))
        for one in reaching
    ]
    return f"{shown(at, situation.zone)}: {'; '.join(parts)}."


def _people(tellings: Sequence[Telling]) -> str:
    channels: dict[str, list[str]] = {}
    for one in tellings:
        channels.setdefault(one.name, []).append(one.channel)
    names = [f"{name} ({', '.join(over)})" for name, over in channels.items()]
    return ", ".join(names[:10]) + (f" and {len(names) - 10} others" if len(names) > 10 else "")
