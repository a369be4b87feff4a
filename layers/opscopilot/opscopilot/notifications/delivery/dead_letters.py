"""A message that will not get through is an alert itself: to the admins, and to its reader over other channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.events import AlertRaised, AlertResolved, record
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.delivery.checks import destination_of, failure_of
from opscopilot.notifications.delivery.model import Result, Verdict

_NAMED = 5
"""Lost messages named one by one in the alert; the others are counted."""
_OPEN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Lost:
    """A notification nobody will see. `of`: the destination where that is to blame, else the user."""

    channel: str
    of: str
    user_id: str
    title: str
    severity: str
    error: str

    @property
    def fingerprint(self) -> str:
        """One alert for each, however many messages are lost."""
        return failure_of(self.channel, self.of)


def lost(results: Iterable[Result]) -> list[Lost]:
    """What died, but for messages about messages: those would never end."""
    return [
        Lost(one.parcel.channel, one.parcel.destination if one.blames == "destination" else row["user_id"],
             row["user_id"], row["title"], row["severity"], one.error or "")
        for one in results if one.status == "dead"
        for row in one.parcel.rows if row["alert_type"] != "delivery_failed"
    ]  # fmt: skip


def lost_rows(rows: Iterable[Row]) -> list[Lost]:
    """The same for rows of notifications, each a matter of its user."""
    return [
        Lost(row["channel"], row["user_id"], row["user_id"], row["title"], row["severity"], row["last_error"] or "")
        for row in rows if row["alert_type"] != "delivery_failed"
    ]  # fmt: skip


def given_up(staying: Iterable[tuple[Row, Verdict]], kinds: Kinds) -> list[Lost]:
    """Of those that do not leave: what waited too long for a destination that is down."""
    return [
        Lost(row["channel"], destination_of(kinds, row["channel"], row["address"]), row["user_id"], row["title"],
             row["severity"], found.reason)
        for row, found in staying if found.dead and row["alert_type"] != "delivery_failed"
    ]  # fmt: skip


def raise_alerts(tx: Tx, found: Iterable[Lost], now: datetime, told: set[str]) -> int:
    """One alert per destination or address, in the outbox with what it is about; how many. `told` names those
    raised before in the same round and grows: a thousand lost messages are one alert."""
    groups: dict[str, list[Lost]] = defaultdict(list)
    for one in found:
        groups[one.fingerprint].append(one)
    fresh = {key: group for key, group in groups.items() if key not in told}
    if not fresh:
        return 0
    admins = tx.rows("SELECT user_id FROM platform.users WHERE role = 'admin' AND status = 'active'")
    for key, group in fresh.items():
        told.add(key)
        record(tx, _alert(tx, key, group, {row["user_id"] for row in admins}, now))
    return len(fresh)


def resolve_alerts(tx: Tx, fingerprints: Collection[str], now: datetime, reason: str) -> None:
    """Messages get through again: the alerts that said they do not are over. The outbox tells."""
    if not fingerprints:
        return
    found = tx.rows(
        """SELECT tenant_id, alert_id, fingerprint FROM notification.alerts
           WHERE closed_at IS NULL AND fingerprint = ANY(:fingerprints) ORDER BY fingerprint""",
        fingerprints=list(fingerprints),
    )
    for row in found:
        record(tx, AlertResolved(
            tenant_id=row["tenant_id"], occurred_at=now, correlation_id=row["fingerprint"], alert_id=row["alert_id"],
            dedupe_key=row["fingerprint"], reason=reason,
        ))  # fmt: skip


def _alert(tx: Tx, key: str, group: list[Lost], admins: set[str], now: datetime) -> AlertRaised:
    first = group[0]
    readers = sorted({one.user_id for one in group})
    who = readers[0] if len(readers) == 1 else f"{len(readers)} people"
    assert tx.tenant_id is not None  # alerts are raised inside a tenant's transaction only
    return AlertRaised(
        tenant_id=tx.tenant_id, occurred_at=now, correlation_id=key, alert_id=uuid7(), alert_type="delivery_failed",
        severity="critical" if any(one.severity == "critical" for one in group) else "high",
        title=f"{first.channel} does not reach {who}" + (f" ({first.of})" if first.of != first.user_id else ""),
        message=_message(group), entity_type="destination" if first.of != first.user_id else "user",
        entity_code=f"{first.channel}:{first.of}", dedupe_key=key, to_users=tuple(sorted(admins | set(readers))),
        actions=("Correct the address or the channel, then have the messages sent again.",),
        expires_at=now + _OPEN_FOR,
    )  # fmt: skip


def _message(group: list[Lost]) -> str:
    lines = [f"{one.user_id}: {one.title}. {one.error}" for one in group[:_NAMED]]
    if len(group) > _NAMED:
        lines.append(f"and {len(group) - _NAMED} more")
    return "Given up, nobody has seen them:\n" + "\n".join(lines)
