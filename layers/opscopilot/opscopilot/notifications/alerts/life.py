"""What people do with an alert: take it on, hand it back, put it off, end it. At once, and on record with who and why.

The API's role writes only the columns it was granted; messages that wait are stopped when they are claimed.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.kernel.events import AlertRaised, record
from opscopilot.notifications.alerts.model import CALM, MANUAL, HistoryKind
from opscopilot.notifications.alerts.schemas import Acknowledgment

Via = Literal["api", "link"]
LONGEST_SNOOZE = timedelta(days=7)


def raise_manually(tx: Tx, alert: AlertRaised) -> AlertRaised:
    """Record an alert that a person raises. Its key stands apart from those of the system, so that a typed key
    can neither hide nor be hidden by a calculated condition. While the same key is open it stays the same alert."""
    key = MANUAL + alert.dedupe_key
    open_id = tx.scalar(
        "SELECT alert_id FROM notification.alerts WHERE fingerprint = :key AND closed_at IS NULL", key=key
    )
    raised = alert.model_copy(update={"dedupe_key": key, "alert_id": open_id or alert.alert_id})
    record(tx, raised)
    return raised


def acknowledge(tx: Tx, alert_id: UUID, who: str, note: str | None, now: datetime, via: Via = "api") -> Acknowledgment:
    """`who` takes the alert on: it is not escalated further, and waiting messages do not leave. The first one counts;
    others are noted. The same user again changes nothing and gets the first answer.

    An alert that was raised and is still on its way can be taken on as well. NotFound when it was never raised here,
    Conflict when it is over.
    """
    row = _locked(tx, alert_id)
    if row is None:
        if not _on_its_way(tx, alert_id):
            raise NotFound("There is no such alert.", field="alert_id", value=alert_id)
    else:
        alert_id = row["alert_id"]
        _refuse_closed(row, "taken on")
    added = _add_acknowledgment(tx, alert_id, who, note, now)
    if row is not None and row["status"] == "open":
        _set(tx, alert_id, now, status="acknowledged", acknowledged_at=now, acknowledged_by=who, snoozed_until=None,
             snoozed_by=None)  # fmt: skip
    elif added == 0:
        return _given(tx, alert_id, who, first=False)
    _note(tx, alert_id, "acknowledged", who, note, now, via)
    if added == 1:
        return _given(tx, alert_id, who, first=True)
    return Acknowledgment(alert_id=alert_id, user_id=who, acknowledged_at=now, note=note, first=True)


def unacknowledge(tx: Tx, alert_id: UUID, who: str, note: str | None, now: datetime, via: Via = "api") -> None:
    """Nobody has it any more: it is open again and its escalation goes on as if nobody had had it: a step whose time
    has come meanwhile runs with the next sweep. Whose it was stays in the history.

    Conflict when nobody has it or it is over.
    """
    row = _known(tx, alert_id)
    _refuse_closed(row, "handed back")
    if row["status"] != "acknowledged":
        raise Conflict("Nobody has taken this alert on.", field="status", value=row["status"], expected="acknowledged")
    _set(tx, row["alert_id"], now, status="open", acknowledged_at=None, acknowledged_by=None)
    _note(tx, row["alert_id"], "unacknowledged", who, note, now, via, {"was": row["acknowledged_by"]})


def snooze(
    tx: Tx, alert_id: UUID, who: str, until: datetime, note: str | None, now: datetime, via: Via = "api"
) -> None:
    """Nobody hears of the alert before `until`, but for a rise in severity; then `who` is reminded if it is still
    there. ValidationFailed beyond seven days, Conflict when it is over."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise ValidationFailed(
            "An alert can be put off for seven days at most.", field="until", value=until.isoformat(),
            expected=f"a moment after {now.isoformat()} and not after {(now + LONGEST_SNOOZE).isoformat()}",
        )  # fmt: skip
    row = _known(tx, alert_id)
    _refuse_closed(row, "put off")
    _set(tx, row["alert_id"], now, snoozed_until=until, snoozed_by=who)
    _note(tx, row["alert_id"], "snoozed", who, note, now, via, {"until": until.isoformat()})


def resolve(tx: Tx, alert_id: UUID, who: str, note: str | None, now: datetime, via: Via = "api") -> None:
    """`who` says that it is over. If its condition is reported again it is back, and told. Conflict when it is over."""
    row = _known(tx, alert_id)
    _refuse_closed(row, "resolved")
    _set(tx, row["alert_id"], now, status="resolved", resolved_at=now, resolved_by=who, closed_at=now,
         snoozed_until=None, snoozed_by=None, next_step_at=None, all_clear_at=now + CALM)  # fmt: skip
    _note(tx, row["alert_id"], "resolved", who, note, now, via)


def _locked(tx: Tx, alert_id: UUID) -> Row | None:
    """The alert, nobody else at it until the end of the transaction. `alert_id` may be that of a report that became
    part of another alert."""
    return tx.one(
        """SELECT alert_id, status, closed_at, acknowledged_by, resolved_by FROM notification.alerts
           WHERE alert_id = coalesce((SELECT alert_id FROM notification.alerts WHERE alert_id = :id),
               (SELECT condition_id FROM notification.alert_events WHERE alert_id = :id AND condition_id IS NOT NULL
                ORDER BY received_at DESC LIMIT 1)) FOR UPDATE""",
        id=alert_id,
    )


def _known(tx: Tx, alert_id: UUID) -> Row:
    row = _locked(tx, alert_id)
    if row is None:
        raise NotFound("There is no such alert.", field="alert_id", value=alert_id)
    return row


def _refuse_closed(row: Row, what: str) -> None:
    if row["closed_at"] is not None:
        by = f" by {row['resolved_by']}" if row["resolved_by"] else ""
        raise Conflict(
            f"This alert is {row['status']}{by} since {row['closed_at']:%Y-%m-%d %H:%M} UTC; it cannot be {what}.",
            field="status", value=row["status"], expected="open or acknowledged",
        )  # fmt: skip


def _on_its_way(tx: Tx, alert_id: UUID) -> bool:
    """Raised, and not yet taken in by notify."""
    return bool(
        tx.scalar(
            """SELECT EXISTS (SELECT 1 FROM platform.outbox WHERE detail_type = 'AlertRaised' AND handled_at IS NULL
                   AND detail ->> 'alert_id' = CAST(:alert_id AS text))""",
            alert_id=str(alert_id),
        )
    )


def _add_acknowledgment(tx: Tx, alert_id: UUID, who: str, note: str | None, now: datetime) -> int:
    return tx.execute(
        """INSERT INTO notification.alert_acknowledgments (tenant_id, alert_id, user_id, acknowledged_at, note)
           VALUES (:tenant_id, :alert_id, :user_id, :now, :note) ON CONFLICT DO NOTHING""",
        tenant_id=tx.tenant_id, alert_id=alert_id, user_id=who, now=now, note=note,
    )  # fmt: skip


def _given(tx: Tx, alert_id: UUID, who: str, *, first: bool) -> Acknowledgment:
    row = tx.one(
        """SELECT alert_id, user_id, acknowledged_at, note FROM notification.alert_acknowledgments
           WHERE alert_id = :alert_id AND user_id = :user_id""",
        alert_id=alert_id, user_id=who,
    )  # fmt: skip
    return Acknowledgment.model_validate({**(row or {}), "first": first})


def _set(tx: Tx, alert_id: UUID, now: datetime, **columns: Any) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    tx.execute(
        f"""UPDATE notification.alerts SET {changes}, updated_at = :now, row_version = row_version + 1
            WHERE alert_id = :id""",
        id=alert_id, now=now, **columns,
    )  # fmt: skip


def _note(
    tx: Tx, alert_id: UUID, kind: HistoryKind, who: str, note: str | None, now: datetime, via: Via,
    detail: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    tx.execute(
        """INSERT INTO notification.alert_history (tenant_id, alert_id, at, kind, actor, via, note, detail)
           VALUES (:tenant_id, :alert_id, :now, :kind, :who, :via, :note, CAST(:detail AS jsonb))""",
        tenant_id=tx.tenant_id, alert_id=alert_id, now=now, kind=kind, who=who, via=via, note=note,
        detail=json.dumps(detail or {}),
    )  # fmt: skip
