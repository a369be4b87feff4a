"""On-call schedules and covers: read as pages, written as wholes, never deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.kernel.plant_calendar import Shift
from opscopilot.kernel.tenancy import PlantSettings, Principal
from opscopilot.notifications.people import checks
from opscopilot.notifications.people.on_call_schemas import (
    OnCallOverride,
    OnCallSchedule,
    OverrideAsked,
    ScheduleAsked,
)

_SELECT = """
SELECT s.code, s.name, s.time_zone, s.is_active, s.layers, s.updated_at, s.row_version, coalesce(
    (SELECT jsonb_agg(jsonb_build_object('id', o.id, 'user_id', o.user_id, 'starts_at', o.starts_at, 'ends_at',
        o.ends_at, 'reason', o.reason, 'created_by', o.created_by, 'created_at', o.created_at) ORDER BY o.starts_at, o.id)
     FROM notification.oncall_overrides o
     WHERE o.schedule_code = s.code AND o.revoked_at IS NULL AND o.ends_at > :now), '[]') AS overrides
FROM notification.oncall_schedules s
"""


def listed(tx: Tx, now: datetime, *, active: bool | None, cursor: str | None, limit: int) -> Page[OnCallSchedule]:
    """A page of schedules by code; `active` None: those out of use as well."""
    where = "(CAST(:active AS boolean) IS NULL OR s.is_active = :active)"
    total = int(tx.scalar(f"SELECT count(*) FROM notification.oncall_schedules s WHERE {where}", active=active))
    after = "" if cursor is None else str(decode_cursor(cursor, 1)[0])
    rows = tx.rows(
        f'{_SELECT} WHERE {where} AND s.code COLLATE "C" > :after ORDER BY s.code COLLATE "C" LIMIT :rows',
        now=now, active=active, after=after, rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("code",), OnCallSchedule.model_validate)


def one(tx: Tx, now: datetime, code: str) -> OnCallSchedule:
    """The schedule of that code; NotFound when there never was one."""
    row = tx.one(f"{_SELECT} WHERE s.code = :code", now=now, code=code)
    if row is None:
        raise NotFound(f"There is no on-call schedule '{code}'.", field="code", value=code,
                       expected="a code of GET /notify/on-call/schedules")  # fmt: skip
    return OnCallSchedule.model_validate(row)


def put(tx: Tx, who: Principal, plant: PlantSettings, code: str, asked: ScheduleAsked, shifts: Sequence[Shift]) -> None:
    """Make the schedule, or replace it and put it into use again; ValidationFailed for users and shifts that do not
    exist."""
    known(tx, {user for layer in asked.layers for user in layer.users}, "layers.users")
    named = [layer.restriction.shifts or [] for layer in asked.layers if layer.restriction]
    checks.shift_names(named, shifts, "layers.restriction.shifts")
    layers = [layer.model_dump(mode="json", exclude_none=True) for layer in asked.layers]
    tx.execute(
        """INSERT INTO notification.oncall_schedules AS s (tenant_id, code, name, time_zone, layers, created_by)
           VALUES (:tenant_id, :code, :name, :zone, CAST(:layers AS jsonb), :by)
           ON CONFLICT (tenant_id, code) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone,
               layers = excluded.layers, is_active = true, updated_at = now(), row_version = s.row_version + 1""",
        tenant_id=who.tenant_id, code=code, name=asked.name, zone=asked.time_zone or plant.default_time_zone,
        layers=json.dumps(layers), by=who.user_id,
    )  # fmt: skip


def deactivate(tx: Tx, now: datetime, code: str) -> None:
    """Take the schedule out of use. Conflict while an escalation policy calls whoever is on call there."""
    one(tx, now, code)
    users = tx.rows(
        """SELECT code FROM notification.escalation_policies WHERE is_active AND EXISTS (
               SELECT 1 FROM jsonb_array_elements(steps) step, jsonb_array_elements(step -> 'targets') target
               WHERE target ->> 'kind' = 'schedule' AND target ->> 'code' = :code) ORDER BY code""",
        code=code,
    )  # fmt: skip
    if users:
        names = ", ".join(row["code"] for row in users)
        raise Conflict(
            f"Escalation policies call whoever is on call in '{code}': {names}.", code="schedule_in_use", field="code",
            value=code, expected="policies without it first",
        )  # fmt: skip
    tx.execute(
        """UPDATE notification.oncall_schedules SET is_active = false, updated_at = now(), row_version = row_version + 1
           WHERE code = :code AND is_active""",
        code=code,
    )  # fmt: skip


def add_override(tx: Tx, who: Principal, now: datetime, code: str, asked: OverrideAsked) -> OnCallOverride:
    """Somebody covers. NotFound without the schedule, Conflict when it is out of use, ValidationFailed for a user who
    does not exist and for a time that is over."""
    if not one(tx, now, code).is_active:
        raise Conflict(f"The schedule '{code}' is out of use.", field="code", value=code,
                       expected="a schedule in use (PUT puts it back)")  # fmt: skip
    known(tx, {asked.user_id}, "user_id")
    if asked.ends_at <= now:
        raise ValidationFailed("This cover would be over already.", field="ends_at", value=asked.ends_at.isoformat(),
                               expected=f"a time after {now.isoformat(timespec='seconds')}")  # fmt: skip
    row = tx.one(
        """INSERT INTO notification.oncall_overrides
               (tenant_id, schedule_code, user_id, starts_at, ends_at, reason, created_by)
           VALUES (:tenant_id, :code, :user_id, :starts_at, :ends_at, :reason, :by)
           RETURNING id, user_id, starts_at, ends_at, reason, created_by, created_at""",
        tenant_id=who.tenant_id, code=code, by=who.user_id, **asked.model_dump(),
    )  # fmt: skip
    return OnCallOverride.model_validate(row)


def revoke_override(tx: Tx, now: datetime, code: str, override: UUID) -> None:
    """The cover ends now, or does not begin; doing it twice changes nothing. NotFound when it never was."""
    touched = tx.execute(
        """UPDATE notification.oncall_overrides SET revoked_at = coalesce(revoked_at, :now), updated_at = :now,
               row_version = row_version + 1 WHERE id = :id AND schedule_code = :code""",
        now=now, id=override, code=code,
    )  # fmt: skip
    if not touched:
        raise NotFound(f"The schedule '{code}' has no override '{override}'.", field="override_id", value=override,
                       expected="an id of GET /notify/on-call/schedules/{code}")  # fmt: skip


def known(tx: Tx, users: Collection[str], field: str) -> None:
    """ValidationFailed when one of the users does not exist, is suspended, or may not take an alert on."""
    found = tx.rows(
        """SELECT user_id FROM platform.users WHERE user_id = ANY(:users) AND status = 'active' AND role <> 'viewer'""",
        users=sorted(users),
    )  # fmt: skip
    wrong = ", ".join(sorted(set(users) - {row["user_id"] for row in found}))
    if wrong:
        raise ValidationFailed(
            f"Nobody can be called who is no active user of this plant, or may only look: {wrong}.",
            code="unknown_user", field=field, value=wrong, expected="ids of active users who are no viewers",
        )  # fmt: skip
