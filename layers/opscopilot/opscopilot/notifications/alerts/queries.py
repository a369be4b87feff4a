"""Reads of alerts for the API: the list, one alert with all that happened, whom it reached."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.events import AlertType, Severity
from opscopilot.kernel.pagination import DEFAULT_LIMIT, Page, cut, decode_cursor
from opscopilot.notifications.alerts import ranking
from opscopilot.notifications.alerts.schemas import (
    AlertDeliveries,
    AlertDetail,
    AlertListed,
    HistoryLine,
    StatusFilter,
)

_SAME_CAUSE = 50
_LINES = 100
_SHOWN = f"""a.alert_id, a.alert_type, a.severity, a.status, a.title, a.message, a.entity_type, a.entity_id, a.entity_code,
    a.place, a.fingerprint, a.correlation_key, a.amount, a.currency, {ranking.SQL} AS amount_per_hour, a.deadline,
    a.first_seen, a.last_seen, a.occurrences, a.reopened_count, a.flapping_since, a.acknowledged_at, a.acknowledged_by,
    a.snoozed_until, a.snoozed_by, a.closed_at, a.resolved_by, a.expires_at, a.policy_code, a.policy_step,
    CASE a.status WHEN 'open' THEN a.next_step_at END AS next_step_at"""
_SYMPTOMS = """(SELECT count(*) FROM notification.alerts s WHERE s.correlation_key = r.correlation_key
    AND s.closed_at IS NULL AND s.alert_id <> r.alert_id) AS symptoms"""
# The gravest first, then what costs most per hour, then the oldest.
_RANKED = f"""(SELECT {_SHOWN}, array_position(ARRAY['critical', 'high', 'medium', 'low', 'info'], a.severity) AS rank,
    CAST({ranking.SQL} IS NULL AS integer) AS unknown, -coalesce({ranking.SQL}, 0) AS weight
    FROM notification.alerts a WHERE {{where}})"""
_KEYS = ("at", "rank", "unknown", "weight", "first_seen", "alert_id")
_FILTERS = {
    "severity": "a.severity = :severity", "alert_type": "a.alert_type = :alert_type",
    "entity": "lower(a.entity_code) = lower(:entity)", "place": "lower(a.place) = lower(:place)",
    "correlation_key": "a.correlation_key = :correlation_key",
}  # fmt: skip


def listed(
    tx: Tx, now: datetime, *, status: StatusFilter | None = "active", severity: Severity | None = None,
    alert_type: AlertType | None = None, entity: str | None = None, place: str | None = None,
    correlation_key: str | None = None, limit: int = DEFAULT_LIMIT, cursor: str | None = None,
) -> Page[AlertListed]:  # fmt: skip
    """Alerts: the gravest, then the dearest per hour, then the oldest. `status` None gives all there ever were; active
    = open or acknowledged. What an hour costs is as of the moment at which the first page was read."""
    given = {"severity": severity, "alert_type": alert_type, "entity": entity, "place": place,
             "correlation_key": correlation_key}  # fmt: skip
    params: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(["true", *(_FILTERS[name] for name in params)])
    if status is not None:
        where += " AND a.closed_at IS NULL" if status == "active" else " AND a.status = :status"
        params |= {"status": status} if status != "active" else {}
    total = int(tx.scalar(f"SELECT count(*) FROM notification.alerts a WHERE {where}", **params))
    after = "true"
    params |= {"now": now.isoformat()}
    if cursor is not None:
        keys = [str(one) for one in decode_cursor(cursor, len(_KEYS))]
        params |= dict(zip(("now", "k1", "k2", "k3", "k4", "k5"), keys, strict=True))
        after = """(rank, unknown, weight, first_seen, alert_id) > (CAST(:k1 AS integer), CAST(:k2 AS integer),
            CAST(:k3 AS numeric), CAST(:k4 AS timestamptz), CAST(:k5 AS uuid))"""
    rows = tx.rows(
        f"""SELECT r.*, CAST(:now AS text) AS at, {_SYMPTOMS} FROM (
                SELECT * FROM {_RANKED.format(where=where)} q WHERE {after}
                ORDER BY rank, unknown, weight, first_seen, alert_id LIMIT :rows) r
            ORDER BY rank, unknown, weight, first_seen, alert_id""",
        **params, rows=limit + 1,
    )  # fmt: skip
    kept, following = cut(rows, limit, *_KEYS)
    return Page(items=[AlertListed.model_validate(row) for row in kept], next_cursor=following, total=total)


def alert_of(tx: Tx, alert_id: UUID) -> UUID:
    """The alert with that id, or the one that a report with that id became part of; NotFound when neither exists."""
    found: UUID | None = tx.scalar(
        """SELECT coalesce((SELECT alert_id FROM notification.alerts WHERE alert_id = :id),
               (SELECT condition_id FROM notification.alert_events WHERE alert_id = :id AND condition_id IS NOT NULL
                ORDER BY received_at DESC LIMIT 1))""",
        id=alert_id,
    )
    if found is None:
        raise NotFound("There is no such alert.", field="alert_id", value=alert_id, expected="an id of the list")
    return found


def detail(tx: Tx, alert_id: UUID, now: datetime) -> AlertDetail:
    """One alert with all that is known of it; NotFound until notify has taken it in."""
    found = alert_of(tx, alert_id)
    row = tx.one(
        f"""SELECT r.*, {_SYMPTOMS}, e.detail FROM (SELECT {_SHOWN} FROM notification.alerts a WHERE a.alert_id = :id) r
            CROSS JOIN LATERAL (SELECT detail FROM notification.alert_events e WHERE e.condition_id = r.alert_id
                AND e.outcome NOT IN ('resolved', 'ignored') ORDER BY e.received_at DESC, e.event_id DESC LIMIT 1) e""",
        id=found, now=now,
    )  # fmt: skip
    assert row is not None  # an alert is stored together with the event that opened it
    same = listed(tx, now, correlation_key=row["correlation_key"], limit=_SAME_CAUSE).items
    reported = row.pop("detail")
    return AlertDetail.model_validate({
        **row, **{name: reported.get(name) for name in ("observed", "threshold", "uom", "link")},
        "actions": reported.get("actions") or [], "history": history(tx, found, _LINES).items,
        "same_cause": [one for one in same if one.alert_id != found], **_reached(tx, found, "notifications"),
    })  # fmt: skip


def history(tx: Tx, alert_id: UUID, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[HistoryLine]:
    """What happened to an alert, newest first."""
    total = int(tx.scalar("SELECT count(*) FROM notification.alert_history WHERE alert_id = :id", id=alert_id))
    after, params = "true", {"id": alert_id, "rows": limit + 1}
    if cursor is not None:
        at, last = decode_cursor(cursor, 2)
        after = "(h.at, h.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))"
        params |= {"at": str(at), "last": str(last)}
    rows = tx.rows(
        f"""SELECT id, at, kind, actor, via, note, detail FROM notification.alert_history h
            WHERE h.alert_id = :id AND {after} ORDER BY h.at DESC, h.id DESC LIMIT :rows""",
        **params,
    )
    kept, following = cut(rows, limit, "at", "id")
    return Page(items=[HistoryLine.model_validate(row) for row in kept], next_cursor=following, total=total)


def deliveries(tx: Tx, alert_id: UUID) -> AlertDeliveries:
    """Whom an alert reached and who took it on; NotFound until notify has taken it in."""
    found = alert_of(tx, alert_id)
    row = tx.one(
        """SELECT alert_id, severity, occurrences, first_seen, last_seen FROM notification.alerts
           WHERE alert_id = :id""",
        id=found,
    )  # fmt: skip
    return AlertDeliveries.model_validate({**(row or {}), **_reached(tx, found, "counts"), "alert_id": alert_id})


def _reached(tx: Tx, alert_id: UUID, counts: str) -> dict[str, Any]:
    counted = tx.rows(
        """SELECT channel, status, count(*) AS n FROM notification.notifications WHERE alert_id = :id
           GROUP BY channel, status ORDER BY channel, status""",
        id=alert_id,
    )  # fmt: skip
    taken_on = tx.rows(
        """SELECT k.alert_id, k.user_id, k.acknowledged_at, k.note, true AS first
           FROM notification.alert_acknowledgments k WHERE k.alert_id = :id OR k.alert_id IN (
               SELECT e.alert_id FROM notification.alert_events e WHERE e.condition_id = :id)
           ORDER BY k.acknowledged_at, k.user_id""",
        id=alert_id,
    )  # fmt: skip
    return {
        "channels_notified": _channels(counted, "sent", "delivered"),
        "channels_failed": _channels(counted, "failed", "dead", "bounced"),
        counts: _sums(counted),
        "acknowledgments": taken_on,
    }


def _channels(counted: list[Row], *statuses: str) -> list[str]:
    return sorted({row["channel"] for row in counted if row["status"] in statuses})


def _sums(counted: list[Row]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in counted:
        sums[row["status"]] = sums.get(row["status"], 0) + int(row["n"])
    return sums
