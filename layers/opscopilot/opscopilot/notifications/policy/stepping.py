"""Escalation policies, worked out: which one takes care of an alert, whom a step tells, when the next is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opscopilot.notifications.policy.holding import held, quieting
from opscopilot.notifications.policy.model import Decision, StepPlan, Subject
from opscopilot.notifications.policy.reaching import Occasion, Reach, reaches
from opscopilot.notifications.policy.rules import Policy, Step
from opscopilot.notifications.policy.state import Situation


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a step names just now: everybody, and those of them who are on call. `missing`: targets without anybody."""

    users: frozenset[str] = frozenset()
    on_call: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()


NOBODY = Named()


def policy_for(subject: Subject, situation: Situation) -> Policy | None:
    """The policy that takes care of an alert: the fitting one with the smallest priority, then code."""
    fitting = (one for one in situation.policies if one.fits(subject))
    return min(fitting, key=lambda one: (one.priority, one.code), default=None)


def starts_at_once(policy: Policy) -> bool:
    """Does its first step belong to the first telling?"""
    return policy.steps[0].after_minutes == 0


def due(policy: Policy, done: int, opened: datetime) -> datetime | None:
    """When the step after `done` of them runs, for an alert that was first told at `opened`."""
    return opened + timedelta(minutes=policy.steps[done].after_minutes) if done < len(policy.steps) else None


def named(step: Step, situation: Situation, at: datetime) -> Named:
    """Whom the step names at that instant, among the tenant's active people."""
    users: set[str] = set()
    on_call: set[str] = set()
    missing: list[str] = []
    for target in step.targets:
        if target.kind == "user":
            found = {target.code} & situation.by_id.keys()
        elif target.kind == "role":
            found = {one.user_id for one in situation.people if one.role == target.code}
        else:
            rota = situation.rotas.get(target.code)
            found = set(rota(at) if rota else ()) & situation.by_id.keys()
            on_call |= found
        users |= found
        if not found:
            missing.append(_nobody(target.kind, target.code))
    return Named(frozenset(users), frozenset(on_call), tuple(missing))


def _nobody(kind: str, code: str) -> str:
    words = {"user": f"user {code} is not active", "role": f"nobody active has the role {code}"}
    return words.get(kind, f"nobody is on call in schedule {code}")


def run(
    policy: Policy, number: int, subject: Subject, situation: Situation, at: datetime, told: Mapping[str, datetime]
) -> StepPlan:
    """What step `number` (1 is the first) does at `at`. `told`: who hears at this severity already, and from when on.

    Whom something still holds back, a night's sleep say, is told now if they are on call.
    """
    step = policy.steps[number - 1]
    who = named(step, situation, at)
    knowing = {user for user, since in told.items() if since <= at or user not in who.on_call}
    fresh = who.users if step.repeat else who.users - knowing
    occasion = Occasion("step", number, quieting(subject, situation, at), fresh, who.on_call, step.channels)
    reach = Reach(situation, at)
    people = [situation.by_id[one] for one in sorted(fresh)]
    decisions = [made for one in people for made in reach.decisions(one, subject, occasion)]
    reason = None if reaches(decisions) else _why_nobody(who, fresh)
    return StepPlan(number, at, tuple(str(one) for one in step.targets), decisions, reason)


def _why_nobody(who: Named, fresh: frozenset[str]) -> str:
    if fresh:
        return f"Nobody was told: {', '.join(sorted(fresh))} cannot be reached over any channel."
    if who.users:
        return f"Nobody new to tell: {', '.join(sorted(who.users))} had been told before."
    return f"Nobody was told: {', '.join(who.missing)}."


def hearing(decisions: Collection[Decision]) -> dict[str, datetime]:
    """Who hears, and from when on."""
    found: dict[str, datetime] = {}
    for one in decisions:
        if one.status == "pending" and one.scheduled_at is not None:
            found[one.user_id] = min(one.scheduled_at, found.get(one.user_id, one.scheduled_at))
    return found


def timeline(
    policy: Policy, done: int, subject: Subject, situation: Situation, opened: datetime,
    first: Collection[Decision], until: datetime | None = None,
) -> tuple[StepPlan, ...]:  # fmt: skip
    """The steps after `done` as they will run when nobody takes the alert on before `until`.

    A step that reaches nobody gives way to the next at once, as in `escalating`.
    """
    wait = held(quieting(subject, situation, opened), None, opened, situation.zone)
    at = due(policy, done, wait.until if wait else opened)
    told = hearing(first)
    made: list[StepPlan] = []
    while at is not None and (until is None or at < until):
        step = run(policy, done + 1, subject, situation, at, told)
        made.append(step)
        told = {**hearing(step.decisions), **told}
        done += 1
        at = next_due(policy, done, at, reached=step.reason is None)
    return tuple(made)


def next_due(policy: Policy, done: int, at: datetime, *, reached: bool) -> datetime | None:
    """When the step after `done` of them runs, where the last ran at `at`: at once if that one reached nobody."""
    if done >= len(policy.steps):
        return None
    pause = policy.steps[done].after_minutes - (policy.steps[done - 1].after_minutes if done else 0)
    return at + timedelta(minutes=pause) if reached else at
