"""Whom an alert is told: intake's news through the policy, as notifications to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.events import SEVERITIES, Severity
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.alerts.model import Telling
from opscopilot.notifications.alerts.ranking import per_hour
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.policy.deciding import decide_all
from opscopilot.notifications.policy.model import Person, Plan, Subject
from opscopilot.notifications.policy.situation import situation as read_situation
from opscopilot.notifications.policy.state import Situation
from opscopilot.notifications.policy.writing import Told

ASKER_MIN_SEVERITY: Severity = "low"
"""For the person who dropped a file and has saved no preferences."""
FLAPPING = (
    "It has come back {times} times within 24 hours. You will hear of it again when it is worse, or over for good."
)


@dataclass(frozen=True)
class Around:
    """What telling needs beyond the database: the plant's calendar, the channels there are, where the console is."""

    calendar: PlantCalendar
    kinds: Kinds
    console_url: str | None = None


def plans(tx: Tx, tellings: Sequence[Telling], now: datetime, around: Around) -> list[tuple[Told, Plan]]:
    """Who is told what of these alerts, the dearest first; each alert learns which escalation policy takes care of it."""
    if not tellings:
        return []
    situation = read_situation(tx, now, around.calendar, around.kinds)
    ordered = sorted(tellings, key=lambda one: _place(one, now))
    made = _decided(ordered, situation, now)
    hearing = _hearing(tx, [one.alert.alert_id for one in ordered if one.only_untold])
    return [(_told(one), _fit(one, plan, hearing)) for one, plan in made]


def _place(one: Telling, now: datetime) -> tuple[int, bool, float]:
    alert = one.alert
    cost = per_hour(alert.amount, alert.amount_per_hour, alert.deadline, now)
    return SEVERITIES.index(alert.severity), cost is None, -float(cost or 0)


def _decided(ordered: Sequence[Telling], situation: Situation, now: datetime) -> list[tuple[Telling, Plan]]:
    """Files go to whoever dropped them, by wishes of their own; everything else by everybody's."""
    asked = frozenset(_asker(one, situation) for one in ordered) - {None}
    relaxed = replace(situation, people=[_relaxed(who, asked) for who in situation.people]) if asked else situation
    made: list[tuple[Telling, Plan]] = []
    for some, around in (
        ([one for one in ordered if _asker(one, situation) is None], situation),
        ([one for one in ordered if _asker(one, situation) is not None], relaxed),
    ):
        made += zip(some, decide_all([_subject(one) for one in some], around, now), strict=True) if some else ()
    return made


def _asker(one: Telling, situation: Situation) -> str | None:
    """Who dropped the file, where the alert is about one and they are still there."""
    if one.event.alert_type != "file_processed" or not one.event.to_users:
        return None
    return next((user for user in one.event.to_users if user in situation.by_id), None)


def _relaxed(who: Person, asked: frozenset[str | None]) -> Person:
    if who.explicit or who.user_id not in asked:
        return who
    return replace(who, wish=replace(who.wish, min_severity=ASKER_MIN_SEVERITY))


def _subject(one: Telling) -> Subject:
    alert = one.alert
    return Subject(
        alert.alert_type, alert.severity, alert.fingerprint, alert.correlation_key, alert.entity_type,
        alert.entity_code, alert.place, frozenset(one.event.to_users),
    )  # fmt: skip


def text(one: Telling) -> str:
    """What the message says: that of the event, and that it flaps when that is the news."""
    said = one.event.message
    return f"{said} {FLAPPING.format(times=len(one.alert.back))}" if one.flapping else said


def _told(one: Telling) -> Told:
    alert = one.alert
    return Told(
        alert.alert_id, one.event.event_id, alert.title, text(one), alert.alert_type, alert.severity, alert.fingerprint
    )


def _fit(one: Telling, plan: Plan, hearing: Mapping[UUID, frozenset[str]]) -> Plan:
    """The plan for this round of the alert, and the alert with its escalation policy."""
    alert, decisions = one.alert, plan.decisions
    if one.only_untold:
        heard = hearing.get(alert.alert_id, frozenset())
        decisions = [made for made in decisions if made.status == "pending" and made.user_id not in heard]
    else:
        alert.policy_code, alert.policy_step = plan.policy_code, plan.policy_step
        alert.next_step_at = plan.next_step_at if alert.closed_at is None else None
    if alert.reopened_count:
        decisions = [replace(made, round=alert.reopened_count) for made in decisions]
    return replace(plan, decisions=decisions)


def _hearing(tx: Tx, alerts: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """Alert -> who was told of it, or is about to be."""
    if not alerts:
        return {}
    found = tx.rows(
        """SELECT alert_id, array_agg(DISTINCT user_id) AS users FROM notification.notifications
           WHERE alert_id = ANY(CAST(:alerts AS uuid[])) AND purpose <> 'resolved'
               AND status IN ('pending', 'sending', 'sent', 'delivered', 'failed') GROUP BY alert_id""",
        alerts=[str(one) for one in alerts],
    )
    return {row["alert_id"]: frozenset(row["users"]) for row in found}
