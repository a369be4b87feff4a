"""`/notify/on-call`: who is on call when, who covers, and how that is laid down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.pagination import Page
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.access import Actor, Manager
from opscopilot.notifications.people import on_call_store as store
from opscopilot.notifications.people.fields import Code, Moment
from opscopilot.notifications.people.on_call import Schedule, schedules, timeline
from opscopilot.notifications.people.on_call_schemas import (
    OnCallNow,
    OnCallOverride,
    OnCallSchedule,
    OnCallStretch,
    OnCallTimeline,
    OverrideAsked,
    ScheduleAsked,
)
from opscopilot.web import Caller, CurrentCaller, PageQuery

LONGEST = timedelta(days=92)
DEFAULT_SPAN = timedelta(days=14)
AHEAD = timedelta(days=31)
ScheduleCode = Annotated[Code, Path(description="The schedule's code.", examples=["maintenance"])]
From = Annotated[Moment | None, Query(alias="from", description="Left out: now.")]
To = Annotated[Moment | None, Query(description="Left out: 14 days later; at most 92 days.")]
_ONE = "/on-call/schedules/{code}"


def add(routes: APIRouter, calendar: PlantCalendar) -> None:
    """`calendar` knows the shifts that layers may be restricted to."""

    @routes.get("/on-call/now", summary="Who is on call now, in every schedule in use")
    def now(caller: CurrentCaller) -> list[OnCallNow]:
        at = caller.clock.now()
        return [_now(one, at) for one in schedules(caller.tx, calendar, since=at).values()]

    @routes.get("/on-call/schedules", summary="On-call schedules")
    def read_all(caller: CurrentCaller, paging: PageQuery, active: bool | None = None) -> Page[OnCallSchedule]:
        now = caller.clock.now()
        return store.listed(caller.tx, now, active=active, cursor=paging.cursor, limit=paging.limit)

    @routes.get(_ONE, summary="One schedule, with the covers that are not over")
    def read_one(code: ScheduleCode, caller: CurrentCaller) -> OnCallSchedule:
        return store.one(caller.tx, caller.clock.now(), code)

    @routes.put(_ONE, summary="Make or replace a schedule")
    def write(code: ScheduleCode, body: ScheduleAsked, caller: Manager) -> OnCallSchedule:
        shifts = calendar.shifts(caller.tx) if any(_by_shift(body)) else ()
        store.put(caller.tx, caller.principal, caller.plant, code, body, shifts)
        return store.one(caller.tx, caller.clock.now(), code)

    @routes.delete(_ONE, summary="Take a schedule out of use")
    def deactivate(code: ScheduleCode, caller: Manager) -> OnCallSchedule:
        store.deactivate(caller.tx, caller.clock.now(), code)
        return store.one(caller.tx, caller.clock.now(), code)

    @routes.post(_ONE + "/overrides", status_code=201, summary="Somebody covers from … to …")
    def cover(code: ScheduleCode, body: OverrideAsked, caller: Actor) -> OnCallOverride:
        return store.add_override(caller.tx, caller.principal, caller.clock.now(), code, body)

    @routes.delete(_ONE + "/overrides/{override_id}", summary="Nobody covers after all")
    def uncover(code: ScheduleCode, override_id: UUID, caller: Actor) -> OnCallSchedule:
        store.revoke_override(caller.tx, caller.clock.now(), code, override_id)
        return store.one(caller.tx, caller.clock.now(), code)

    @routes.get(_ONE + "/timeline", summary="Who is on call when")
    def read_timeline(code: ScheduleCode, caller: CurrentCaller, start: From = None, to: To = None) -> OnCallTimeline:
        start = start or caller.clock.now()
        return _timeline(caller, calendar, code, start, to or start + DEFAULT_SPAN)


def _by_shift(body: ScheduleAsked) -> list[bool]:
    return [bool(layer.restriction and layer.restriction.shifts) for layer in body.layers]


def _now(schedule: Schedule, at: datetime) -> OnCallNow:
    ahead = timeline(schedule, at, at + AHEAD)
    changes = len(ahead) > 1
    return OnCallNow(
        code=schedule.code, name=schedule.name, users=list(ahead[0].users), override=ahead[0].override,
        until=ahead[0].end if changes else None, next_users=list(ahead[1].users) if changes else [],
    )  # fmt: skip


def _timeline(caller: Caller, calendar: PlantCalendar, code: str, start: datetime, end: datetime) -> OnCallTimeline:
    if not start < end <= start + LONGEST:
        raise ValidationFailed(
            "A timeline goes from an earlier to a later time and shows 92 days at most.", field="to",
            value=end.isoformat(), expected=f"after {start.isoformat()} and up to {(start + LONGEST).isoformat()}",
        )  # fmt: skip
    schedule = schedules(caller.tx, calendar, since=start).get(code)
    if schedule is None:
        stored = store.one(caller.tx, caller.clock.now(), code)
        raise NotFound(f"The schedule '{stored.code}' is out of use.", field="code", value=code,
                       expected="a schedule in use")  # fmt: skip
    found = timeline(schedule, start, end)
    gaps = sum(((one.end - one.start) for one in found if not one.users), timedelta())
    return OnCallTimeline(
        code=code, time_zone=schedule.zone, starts_at=start, ends_at=end, gap_minutes=int(gaps.total_seconds() // 60),
        stretches=[
            OnCallStretch(starts_at=one.start, ends_at=one.end, users=list(one.users), override=one.override)
            for one in found
        ],
    )  # fmt: skip
