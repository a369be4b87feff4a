"""Silences: made, listed with what they hold back, ended early. The matching itself is in `matching` and `holding`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.kernel.tenancy import Principal
from opscopilot.notifications.policy import stored
from opscopilot.notifications.policy.silence_schemas import Silence, SilenceAsked, SilenceState

LONGEST = timedelta(days=30)
_MATCHERS = ("alert_types", "workspaces", "entity_pattern", "place", "correlation_key")
_SHOWN = f"""
SELECT * FROM (SELECT {stored.SILENCE},
    CASE WHEN ended_at IS NOT NULL OR ends_at <= :now THEN 'ended' WHEN starts_at > :now THEN 'scheduled'
        ELSE 'active' END AS state
    FROM notification.silences) s
"""
_HELD = """(SELECT count(*) FROM notification.notifications n
    WHERE n.silence_id = s.id AND n.status = 'pending' AND n.held_by = 'silence') AS holds"""


def make(tx: Tx, who: Principal, asked: SilenceAsked, now: datetime) -> Silence:
    """A new silence; ValidationFailed when it never was, has no end in sight, or would cover everything."""
    starts = max(asked.starts_at or now, now)
    _check(asked, who, starts, now)
    made = tx.scalar(
        """INSERT INTO notification.silences (tenant_id, reason, alert_types, workspaces, entity_pattern, place,
               correlation_key, starts_at, ends_at, created_by, created_at, updated_at)
           VALUES (:tenant_id, :reason, :alert_types, :workspaces, :entity_pattern, :place,
               :correlation_key, :starts, :ends, :by, :now, :now) RETURNING id""",
        tenant_id=tx.tenant_id, reason=asked.reason, alert_types=sorted(set(asked.alert_types)),
        workspaces=sorted(set(asked.workspaces)), entity_pattern=asked.entity_pattern, place=asked.place,
        correlation_key=asked.correlation_key, starts=starts, ends=asked.ends_at, by=who.user_id, now=now,
    )  # fmt: skip
    return read(tx, made, now)


def _check(asked: SilenceAsked, who: Principal, starts: datetime, now: datetime) -> None:
    if asked.ends_at <= starts:
        raise ValidationFailed(
            "A silence has to end after it starts, and in the future.", field="ends_at",
            value=asked.ends_at.isoformat(), expected=f"later than {starts.isoformat()}",
        )  # fmt: skip
    if asked.ends_at > now + LONGEST:
        raise ValidationFailed(
            f"A silence ends within {LONGEST.days} days, so that none is forgotten.", field="ends_at",
            value=asked.ends_at.isoformat(), expected=f"at most {(now + LONGEST).isoformat(timespec='minutes')}",
        )  # fmt: skip
    if who.role != "admin" and not any(getattr(asked, name) for name in _MATCHERS):
        raise ValidationFailed(
            "Say which alerts are meant; only an admin may silence all of them.", field="alert_types", value=[],
            expected=f"at least one of {', '.join(_MATCHERS)}",
        )  # fmt: skip


def read(tx: Tx, silence_id: UUID, now: datetime) -> Silence:
    """One silence; NotFound when this tenant has none with that id."""
    row = tx.one(f"SELECT s.*, {_HELD} FROM ({_SHOWN} WHERE s.id = :id) s", id=silence_id, now=now)
    if row is None:
        raise NotFound("There is no such silence.", field="silence_id", value=silence_id)
    return Silence.model_validate(row)


def list_all(tx: Tx, now: datetime, state: SilenceState | None, limit: int, cursor: str | None) -> Page[Silence]:
    """Silences, the newest first."""
    given: dict[str, Any] = {"now": now, "state": state}
    chosen = f"({_SHOWN} WHERE CAST(:state AS text) IS NULL OR s.state = :state)"
    total = int(tx.scalar(f"SELECT count(*) FROM {chosen} s", **given))
    after = ""
    if cursor is not None:
        created, last_id = decode_cursor(cursor, 2)
        after = "WHERE (s.created_at, s.id) < (CAST(:created AS timestamptz), CAST(:last_id AS uuid))"
        given |= {"created": str(created), "last_id": str(last_id)}
    rows = tx.rows(
        f"SELECT s.*, {_HELD} FROM {chosen} s {after} ORDER BY s.created_at DESC, s.id DESC LIMIT :limit",
        limit=limit + 1, **given,
    )  # fmt: skip
    return page(rows, limit, total, ("created_at", "id"), Silence.model_validate)


def end(tx: Tx, silence_id: UUID, who: Principal, now: datetime) -> Silence:
    """End it now; what it holds is let go within a minute. One that is over already stays as it is."""
    tx.execute(
        """UPDATE notification.silences SET ended_at = :now, ended_by = :by, updated_at = :now,
               row_version = row_version + 1 WHERE id = :id AND ended_at IS NULL AND ends_at > :now""",
        id=silence_id, by=who.user_id, now=now,
    )  # fmt: skip
    return read(tx, silence_id, now)
