"""SQL of functions/notify: who is there, which condition an event belongs to, what is due, what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.channels import ChannelName
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.policy.former import DEFAULT_CHANNELS, DEFAULT_MIN_SEVERITY, Decision, Recipient

ADDRESSES: dict[ChannelName, str] = {
    "email": "email", "slack": "slack_webhook", "sms": "phone", "webhook": "webhook_url",
}  # fmt: skip
"""Where a channel's address stands among the preferences."""

_RECIPIENT = """u.user_id, coalesce((SELECT a.address FROM notification.addresses a WHERE a.user_id = u.user_id AND a.channel = 'email'),
        u.email) AS email,
    (SELECT a.address FROM notification.addresses a WHERE a.user_id = u.user_id AND a.channel = 'sms') AS phone,
    (SELECT a.address FROM notification.addresses a WHERE a.user_id = u.user_id AND a.channel = 'slack')
        AS slack_webhook,
    (SELECT a.address FROM notification.addresses a WHERE a.user_id = u.user_id AND a.channel = 'webhook')
        AS webhook_url,
    p.enabled_channels, p.min_severity, p.quiet_hours_enabled, p.quiet_hours_start, p.quiet_hours_end,
    p.time_zone, p.workspaces, p.user_id IS NOT NULL AS explicit"""


def recipient(row: Row) -> Recipient:
    """A Recipient from a row of `_RECIPIENT`."""
    addresses = {channel: row[column] for channel, column in ADDRESSES.items() if row[column]}
    if not row["explicit"]:
        return Recipient(row["user_id"], addresses, DEFAULT_CHANNELS, DEFAULT_MIN_SEVERITY)
    quiet = None
    if row["quiet_hours_enabled"]:
        quiet = QuietHours(row["quiet_hours_start"], row["quiet_hours_end"], row["time_zone"])
    return Recipient(
        row["user_id"], addresses, tuple(row["enabled_channels"]), row["min_severity"], quiet,
        frozenset(row["workspaces"]), explicit=True,
    )  # fmt: skip


def recipients(tx: Tx) -> list[Recipient]:
    """The active users of the tenant with what they asked for."""
    found = tx.rows(
        f"""SELECT {_RECIPIENT} FROM platform.users u LEFT JOIN notification.notification_preferences p
            ON p.tenant_id = u.tenant_id AND p.user_id = u.user_id
            WHERE u.status = 'active' ORDER BY u.user_id"""
    )
    return [recipient(row) for row in found]


def switched_off(tx: Tx) -> set[str]:
    """Channels this tenant does not use at all."""
    found = tx.rows("SELECT channel FROM notification.notification_channel_configs WHERE NOT enabled")
    return {row["channel"] for row in found}


def add(tx: Tx, event: AlertRaised, condition_id: UUID, decisions: Iterable[Decision], now: datetime) -> int:
    """Write the decisions as notifications; how many are new. Who was told at this severity stays told once."""
    kind = {"critical": "alert", "high": "alert", "medium": "warning", "low": "warning", "info": "info"}
    rows = [
        {"user_id": one.user_id, "channel": one.channel, "status": one.status, "reason": one.reason,
         "scheduled_at": one.scheduled_at.isoformat() if one.scheduled_at else None}
        for one in decisions
    ]  # fmt: skip
    return tx.execute(
        """INSERT INTO notification.notifications (tenant_id, alert_id, event_id, user_id, title, message, type,
               alert_type, severity, channel, status, reason, dedupe_key, scheduled_at, created_at, updated_at)
           SELECT :tenant_id, :alert_id, :event_id, r.user_id, :title, :message, :kind,
               :alert_type, :severity, r.channel, r.status, r.reason, :dedupe_key, r.scheduled_at, :now, :now
           FROM jsonb_to_recordset(CAST(:rows AS jsonb))
               AS r (user_id text, channel text, status text, reason text, scheduled_at timestamptz)
           ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING""",
        tenant_id=event.tenant_id, alert_id=condition_id, event_id=event.event_id, title=event.title,
        message=event.message, kind=kind[event.severity], alert_type=event.alert_type, severity=event.severity,
        dedupe_key=event.dedupe_key, now=now, rows=json.dumps(rows),
    )  # fmt: skip


def claim(tx: Tx, now: datetime, event_id: UUID | None = None) -> Row | None:
    """Mark the most urgent due notification as `sending` and return it with all a message needs; None = nothing due.

    Rows another process has just locked are skipped, so two senders never take the same one.
    """
    claimed = tx.one(
        """UPDATE notification.notifications SET status = 'sending', attempts = attempts + 1, claimed_at = :now,
               updated_at = :now, row_version = row_version + 1
           WHERE id = (SELECT id FROM notification.notifications
               WHERE status IN ('pending', 'failed') AND scheduled_at <= :now
                   AND (CAST(:event_id AS uuid) IS NULL OR event_id = CAST(:event_id AS uuid))
               ORDER BY severity <> 'critical', scheduled_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING id, event_id, user_id, channel, attempts, interruptions, claimed_at""",
        now=now, event_id=event_id,
    )  # fmt: skip
    if claimed is None:
        return None
    more = tx.one(
        f"""SELECT {_RECIPIENT},
                (SELECT a.secret FROM notification.addresses a WHERE a.user_id = u.user_id
                    AND a.channel = 'webhook') AS webhook_secret, u.status AS user_status, e.detail,
                t.name AS plant, t.code AS tenant_code, coalesce(p.time_zone, t.default_time_zone) AS zone,
                w.subject AS own_subject, w.body AS own_body, w.body_html AS own_html
            FROM platform.tenants t JOIN notification.alert_events e ON e.tenant_id = t.tenant_id
            LEFT JOIN platform.users u ON u.tenant_id = t.tenant_id AND u.user_id = :user_id
            LEFT JOIN notification.notification_preferences p
                ON p.tenant_id = u.tenant_id AND p.user_id = u.user_id
            LEFT JOIN LATERAL (SELECT * FROM notification.notification_templates w WHERE w.is_active
                AND w.code = e.detail ->> 'alert_type' AND w.channel = :channel AND w.locale IN (t.language, 'en')
                ORDER BY w.locale = t.language DESC, w.version DESC LIMIT 1) w ON true
            WHERE e.event_id = :event_id""",
        user_id=claimed["user_id"], event_id=claimed["event_id"], channel=claimed["channel"],
    )  # fmt: skip
    return {**cast(Row, more), **claimed}


def finish(tx: Tx, claimed: Row, now: datetime, status: str, **changed: Any) -> bool:
    """Record what became of a claimed notification; False when the claim was taken over meanwhile.

    `changed` may name destination, provider_id, last_error, reason, scheduled_at and sent_at.
    """
    known = ("destination", "provider_id", "last_error", "reason", "scheduled_at", "sent_at")
    columns = ", ".join(f"{name} = :{name}" for name in known if name in changed)
    touched = tx.execute(
        f"""UPDATE notification.notifications SET status = :status, updated_at = :now,
                row_version = row_version + 1{", " + columns if columns else ""}
            WHERE id = :id AND status = 'sending' AND claimed_at = :claimed_at""",
        id=claimed["id"], claimed_at=claimed["claimed_at"], status=status, now=now, **changed,
    )  # fmt: skip
    return touched == 1


def take_back_interrupted(tx: Tx, now: datetime, before: datetime) -> int:
    """Messages left `sending` since `before`: the sender died. Once they may go again, the second time not."""
    return tx.execute(
        """UPDATE notification.notifications SET status = CASE interruptions WHEN 0 THEN 'failed' ELSE 'dead' END,
               interruptions = interruptions + 1, scheduled_at = :now, updated_at = :now,
               row_version = row_version + 1, last_error = CASE interruptions
                   WHEN 0 THEN 'The sender stopped in between; it is sent once more and may arrive twice.'
                   ELSE 'The sender stopped in between twice; it may or may not have arrived.' END
           WHERE status = 'sending' AND claimed_at < :before""",
        now=now, before=before,
    )  # fmt: skip


def take_requested_retries(tx: Tx, now: datetime) -> int:
    """What a person asked to be tried again, with all its attempts before it."""
    return tx.execute(
        """UPDATE notification.notifications SET attempts = 0, interruptions = 0, scheduled_at = :now,
               status = 'pending', retry_requested_at = NULL, updated_at = :now, row_version = row_version + 1
           WHERE retry_requested_at IS NOT NULL AND status IN ('failed', 'dead')""",
        now=now,
    )
