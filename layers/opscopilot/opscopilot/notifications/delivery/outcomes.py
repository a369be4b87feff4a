"""Record what became of messages: one statement for many, and what follows from it for destinations and people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from opscopilot.kernel.db import Tx
from opscopilot.notifications.delivery.model import Destination, Result

_FINISH = """
WITH done AS (
    UPDATE notification.notifications n SET status = r.status, attempts = n.attempts - r.untried,
        destination = coalesce(r.destination, n.destination), provider_id = coalesce(r.provider_id, n.provider_id),
        last_error = CASE WHEN r.status IN ('sent', 'delivered') THEN NULL ELSE coalesce(r.error, n.last_error) END,
        reason = coalesce(r.reason, n.reason), scheduled_at = coalesce(r.scheduled_at, n.scheduled_at),
        held_by = CASE WHEN r.reason IS NOT NULL AND n.held_by IS DISTINCT FROM 'storm' THEN 'breaker' ELSE n.held_by END,
        sent_at = CASE WHEN r.status IN ('sent', 'delivered') THEN r.at ELSE n.sent_at END,
        delivered_at = CASE r.status WHEN 'delivered' THEN r.at ELSE n.delivered_at END,
        dead_at = CASE r.status WHEN 'dead' THEN r.at ELSE n.dead_at END,
        template_error = coalesce(r.template_error, n.template_error),
        updated_at = r.at, row_version = n.row_version + 1
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (message_id uuid, claimed_at timestamptz, status text,
        at timestamptz, destination text, provider_id text, error text, reason text, scheduled_at timestamptz,
        untried integer, template_error text)
    WHERE n.message_id = r.message_id AND n.status = 'sending' AND n.claimed_at = r.claimed_at
    RETURNING n.status)
SELECT status, count(*) AS n FROM done GROUP BY status"""


def finish(tx: Tx, results: Iterable[Result]) -> Counter[str]:
    """Record them; notifications by new status. A claim that was taken over meanwhile is left to its new owner."""
    rows = [
        {"message_id": str(one.parcel.id), "claimed_at": one.parcel.claimed_at.isoformat(), "status": one.status,
         "at": one.at.isoformat(), "destination": None if one.untried else one.parcel.to,
         "provider_id": one.provider_id, "error": one.error, "reason": one.reason,
         "scheduled_at": one.scheduled_at.isoformat() if one.scheduled_at else None, "untried": int(one.untried),
         "template_error": one.template_error}
        for one in results
    ]  # fmt: skip
    return Counter({row["status"]: row["n"] for row in tx.rows(_FINISH, rows=json.dumps(rows))})


def met(results: Sequence[Result]) -> dict[Destination, list[str | None]]:
    """What each destination showed, in order: None for a message it took, the error for a failure that is its own."""
    shown: dict[Destination, list[str | None]] = {}
    for one in results:
        if one.status in ("sent", "delivered"):
            shown.setdefault(one.parcel.watched, []).append(None)
        elif one.blames == "destination":
            shown.setdefault(one.parcel.watched, []).append(one.error or "")
    return shown


def take_back_interrupted(tx: Tx, now: datetime, before: datetime, *, again: bool = True) -> list[dict[str, object]]:
    """Messages left `sending` since `before`: their sender died. Once they go again, the second time not (nor ever,
    without `again`): they are dead, and returned."""
    rows = tx.rows(
        """UPDATE notification.notifications SET
               status = CASE WHEN interruptions < :repeats THEN 'failed' ELSE 'dead' END,
               dead_at = CASE WHEN interruptions < :repeats THEN dead_at ELSE CAST(:now AS timestamptz) END,
               last_error = CASE WHEN interruptions < :repeats
                   THEN 'The sender stopped in between; it is sent once more and may arrive twice.'
                   ELSE 'The sender stopped in between; it may or may not have arrived.' END,
               interruptions = interruptions + 1, scheduled_at = :now, updated_at = :now, row_version = row_version + 1
           WHERE status = 'sending' AND claimed_at < :before
           RETURNING status, channel, user_id, title, severity, alert_type, last_error""",
        now=now, before=before, repeats=1 if again else 0,
    )  # fmt: skip
    return [row for row in rows if row["status"] == "dead"]


def take_requested_retries(tx: Tx, now: datetime) -> int:
    """What a person asked to be tried again, with all its attempts before it."""
    return tx.execute(
        """UPDATE notification.notifications n SET attempts = 0, interruptions = 0, scheduled_at = :now,
               status = 'pending', retry_requested_at = NULL, dead_at = NULL, updated_at = :now,
               row_version = row_version + 1
           WHERE status IN ('failed', 'dead') AND (retry_requested_at IS NOT NULL OR message_id IN (
               SELECT o.message_id FROM notification.notifications o
               WHERE o.retry_requested_at IS NOT NULL AND o.message_id IS NOT NULL))""",
        now=now,
    )  # fmt: skip
