"""Alerts in the database: one open row per condition, told once, and again only when it gets worse (P-85)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting import copyio
from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.alerting.events import DIGEST, instant, raised, seen
from opscopilot.forecasting.alerting.ground import Ground
from opscopilot.forecasting.alerting.muting import Mute
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.events import SEVERITIES, AlertRaised, AlertSeen
from opscopilot.kernel.ids import uuid7

TYPES = ("stockout_risk", "threshold_breach", "forecast_bias", "supplier_risk", "anomaly")
"""What this context watches; it closes no other alerts."""
COMES_BACK = timedelta(hours=72)
"""A condition that is there again within this time was never really gone: its alert is reopened, and not told again
unless it is worse than it was (flapping)."""
REPORTED_EVERY = timedelta(hours=1)
FOR_MANY = ("inventory", "forecast_version", "plant")
"""Entity types of conditions that speak for many things already."""
_COLUMNS = (
    "id", "alert_type", "severity", "title", "message", "entity_type", "entity_id", "entity_code", "dedupe_key",
    "observed", "threshold", "uom", "amount", "currency", "deadline", "event_id", "details", "cause", "muted_until",
    "muted_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """A condition with the row it is kept in. `event` is what goes out, None when it was told before; `told`: it
    went out now, by itself or as one of a digest. `mute`: why it is only listed. `seen`: that it is still there, for
    the list of those who were told."""

    condition: Condition
    alert_id: UUID
    event: AlertRaised | None
    mute: Mute | None = None
    told: bool = False
    seen: AlertSeen | None = None


def known_alerts(tx: Tx, now: datetime) -> dict[str, Row]:
    """Alerts whose condition was still there last time, or is gone only since a moment ago, by dedupe key."""
    found = tx.rows(
        """SELECT DISTINCT ON (dedupe_key) id, dedupe_key, severity, status, told_at, event_id, reported_at
           FROM forecast.forecast_alerts
           WHERE alert_type = ANY(CAST(:types AS text[])) AND (status IN ('open', 'acknowledged')
               OR (status = 'resolved' AND resolved_at > CAST(:since AS timestamptz)))
           ORDER BY dedupe_key, status = 'resolved', resolved_at DESC""",
        types=list(TYPES), since=now - COMES_BACK,
    )  # fmt: skip
    return {row["dedupe_key"]: row for row in found}


def open_keys(tx: Tx) -> dict[str, str]:
    """Dedupe key -> severity of what is open: a condition that is open is kept down to a lower limit."""
    found = tx.rows(
        "SELECT dedupe_key, severity FROM forecast.forecast_alerts WHERE status IN ('open', 'acknowledged')"
    )
    return {row["dedupe_key"]: row["severity"] for row in found}


def decide(
    conditions: Sequence[Condition], known: Mapping[str, Row], version: Ground, now: datetime, zone: str, tenant: UUID,
    at_most: int, mutes: Mapping[str, Mute] | None = None,
) -> list[Stored]:  # fmt: skip
    """Which conditions are news: new, worse than before, or never told because a planned event explained them and
    now none does. Beyond `at_most` news one digest speaks for the rest: 500 items running short are one message,
    not 500 (P-86). What speaks for many already is always told."""
    mutes = mutes or {}
    news = [one for one in conditions if one.key not in mutes and _is_news(one, known)]
    news.sort(key=lambda one: (SEVERITIES.index(one.severity), -(one.amount or Decimal(0)), one.key))
    single = [one for one in news if one.entity_type not in FOR_MANY]
    told = [*single[:at_most], *(one for one in news if one.entity_type in FOR_MANY)]
    untold = single[at_most:]
    listed = list(conditions)
    if untold:
        listed.append(digest(untold, version))
        told.append(listed[-1])
    loud, counted = {one.key for one in told}, {one.key for one in untold}
    out = []
    for one in listed:
        alert_id = known[one.key]["id"] if one.key in known else uuid7()
        event = raised(one, alert_id, version, now, zone, tenant) if one.key in loud else None
        still = event is None and one.key not in mutes and _is_due(known.get(one.key), now)
        out.append(Stored(
            one, alert_id, event, mutes.get(one.key), event is not None or one.key in counted,
            seen(one, alert_id, version, now, zone, tenant) if still else None,
        ))  # fmt: skip
    return out


def _is_due(before: Row | None, now: datetime) -> bool:
    """Whether those who list alerts should hear that it is still there: what was told by itself, once an hour, and
    when it is back."""
    if before is None or before.get("event_id") is None:
        return False
    last = before["reported_at"] or before["told_at"]
    return before["status"] == "resolved" or last is None or now - last >= REPORTED_EVERY


def _is_news(one: Condition, known: Mapping[str, Row]) -> bool:
    before = known.get(one.key)
    if before is None or before["told_at"] is None:
        return True
    return SEVERITIES.index(one.severity) < SEVERITIES.index(before["severity"])


def digest(untold: Sequence[Condition], version: Ground) -> Condition:
    """One alert for many. `untold` comes sorted, the gravest first."""
    first = untold[0]
    names = "; ".join(one.title for one in untold[:5])
    source = f"forecast {version.code}" if version.id else f"sensor readings of {version.as_of}"
    return Condition(
        f"{first.type}{DIGEST}{version.code}", first.type, first.severity,
        f"{len(untold)} more alerts from {source}",
        f"Besides those told one by one there are {len(untold)} more: {names}{' …' if len(untold) > 5 else ''}. "
        "The list of open alerts has them all.",
        "forecast_version" if version.id else "plant", version.id, version.code, Decimal(len(untold)), None,
        details={"dedupe_keys": [one.key for one in untold[:500]]},
    )  # fmt: skip


def store(
    tx: Tx, stored: Sequence[Stored], version: Ground, now: datetime, zone: str, only: Sequence[str] | None = None
) -> tuple[dict[str, int], list[Row]]:
    """Open what is new, reopen what came back, refresh what is still there, resolve what is gone (of the keys that
    begin with one of `only`, where it is given); how many of each, and what was resolved."""
    columns = (*_COLUMNS, "told_at", "reported_at")
    copyio.stage(tx, "alerts_now", "forecast.forecast_alerts", columns, _rows(stored, zone, now))
    common = {"version": version.id, "as_of": version.as_of, "now": now}
    like = None if only is None else [f"{one}%" for one in only]
    resolved = tx.rows(_RESOLVE, now=now, types=list(TYPES), like=like)
    reopened = tx.execute(_REOPEN)
    kept = tx.execute(_REFRESH, **common)
    opened = tx.execute(_OPEN, tenant=tx.tenant_id, **common)
    return {"opened": opened, "kept": kept, "reopened": reopened, "resolved": len(resolved)}, resolved


def _rows(stored: Sequence[Stored], zone: str, now: datetime) -> Iterator[list[Any]]:
    for item in stored:
        one, mute = item.condition, item.mute
        yield [
            item.alert_id, one.type, one.severity, one.title, one.text, one.entity_type, one.entity_id,
            one.entity_code, one.key, one.observed, one.threshold, one.uom, one.amount, one.currency,
            instant(one.deadline, zone), item.event.event_id if item.event else None,
            json.dumps(one.details, default=str), one.cause, mute.until if mute else None,
            mute.reason if mute else None, now if item.told else None, now if item.event or item.seen else None,
        ]  # fmt: skip


_RESOLVE = """
UPDATE forecast.forecast_alerts a SET status = 'resolved', resolved_at = :now, updated_at = now(),
    row_version = row_version + 1
WHERE a.status IN ('open', 'acknowledged') AND a.alert_type = ANY(CAST(:types AS text[]))
  AND (CAST(:like AS text[]) IS NULL OR a.dedupe_key LIKE ANY(CAST(:like AS text[])))
  AND NOT EXISTS (SELECT 1 FROM alerts_now n WHERE n.dedupe_key = a.dedupe_key)
RETURNING a.id, a.dedupe_key, a.cause, a.event_id
"""
_REOPEN = """
UPDATE forecast.forecast_alerts a SET status = 'open', resolved_at = NULL, reopened_count = a.reopened_count + 1
FROM alerts_now n WHERE n.id = a.id AND a.status = 'resolved'
"""
_REFRESH = """
UPDATE forecast.forecast_alerts a SET severity = n.severity, title = n.title, message = n.message,
    observed = n.observed, threshold = n.threshold, amount = n.amount, currency = n.currency, deadline = n.deadline,
    details = n.details, cause = n.cause, muted_until = n.muted_until, muted_reason = n.muted_reason,
    event_id = coalesce(n.event_id, a.event_id), told_at = coalesce(n.told_at, a.told_at),
    reported_at = coalesce(n.reported_at, a.reported_at), version_id = :version,
    as_of = :as_of, last_seen_at = :now, seen_count = a.seen_count + 1, updated_at = now(),
    row_version = a.row_version + 1
FROM alerts_now n WHERE n.id = a.id
"""
_OPEN = f"""
INSERT INTO forecast.forecast_alerts (tenant_id, version_id, as_of, first_seen_at, last_seen_at, told_at, reported_at,
    {", ".join(_COLUMNS)})
SELECT :tenant, :version, :as_of, CAST(:now AS timestamptz), CAST(:now AS timestamptz), told_at, reported_at,
    {", ".join(_COLUMNS)}
FROM alerts_now n WHERE NOT EXISTS (SELECT 1 FROM forecast.forecast_alerts a WHERE a.id = n.id)
"""
