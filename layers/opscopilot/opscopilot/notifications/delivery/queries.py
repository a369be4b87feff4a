"""Reads of notifications and channels for the API, and the one thing the API may ask of a notification: again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound
from opscopilot.kernel.pagination import DEFAULT_LIMIT, Page, decode_cursor, page
from opscopilot.notifications.channels import masked
from opscopilot.notifications.delivery.schemas import ChannelHealth, Notification, NotificationDetail

_LISTED = """id, alert_id, user_id, title, type, alert_type, severity, channel, status, reason, held_by, purpose, round,
    urgent, message_id, scheduled_at, sent_at, delivered_at, bounced_at, dead_at, attempts, last_error, template_error,
    created_at"""
_WINDOW = timedelta(hours=24)


def list_notifications(
    tx: Tx, *, status: str | None = None, channel: str | None = None, severity: str | None = None,
    user_id: str | None = None, alert_id: UUID | None = None, purpose: str | None = None,
    message_id: UUID | None = None, limit: int = DEFAULT_LIMIT, cursor: str | None = None,
) -> Page[Notification]:  # fmt: skip
    """Notifications, newest first. Filters that are None do not filter; `total` counts what the filters find."""
    given = {"status": status, "channel": channel, "severity": severity, "user_id": user_id, "alert_id": alert_id,
             "purpose": purpose, "message_id": message_id}  # fmt: skip
    filters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(["true", *(f"{name} = :{name}" for name in filters)])
    table = "notification.notifications"
    total = tx.scalar(f"SELECT count(*) FROM {table} WHERE {where}", **filters)
    if cursor is not None:
        created, last_id = decode_cursor(cursor, 2)
        where += " AND (created_at, id) < (CAST(:created AS timestamptz), CAST(:last_id AS uuid))"
        filters |= {"created": str(created), "last_id": str(last_id)}
    rows = tx.rows(
        f"SELECT {_LISTED} FROM {table} WHERE {where} ORDER BY created_at DESC, id DESC LIMIT :limit",
        limit=limit + 1, **filters,
    )  # fmt: skip
    return page(rows, limit, total, ("created_at", "id"), Notification.model_validate)


def notification(tx: Tx, notification_id: UUID) -> NotificationDetail:
    """One notification; NotFound when this tenant has none with that id."""
    row = tx.one(
        f"""SELECT {_LISTED}, message, destination, provider_id, dedupe_key, retry_requested_at, retry_requested_by,
                ARRAY(SELECT a.user_id FROM notification.alert_acknowledgments a
                    WHERE a.alert_id = n.alert_id ORDER BY a.acknowledged_at) AS acknowledged_by
            FROM notification.notifications n WHERE id = :id""",
        id=notification_id,
    )  # fmt: skip
    if row is None:
        raise NotFound("There is no such notification.", field="id", value=notification_id)
    return NotificationDetail.model_validate({**row, "destination": row["destination"] and masked(row["destination"])})


def ask_again(tx: Tx, notification_id: UUID, user_id: str, clock: Clock) -> NotificationDetail:
    """Ask for a failed or dead notification to be tried again; the next sweep does it. Asking twice is asking once.

    Conflict for any other state: what is sent must not be sent twice, what is pending goes out by itself.
    """
    found = notification(tx, notification_id)
    if found.status not in ("failed", "dead"):
        raise Conflict(
            f"This notification is {found.status}; only a failed or dead one can be tried again.",
            field="status", value=found.status, expected="failed or dead",
        )  # fmt: skip
    tx.execute(
        """UPDATE notification.notifications SET retry_requested_at = coalesce(retry_requested_at, :now),
               retry_requested_by = coalesce(retry_requested_by, :user_id) WHERE id = :id""",
        id=notification_id, now=clock.now(), user_id=user_id,
    )  # fmt: skip
    return notification(tx, notification_id)


def channel_health(tx: Tx, now: datetime, channels: Sequence[str]) -> list[ChannelHealth]:
    """How each channel did in the last 24 hours, for this tenant, and which of its destinations fail."""
    rows = tx.rows(
        """SELECT c.channel, coalesce(f.enabled, true) AS enabled, f.reason,
               count(*) FILTER (WHERE n.status IN ('sent', 'delivered')) AS sent,
               count(*) FILTER (WHERE n.status IN ('pending', 'sending')) AS waiting,
               count(*) FILTER (WHERE n.status = 'failed') AS failed,
               count(*) FILTER (WHERE n.status = 'bounced') AS bounced,
               count(*) FILTER (WHERE n.status = 'dead') AS dead,
               max(n.sent_at) AS last_sent_at,
               max(n.updated_at) FILTER (WHERE n.status IN ('failed', 'bounced', 'dead')) AS last_error_at,
               (array_agg(n.last_error ORDER BY n.updated_at DESC)
                   FILTER (WHERE n.status IN ('failed', 'bounced', 'dead')))[1] AS last_error,
               (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.destination), '[]') FROM notification.destinations d
                   WHERE d.channel = c.channel AND (d.state <> 'closed' OR d.failures > 0)) AS failing_destinations
           FROM unnest(CAST(:channels AS text[])) AS c (channel)
           LEFT JOIN notification.notification_channel_configs f ON f.channel = c.channel
           LEFT JOIN notification.notifications n ON n.channel = c.channel AND n.created_at > :since
           GROUP BY c.channel, f.enabled, f.reason ORDER BY c.channel""",
        channels=list(channels), since=now - _WINDOW,
    )  # fmt: skip
    return [ChannelHealth.model_validate({**row, "health": _health(row)}) for row in rows]


def _health(row: Row) -> str:
    """`degraded`: some do not get through, or a destination is left alone for a while."""
    if not row["enabled"]:
        return "off"
    shut = any(one["state"] != "closed" for one in row["failing_destinations"])
    bad = row["failed"] + row["bounced"] + row["dead"]
    if bad and not row["sent"]:
        return "failing"
    if bad or shut:
        return "degraded"
    return "ok" if row["sent"] else "idle"
