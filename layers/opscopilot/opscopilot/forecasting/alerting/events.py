"""What the world hears of a condition: that it is there, still there, or gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.alerting.ground import Ground
from opscopilot.kernel.db import Row
from opscopilot.kernel.events import AlertRaised, AlertResolved, AlertSeen

DIGEST = ":digest:"
"""In the key of an alert that speaks for those a run found beyond `notify_at_most`."""
_DIGEST_LASTS = timedelta(days=1)
"""The next run has its own digest; that one is gone does not mean that what it counted is."""


def raised(one: Condition, alert_id: UUID, ground: Ground, now: datetime, zone: str, tenant: UUID) -> AlertRaised:
    """Somebody should know."""
    return AlertRaised(**_fields(one, alert_id, ground, now, zone, tenant))


def seen(one: Condition, alert_id: UUID, ground: Ground, now: datetime, zone: str, tenant: UUID) -> AlertSeen:
    """It is still there, with the numbers of now; nobody is told."""
    return AlertSeen(**_fields(one, alert_id, ground, now, zone, tenant))


def resolved(
    gone: Iterable[Row], current: Sequence[Condition], ground: Ground, now: datetime, tenant: UUID
) -> list[AlertResolved]:
    """The end of each alert that was told by itself. One whose cause goes on under another key says where."""
    by_cause = {one.cause: one for one in current if one.cause}
    return [
        AlertResolved(
            tenant_id=tenant, occurred_at=now, correlation_id=ground.code, alert_id=row["id"],
            dedupe_key=row["dedupe_key"], reason=_reason(by_cause.get(row["cause"]), ground),
        )
        for row in gone if row["event_id"] is not None and DIGEST not in row["dedupe_key"]
    ]  # fmt: skip


def _reason(goes_on: Condition | None, ground: Ground) -> str:
    if goes_on is not None:
        return f"It is part of another alert now: {goes_on.title}."
    basis = f"forecast {ground.code}" if ground.id else f"what is known of {ground.as_of}"
    return f"The condition is gone as of {basis}."


def _fields(
    one: Condition, alert_id: UUID, ground: Ground, now: datetime, zone: str, tenant: UUID
) -> Mapping[str, Any]:
    return {
        "tenant_id": tenant, "occurred_at": now, "correlation_id": ground.code, "alert_id": alert_id,
        "alert_type": one.type, "severity": one.severity, "title": one.title, "message": one.message,
        "entity_type": one.entity_type, "entity_id": one.entity_id, "entity_code": one.entity_code,
        "entity_name": one.name, "dedupe_key": one.key, "correlation_key": one.cause or one.key, "amount": one.amount,
        "currency": one.currency, "amount_per_hour": one.per_hour, "deadline": instant(one.deadline, zone),
        "place": one.place, "observed": one.observed, "threshold": one.threshold, "uom": one.uom,
        "actions": one.actions, "expires_at": now + _DIGEST_LASTS if DIGEST in one.key else None,
    }  # fmt: skip


def instant(day: date | None, zone: str) -> datetime | None:
    """The moment at which that day begins at the plant."""
    return None if day is None else datetime.combine(day, time(0), ZoneInfo(zone))
