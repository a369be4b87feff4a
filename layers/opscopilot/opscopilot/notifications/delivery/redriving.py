"""Try again what was given up, in bulk: {"task": "redrive", "status": "dead", "channel": …, "since": …}."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import ValidationFailed


class Asked(BaseModel):
    """What to try again: notifications that are dead, of one channel or tenant or since an instant, if named."""

    model_config = ConfigDict(extra="forbid")

    task: Literal["redrive"]
    status: Literal["dead"] = "dead"
    channel: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]{1,19}$")
    since: AwareDatetime | None = None
    tenant_id: UUID | None = None


def asked(event: dict[str, Any]) -> Asked:
    """The request in the event; ValidationFailed naming the field that is wrong."""
    try:
        return Asked.model_validate(event)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ValidationFailed(
            f"The redrive cannot be done: {where}: {fault['msg']}", field=where, value=fault["input"],
            expected="status dead; channel, since (an instant with its zone) and tenant_id are optional",
        ) from None  # fmt: skip


def redrive_all(db: Database, what: Asked, now: datetime) -> Counter[str]:
    """Make it due again for every active tenant; the next sweep sends it. How many."""
    with db.system() as tx:
        found = tx.rows("SELECT tenant_id FROM platform.tenants WHERE status = 'active' ORDER BY tenant_id")
    counts: Counter[str] = Counter(redriven=0)
    for tenant_id in (row["tenant_id"] for row in found):
        if what.tenant_id in (None, tenant_id):
            with db.tenant(tenant_id) as tx:
                counts["redriven"] += redrive(tx, now, what.channel, what.since)
    return counts


def redrive(tx: Tx, now: datetime, channel: str | None = None, since: datetime | None = None) -> int:
    """Dead notifications of this tenant get all their attempts back; how many."""
    return tx.execute(
        """UPDATE notification.notifications SET status = 'pending', attempts = 0, interruptions = 0, dead_at = NULL,
               scheduled_at = :now, retry_requested_at = NULL, updated_at = :now, row_version = row_version + 1
           WHERE status = 'dead' AND (CAST(:channel AS text) IS NULL OR channel = :channel)
               AND (CAST(:since AS timestamptz) IS NULL OR coalesce(dead_at, updated_at) >= :since)""",
        now=now, channel=channel, since=since,
    )  # fmt: skip
