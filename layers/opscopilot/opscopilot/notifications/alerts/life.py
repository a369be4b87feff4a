"""What people do with alerts: raise one by hand, take one on, see whom it reached."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.events import AlertRaised, record
from opscopilot.notifications.alerts.schemas import Acknowledgment, AlertDeliveries

_MANUAL = "manual:"


def raise_manually(tx: Tx, alert: AlertRaised) -> AlertRaised:
    """Record an alert that a person raises. Its key stands apart from those of the system, so that a typed key
    can neither hide nor be hidden by a calculated condition. While the same key is open it stays the same alert."""
    key = _MANUAL + alert.dedupe_key
    open_id = tx.scalar(
        "SELECT alert_id FROM notification.alerts WHERE fingerprint = :key AND closed_at IS NULL", key=key
    )
    raised = alert.model_copy(update={"dedupe_key": key, "alert_id": open_id or alert.alert_id})
    record(tx, raised)
    return raised


def acknowledge(tx: Tx, alert_id: UUID, user_id: str, note: str | None, now: datetime) -> Acknowledgment:
    """Note that `user_id` takes the alert on. The same user again changes nothing and gets the first answer.

    NotFound when no alert with that id was ever raised here.
    """
    if not _was_raised(tx, alert_id):
        raise NotFound("There is no such alert.", field="alert_id", value=alert_id)
    added = tx.execute(
        """INSERT INTO notification.alert_acknowledgments (tenant_id, alert_id, user_id, acknowledged_at, note)
           VALUES (:tenant_id, :alert_id, :user_id, :now, :note) ON CONFLICT DO NOTHING""",
        tenant_id=tx.tenant_id, alert_id=alert_id, user_id=user_id, now=now, note=note,
    )  # fmt: skip
    row = tx.one(
        """SELECT alert_id, user_id, acknowledged_at, note FROM notification.alert_acknowledgments
           WHERE alert_id = :alert_id AND user_id = :user_id""",
        alert_id=alert_id, user_id=user_id,
    )  # fmt: skip
    return Acknowledgment.model_validate({**(row or {}), "first": added == 1})


def _was_raised(tx: Tx, alert_id: UUID) -> bool:
    """Taken in by notify, or still on its way to it."""
    return bool(
        tx.scalar(
            """SELECT EXISTS (SELECT 1 FROM notification.alert_events WHERE alert_id = :alert_id)
               OR EXISTS (SELECT 1 FROM platform.outbox WHERE detail_type = 'AlertRaised' AND handled_at IS NULL
                   AND detail ->> 'alert_id' = CAST(:alert_id AS text))""",
            alert_id=str(alert_id),
        )
    )


def deliveries(tx: Tx, alert_id: UUID) -> AlertDeliveries:
    """Whom an alert reached and who took it on; NotFound until notify has taken it in."""
    condition = tx.one(
        """SELECT c.alert_id, c.severity, c.occurrences, c.first_seen, c.last_seen
           FROM notification.alerts c WHERE c.alert_id = (
               SELECT condition_id FROM notification.alert_events WHERE alert_id = :id LIMIT 1)""",
        id=alert_id,
    )  # fmt: skip
    if condition is None:
        raise NotFound("There is no such alert.", field="alert_id", value=alert_id)
    counted = tx.rows(
        """SELECT channel, status, count(*) AS n FROM notification.notifications WHERE alert_id = :id
           GROUP BY channel, status ORDER BY channel, status""",
        id=condition["alert_id"],
    )  # fmt: skip
    taken_on = tx.rows(
        """SELECT a.alert_id, a.user_id, a.acknowledged_at, a.note, true AS first
           FROM notification.alert_acknowledgments a WHERE a.alert_id IN (
               SELECT e.alert_id FROM notification.alert_events e WHERE e.condition_id = :id)
           ORDER BY a.acknowledged_at, a.user_id""",
        id=condition["alert_id"],
    )  # fmt: skip
    return AlertDeliveries.model_validate({
        **condition,
        "alert_id": alert_id,
        "channels_notified": _channels(counted, "sent", "delivered"),
        "channels_failed": _channels(counted, "failed", "dead"),
        "counts": _sums(counted),
        "acknowledgments": taken_on,
    })  # fmt: skip


def _channels(counted: list[Row], *statuses: str) -> list[str]:
    return sorted({row["channel"] for row in counted if row["status"] in statuses})


def _sums(counted: list[Row]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in counted:
        sums[row["status"]] = sums.get(row["status"], 0) + int(row["n"])
    return sums
