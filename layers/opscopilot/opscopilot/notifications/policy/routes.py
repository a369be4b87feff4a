"""`/notify/silences`, `/notify/escalation-policies`, `/notify/simulate`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from opscopilot.kernel.pagination import Page
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.access import Manager, Raiser
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.policy import policies, silencing, simulating
from opscopilot.notifications.policy.policy_schemas import EscalationPolicy, PolicyAsked
from opscopilot.notifications.policy.silence_schemas import Silence, SilenceAsked, SilenceState
from opscopilot.notifications.policy.simulation_schemas import Simulation, Supposed
from opscopilot.web import CurrentCaller, PageQuery

SilenceId = Annotated[UUID, Path(description="The silence's id.")]
PolicyCode = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$", description="Lower case letters, digits, _ and -.")
]


def add(routes: APIRouter, kinds: Kinds, calendar: PlantCalendar) -> None:
    """`kinds`: the channels of this installation; `calendar` knows what the plant has planned."""
    _silences(routes)
    _policies(routes, kinds)

    @routes.post("/simulate", summary="Who would be told, where and when, if this happened then")
    def simulate(body: Supposed, caller: CurrentCaller) -> Simulation:
        zone = caller.plant.default_time_zone
        return simulating.simulate(caller.tx, body, caller.clock.now(), zone, calendar, kinds)


def _silences(routes: APIRouter) -> None:
    @routes.post("/silences", status_code=201, summary="Nobody is told of these alerts for a while")
    def make(body: SilenceAsked, caller: Raiser) -> Silence:
        return silencing.make(caller.tx, caller.principal, body, caller.clock.now())

    @routes.get("/silences", summary="Silences, newest first, with what each holds back now")
    def read_all(
        caller: CurrentCaller, page: PageQuery, state: Annotated[SilenceState | None, Query()] = None
    ) -> Page[Silence]:
        return silencing.list_all(caller.tx, caller.clock.now(), state, page.limit, page.cursor)

    @routes.get("/silences/{silence_id}", summary="One silence")
    def read_one(silence_id: SilenceId, caller: CurrentCaller) -> Silence:
        return silencing.read(caller.tx, silence_id, caller.clock.now())

    @routes.delete("/silences/{silence_id}", summary="End a silence now; what it held back is told")
    def end(silence_id: SilenceId, caller: Raiser) -> Silence:
        return silencing.end(caller.tx, silence_id, caller.principal, caller.clock.now())


def _policies(routes: APIRouter, kinds: Kinds) -> None:
    path = "/escalation-policies"

    @routes.get(path, summary="Escalation policies in the order in which they are tried")
    def read_all(
        caller: CurrentCaller, page: PageQuery,
        is_active: Annotated[bool | None, Query(description="Left out: all.")] = None,
    ) -> Page[EscalationPolicy]:  # fmt: skip
        return policies.list_all(caller.tx, page.limit, page.cursor, active=is_active)

    @routes.get(path + "/{code}", summary="One escalation policy")
    def read_one(code: PolicyCode, caller: CurrentCaller) -> EscalationPolicy:
        return policies.read(caller.tx, code)

    @routes.put(path + "/{code}", summary="Make or replace an escalation policy")
    def put(code: PolicyCode, body: PolicyAsked, caller: Manager) -> EscalationPolicy:
        return policies.put(caller.tx, caller.principal, code, body, kinds)

    @routes.delete(path + "/{code}", summary="Take an escalation policy out of use")
    def deactivate(code: PolicyCode, caller: Manager) -> EscalationPolicy:
        return policies.deactivate(caller.tx, code)
