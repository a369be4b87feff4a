"""Later words about an alert: to whoever snoozed it that it is still there, to those who were told that it is over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.alerts.telling import Around
from opscopilot.notifications.policy import deciding, writing
from opscopilot.notifications.policy.escalating import subject_of
from opscopilot.notifications.policy.model import Plan, Purpose
from opscopilot.notifications.policy.situation import situation as read_situation
from opscopilot.notifications.policy.writing import Told

AT_MOST = 500
STALE = timedelta(days=1)
"""An all-clear that is this late (the system was down) is not news any more."""

# The newest report is what a message is worded from.
_ABOUT = """a.alert_id, a.alert_type, a.severity, a.fingerprint, a.correlation_key, a.entity_type, a.entity_code, a.place,
    a.title, a.message, e.event_id"""
_EVENT = """CROSS JOIN LATERAL (SELECT event_id FROM notification.alert_events e WHERE e.condition_id = a.alert_id
    AND e.outcome IN ('opened', 'escalated', 'reopened', 'repeated') ORDER BY e.received_at DESC, e.event_id DESC LIMIT 1) e"""
_WOKEN = f"""
SELECT {_ABOUT}, a.snoozed_by, a.status, a.acknowledged_by, (SELECT count(*) FROM notification.alert_history h
    WHERE h.alert_id = a.alert_id AND h.kind = 'reminded') AS reminded
FROM notification.alerts a {_EVENT}
WHERE a.snoozed_until <= :now ORDER BY a.fingerprint LIMIT {AT_MOST} FOR UPDATE OF a SKIP LOCKED
"""
_OVER = f"""
SELECT {_ABOUT}, a.reopened_count, a.all_clear_at, a.status, ARRAY(SELECT DISTINCT n.user_id FROM notification.notifications n
    WHERE n.alert_id = a.alert_id AND n.purpose <> 'resolved' AND n.status IN ('sending', 'sent', 'delivered')) AS told
FROM notification.alerts a {_EVENT}
WHERE a.all_clear_at <= :now ORDER BY a.fingerprint LIMIT {AT_MOST} FOR UPDATE OF a SKIP LOCKED
"""


def wake(tx: Tx, now: datetime, around: Around) -> int:
    """Snoozes that are over: whoever snoozed the alert is reminded if it is still open, and its escalation goes on;
    how many."""
    found = tx.rows(_WOKEN, now=now)
    if not found:
        return 0
    wanted = {row["alert_id"]: [row["snoozed_by"]] for row in found if _nobody_else_has_it(row)}
    rounds = {row["alert_id"]: int(row["reminded"]) + 1 for row in found}
    _tell(tx, found, wanted, "reminder", rounds, now, around)
    tx.execute(
        """WITH woken AS (
               UPDATE notification.alerts SET snoozed_until = NULL, snoozed_by = NULL, updated_at = :now,
                   row_version = row_version + 1
               WHERE alert_id = ANY(CAST(:ids AS uuid[])) RETURNING tenant_id, alert_id, closed_at)
           INSERT INTO notification.alert_history (tenant_id, alert_id, at, kind, actor, note, detail)
           SELECT w.tenant_id, w.alert_id, :now, 'reminded', 'system', 'The snooze is over.',
               jsonb_build_object('user_id', r.value)
           FROM woken w JOIN jsonb_each_text(CAST(:who AS jsonb)) r ON CAST(r.key AS uuid) = w.alert_id
           WHERE w.closed_at IS NULL""",
        ids=[str(row["alert_id"]) for row in found], now=now,
        who=json.dumps({str(row["alert_id"]): row["snoozed_by"] for row in found}),
    )  # fmt: skip
    return len(wanted)


def _nobody_else_has_it(row: Row) -> bool:
    taken_on = row["status"] == "acknowledged" and row["acknowledged_by"] == row["snoozed_by"]
    return bool(row["status"] == "open" or taken_on)


def tell_all_clear(tx: Tx, now: datetime, around: Around) -> int:
    """Alerts that stayed over: those who were told, and want to hear of the end, do; how many alerts."""
    found = tx.rows(_OVER, now=now)
    if not found:
        return 0
    tx.execute(
        "UPDATE notification.alerts SET all_clear_at = NULL WHERE alert_id = ANY(CAST(:ids AS uuid[]))",
        ids=[str(row["alert_id"]) for row in found],
    )
    wanted = {
        row["alert_id"]: row["told"]
        for row in found
        if row["status"] == "resolved" and row["told"] and now - row["all_clear_at"] < STALE
    }
    rounds = {row["alert_id"]: int(row["reopened_count"]) for row in found}
    _tell(tx, found, wanted, "resolved", rounds, now, around)
    return len(wanted)


def _tell(
    tx: Tx, found: Sequence[Row], wanted: Mapping[UUID, Sequence[str]], purpose: Purpose, rounds: Mapping[UUID, int],
    now: datetime, around: Around,
) -> None:  # fmt: skip
    if not wanted:
        return
    situation = read_situation(tx, now, around.calendar, around.kinds)
    willing = {who.user_id for who in situation.people if purpose != "resolved" or who.notify_on_resolved}
    plans: list[tuple[Told, Plan]] = []
    for row in found:
        users = willing.intersection(wanted.get(row["alert_id"], ()))
        if users:
            plan = deciding.tell(subject_of(row), situation, now, users, purpose, rounds[row["alert_id"]])
            plans.append((_told(row), plan))
    writing.write(tx, plans, now)


def _told(row: dict[str, Any]) -> Told:
    return Told(
        row["alert_id"], row["event_id"], row["title"], row["message"], row["alert_type"], row["severity"],
        row["fingerprint"],
    )  # fmt: skip
