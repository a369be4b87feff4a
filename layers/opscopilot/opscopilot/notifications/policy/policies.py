"""Escalation policies: checked against who there is, put, listed, taken out of use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.kernel.tenancy import ROLES, Principal
from opscopilot.notifications.channels import Kinds, all_known
from opscopilot.notifications.policy import stored
from opscopilot.notifications.policy.policy_schemas import EscalationPolicy, PolicyAsked, TargetField
from opscopilot.notifications.policy.rules import BUILT_IN, DEFAULT_POLICY, LAST

_TABLE = "notification.escalation_policies"


def put(tx: Tx, who: Principal, code: str, asked: PolicyAsked, kinds: Kinds) -> EscalationPolicy:
    """Make the policy, or replace it; one that was out of use is in use again."""
    _refuse_built_in(code)
    _check(tx, asked, kinds)
    steps = [one.model_dump() for one in asked.steps]
    tx.execute(
        f"""INSERT INTO {_TABLE} AS p (tenant_id, code, name, priority, min_severity, alert_types, workspaces,
                entity_pattern, place, steps, exclusive, created_by)
            VALUES (:tenant_id, :code, :name, :priority, :min_severity, :alert_types, :workspaces,
                :entity_pattern, :place, CAST(:steps AS jsonb), :exclusive, :by)
            ON CONFLICT (tenant_id, code) DO UPDATE SET name = excluded.name, priority = excluded.priority,
                min_severity = excluded.min_severity, alert_types = excluded.alert_types,
                workspaces = excluded.workspaces, entity_pattern = excluded.entity_pattern, place = excluded.place,
                steps = excluded.steps, exclusive = excluded.exclusive, is_active = true, updated_at = now(),
                row_version = p.row_version + 1""",
        tenant_id=tx.tenant_id, code=code, name=asked.name, priority=asked.priority, min_severity=asked.min_severity,
        alert_types=sorted(set(asked.alert_types)), workspaces=sorted(set(asked.workspaces)),
        entity_pattern=asked.entity_pattern, place=asked.place, steps=json.dumps(steps), exclusive=asked.exclusive,
        by=who.user_id,
    )  # fmt: skip
    return read(tx, code)


def read(tx: Tx, code: str) -> EscalationPolicy:
    """One policy; NotFound when this tenant has none of that code."""
    if code == BUILT_IN:
        return _built_in()
    row = tx.one(f"SELECT {stored.POLICY} FROM {_TABLE} WHERE code = :code", code=code)
    if row is None:
        raise NotFound("There is no such escalation policy.", field="code", value=code)
    return EscalationPolicy.model_validate(row)


def list_all(tx: Tx, limit: int, cursor: str | None, *, active: bool | None) -> Page[EscalationPolicy]:
    """Policies in the order in which they are tried; the built-in one is the last."""
    chosen = f"(SELECT {stored.POLICY}, false AS built_in FROM {_TABLE} UNION ALL {_BUILT_IN_ROW})"
    given: dict[str, Any] = {"active": active, "code": BUILT_IN, "last": LAST}
    where = "(CAST(:active AS boolean) IS NULL OR is_active = :active)"
    total = int(tx.scalar(f"SELECT count(*) FROM {chosen} p WHERE {where}", **given))
    if cursor is not None:
        priority, code = decode_cursor(cursor, 2)
        if not isinstance(priority, int):
            raise ValidationFailed("The cursor does not belong to this list.", field="cursor", value=cursor,
                                   expected="the `next_cursor` of the page before, unchanged")  # fmt: skip
        where += " AND (priority, code) > (CAST(:after_priority AS integer), :after_code)"
        given |= {"after_priority": priority, "after_code": str(code)}
    rows = tx.rows(
        f"SELECT * FROM {chosen} p WHERE {where} ORDER BY priority, code LIMIT :limit", limit=limit + 1, **given
    )
    return page(rows, limit, total, ("priority", "code"), _shown)


# Only what pages are sorted by; `_shown` fills in the rest.
_BUILT_IN_ROW = """SELECT :code, '', CAST(:last AS integer), 'critical', '{}', '{}', NULL, NULL, '[]', false, true,
    NULL, NULL, NULL, NULL, true"""


def _shown(row: Row) -> EscalationPolicy:
    return _built_in() if row["built_in"] else EscalationPolicy.model_validate(row)


def _built_in() -> EscalationPolicy:
    ours = DEFAULT_POLICY
    steps = [
        {"after_minutes": one.after_minutes, "targets": [{"kind": t.kind, "code": t.code} for t in one.targets]}
        for one in ours.steps
    ]  # fmt: skip
    return EscalationPolicy.model_validate({
        "code": ours.code, "name": ours.name, "min_severity": ours.min_severity, "priority": ours.priority,
        "exclusive": ours.exclusive, "steps": steps, "is_active": True, "built_in": True,
    })  # fmt: skip


def deactivate(tx: Tx, code: str) -> EscalationPolicy:
    """Take it out of use; alerts that it takes care of go on under the policy that fits them then."""
    _refuse_built_in(code)
    tx.execute(
        f"""UPDATE {_TABLE} SET is_active = false, updated_at = now(), row_version = row_version + 1
            WHERE code = :code AND is_active""",
        code=code,
    )
    return read(tx, code)


def _refuse_built_in(code: str) -> None:
    if code == BUILT_IN:
        raise ValidationFailed(
            "The built-in policy cannot be changed; one of your own that fits comes before it.", field="code",
            value=code, expected="another code",
        )  # fmt: skip


@dataclass(frozen=True)
class _There:
    """Who and what a step may name."""

    user: frozenset[str]
    schedule: frozenset[str]
    role: frozenset[str]


def _check(tx: Tx, asked: PolicyAsked, kinds: Kinds) -> None:
    """ValidationFailed naming the first step that names nobody, or a channel that is not there."""
    named = {kind: sorted({t.code for step in asked.steps for t in step.targets if t.kind == kind})
             for kind in ("user", "schedule")}  # fmt: skip
    users = tx.rows(
        "SELECT user_id FROM platform.users WHERE status = 'active' AND user_id = ANY(CAST(:ids AS text[]))",
        ids=named["user"],
    )  # fmt: skip
    schedules = tx.rows(
        "SELECT code FROM notification.oncall_schedules WHERE is_active AND code = ANY(CAST(:codes AS text[]))",
        codes=named["schedule"],
    )  # fmt: skip
    there = _There(
        frozenset(row["user_id"] for row in users), frozenset(row["code"] for row in schedules), frozenset(ROLES)
    )  # fmt: skip
    for number, step in enumerate(asked.steps):
        all_known(kinds, step.channels, f"steps[{number}].channels")
        for place, target in enumerate(step.targets):
            _check_target(target, there, f"steps[{number}].targets[{place}].code")


_MISSING = {
    "user": ("There is no active user", "the user_id of an active user"),
    "schedule": ("There is no on-call schedule in use", "the code of a schedule from /notify/on-call"),
    "role": ("There is no role", f"one of {', '.join(ROLES)}"),
}  # fmt: skip


def _check_target(target: TargetField, there: _There, where: str) -> None:
    if target.code not in getattr(there, target.kind):
        what, expected = _MISSING[target.kind]
        raise ValidationFailed(f"{what} '{target.code}'.", field=where, value=target.code, expected=expected)
