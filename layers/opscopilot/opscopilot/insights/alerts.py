"""Alerts as people work with them: what forecasting found, and who said "I have it"."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, encode_cursor
from opscopilot.web.fields import Amount, Quantity

AlertStatus = Literal["open", "acknowledged", "resolved", "expired"]
StatusFilter = Literal["open", "acknowledged", "resolved", "expired", "active"]
AlertSeverity = Literal["critical", "high", "medium", "low"]


class Acknowledgment(BaseModel):
    """Somebody took the alert on."""

    user_id: str
    acknowledged_at: datetime
    note: str | None


class Alert(BaseModel):
    """A condition a person should know of. Open until it is gone, whoever acknowledged it."""

    id: UUID
    alert_type: str = Field(examples=["stockout_risk"])
    severity: AlertSeverity
    status: AlertStatus = Field(description="acknowledged = still there, and somebody has taken it on; what a person "
                                "resolved is resolved, also while its condition is still there")  # fmt: skip
    snoozed_until: datetime | None = Field(description="Nobody hears of it before then, unless it gets worse.")
    snoozed_by: str | None
    resolved_by: str | None = Field(description="The person who said that it is over; null when it ended by itself.")
    title: str
    message: str
    entity_type: str
    entity_id: UUID | None
    entity_code: str | None
    dedupe_key: str
    observed: Quantity | None
    threshold: Quantity | None
    amount: Amount | None = Field(description="Money at stake, in `currency`.")
    currency: str | None
    deadline: datetime | None
    as_of: date
    version: str | None = Field(description="The forecast version in which it was last seen; null before the first.")
    first_seen_at: datetime
    last_seen_at: datetime
    seen_count: int = Field(description="Forecast runs in which it was there.")
    resolved_at: datetime | None
    cause: str | None = Field(description="The problem behind it; conditions with one cause are one alert.")
    muted_until: date | None = Field(description="Listed but not told before that day: a planned event explains it.")
    muted_reason: str | None
    reopened_count: int = Field(description="How often it was back within three days of being resolved.")
    details: dict[str, Any]
    acknowledgments: list[Acknowledgment]


# What people decided is kept with notifications, and counts: the newest alert of the same condition, if it was reported
# since this one began. One that is still on its way to notifications can be taken on already.
_ALERTS = """
WITH alerts AS (
    SELECT a.id, a.alert_type, a.severity, a.title, a.message, a.entity_type, a.entity_id, a.entity_code, a.dedupe_key,
           a.observed, a.threshold, a.amount, a.currency, a.deadline, a.as_of, a.first_seen_at, a.last_seen_at,
           a.seen_count, a.details, a.cause, a.muted_until, a.muted_reason, a.reopened_count, v.code AS version,
           CASE WHEN a.status IN ('resolved', 'expired') THEN a.status
               WHEN n.status = 'resolved' AND n.resolved_by IS NOT NULL THEN 'resolved'
               WHEN n.status = 'acknowledged' OR (n.alert_id IS NULL AND k.given IS NOT NULL) THEN 'acknowledged'
               ELSE 'open' END AS status,
           coalesce(a.resolved_at, CASE WHEN n.resolved_by IS NOT NULL THEN n.resolved_at END) AS resolved_at,
           n.resolved_by, CASE WHEN a.resolved_at IS NULL THEN n.snoozed_until END AS snoozed_until,
           CASE WHEN a.resolved_at IS NULL THEN n.snoozed_by END AS snoozed_by,
           coalesce(k.given, '[]') AS acknowledgments,
           array_position(ARRAY['critical', 'high', 'medium', 'low'], a.severity) AS rank,
           -coalesce(a.amount, 0) AS weight
    FROM forecast.forecast_alerts a
    LEFT JOIN forecast.forecast_versions v ON v.tenant_id = a.tenant_id AND v.id = a.version_id
    LEFT JOIN LATERAL (
        SELECT p.alert_id, p.status, p.resolved_at, p.resolved_by, p.snoozed_until, p.snoozed_by
        FROM notification.alerts p WHERE p.tenant_id = a.tenant_id AND p.fingerprint = a.dedupe_key
            AND p.last_raised_at >= a.first_seen_at
        ORDER BY p.closed_at DESC NULLS FIRST LIMIT 1
    ) n ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('user_id', c.user_id, 'acknowledged_at', c.acknowledged_at,
                   'note', c.note) ORDER BY c.acknowledged_at) AS given
        FROM notification.alert_acknowledgments c WHERE c.tenant_id = a.tenant_id AND c.alert_id IN (a.id, n.alert_id)
    ) k ON true
)
"""
_WHERE = """
WHERE (CAST(:status AS text) IS NULL OR status = :status OR (:status = 'active' AND status IN ('open', 'acknowledged')))
  AND (CAST(:severity AS text) IS NULL OR severity = :severity)
  AND (CAST(:type AS text) IS NULL OR alert_type = :type)
  AND (CAST(:entity AS text) IS NULL OR lower(entity_code) = lower(:entity))
"""


def alerts(
    tx: Tx, *, status: StatusFilter | None = "active", severity: AlertSeverity | None = None,
    alert_type: str | None = None, entity_code: str | None = None, cursor: str | None = None, limit: int = 50,
) -> Page[Alert]:  # fmt: skip
    """Alerts by severity, then money, then age. `status` None gives all there ever were."""
    params: dict[str, Any] = {"status": status, "severity": severity, "type": alert_type, "entity": entity_code}
    total = int(tx.scalar(f"{_ALERTS} SELECT count(*) FROM alerts {_WHERE}", **params))
    after = ""
    if cursor is not None:
        rank, weight, key = decode_cursor(cursor, 3)
        after = "AND (rank, weight, id) > (CAST(:k1 AS integer), CAST(:k2 AS numeric), CAST(:k3 AS uuid))"
        params |= {"k1": str(rank), "k2": str(weight), "k3": str(key)}
    rows = tx.rows(
        f"{_ALERTS} SELECT * FROM alerts {_WHERE} {after} ORDER BY rank, weight, id LIMIT :rows",
        **params, rows=limit + 1,
    )  # fmt: skip
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[Alert.model_validate(row) for row in rows[:limit]], total=total,
        next_cursor=encode_cursor([last["rank"], last["weight"], last["id"]]) if last else None,
    )  # fmt: skip


def alert(tx: Tx, alert_id: UUID) -> Alert:
    """One alert; NotFound when this tenant has no such alert."""
    row = tx.one(f"{_ALERTS} SELECT * FROM alerts WHERE id = :id", id=alert_id)
    if row is None:
        raise NotFound("There is no such alert.", field="alert_id", value=alert_id, expected="an id of the list")
    return Alert.model_validate(row)


def counts(tx: Tx) -> dict[str, int]:
    """Alerts whose condition is still there, by severity."""
    rows = tx.rows(
        f"{_ALERTS} SELECT severity, count(*) AS n FROM alerts WHERE status IN ('open', 'acknowledged') GROUP BY severity"
    )
    return {row["severity"]: int(row["n"]) for row in rows}
