"""What nobody sees any more ends by itself: an open alert expires, a flapping one is steady again."""

from __future__ import annotations

from datetime import datetime

from opscopilot.kernel.db import Tx
from opscopilot.notifications.alerts.model import FLAPPING_WITHIN

AT_MOST = 1000
"""Alerts in one go; the next sweep takes the next."""


def expire(tx: Tx, now: datetime) -> int:
    """End the open alerts whose time has come: not seen for 14 days (files 3, manual ones 30), or what their event
    said. Not while somebody has snoozed them. Messages about them that wait are not sent. How many ended."""
    return tx.execute(
        """WITH ended AS (
               UPDATE notification.alerts SET status = 'expired', closed_at = :now, next_step_at = NULL,
                   snoozed_until = NULL, snoozed_by = NULL, updated_at = :now, row_version = row_version + 1
               WHERE alert_id IN (SELECT alert_id FROM notification.alerts WHERE closed_at IS NULL
                   AND expires_at <= :now AND (snoozed_until IS NULL OR snoozed_until <= :now)
                   ORDER BY fingerprint LIMIT :at_most FOR UPDATE SKIP LOCKED)
               RETURNING tenant_id, alert_id, last_seen),
           silent AS (
               UPDATE notification.notifications n SET status = 'suppressed', held_by = NULL, updated_at = :now,
                   row_version = n.row_version + 1, reason = 'The alert expired before this was sent.'
               FROM ended e WHERE n.tenant_id = e.tenant_id AND n.alert_id = e.alert_id
                   AND n.status IN ('pending', 'failed'))
           INSERT INTO notification.alert_history (tenant_id, alert_id, at, kind, actor, note)
           SELECT tenant_id, alert_id, :now, 'expired', 'system',
               'Not reported again since ' || to_char(last_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC.'
           FROM ended""",
        now=now, at_most=AT_MOST,
    )  # fmt: skip


def settle(tx: Tx, now: datetime) -> int:
    """Alerts that have not come back for a day do not flap any more; how many."""
    return tx.execute(
        """WITH steady AS (
               UPDATE notification.alerts SET flapping_since = NULL, updated_at = :now, row_version = row_version + 1
               WHERE alert_id IN (SELECT a.alert_id FROM notification.alerts a WHERE a.flapping_since <= :since
                   AND NOT EXISTS (SELECT 1 FROM notification.alert_history h WHERE h.alert_id = a.alert_id
                       AND h.kind = 'reopened' AND h.at > :since)
                   ORDER BY a.fingerprint LIMIT :at_most FOR UPDATE SKIP LOCKED)
               RETURNING tenant_id, alert_id)
           INSERT INTO notification.alert_history (tenant_id, alert_id, at, kind, actor, note)
           SELECT tenant_id, alert_id, :now, 'steady', 'system', 'It has not come back for 24 hours.' FROM steady""",
        now=now, since=now - FLAPPING_WITHIN, at_most=AT_MOST,
    )  # fmt: skip
