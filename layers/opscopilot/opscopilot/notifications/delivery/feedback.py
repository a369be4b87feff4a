"""What became of mails after SES took them: delivered, bounced, complained about. Idempotent, in any order."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Database, Row, Tx
from opscopilot.notifications.delivery import dead_letters
from opscopilot.notifications.delivery.reports import Report

_RECORDS = """AS r (message_id uuid, provider_id text, kind text, recipient text, at timestamptz, detail text)"""

# The first word about a mail counts once: a report that comes again meets its row.
_KEEP = f"""
INSERT INTO notification.provider_reports (tenant_id, provider_id, kind, recipient, at, detail)
SELECT :tenant_id, r.provider_id, r.kind, r.recipient, min(r.at), jsonb_build_object('said', min(r.detail), 'message_id',
    min(CAST(r.message_id AS text))) FROM jsonb_to_recordset(CAST(:reports AS jsonb)) {_RECORDS}
WHERE EXISTS (SELECT 1 FROM platform.tenants)
GROUP BY r.provider_id, r.kind, r.recipient
ON CONFLICT DO NOTHING RETURNING provider_id, kind, recipient"""

# A mailbox that took a mail and then sends it back has not got it; one that is away or full for now after taking it has.
_APPLY = f"""
UPDATE notification.notifications n SET
    status = CASE r.kind WHEN 'delivered' THEN 'delivered' WHEN 'rejected' THEN 'dead'
        WHEN 'bounced' THEN 'bounced' WHEN 'refused_for_now' THEN 'bounced' ELSE n.status END,
    provider_id = coalesce(n.provider_id, r.provider_id), sent_at = coalesce(n.sent_at, r.at),
    delivered_at = CASE r.kind WHEN 'delivered' THEN r.at ELSE n.delivered_at END,
    bounced_at = CASE WHEN r.kind IN ('bounced', 'refused_for_now') THEN r.at ELSE n.bounced_at END,
    dead_at = CASE r.kind WHEN 'rejected' THEN r.at WHEN 'delivered' THEN NULL ELSE n.dead_at END,
    last_error = CASE r.kind WHEN 'delivered' THEN NULL WHEN 'bounced' THEN 'Bounced: ' || r.detail
        WHEN 'refused_for_now' THEN 'Not taken for now: ' || r.detail WHEN 'complained' THEN 'Marked as spam: ' || r.detail
        WHEN 'rejected' THEN 'Rejected by SES: ' || r.detail ELSE 'Delayed: ' || r.detail END,
    updated_at = :now, row_version = n.row_version + 1
FROM jsonb_to_recordset(CAST(:reports AS jsonb)) {_RECORDS}
WHERE n.message_id = r.message_id AND n.channel = 'email' AND CASE r.kind
    WHEN 'delivered' THEN n.status IN ('sending', 'sent', 'failed', 'dead')
    WHEN 'bounced' THEN n.status IN ('sending', 'sent', 'failed', 'dead', 'delivered')
    WHEN 'refused_for_now' THEN n.status IN ('sending', 'sent', 'failed', 'dead')
    WHEN 'rejected' THEN n.status IN ('sending', 'sent', 'failed')
    WHEN 'complained' THEN n.status IN ('sent', 'delivered')
    ELSE n.status IN ('sending', 'sent') END
RETURNING n.id, n.status, n.channel, n.user_id, n.title, n.severity, n.alert_type, n.last_error, r.kind"""

# Only addresses of this tenant's own people; a suppression that was lifted after the report stays lifted.
_SUPPRESS = f"""
INSERT INTO notification.suppressed_addresses AS s (tenant_id, channel, address, reason, detail, since, updated_at)
SELECT :tenant_id, 'email', r.recipient, CASE max(r.kind) WHEN 'complained' THEN 'complaint' ELSE 'bounce' END,
    left(min(r.detail), 500), min(r.at), :now
FROM jsonb_to_recordset(CAST(:reports AS jsonb)) {_RECORDS}
WHERE r.kind IN ('bounced', 'complained') AND (
    EXISTS (SELECT 1 FROM notification.addresses a WHERE a.channel = 'email' AND lower(a.address) = r.recipient)
    OR EXISTS (SELECT 1 FROM platform.users u WHERE lower(u.email) = r.recipient)
    OR EXISTS (SELECT 1 FROM notification.notifications n
        WHERE n.message_id = r.message_id AND lower(n.destination) = r.recipient))
GROUP BY r.recipient
ON CONFLICT (tenant_id, channel, address) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
    since = excluded.since, lifted_at = NULL, lifted_by = NULL, updated_at = excluded.updated_at
    WHERE s.lifted_at IS NOT NULL AND s.lifted_at < excluded.since
RETURNING address"""


def take_in(db: Database, reports: Iterable[Report], now: datetime) -> Counter[str]:
    """Apply the reports, one transaction per tenant; how many by kind, `known` those that were applied before."""
    by_tenant: dict[UUID, list[Report]] = defaultdict(list)
    for one in reports:
        by_tenant[one.tenant_id].append(one)
    counts: Counter[str] = Counter()
    for tenant_id, own in by_tenant.items():
        with db.tenant(tenant_id) as tx:
            counts += _apply(tx, own, now)
    return counts


def _apply(tx: Tx, reports: list[Report], now: datetime) -> Counter[str]:
    new = {
        (row["provider_id"], row["kind"], row["recipient"])
        for row in tx.rows(_KEEP, tenant_id=tx.tenant_id, reports=_as_json(reports))
    }  # fmt: skip
    once = {(one.provider_id, one.kind, one.recipient): one for one in reports}
    # In the order of the facts: of a delivery and a bounce met together the bounce has the last word.
    fresh = sorted((one for key, one in once.items() if key in new), key=lambda one: (one.kind == "bounced", one.at))
    changed: list[Row] = []
    for kind in dict.fromkeys(one.kind for one in fresh):
        same = _as_json([one for one in fresh if one.kind == kind])
        changed += tx.rows(_APPLY, reports=same, now=now)
    tx.rows(_SUPPRESS, tenant_id=tx.tenant_id, reports=_as_json(fresh), now=now)
    unread = [row for row in changed if row["kind"] in ("bounced", "refused_for_now", "rejected", "complained")]
    dead_letters.raise_alerts(tx, dead_letters.lost_rows(unread), now, set())
    return Counter(one.kind for one in fresh) + Counter({"known": len(reports) - len(fresh)})


def _as_json(reports: Iterable[Report]) -> str:
    return json.dumps([
        {"message_id": str(one.message_id), "provider_id": one.provider_id, "kind": one.kind,
         "recipient": one.recipient, "at": one.at.isoformat(), "detail": one.detail[:500]}
        for one in reports
    ])  # fmt: skip
