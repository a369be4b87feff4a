"""What waits moves when silences and plans change: a new silence takes in what had not left yet, and what is held by
a silence that was ended, or by an event that is no longer planned, is let go."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.policy import stepping, stored
from opscopilot.notifications.policy.escalating import subject_of
from opscopilot.notifications.policy.holding import explained, held, quieting
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.reaching import is_serious
from opscopilot.notifications.policy.rules import Silence
from opscopilot.notifications.policy.situation import mutes
from opscopilot.notifications.policy.situation import situation as read_situation
from opscopilot.notifications.policy.state import Situation

_ALERT = "a.alert_id, a.alert_type, a.severity, a.fingerprint, a.correlation_key, a.entity_type, a.entity_code, a.place"
_JOINED = "JOIN notification.alerts a ON a.tenant_id = n.tenant_id AND a.alert_id = n.alert_id"
_WAITING = f"""
SELECT n.id, n.user_id, n.urgent, n.held_by, n.scheduled_at, n.silence_id, {_ALERT} FROM notification.notifications n {_JOINED}
WHERE n.status = 'pending' AND n.severity <> 'critical' AND n.alert_id = ANY(CAST(:alerts AS uuid[]))
ORDER BY n.id FOR UPDATE OF n SKIP LOCKED
"""
_ENDED = f"""
SELECT n.id, n.user_id, n.urgent, n.held_by, n.scheduled_at, n.silence_id, {_ALERT}
FROM notification.silences s JOIN notification.notifications n ON n.tenant_id = s.tenant_id AND n.silence_id = s.id
{_JOINED}
WHERE s.ended_at IS NOT NULL AND s.ends_at > :now AND n.status = 'pending' AND n.held_by = 'silence'
ORDER BY n.id FOR UPDATE OF n SKIP LOCKED
"""
_MUTED = f"""
SELECT n.id, n.user_id, n.urgent, n.held_by, n.scheduled_at, n.silence_id, {_ALERT} FROM notification.notifications n {_JOINED}
WHERE n.status = 'pending' AND n.held_by = 'mute' AND n.scheduled_at > :now
    AND (a.alert_type, coalesce(a.place, '')) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:places AS text[])))
ORDER BY n.id FOR UPDATE OF n SKIP LOCKED
"""
_MUTED_KINDS = f"""
SELECT a.alert_type, a.place, min(n.scheduled_at) AS first FROM notification.notifications n {_JOINED}
WHERE n.status = 'pending' AND n.held_by = 'mute' AND n.scheduled_at > :now GROUP BY a.alert_type, a.place
"""
_NEWS = f"""
UPDATE notification.silences SET applied_at = :now
WHERE applied_at IS NULL AND ended_at IS NULL AND starts_at <= :now AND ends_at > :now RETURNING {stored.SILENCE}
"""
_OVER = f"""
UPDATE notification.silences SET released_at = :now
WHERE released_at IS NULL AND ended_at IS NOT NULL AND ends_at > :now RETURNING {stored.SILENCE}
"""
_LATER = f"""
SELECT {_ALERT}, a.policy_code, a.policy_step, a.next_step_at FROM notification.alerts a
WHERE a.next_step_at > :now AND a.status = 'open' AND a.severity <> 'critical' FOR UPDATE SKIP LOCKED
"""


def release(tx: Tx, now: datetime, calendar: PlantCalendar, kinds: Kinds) -> int:
    """Bring what is waiting in line with the silences and planned events of now; how many notifications moved."""
    news = [stored.silence_from(row) for row in tx.rows(_NEWS, now=now)]
    over = [stored.matcher_from(row) for row in tx.rows(_OVER, now=now)]
    waiting = tx.rows(_ENDED, now=now) + _muted(tx, now, calendar) + (_covered(tx, news, now) if news else [])
    if not waiting and not over:
        return 0
    situation = read_situation(tx, now, calendar, kinds)
    awake = situation.on_call(now).keys()
    changes = {
        row["id"]: (row, change) for row in waiting if (change := _change(row, situation, awake, now)) is not None
    }
    free = {row["alert_id"] for row, change in changes.values() if change["held_by"] not in ("silence", "mute")}
    _go_on(tx, over, free, situation, now)
    return _write(tx, [change for _, change in changes.values()], now) if changes else 0


def _go_on(tx: Tx, over: list[Matcher], free: Collection[UUID], situation: Situation, now: datetime) -> None:
    """The escalation of an alert that is quiet no more goes on from now, not from when the quiet was to end.

    An alert that is just being worked on is left to the next sweep's step.
    """
    policies = {one.code: one for one in situation.policies}
    rows = []
    for row in tx.rows(_LATER, now=now):
        policy = policies.get(row["policy_code"])
        if policy is None or not (row["alert_id"] in free or any(one.fits(subject_of(row)) for one in over)):
            continue
        due = stepping.next_due(policy, row["policy_step"], now, reached=True)
        if due is not None and due < row["next_step_at"]:
            rows.append({"alert_id": str(row["alert_id"]), "due": due.isoformat()})
    if rows:
        tx.execute(
            """UPDATE notification.alerts a SET next_step_at = r.due, updated_at = :now, row_version = a.row_version + 1
               FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (alert_id uuid, due timestamptz)
               WHERE a.alert_id = r.alert_id""",
            rows=json.dumps(rows), now=now,
        )  # fmt: skip


def _covered(tx: Tx, news: list[Silence], now: datetime) -> list[Row]:
    """What waits for anything else and is about an alert that a new silence covers."""
    alerts = tx.rows(f"SELECT {_ALERT} FROM notification.alerts a WHERE closed_at IS NULL AND severity <> 'critical'")
    about = [str(row["alert_id"]) for row in alerts if any(one.covers(subject_of(row), now) for one in news)]
    return tx.rows(_WAITING, alerts=about) if about else []


def _muted(tx: Tx, now: datetime, calendar: PlantCalendar) -> list[Row]:
    """What is held by an event that was called off, is over sooner, or goes on longer than it was to.

    Thousands may wait for one shutdown: the calendar is asked once per type and place, not once for each.
    """
    groups = tx.rows(_MUTED_KINDS, now=now)
    if not groups:
        return []
    zone: str = tx.scalar("SELECT default_time_zone FROM platform.tenants")
    events = [one for one in mutes(tx, now, calendar, zone) if one.starts_at <= now < one.ends_at]
    stale = []
    for row in groups:
        ends = [one.ends_at for one in events if explained(row["alert_type"], row["place"], one)]
        if not ends or max(ends) > row["first"]:
            stale.append((row["alert_type"], row["place"] or ""))
    if not stale:
        return []
    return tx.rows(_MUTED, now=now, types=[kind for kind, _ in stale], places=[place for _, place in stale])


def _change(row: Row, situation: Situation, awake: Collection[str], now: datetime) -> dict[str, Any] | None:
    """The columns that change; None: everything stays. `awake`: who is on call."""
    subject = subject_of(row)
    who = situation.by_id.get(row["user_id"])
    free = row["urgent"] or (row["user_id"] in awake and is_serious(subject))
    availability = who.availability if who is not None and not free else None
    hold = held(quieting(subject, situation, now), availability, now, situation.zone_of(row["user_id"]))
    if hold is None and row["held_by"] not in ("silence", "mute"):
        return None
    if hold is not None and hold.by not in ("silence", "mute") and row["held_by"] not in ("silence", "mute"):
        return None
    after = (hold.until, hold.by, hold.silence_id) if hold else (now, None, None)
    if after == (row["scheduled_at"], row["held_by"], row["silence_id"]):
        return None
    until, by, silence_id = after
    return {
        "id": str(row["id"]), "scheduled_at": until.isoformat(), "held_by": by,
        "reason": hold.reason if hold else "Was held back; what held it is over.",
        "silence_id": str(silence_id) if silence_id else None,
    }  # fmt: skip


def _write(tx: Tx, changes: list[dict[str, Any]], now: datetime) -> int:
    return tx.execute(
        """UPDATE notification.notifications n SET scheduled_at = r.scheduled_at, held_by = r.held_by,
               reason = r.reason, silence_id = r.silence_id, updated_at = :now, row_version = n.row_version + 1
           FROM jsonb_to_recordset(CAST(:changes AS jsonb))
               AS r (id uuid, scheduled_at timestamptz, held_by text, reason text, silence_id uuid)
           WHERE n.id = r.id""",
        changes=json.dumps(changes), now=now,
    )  # fmt: skip
