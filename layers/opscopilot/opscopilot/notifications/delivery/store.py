"""SQL of functions/notify: who is there, and what was decided about them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
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
