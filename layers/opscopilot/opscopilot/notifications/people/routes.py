"""`/notify/preferences`: how people want to be told, in general and per workspace; `/notify/on-call`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from opscopilot.kernel.errors import Forbidden
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.people import on_call_routes, preferences, workspaces
from opscopilot.notifications.people.fields import Workspace
from opscopilot.notifications.people.preferences import Whose
from opscopilot.notifications.people.schemas import (
    Preferences,
    PreferencesChange,
    WorkspacePreferences,
    WorkspaceWish,
)  # fmt: skip
from opscopilot.web import Caller, CurrentCaller

User = Annotated[str | None, Query(max_length=200, description="Somebody else's; for admins. Left out: my own.")]
_PATH = "/preferences/workspaces/{workspace}"


def add(routes: APIRouter, kinds: Kinds, calendar: PlantCalendar) -> None:
    """`kinds`: the channels of this installation; `calendar` knows the shifts."""

    @routes.get("/preferences", summary="How I want to be told")
    def read(caller: CurrentCaller, user_id: User = None) -> Preferences:
        return preferences.read(_whose(caller, user_id), kinds)

    @routes.post("/preferences", summary="Change how I want to be told; what is left out stays")
    def write(body: PreferencesChange, caller: CurrentCaller, user_id: User = None) -> Preferences:
        return preferences.change(_whose(caller, user_id), caller.principal, body, kinds, calendar)

    @routes.get("/preferences/workspaces", summary="How I am told in each workspace")
    def read_workspaces(caller: CurrentCaller, user_id: User = None) -> list[WorkspacePreferences]:
        return workspaces.read(_whose(caller, user_id))

    @routes.get(_PATH, summary="How I am told in one workspace")
    def read_workspace(workspace: Workspace, caller: CurrentCaller, user_id: User = None) -> WorkspacePreferences:
        return _one(_whose(caller, user_id), workspace)

    @routes.put(_PATH, summary="Another wish for one workspace")
    def write_workspace(
        workspace: Workspace, body: WorkspaceWish, caller: CurrentCaller, user_id: User = None
    ) -> WorkspacePreferences:
        whose = _whose(caller, user_id)
        workspaces.set_wish(whose, caller.principal, workspace, body, kinds)
        return _one(whose, workspace)

    @routes.delete(_PATH, summary="The general wish holds in this workspace again")
    def drop_workspace(workspace: Workspace, caller: CurrentCaller, user_id: User = None) -> WorkspacePreferences:
        whose = _whose(caller, user_id)
        workspaces.drop_wish(whose, workspace)
        return _one(whose, workspace)

    on_call_routes.add(routes, calendar)


def _one(whose: Whose, workspace: Workspace) -> WorkspacePreferences:
    return next(one for one in workspaces.read(whose) if one.workspace == workspace)


def _whose(caller: Caller, user_id: str | None) -> Whose:
    if user_id not in (None, caller.principal.user_id) and caller.principal.role != "admin":
        raise Forbidden(
            "Only admins may see and change how others are told.", field="user_id", value=user_id,
            expected="your own id, or leave it out",
        )  # fmt: skip
    return preferences.whose(caller.tx, caller.principal, caller.plant, user_id)
