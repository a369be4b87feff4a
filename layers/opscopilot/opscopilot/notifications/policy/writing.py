"""Decisions become notifications: one statement for a batch, however many alerts and people it has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.events import AlertType, Severity
from opscopilot.notifications.policy.model import Decision, Plan

_KINDS: dict[Severity, str] = {
    "critical": "alert", "high": "alert", "medium": "warning", "low": "warning", "info": "info",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """The alert that notifications are about. `event_id`: the event in alert_events that they are worded from."""

    alert_id: UUID
    event_id: UUID
    title: str
    message: str
    alert_type: AlertType
    severity: Severity
    fingerprint: str


def write(tx: Tx, plans: Sequence[tuple[Told, Plan]], now: datetime) -> int:
    """Write every decision of the plans as a notification; how many are new.

    Who was told of an alert at this severity, for this purpose and round, over this channel is not told again.
    Decisions that several plans share are sent to the database once.
    """
    sets: dict[tuple[int, ...], int] = {}
    about = []
    decisions: list[dict[str, Any]] = []
    for told, plan in plans:
        key = tuple(map(id, plan.decisions))
        if key not in sets:
            sets[key] = len(sets)
            decisions += [_decision(one, sets[key]) for one in plan.decisions]
        about.append(_about(told, sets[key]))
    if not decisions:
        return 0
    written = tx.execute(
        """INSERT INTO notification.notifications (tenant_id, alert_id, event_id, user_id, title, message, type,
               alert_type, severity, channel, status, reason, dedupe_key, scheduled_at, held_by, purpose, round,
               urgent, silence_id, created_at, updated_at)
           SELECT :tenant_id, a.alert_id, a.event_id, d.user_id, a.title, a.message, a.kind, a.alert_type, a.severity,
               d.channel, d.status, d.reason, a.fingerprint, d.scheduled_at, d.held_by, d.purpose, d.round, d.urgent,
               d.silence_id, :now, :now
           FROM jsonb_to_recordset(CAST(:about AS jsonb)) AS a (alert_id uuid, event_id uuid, title text, message text,
                   kind text, alert_type text, severity text, fingerprint text, decided integer)
               JOIN jsonb_to_recordset(CAST(:decisions AS jsonb)) AS d (decided integer, user_id text, channel text,
                   status text, reason text, scheduled_at timestamptz, held_by text, purpose text, round integer,
                   urgent boolean, silence_id uuid) USING (decided)
           ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING""",
        tenant_id=tx.tenant_id, now=now, about=json.dumps(about), decisions=json.dumps(decisions),
    )  # fmt: skip
    add_history(tx, [one for told, plan in plans if (one := _silenced(told, plan)) is not None], now)
    return written


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of an alert's history that the system itself writes."""

    alert_id: UUID
    kind: Literal["policy_step", "silenced"]
    note: str
    detail: dict[str, Any]


def add_history(tx: Tx, lines: Sequence[Happened], now: datetime) -> None:
    """Write the lines; nobody can change or take them away afterwards."""
    if lines:
        rows = [
            {"alert_id": str(one.alert_id), "kind": one.kind, "note": one.note, "detail": one.detail} for one in lines
        ]
        tx.execute(
            """INSERT INTO notification.alert_history (tenant_id, alert_id, at, kind, actor, via, note, detail)
               SELECT :tenant_id, r.alert_id, :now, r.kind, 'system', 'system', r.note, r.detail
               FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (alert_id uuid, kind text, note text, detail jsonb)""",
            tenant_id=tx.tenant_id, now=now, rows=json.dumps(rows),
        )  # fmt: skip


def _silenced(told: Told, plan: Plan) -> Happened | None:
    held = [one for one in plan.decisions if one.silence_id is not None and one.purpose == "raised"]
    if not held:
        return None
    by = {str(one.silence_id) for one in held}
    note = f"A silence holds back {len(held)} notification{'' if len(held) == 1 else 's'}. {held[0].reason}"
    return Happened(told.alert_id, "silenced", note, {"silences": sorted(by), "notifications": len(held)})


def start_policies(tx: Tx, plans: Sequence[tuple[Told, Plan]], now: datetime) -> None:
    """Note with each alert which escalation policy takes care of it and when its next step is due."""
    rows = [
        {"alert_id": str(told.alert_id), "policy_code": plan.policy_code, "policy_step": plan.policy_step,
         "next_step_at": plan.next_step_at.isoformat() if plan.next_step_at else None}
        for told, plan in plans
    ]  # fmt: skip
    if rows:
        tx.execute(
            """UPDATE notification.alerts a SET policy_code = r.policy_code, policy_step = r.policy_step,
                   next_step_at = r.next_step_at, updated_at = :now, row_version = a.row_version + 1
               FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                   AS r (alert_id uuid, policy_code text, policy_step integer, next_step_at timestamptz)
               WHERE a.alert_id = r.alert_id""",
            rows=json.dumps(rows), now=now,
        )  # fmt: skip


def _about(told: Told, decided: int) -> dict[str, Any]:
    return {
        "alert_id": str(told.alert_id), "event_id": str(told.event_id), "title": told.title, "message": told.message,
        "kind": _KINDS[told.severity], "alert_type": told.alert_type, "severity": told.severity,
        "fingerprint": told.fingerprint, "decided": decided,
    }  # fmt: skip


def _decision(one: Decision, decided: int) -> dict[str, Any]:
    return {
        "decided": decided, "user_id": one.user_id, "channel": one.channel, "status": one.status, "reason": one.reason,
        "scheduled_at": one.scheduled_at.isoformat() if one.scheduled_at else None, "held_by": one.held_by,
        "purpose": one.purpose, "round": one.round, "urgent": one.urgent,
        "silence_id": str(one.silence_id) if one.silence_id else None,
    }  # fmt: skip
