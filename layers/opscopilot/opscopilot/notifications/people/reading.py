"""Everybody at once: the tenant's active people with what they want, where they are reached and when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any, cast

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.events import Severity
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.people.availability import Available
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.people.rota import LOOK_AHEAD, Rota
from opscopilot.notifications.people.wall import DAY
from opscopilot.notifications.policy.model import ChannelCode, Person, Wish

# One value instead of a row for each: of five hundred rows the driver would take longer than the database. OFFSET 0:
# looked up person by person, also where the planner does not know yet how many there are.
_PEOPLE = """
SELECT json_agg(r) FROM (
SELECT u.user_id, u.role, u.name, u.email, p.user_id IS NOT NULL AS explicit, p.min_severity, p.enabled_channels,
    p.channels_by_severity, p.workspaces, p.quiet_hours_enabled, p.quiet_hours_start, p.quiet_hours_end,
    coalesce(p.time_zone, t.default_time_zone) AS zone, coalesce(p.hold_outside_shift, false) AS hold_outside_shift,
    p.shift_cycle, p.shift_cycle_start, coalesce(p.notify_on_resolved, false) AS notify_on_resolved,
    (SELECT jsonb_object_agg(a.channel, a.address) FROM notification.addresses a
     WHERE a.tenant_id = u.tenant_id AND a.user_id = u.user_id) AS reached,
    (SELECT jsonb_object_agg(w.workspace, jsonb_build_object('min_severity', w.min_severity,
         'enabled_channels', w.enabled_channels, 'channels_by_severity', w.channels_by_severity))
     FROM notification.workspace_preferences w WHERE w.tenant_id = u.tenant_id AND w.user_id = u.user_id) AS wishes
FROM platform.users u
JOIN platform.tenants t ON t.tenant_id = u.tenant_id
LEFT JOIN LATERAL (SELECT * FROM notification.notification_preferences p
    WHERE p.tenant_id = u.tenant_id AND p.user_id = u.user_id OFFSET 0) p ON true
WHERE u.status = 'active' AND (CAST(:ids AS text[]) IS NULL OR u.user_id = ANY(CAST(:ids AS text[])))
ORDER BY u.user_id) r
"""


def people(
    tx: Tx, user_ids: Collection[str] | None = None, *, now: datetime, calendar: PlantCalendar, kinds: Collection[str]
) -> list[Person]:
    """The active users of the tenant (of `user_ids` only, when given), in order of their id.

    `kinds`: the channels this installation has; addresses for others are left out. What the calendar says of free
    days is read for the weeks around `now`: an `availability` is good for questions about the next fortnight.
    """
    found: list[Row] = tx.scalar(_PEOPLE, ids=None if user_ids is None else list(user_ids)) or []
    rotas = _Rotas(tx, calendar, now)
    return [_person(row, rotas, kinds) for row in found]


class _Rotas:
    """One Rota for each way in which crews work; the calendar is read when the first person follows shifts."""

    def __init__(self, tx: Tx, calendar: PlantCalendar, now: datetime) -> None:
        self._tx, self._calendar, self._now = tx, calendar, now
        self._plant: Rota | None = None
        self._made: dict[tuple[Any, ...], Rota] = {}

    def of(self, row: Row) -> Rota | None:
        if not row["hold_outside_shift"]:
            return None
        cycle = tuple(tuple(week) for week in row["shift_cycle"])
        start = date.fromisoformat(row["shift_cycle_start"]) if row["shift_cycle_start"] else None
        if (cycle, start) not in self._made:
            plant = self._read()
            self._made[cycle, start] = Rota(cycle, start, plant.shifts, plant.free)
        return self._made[cycle, start]

    def _read(self) -> Rota:
        if self._plant is None:
            first, last = self._now.date() - 2 * DAY, self._now.date() + 2 * LOOK_AHEAD
            free = frozenset(self._calendar.free_days(self._tx, first, last))
            self._plant = Rota((), None, tuple(self._calendar.shifts(self._tx)), free)
        return self._plant


def _person(row: Row, rotas: _Rotas, kinds: Collection[str]) -> Person:
    own: dict[ChannelCode, str] = {code: one for code, one in (row["reached"] or {}).items() if code in kinds}
    addresses = {"email": row["email"], **own} if row["email"] and "email" in kinds else own
    if not row["explicit"]:
        return Person(row["user_id"], row["role"], addresses, zone=row["zone"], name=row["name"] or "")
    quiet = None
    if row["quiet_hours_enabled"]:
        start, end = (time.fromisoformat(row[f"quiet_hours_{which}"]) for which in ("start", "end"))
        quiet = QuietHours(start, end, row["zone"])
    rota = rotas.of(row)
    return Person(
        row["user_id"], row["role"], addresses, wish(row),
        {workspace: wish(one) for workspace, one in (row["wishes"] or {}).items()}, frozenset(row["workspaces"]),
        Available(quiet, rota, row["zone"]) if quiet or rota else None, row["zone"], explicit=True,
        notify_on_resolved=row["notify_on_resolved"], name=row["name"] or "",
    )  # fmt: skip


def wish(row: Row) -> Wish:
    """The wish in a row of notification_preferences or workspace_preferences."""
    by_severity = cast(dict[Severity, list[ChannelCode]], row["channels_by_severity"])
    return Wish(
        row["min_severity"], tuple(row["enabled_channels"]), {one: tuple(codes) for one, codes in by_severity.items()}
    )  # fmt: skip
