"""Alerts, their events and their history in the database: a batch in a handful of statements."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.alerts.folding import Before
from opscopilot.notifications.alerts.model import FLAPPING_WITHIN, Alert, AlertEvent, Step, Taken

_KEPT = {
    "alert_id": "uuid", "fingerprint": "text", "correlation_key": "text", "alert_type": "text", "severity": "text",
    "status": "text", "title": "text", "message": "text", "entity_type": "text", "entity_id": "uuid",
    "entity_code": "text", "place": "text", "amount": "numeric", "currency": "text", "amount_per_hour": "numeric",
    "deadline": "timestamptz", "occurrences": "integer", "first_seen": "timestamptz", "last_seen": "timestamptz",
    "last_raised_at": "timestamptz", "acknowledged_at": "timestamptz", "acknowledged_by": "text",
    "snoozed_until": "timestamptz", "snoozed_by": "text", "resolved_at": "timestamptz", "resolved_by": "text",
    "closed_at": "timestamptz", "all_clear_at": "timestamptz", "expires_at": "timestamptz",
    "reopened_count": "integer", "flapping_since": "timestamptz", "policy_code": "text", "policy_step": "integer",
    "next_step_at": "timestamptz",
}  # fmt: skip
"""Columns of notification.alerts that intake writes."""

_COLUMNS = ", ".join(_KEPT)
_LOADED = f"""SELECT {", ".join(f"a.{name}" for name in _KEPT)},
    a.closed_at IS NOT NULL AND EXISTS (SELECT 1 FROM notification.notifications n WHERE n.alert_id = a.alert_id
        AND n.purpose = 'resolved' AND n.round = a.reopened_count AND n.status IN ('sending', 'sent', 'delivered'))
        AS all_clear_told,
    CASE WHEN a.reopened_count > 0 THEN ARRAY(SELECT h.at FROM notification.alert_history h
        WHERE h.alert_id = a.alert_id AND h.kind = 'reopened' AND h.at > :since) ELSE '{{}}' END AS back
    FROM notification.alerts a"""
_BACK_TOGETHER = ", ".join(f"{name} = excluded.{name}" for name in _KEPT if name not in ("alert_id", "fingerprint"))


def lock(tx: Tx, fingerprints: Collection[str]) -> None:
    """Wait until nobody else works on these fingerprints; held to the end of the transaction. Everybody asks in the
    same order, so nobody waits in a circle. A row lock would not do: there may be no row yet."""
    tx.execute(
        """SELECT count(pg_advisory_xact_lock(k)) FROM (SELECT DISTINCT hashtextextended(:tenant || f, 0) AS k
               FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS f ORDER BY 1) AS locks""",
        tenant=str(tx.tenant_id), keys=json.dumps(list(fingerprints)),
    )  # fmt: skip


def known_events(tx: Tx, event_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the events that were taken in before."""
    found = tx.rows(
        "SELECT event_id FROM notification.alert_events WHERE event_id = ANY(CAST(string_to_array(:ids, ',') AS uuid[]))",
        ids=_joined(event_ids),
    )
    return {row["event_id"] for row in found}


def before(tx: Tx, events: Sequence[AlertEvent], now: datetime) -> dict[str, Before]:
    """Fingerprint -> what is known of it, its rows locked."""
    keys = sorted({one.dedupe_key for one in events})
    ids = {one.alert_id for one in events}
    rows = tx.rows(
        f"""{_LOADED} WHERE a.alert_id IN (SELECT unnest(CAST(string_to_array(:ids, ',') AS uuid[])) UNION ALL
                SELECT last.alert_id FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS k (fingerprint), LATERAL (
                    SELECT c.alert_id FROM notification.alerts c WHERE c.fingerprint = k.fingerprint
                    ORDER BY c.closed_at DESC NULLS FIRST LIMIT 1) last)
            ORDER BY a.fingerprint, a.closed_at DESC NULLS FIRST FOR UPDATE OF a""",
        ids=_joined(ids), keys=json.dumps(keys), since=now - FLAPPING_WITHIN,
    )  # fmt: skip
    alerts: dict[str, Alert] = {}
    for row in rows:
        if row["fingerprint"] not in alerts:
            alerts[row["fingerprint"]] = _alert(row)
    stored = frozenset(row["alert_id"] for row in rows)
    over, taken_on = _said_early(tx, ids - stored)
    return {key: Before(alerts.get(key), over, taken_on, stored) for key in keys}


def _alert(row: Row) -> Alert:
    return Alert(**{name: value for name, value in row.items() if name in _FIELDS})


_FIELDS = {one.name for one in fields(Alert)}


def _said_early(tx: Tx, ids: Collection[UUID]) -> tuple[dict[UUID, datetime], dict[UUID, tuple[str, datetime]]]:
    """Of alerts that had not arrived: which were said to be over, and when; who took them on, the first of them."""
    if not ids:
        return {}, {}
    found = tx.rows(
        """WITH ids AS (SELECT unnest(CAST(string_to_array(:ids, ',') AS uuid[])) AS alert_id)
           SELECT e.alert_id, NULL AS user_id, max(CAST(e.detail ->> 'occurred_at' AS timestamptz)) AS at
           FROM notification.alert_events e JOIN ids USING (alert_id) WHERE e.condition_id IS NULL GROUP BY e.alert_id
           UNION ALL
           (SELECT DISTINCT ON (k.alert_id) k.alert_id, k.user_id, k.acknowledged_at
            FROM notification.alert_acknowledgments k JOIN ids USING (alert_id)
            ORDER BY k.alert_id, k.acknowledged_at, k.user_id)""",
        ids=_joined(ids),
    )
    over = {row["alert_id"]: row["at"] for row in found if row["user_id"] is None}
    return over, {row["alert_id"]: (row["user_id"], row["at"]) for row in found if row["user_id"] is not None}


def save(tx: Tx, alerts: Sequence[Alert], now: datetime) -> None:
    """Write the alerts, in this order: one that ended makes room for the next of its fingerprint."""
    if not alerts:
        return
    shape = ", ".join(f"{name} {kind}" for name, kind in _KEPT.items())
    tx.execute(
        f"""INSERT INTO notification.alerts AS a (tenant_id, {_COLUMNS}, updated_at)
            SELECT :tenant, {_COLUMNS}, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r ({shape})
            ON CONFLICT (tenant_id, alert_id) DO UPDATE SET {_BACK_TOGETHER}, updated_at = excluded.updated_at,
                row_version = a.row_version + 1""",
        tenant=tx.tenant_id, now=now, rows=json.dumps([{n: getattr(one, n) for n in _KEPT} for one in alerts], default=_json),
    )  # fmt: skip


def remember(tx: Tx, taken: Sequence[Taken], texts: Mapping[UUID, str], now: datetime) -> None:
    """The events with what they did, so that their second delivery is met. `texts`: what messages are to say."""
    rows: list[dict[str, Any]] = [
        {"event_id": str(one.event.event_id), "alert_id": str(one.event.alert_id), "outcome": one.outcome,
         "condition_id": str(one.alert.alert_id) if one.alert else None, "detail": one.event.model_dump(mode="json")}
        for one in taken
    ]  # fmt: skip
    for row, one in zip(rows, taken, strict=True):
        if one.event.event_id in texts:
            row["detail"]["message"] = texts[one.event.event_id]
    tx.execute(
        """INSERT INTO notification.alert_events
               (tenant_id, event_id, alert_id, condition_id, outcome, detail, received_at)
           SELECT :tenant, event_id, alert_id, condition_id, outcome, detail, :now
           FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (event_id uuid, alert_id uuid, condition_id uuid,
               outcome text, detail jsonb)
           ON CONFLICT DO NOTHING""",
        tenant=tx.tenant_id, now=now, rows=json.dumps(rows),
    )  # fmt: skip


def write_history(tx: Tx, steps: Sequence[Step], actor: str = "system", via: str = "system") -> None:
    """Add lines to the alerts' history. A microsecond apart, so that they are read in the order of the batch."""
    if not steps:
        return
    rows = [
        {"alert_id": one.alert.alert_id, "at": one.at + timedelta(microseconds=place), "kind": one.kind,
         "note": one.note, "detail": one.detail}
        for place, one in enumerate(steps)
    ]  # fmt: skip
    tx.execute(
        """INSERT INTO notification.alert_history (tenant_id, alert_id, at, kind, actor, via, note, detail)
           SELECT :tenant, alert_id, at, kind, :actor, :via, note, detail FROM jsonb_to_recordset(CAST(:rows AS jsonb))
               AS r (alert_id uuid, at timestamptz, kind text, note text, detail jsonb)""",
        tenant=tx.tenant_id, actor=actor, via=via, rows=json.dumps(rows, default=_json),
    )  # fmt: skip


def void_waiting(tx: Tx, reasons: dict[UUID, str], now: datetime) -> int:
    """Messages about these alerts that have not left are not sent any more; why stays readable."""
    if not reasons:
        return 0
    return tx.execute(
        """UPDATE notification.notifications n SET status = 'suppressed', reason = r.value, held_by = NULL,
               updated_at = :now, row_version = n.row_version + 1
           FROM jsonb_each_text(CAST(:reasons AS jsonb)) r
           WHERE n.alert_id = CAST(r.key AS uuid) AND n.status IN ('pending', 'failed')""",
        reasons=json.dumps({str(key): reason for key, reason in reasons.items()}), now=now,
    )  # fmt: skip


def mark_handled(tx: Tx, event_ids: Iterable[UUID], now: datetime) -> None:
    """The outbox remembers that these events are done, so that recovery does not hand them in again."""
    tx.execute(
        """UPDATE platform.outbox SET handled_at = :now
           WHERE event_id = ANY(CAST(string_to_array(:ids, ',') AS uuid[])) AND handled_at IS NULL""",
        ids=_joined(event_ids), now=now,
    )  # fmt: skip


def _joined(ids: Iterable[UUID]) -> str:
    """As one text: the driver looks at every character of every element of an array."""
    return ",".join(map(str, ids))


def _json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
