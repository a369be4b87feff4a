"""Take an AlertRaised in exactly once and decide what it means: a new condition, a worse one, or nothing new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.delivery import store
from opscopilot.notifications.policy.former import Recipient, decide, rank

Outcome = Literal["opened", "escalated", "repeated", "known"]
Audience = Callable[[list[Recipient]], list[Recipient]]

FLAPPING = timedelta(hours=1)
"""A condition that ends and comes back (same key, new alert id) within this time of its last report is the same
condition, unless somebody acknowledged the earlier one."""

_CONDITION = "SELECT alert_id, severity, last_seen FROM notification.alerts "


def _everybody(recipients: list[Recipient]) -> list[Recipient]:
    return recipients


def take_in(tx: Tx, event: AlertRaised, now: datetime, audience: Audience = _everybody) -> Outcome:
    """Record the event, its condition and its notifications in the caller's transaction.

    `audience` chooses from the active users those whom it concerns.

    The same event again is `known` and changes nothing. NotFound when the tenant it names is not an active one
    of ours (P-63): the transaction already runs as that tenant, so the registry row is all there is to see.
    """
    if tx.scalar("SELECT status FROM platform.tenants") != "active":
        raise NotFound(
            "The event names a tenant that is not active here.", field="tenant_id", value=event.tenant_id,
            expected="the id of an active tenant",
        )  # fmt: skip
    if _is_known(tx, event.event_id):
        _mark_handled(tx, event.event_id, now)
        return "known"
    condition, opened = _condition(tx, event, now)
    if _is_known(tx, event.event_id):  # another delivery of it was ahead of us; the row lock made us wait
        return "known"
    outcome = "opened" if opened else _seen_again(tx, condition, event, now)
    _record(tx, event, condition["alert_id"], outcome, now)
    if outcome != "repeated":
        off = store.switched_off(tx)
        decisions = [
            one
            for who in audience(store.recipients(tx))
            for one in decide(who, event.severity, event.alert_type, now, off)
        ]
        store.add(tx, event, condition["alert_id"], decisions, now)
    _mark_handled(tx, event.event_id, now)
    return outcome


def _is_known(tx: Tx, event_id: UUID) -> bool:
    return tx.scalar("SELECT 1 FROM notification.alert_events WHERE event_id = :id", id=event_id) is not None


def _condition(tx: Tx, event: AlertRaised, now: datetime) -> tuple[Row, bool]:
    """The condition's row, locked, and whether this event opened it."""
    _close_what_came_back(tx, event, now)
    opened = tx.one(
        """INSERT INTO notification.alerts
               (tenant_id, alert_id, fingerprint, correlation_key, alert_type, severity, first_seen, last_seen)
           VALUES (:tenant_id, :alert_id, :dedupe_key, :dedupe_key, :alert_type, :severity, :now, :now)
           ON CONFLICT DO NOTHING RETURNING alert_id, severity, last_seen""",
        tenant_id=event.tenant_id, alert_id=event.alert_id, dedupe_key=event.dedupe_key,
        alert_type=event.alert_type, severity=event.severity, now=now,
    )  # fmt: skip
    if opened is not None:
        return opened, True
    known = tx.one(
        _CONDITION + """WHERE alert_id = :alert_id OR (fingerprint = :key AND closed_at IS NULL)
            ORDER BY closed_at IS NOT NULL LIMIT 1 FOR UPDATE""",
        alert_id=event.alert_id, key=event.dedupe_key,
    )  # fmt: skip
    assert known is not None  # the insert met it, and conditions are never deleted
    return known, False


def _close_what_came_back(tx: Tx, event: AlertRaised, now: datetime) -> None:
    """Close the open condition of this key if the event is the start of a new one."""
    tx.execute(
        """UPDATE notification.alerts c SET closed_at = :now, resolved_at = :now,
               status = 'resolved'
           WHERE fingerprint = :key AND closed_at IS NULL AND alert_id <> :alert_id
               AND (last_seen < :long_ago OR EXISTS (SELECT 1 FROM notification.alert_acknowledgments a
                   JOIN notification.alert_events e ON e.tenant_id = a.tenant_id AND e.alert_id = a.alert_id
                   WHERE e.condition_id = c.alert_id))""",
        key=event.dedupe_key, alert_id=event.alert_id, now=now, long_ago=now - FLAPPING,
    )  # fmt: skip


def _seen_again(tx: Tx, condition: Row, event: AlertRaised, now: datetime) -> Outcome:
    worse = rank(event.severity) > rank(condition["severity"])
    tx.execute(
        """UPDATE notification.alerts SET occurrences = occurrences + 1,
               last_seen = greatest(last_seen, :now), severity = :severity WHERE alert_id = :alert_id""",
        alert_id=condition["alert_id"], severity=event.severity if worse else condition["severity"], now=now,
    )  # fmt: skip
    if worse:  # what is still waiting would only repeat a smaller truth
        tx.execute(
            """UPDATE notification.notifications SET status = 'suppressed', updated_at = :now,
                   row_version = row_version + 1, reason = 'Replaced: it has become ' || :severity || ' meanwhile.'
               WHERE alert_id = :alert_id AND status IN ('pending', 'failed')""",
            alert_id=condition["alert_id"], severity=event.severity, now=now,
        )  # fmt: skip
    return "escalated" if worse else "repeated"


def _record(tx: Tx, event: AlertRaised, condition_id: UUID, outcome: Outcome, now: datetime) -> None:
    tx.execute(
        """INSERT INTO notification.alert_events
               (tenant_id, event_id, alert_id, condition_id, outcome, detail, received_at)
           VALUES (:tenant_id, :event_id, :alert_id, :condition_id, :outcome, CAST(:detail AS jsonb), :now)""",
        tenant_id=event.tenant_id, event_id=event.event_id, alert_id=event.alert_id, condition_id=condition_id,
        outcome=outcome, detail=event.model_dump_json(), now=now,
    )  # fmt: skip


def _mark_handled(tx: Tx, event_id: UUID, now: datetime) -> None:
    """The outbox remembers that this event is done, so that recovery does not hand it in again."""
    tx.execute(
        "UPDATE platform.outbox SET handled_at = :now WHERE event_id = :id AND handled_at IS NULL",
        id=event_id, now=now,
    )  # fmt: skip
