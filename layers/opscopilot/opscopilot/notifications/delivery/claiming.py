"""Take what is due: most urgent first, a batch at a time, what waited for one person as one message.

Two senders never take the same notification: rows are locked with SKIP LOCKED, and of the notifications that become
one message only the first (its head) decides who takes them all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.alerts import ranking
from opscopilot.notifications.delivery.model import Parcel, Verdict

PLANNED = 1000
"""Messages looked up at a time, in order; batches are taken from them until none is left."""
LARGEST_DIGEST = 1000
"""Notifications in one message at most."""

_DUE = "n.status IN ('pending', 'failed') AND n.scheduled_at <= :now"
_JOINS = """(n.message_id IS NULL AND n.channel = ANY(:people)
    AND (n.held_by = 'storm' OR NOT (n.urgent OR n.severity = 'critical')))"""
"""What may travel with others: read by a person, and not so urgent that it goes alone."""

_PLAN = f"""
SELECT head FROM (
    SELECT (array_agg(n.id ORDER BY n.id))[1] AS head, bool_or(n.severity = 'critical') AS critical,
        max({ranking.SQL}) AS per_hour,
        min(n.scheduled_at) AS since
    FROM notification.notifications n JOIN notification.alerts a ON a.tenant_id = n.tenant_id AND a.alert_id = n.alert_id
    WHERE {_DUE} AND (CAST(:event_ids AS uuid[]) IS NULL OR n.event_id = ANY(CAST(:event_ids AS uuid[])))
    GROUP BY coalesce(n.message_id, CASE WHEN NOT {_JOINS} THEN n.id END),
        CASE WHEN {_JOINS} THEN n.user_id END, CASE WHEN {_JOINS} THEN n.channel END,
        CASE WHEN {_JOINS} THEN n.purpose = 'resolved' END) AS message
ORDER BY critical DESC, per_hour DESC NULLS LAST, since, head LIMIT {PLANNED}"""

_HEADS = f"""
SELECT n.id, n.message_id, n.user_id, n.channel, n.purpose = 'resolved' AS over, {_JOINS} AS joins, w.place
FROM unnest(CAST(:heads AS uuid[])) WITH ORDINALITY AS w (id, place)
JOIN notification.notifications n ON n.id = w.id
WHERE {_DUE} ORDER BY w.place LIMIT :most FOR UPDATE OF n SKIP LOCKED"""

_COMPANIONS = f"""
SELECT h.head, n.id
FROM jsonb_to_recordset(CAST(:heads AS jsonb))
    AS h (head uuid, message_id uuid, user_id text, channel text, over boolean),
LATERAL (SELECT n.id FROM notification.notifications n
    WHERE n.user_id = h.user_id AND n.channel = h.channel AND n.id <> h.head AND {_DUE}
        AND CASE WHEN h.message_id IS NOT NULL THEN n.message_id = h.message_id
            ELSE {_JOINS} AND (n.purpose = 'resolved') = h.over END
    ORDER BY n.severity <> 'critical', n.scheduled_at, n.id LIMIT {LARGEST_DIGEST - 1} FOR UPDATE SKIP LOCKED) n"""

_DETAILS = """
SELECT n.id, n.alert_id, n.user_id, n.channel, n.title, n.message, n.alert_type, n.severity, n.purpose, n.attempts,
    n.message_id, n.scheduled_at, n.created_at, u.status AS user_status, u.role AS user_role,
    coalesce(d.address, CASE n.channel WHEN 'email' THEN u.email END) AS address, d.secret,
    coalesce(p.time_zone, t.default_time_zone) AS zone, p.locale, t.language, t.default_time_zone AS plant_zone,
    t.as_of, t.tenant_id, t.name AS plant, t.code AS tenant_code, c.enabled AS channel_enabled,
    c.settings AS channel_settings, c.secret_ref AS channel_secret_ref,
    s.reason AS suppressed_for, s.since AS suppressed_since,
    a.status AS alert_status, a.severity AS alert_severity, a.fingerprint, a.acknowledged_at,
    coalesce(by.name, a.acknowledged_by) AS acknowledged_by, a.closed_at, a.resolved_at, a.resolved_by, a.snoozed_until,
    coalesce(sn.name, a.snoozed_by) AS snoozed_by, a.first_seen,
    (SELECT h.note FROM notification.alert_history h WHERE a.closed_at IS NOT NULL AND h.alert_id = n.alert_id
        AND h.kind = 'resolved' ORDER BY h.at DESC LIMIT 1) AS over_note, e.detail
FROM notification.notifications n
JOIN platform.tenants t ON t.tenant_id = n.tenant_id
JOIN notification.alerts a ON a.tenant_id = n.tenant_id AND a.alert_id = n.alert_id
JOIN notification.alert_events e ON e.tenant_id = n.tenant_id AND e.event_id = n.event_id
LEFT JOIN platform.users u ON u.tenant_id = n.tenant_id AND u.user_id = n.user_id
LEFT JOIN platform.users by ON by.tenant_id = n.tenant_id AND by.user_id = a.acknowledged_by
LEFT JOIN platform.users sn ON sn.tenant_id = n.tenant_id AND sn.user_id = a.snoozed_by
LEFT JOIN notification.notification_preferences p ON p.tenant_id = n.tenant_id AND p.user_id = n.user_id
LEFT JOIN notification.addresses d ON d.tenant_id = n.tenant_id AND d.user_id = n.user_id AND d.channel = n.channel
LEFT JOIN notification.notification_channel_configs c ON c.tenant_id = n.tenant_id AND c.channel = n.channel
LEFT JOIN notification.suppressed_addresses s ON s.tenant_id = n.tenant_id AND s.channel = n.channel
    AND s.lifted_at IS NULL AND s.address = lower(coalesce(d.address, CASE n.channel WHEN 'email' THEN u.email END))
WHERE n.id = ANY(CAST(:ids AS uuid[]))"""


def plan(tx: Tx, now: datetime, people: Collection[str], event_ids: Collection[UUID] | None = None) -> list[UUID]:
    """The heads of the messages that are due (of these events, if any are named), most urgent first: critical, then
    money per hour, then age. Nothing is locked yet."""
    named = None if event_ids is None else [str(one) for one in event_ids]
    return [row["head"] for row in tx.rows(_PLAN, now=now, people=list(people), event_ids=named)]


def take(
    tx: Tx, heads: Sequence[UUID], most: int, now: datetime, people: Collection[str]
) -> tuple[list[list[Row]], list[UUID]]:
    """Lock up to `most` of these messages and read all they need; each is a list of notifications, its head first.
    And the heads that are left for the next time.

    What is locked or no longer due is passed over. The locks hold until the end of the transaction.
    """
    given = {"now": now, "people": list(people)}
    found = tx.rows(_HEADS, heads=[str(one) for one in heads], most=most, **given)
    together = [one for one in found if one["joins"] or one["message_id"] is not None]
    members: dict[UUID, list[UUID]] = {one["id"]: [one["id"]] for one in found}
    if together:
        asked = [{"head": str(one["id"]), "message_id": str(one["message_id"]) if one["message_id"] else None,
                  "user_id": one["user_id"], "channel": one["channel"], "over": one["over"]} for one in together]  # fmt: skip
        for row in tx.rows(_COMPANIONS, heads=json.dumps(asked), **given):
            members[row["head"]].append(row["id"])
    ids = [str(one) for group in members.values() for one in group]
    read = {row["id"]: row for row in tx.rows(_DETAILS, ids=ids)} if ids else {}
    left = list(heads[found[-1]["place"] :]) if len(found) == most else []
    return [[read[one] for one in group] for group in members.values()], left


def mark(tx: Tx, parcels: Iterable[Parcel], stopped: Iterable[tuple[Row, Verdict]], now: datetime) -> None:
    """Write what was decided about the locked notifications: these leave in these parcels, those do not, and why."""
    rows = [
        {"id": str(row["id"]), "status": "sending", "message_id": str(parcel.id), "tried": 1}
        for parcel in parcels for row in parcel.rows
    ] + [
        {"id": str(row["id"]), "status": one.status, "tried": 0, "reason": one.reason,
         "scheduled_at": one.until.isoformat() if one.until else None, "held_by": one.held_by}
        for row, one in stopped
    ]  # fmt: skip
    if rows:
        tx.execute(
            """UPDATE notification.notifications n SET status = coalesce(r.status, n.status),
                   attempts = n.attempts + r.tried, claimed_at = CASE r.tried WHEN 1 THEN :now ELSE n.claimed_at END,
                   message_id = coalesce(n.message_id, r.message_id), reason = coalesce(r.reason, n.reason),
                   last_error = CASE r.status WHEN 'dead' THEN r.reason ELSE n.last_error END,
                   dead_at = CASE r.status WHEN 'dead' THEN CAST(:now AS timestamptz) ELSE n.dead_at END,
                   scheduled_at = coalesce(r.scheduled_at, n.scheduled_at),
                   held_by = CASE WHEN n.held_by = 'storm' THEN n.held_by ELSE coalesce(r.held_by, n.held_by) END,
                   updated_at = :now, row_version = n.row_version + 1
               FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, status text, message_id uuid,
                   tried integer, reason text, scheduled_at timestamptz, held_by text)
               WHERE n.id = r.id""",
            rows=json.dumps(rows), now=now,
        )  # fmt: skip
