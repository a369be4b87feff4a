"""Who is on call: overrides first, then the last layer that counts at that moment, then the layers below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.plant_calendar import EVERY_DAY, PlantCalendar, Shift
from opscopilot.notifications.people.rotation import Layer, Restriction


@dataclass(frozen=True, slots=True)
class Override:
    """`user_id` covers from `start` up to `end`, whatever the layers say."""

    id: UUID
    user_id: str
    start: datetime
    end: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Schedule:
    """`layers`: later ones override earlier ones. `overrides`: the newest first. `active`: the tenant's active users
    (None: do not ask); others are never named."""

    code: str
    name: str
    zone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    shifts: Sequence[Shift] = ()
    active: frozenset[str] | None = field(default=None, repr=False)

    def knows(self, user_id: str) -> bool:
        """Whether that user may be called."""
        return self.active is None or user_id in self.active


@dataclass(frozen=True, slots=True)
class OnCall:
    """From `start` up to `end` these people are on call; nobody where the schedule has a gap."""

    start: datetime
    end: datetime
    users: tuple[str, ...]
    override: bool


def on_call(schedule: Schedule, instant: datetime) -> list[str]:
    """The users on call at `instant`: one, or none in a gap."""
    return list(_who(schedule, instant.astimezone(UTC))[0])


def timeline(schedule: Schedule, start: datetime, end: datetime) -> list[OnCall]:
    """Who is on call from `start` to `end`, in order, without holes and overlaps; neighbours differ."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    changes = {start, *(at for one in schedule.overrides for at in (one.start, one.end))}
    for layer in schedule.layers:
        changes.update(layer.changes(start, end, schedule.zone, schedule.shifts))
    moments = sorted(at for at in changes if start <= at < end)
    found: list[OnCall] = []
    for at, until in zip(moments, [*moments[1:], end], strict=True):
        users, override = _who(schedule, at)
        if found and (found[-1].users, found[-1].override) == (users, override):
            found[-1] = OnCall(found[-1].start, until, users, override)
        else:
            found.append(OnCall(at, until, users, override))
    return found


def _who(schedule: Schedule, instant: datetime) -> tuple[tuple[str, ...], bool]:
    for one in schedule.overrides:
        if one.start <= instant < one.end and schedule.knows(one.user_id):
            return (one.user_id,), True
    for layer in reversed(schedule.layers):
        if layer.counts(instant, schedule.zone, schedule.shifts):
            user = layer.person(instant, schedule.zone, schedule.active)
            if user is not None:
                return (user,), False
    return (), False


def schedules(tx: Tx, calendar: PlantCalendar, *, since: datetime) -> dict[str, Schedule]:
    """The tenant's schedules in use, by code, with the overrides that end after `since`. One that was called off while
    it was on counts until then."""
    found = tx.rows(
        """SELECT code, name, time_zone, layers FROM notification.oncall_schedules WHERE is_active ORDER BY code"""
    )
    if not found:
        return {}
    covers = tx.rows(
        """SELECT id, schedule_code, user_id, starts_at, least(ends_at, revoked_at) AS ends_at, reason
           FROM notification.oncall_overrides WHERE least(ends_at, revoked_at) > greatest(starts_at, :since)
           ORDER BY created_at DESC, id DESC""",
        since=since,
    )  # fmt: skip
    users = tx.rows("SELECT user_id FROM platform.users WHERE status = 'active'")
    active = frozenset(row["user_id"] for row in users)
    shifts = tuple(calendar.shifts(tx)) if any(_by_shift(row["layers"]) for row in found) else ()
    return {
        row["code"]: Schedule(
            row["code"], row["name"], row["time_zone"], tuple(layer_from(one) for one in row["layers"]),
            tuple(_override(one) for one in covers if one["schedule_code"] == row["code"]), shifts, active,
        )
        for row in found
    }  # fmt: skip


def layer_from(stored: dict[str, Any]) -> Layer:
    """A Layer from its stored form (see schemas.OnCallLayer)."""
    limits = stored.get("restriction")
    restriction = None
    if limits is not None:
        restriction = Restriction(
            frozenset(limits.get("weekdays") or EVERY_DAY), time.fromisoformat(limits.get("start") or "00:00"),
            time.fromisoformat(limits.get("end") or "00:00"), tuple(limits.get("shifts") or ()),
        )  # fmt: skip
    ends_on = stored.get("ends_on")
    return Layer(
        tuple(stored["users"]), stored["every"], stored["unit"], date.fromisoformat(stored["starts_on"]),
        time.fromisoformat(stored.get("handover") or "00:00"), date.fromisoformat(ends_on) if ends_on else None,
        restriction, stored.get("name") or "",
    )  # fmt: skip


def _by_shift(layers: list[dict[str, Any]]) -> bool:
    return any((one.get("restriction") or {}).get("shifts") for one in layers)


def _override(row: Row) -> Override:
    return Override(row["id"], row["user_id"], row["starts_at"], row["ends_at"], row["reason"])
