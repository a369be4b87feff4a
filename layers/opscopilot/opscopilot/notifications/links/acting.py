"""What following a link finds, and what using it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.alerts import life
from opscopilot.notifications.links.signing import Link
from opscopilot.notifications.links.snoozing import Snooze, snooze_until

State = Literal["ready", "done", "used", "closed", "suspended", "may_not", "unknown"]

_FOUND = """
SELECT a.title, a.severity, a.status, a.place, a.deadline, a.amount, a.currency, a.acknowledged_at,
    coalesce(by.name, by.email, a.acknowledged_by) AS acknowledged_by,
    a.snoozed_until, a.closed_at, a.resolved_by, t.name AS plant, t.default_time_zone AS zone,
    t.language, p.locale,
    t.status AS tenant_status, u.status AS user_status, u.role, coalesce(u.name, u.email, u.user_id) AS who,
    used.used_at, used.action AS used_for
FROM platform.tenants t
JOIN platform.users u ON u.tenant_id = t.tenant_id AND u.user_id = :user_id
JOIN notification.alerts a ON a.tenant_id = t.tenant_id AND a.alert_id = :alert_id
LEFT JOIN notification.notification_preferences p ON p.tenant_id = t.tenant_id AND p.user_id = u.user_id
LEFT JOIN platform.users by ON by.tenant_id = t.tenant_id AND by.user_id = a.acknowledged_by
LEFT JOIN notification.used_links used ON used.tenant_id = t.tenant_id AND used.link_id = :link_id"""


@dataclass(frozen=True)
class Found:
    """What a link leads to. `until`: what it was just snoozed until."""

    state: State
    row: Row
    until: datetime | None = None

    @property
    def money(self) -> tuple[Decimal, str] | None:
        """What is at stake, with its currency."""
        amount = self.row.get("amount")
        return (amount, self.row["currency"]) if amount is not None and self.row.get("currency") else None


def look(tx: Tx, link: Link) -> Found:
    """What the link leads to now. Changes nothing, however often it is called: scanners follow links before people."""
    row = tx.one(_FOUND, user_id=link.user_id, alert_id=link.alert_id, link_id=link.link_id)
    if row is None:
        return Found("unknown", {})
    return Found(_state(row), row)


def _state(row: Row) -> State:
    if row["tenant_status"] != "active" or row["user_status"] != "active":
        return "suspended"
    if row["role"] == "viewer":
        return "may_not"
    if row["used_at"] is not None:
        return "used"
    return "closed" if row["closed_at"] is not None else "ready"


def use(tx: Tx, link: Link, now: datetime, note: str | None = None, choice: Snooze = "1h") -> Found:
    """Do what the link allows, once. Of two clicks at the same moment the second waits for the first and finds it used;
    if the first fails its use is undone with it, and the second acts."""
    found = look(tx, link)
    if found.state != "ready":
        return found
    taken = tx.execute(
        """INSERT INTO notification.used_links (tenant_id, link_id, alert_id, user_id, action, used_at)
           VALUES (:tenant_id, :link_id, :alert_id, :user_id, :action, :now) ON CONFLICT DO NOTHING""",
        tenant_id=link.tenant_id, link_id=link.link_id, alert_id=link.alert_id, user_id=link.user_id,
        action=link.action, now=now,
    )  # fmt: skip
    if taken != 1:
        return look(tx, link)
    until = snooze_until(choice, now, found.row["zone"]) if link.action == "snooze" else None
    if until is None:
        life.acknowledge(tx, link.alert_id, link.user_id, note, now, via="link")
    else:
        life.snooze(tx, link.alert_id, link.user_id, until, note, now, via="link")
    return Found("done", found.row, until)
