"""Addresses nothing is sent to, because they bounced or complained; an admin lifts one when its cause is gone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import DEFAULT_LIMIT, Page, decode_cursor, encode_cursor
from opscopilot.notifications.delivery.checks import failure_of
from opscopilot.notifications.delivery.dead_letters import resolve_alerts

_WHOSE = """SELECT u.user_id FROM platform.users u LEFT JOIN notification.addresses a
        ON a.tenant_id = u.tenant_id AND a.user_id = u.user_id AND a.channel = :channel
    WHERE lower(coalesce(a.address, CASE :channel WHEN 'email' THEN u.email END)) = lower(:address)"""


class SuppressedAddress(BaseModel):
    """An address and why nothing is sent to it."""

    channel: str
    address: str
    reason: Literal["bounce", "complaint", "opt_out", "manual"]
    detail: str | None = Field(description="What the mailbox or the provider said.")
    since: datetime
    user_ids: list[str] = Field(description="Whose address it is.")


def list_suppressed(tx: Tx, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[SuppressedAddress]:
    """What is suppressed now, by channel and address."""
    after_channel, after_address = decode_cursor(cursor, 2) if cursor is not None else ("", "")
    rows = tx.rows(
        """SELECT s.channel, s.address, s.reason, s.detail, s.since, ARRAY(
               SELECT u.user_id FROM platform.users u LEFT JOIN notification.addresses a
                   ON a.tenant_id = u.tenant_id AND a.user_id = u.user_id AND a.channel = s.channel
               WHERE lower(coalesce(a.address, CASE s.channel WHEN 'email' THEN u.email END)) = s.address
               ORDER BY u.user_id) AS user_ids
           FROM notification.suppressed_addresses s
           WHERE s.lifted_at IS NULL AND (s.channel, s.address) > (:after_channel, :after_address)
           ORDER BY s.channel, s.address LIMIT :limit""",
        after_channel=str(after_channel), after_address=str(after_address), limit=limit + 1,
    )  # fmt: skip
    total = tx.scalar("SELECT count(*) FROM notification.suppressed_addresses WHERE lifted_at IS NULL")
    items = [SuppressedAddress.model_validate(row) for row in rows[:limit]]
    more = encode_cursor([items[-1].channel, items[-1].address]) if len(rows) > limit else None
    return Page[SuppressedAddress](items=items, next_cursor=more, total=total)


def lift(tx: Tx, channel: str, address: str, user_id: str, now: datetime) -> None:
    """Send to this address again from now on; NotFound when nothing keeps anybody from it."""
    whose = tx.rows(_WHOSE, channel=channel, address=address)
    lifted = tx.execute(
        """UPDATE notification.suppressed_addresses SET lifted_at = :now, lifted_by = :user_id, updated_at = :now
           WHERE channel = :channel AND address = lower(:address) AND lifted_at IS NULL""",
        channel=channel, address=address, user_id=user_id, now=now,
    )  # fmt: skip
    if lifted == 0:
        raise NotFound("This address is not suppressed.", field="address", value=address)
    alerts = [failure_of(channel, row["user_id"]) for row in whose]
    resolve_alerts(tx, alerts, now, f"{user_id} says that the address works again.")
