"""Nobody has taken the alert on in time: the next step of its policy runs, and the next after it.

Whatever runs is decided, written and noted in one transaction; rows that another sweep works on are skipped. So a step
runs once, however often and from however many places this is called.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.policy import stepping, storms, writing
from opscopilot.notifications.policy.holding import held, quieting
from opscopilot.notifications.policy.model import Plan, StepPlan, Subject
from opscopilot.notifications.policy.rules import Policy
from opscopilot.notifications.policy.situation import situation as read_situation
from opscopilot.notifications.policy.state import Situation
from opscopilot.notifications.policy.writing import Happened, Told

AT_MOST = 500
LATE = timedelta(minutes=5)
"""A step that runs later than this (the system was down) leaves the next its whole pause, counted from now."""

_DUE = """
SELECT a.alert_id, a.alert_type, a.severity, a.fingerprint, a.correlation_key, a.entity_type, a.entity_code, a.place,
    a.title, a.message, a.policy_code, a.policy_step, a.next_step_at, a.snoozed_until, e.event_id
FROM notification.alerts a
CROSS JOIN LATERAL (SELECT event_id FROM notification.alert_events e WHERE e.condition_id = a.alert_id
    ORDER BY e.outcome IN ('opened', 'escalated', 'reopened') DESC, e.received_at DESC, e.event_id LIMIT 1) e
WHERE a.next_step_at <= :now AND a.status = 'open' AND a.closed_at IS NULL
ORDER BY a.next_step_at, a.alert_id LIMIT :at_most FOR UPDATE OF a SKIP LOCKED
"""
_OVER = """
UPDATE notification.alerts SET next_step_at = NULL WHERE alert_id IN (SELECT alert_id FROM notification.alerts
    WHERE next_step_at <= :now AND closed_at IS NOT NULL FOR UPDATE SKIP LOCKED)
"""
# A message that came back or was given up told nobody.
_HEARING = """
SELECT n.alert_id, n.user_id, min(n.scheduled_at) AS since FROM notification.notifications n
JOIN notification.alerts a ON a.tenant_id = n.tenant_id AND a.alert_id = n.alert_id AND a.severity = n.severity
WHERE n.alert_id = ANY(CAST(:alerts AS uuid[])) AND n.purpose IN ('raised', 'step')
    AND n.status IN ('pending', 'sending', 'sent', 'delivered', 'failed')
GROUP BY n.alert_id, n.user_id
"""


@dataclass
class _Ran:
    """What became of one due alert: its plan with all decisions, the steps behind it, where its policy goes on."""

    told: Told
    subject: Subject
    plan: Plan
    steps: list[StepPlan] = field(default_factory=list)


def run_steps(tx: Tx, now: datetime, calendar: PlantCalendar, kinds: Kinds) -> int:
    """Run every escalation step that is due; how many ran. What is over, acknowledged or snoozed escalates no more."""
    tx.execute(_OVER, now=now)
    due = tx.rows(_DUE, now=now, at_most=AT_MOST)
    if not due:
        return 0
    situation = read_situation(tx, now, calendar, kinds)
    hearing = _hearing(tx, [row["alert_id"] for row in due])
    ran = [_run(row, situation, now, hearing.get(row["alert_id"], {})) for row in due]
    calm = storms.calm([one.plan for one in ran], [one.subject.severity for one in ran], situation, now)
    told = [(one.told, plan) for one, plan in zip(ran, calm, strict=True)]
    _replace_waiting(tx, told, now)
    writing.write(tx, told, now)
    writing.start_policies(tx, told, now)
    writing.add_history(tx, [line for one in ran for line in _history(one, situation)], now)
    return sum(len(one.steps) for one in ran)


def _hearing(tx: Tx, alerts: Sequence[UUID]) -> dict[UUID, dict[str, datetime]]:
    found: dict[UUID, dict[str, datetime]] = {}
    for row in tx.rows(_HEARING, alerts=[str(one) for one in alerts]):
        found.setdefault(row["alert_id"], {})[row["user_id"]] = row["since"]
    return found


def subject_of(row: Row) -> Subject:
    """The alert in a row of notification.alerts."""
    return Subject(
        row["alert_type"], row["severity"], row["fingerprint"], row["correlation_key"], row["entity_type"],
        row["entity_code"], row["place"],
    )  # fmt: skip


def _run(row: Row, situation: Situation, now: datetime, hearing: dict[str, datetime]) -> _Ran:
    subject = subject_of(row)
    told = Told(
        row["alert_id"], row["event_id"], row["title"], row["message"], row["alert_type"], row["severity"],
        row["fingerprint"],
    )  # fmt: skip
    policy = next((one for one in situation.policies if one.code == row["policy_code"]), None)
    done = row["policy_step"]
    if policy is None:  # it was taken out of use meanwhile; another may fit
        policy, done = stepping.policy_for(subject, situation), 0
    if policy is None or done >= len(policy.steps):
        return _Ran(told, subject, Plan([], row["policy_code"], done))
    later = _not_yet(row, policy, done, subject, situation, now)
    if later is not None:
        return _Ran(told, subject, Plan([], policy.code, done, later))
    return _steps(
        _Ran(told, subject, Plan([], policy.code, done)), policy, done, situation, row["next_step_at"], now, hearing
    )


def _not_yet(
    row: Row, policy: Policy, done: int, subject: Subject, situation: Situation, now: datetime
) -> datetime | None:
    """Until when the step waits: for the end of a snooze, or of what keeps the alert quiet, and then its pause again."""
    if row["snoozed_until"] is not None and row["snoozed_until"] > now:
        until: datetime = row["snoozed_until"]
        return until
    wait = held(quieting(subject, situation, now), None, now, situation.zone)
    return stepping.next_due(policy, done, wait.until, reached=True) if wait else None


def _steps(
    one: _Ran,
    policy: Policy,
    done: int,
    situation: Situation,
    due: datetime,
    now: datetime,
    hearing: dict[str, datetime],
) -> _Ran:
    """Run the step that is due; while nobody is reached, the one after it as well."""
    at: datetime | None = due if now - due <= LATE else now
    while at is not None and done < len(policy.steps):
        step = stepping.run(policy, done + 1, one.subject, situation, now, hearing)
        one.steps.append(step)
        done += 1
        at = stepping.next_due(policy, done, at, reached=step.reason is None)
        if step.reason is None:
            break
    decisions = [made for step in one.steps for made in step.decisions]
    one.plan = Plan(decisions, policy.code, done, at)
    return one


def _replace_waiting(tx: Tx, told: Iterable[tuple[Told, Plan]], now: datetime) -> None:
    """Who is told now because they are on call is not told once more when their night is over."""
    rows = [
        {"alert_id": str(about.alert_id), "user_id": one.user_id, "channel": one.channel, "round": one.round}
        for about, plan in told for one in plan.decisions if one.status == "pending" and one.urgent
    ]  # fmt: skip
    if rows:
        tx.execute(
            """UPDATE notification.notifications n SET status = 'suppressed', updated_at = :now,
                   row_version = n.row_version + 1, reason = 'Told by step ' || r.round || ' of the escalation instead.'
               FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (alert_id uuid, user_id text, round integer)
               WHERE n.alert_id = r.alert_id AND n.user_id = r.user_id AND n.status = 'pending'
                   AND n.purpose = 'raised' AND n.scheduled_at > :now""",
            rows=json.dumps(rows), now=now,
        )  # fmt: skip


def _history(one: _Ran, situation: Situation) -> list[Happened]:
    return [_line(one, step, situation) for step in one.steps]


def _line(one: _Ran, step: StepPlan, situation: Situation) -> Happened:
    reached: dict[str, list[str]] = {}
    for made in step.decisions:
        if made.status == "pending":
            reached.setdefault(made.user_id, []).append(made.channel)
    people = (f"{situation.name_of(user)} ({', '.join(channels)})" for user, channels in reached.items())
    what = f"Told {', '.join(people)}." if reached else step.reason or ""
    note = f"Nobody had taken it on: step {step.number} of the policy '{one.plan.policy_code}'. {what}"
    detail = {"policy": one.plan.policy_code, "step": step.number, "targets": list(step.targets), "told": reached}
    return Happened(one.told.alert_id, "policy_step", note, detail)
