"""`/notify/preferences`."""

from __future__ import annotations

from fastapi import APIRouter

from opscopilot.notifications.people import preferences
from opscopilot.notifications.people.schemas import Preferences, PreferencesChange
from opscopilot.web import CurrentCaller


def add(routes: APIRouter) -> None:
    @routes.get("/preferences", summary="How I want to be told")
    def read(caller: CurrentCaller) -> Preferences:
        return preferences.read(caller.tx, caller.principal.user_id, caller.plant)

    @routes.post("/preferences", summary="Change how I want to be told; what is left out stays")
    def write(body: PreferencesChange, caller: CurrentCaller) -> Preferences:
        return preferences.change(caller.tx, caller.principal, caller.plant, body)
