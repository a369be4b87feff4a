"""The API about people: preferences for any channel, workspace and crew; admins for others."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.people import routes as people_routes
from tests.integration.notifications import crews
from tests.integration.notifications.world import World
from tests.support.api import Api, make_api, token

ME = "/notify/preferences"


@pytest.fixture
def api(world: World) -> Api:
    routes = APIRouter(prefix="/notify")
    people_routes.add(routes, KINDS, WorkingTime())
    return make_api(world.copilot, [routes], world.clock)


@pytest.fixture
def plant(world: World, roles: dict[str, Database]) -> str:
    """A plant with three shifts, of which DAY is worked at two places."""
    code = f"people-{uuid7().hex[-12:]}"
    tenant = world.tenant(code=code)
    files = roles["ops_normalize"]
    crews.three_shifts(files, tenant)
    crews.shift(files, tenant, *crews.THREE[0], location_id=crews.place(files, tenant, "PORTO"))
    return code


def test_addresses_for_any_channel_and_their_older_names(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    made = api.post(ME, me, {"addresses": {"sms": "+49 151 1234567", "webhook": "https://h.example/x"}}).json
    assert made["addresses"] == {"sms": "+491511234567", "webhook": "https://h.example/x"}
    assert (made["phone"], made["webhook_url"], len(made["webhook_secret"]) >= 40) == (
        "+491511234567", "https://h.example/x", True,
    )  # fmt: skip
    again = api.post(ME, me, {"slack_webhook": "https://hooks.slack.com/services/T/B/x", "phone": None}).json
    assert set(again["addresses"]) == {"slack", "webhook"}
    assert (again["phone"], again["webhook_secret"], again["webhook_secret_set"]) == (None, None, True)
    gone = api.post(ME, me, {"addresses": {"webhook": None}}).json
    assert (gone["webhook_url"], gone["webhook_secret_set"]) == (None, False)
    assert api.get(ME, me).json["addresses"] == {"slack": "https://hooks.slack.com/services/T/B/x"}


def test_who_has_no_mail_is_told_where_they_can_be_reached(api: Api, plant: str) -> None:
    me = token(plant, "operator", email=None)
    refused = api.post(ME, me, {"min_severity": "low"})
    assert (refused.status, refused.json["field"]) == (422, "email")
    assert api.post(ME, me, {"phone": "+4915112345678"}).json["enabled_channels"] == ["sms"]
    assert api.post(ME, me, {"min_severity": "low"}).json["enabled_channels"] == ["sms"]


def test_channels_by_severity_and_the_rest_of_the_wishes(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    wish = {
        "phone": "+4915112345678", "enabled_channels": ["email"], "channels_by_severity": {"critical": ["sms", "email"]},
        "min_severity": "low", "notify_on_resolved": True, "locale": "de", "time_zone": "America/Chicago",
    }  # fmt: skip
    assert api.post(ME, me, wish).status == 200
    shown = api.get(ME, me).json
    assert {name: shown[name] for name in wish} == wish
    assert (shown["notify_on_critical"], shown["notify_on_high"], shown["saved"]) == (True, True, True)
    back = api.post(ME, me, {"channels_by_severity": None, "locale": None, "notify_on_resolved": None}).json
    assert (back["channels_by_severity"], back["locale"], back["notify_on_resolved"]) == ({}, "en", False)


def test_a_crews_cycle_is_kept_as_it_was_told(api: Api, plant: str) -> None:
    me = token(plant, "operator")
    cycle = [["DAY@PORTO"], ["EVENING"], ["NIGHT"], []]
    body = {"hold_outside_shift": True, "shift_cycle": cycle, "shift_cycle_start": "2026-01-05"}
    assert api.post(ME, me, body).status == 200
    shown = api.get(ME, me).json
    assert (shown["hold_outside_shift"], shown["shift_cycle"], shown["shift_cycle_start"]) == (
        True,
        cycle,
        "2026-01-05",
    )


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"addresses": {"pigeon": "left window"}}, "addresses.pigeon", "no channel 'pigeon'"),
        ({"enabled_channels": ["pigeon"]}, "enabled_channels", "no channel 'pigeon'"),
        ({"addresses": {"sms": "0151 1234567"}}, "addresses.sms", "cannot use this address"),
        ({"addresses": {"webhook": "http://h.example"}}, "addresses.webhook", "cannot use this address"),
        ({"phone": "+4915112345678", "addresses": {"sms": "+4915112345679"}}, "phone", "are the same address and differ"),
        ({"channels_by_severity": {"low": ["sms"]}}, "phone", "sms is wanted but has no address"),
        ({"channels_by_severity": {"critical": []}}, "channels_by_severity.critical", "always told"),
        ({"shift_cycle": [["NIGHTS"]]}, "shift_cycle", "no shift 'NIGHTS'"),
        ({"shift_cycle": [["DAY"]]}, "shift_cycle", "worked at PORTO and the whole plant"),
        ({"shift_cycle": [["NIGHT"], ["EVENING"]]}, "shift_cycle_start", "day on which its first week begins"),
        ({"hold_outside_shift": True, "shift_cycle": [[]]}, "shift_cycle", "for ever"),
        ({"shift_cycle_start": "9999-12-31"}, "shift_cycle_start", ""),
        ({"locale": "deutsch"}, "locale", ""), ({"time_zone": "CEST"}, "time_zone", ""),
        ({"channels_by_severity": {"urgent": ["email"]}}, "channels_by_severity.urgent", ""),
    ],
)  # fmt: skip
def test_what_would_not_work_is_refused(api: Api, plant: str, body: dict[str, Any], field: str, said: str) -> None:
    answer = api.post(ME, token(plant, "planner"), body)
    assert (answer.status, answer.json["field"].removesuffix(".[key]")) == (422, field)
    assert said in answer.json["detail"]
    assert answer.json["expected"]
    assert api.get(ME, token(plant, "planner")).json["saved"] is False


def test_a_plant_without_shifts_cannot_hold_for_them(api: Api, world: World) -> None:
    code = f"bare-{uuid7().hex[-12:]}"
    world.tenant(code=code)
    answer = api.post(ME, token(code, "planner"), {"hold_outside_shift": True})
    assert (answer.status, answer.json["field"]) == (422, "hold_outside_shift")
    assert "ops template shift" in answer.json["expected"]


def test_workspaces_have_wishes_of_their_own(api: Api, plant: str) -> None:
    me = token(plant, "fsq_manager")
    api.post(ME, me, {"min_severity": "medium", "phone": "+4915112345678"})
    wished = api.put(f"{ME}/workspaces/fsq", me, {"min_severity": "info", "enabled_channels": ["sms"]})
    assert wished.json == {"workspace": "fsq", "own": True, "min_severity": "info", "enabled_channels": ["sms"],
                           "channels_by_severity": {}}  # fmt: skip
    everywhere = {one["workspace"]: one for one in api.get(f"{ME}/workspaces", me).json}
    assert {name: (one["own"], one["min_severity"]) for name, one in everywhere.items()} == {
        "operations": (False, "medium"), "plantops": (False, "medium"), "fsq": (True, "info"), "planning": (False, "medium"),
        "brand": (False, "medium"), "retail": (False, "medium"),
    }  # fmt: skip
    assert api.put(f"{ME}/workspaces/fsq", me, {"enabled_channels": ["webhook"]}).json["field"] == "webhook_url"
    assert api.put(f"{ME}/workspaces/hr", me, {}).status == 422
    for _ in range(2):
        assert api.delete(f"{ME}/workspaces/fsq", me).json["own"] is False
    assert api.get(f"{ME}/workspaces/fsq", me).json["min_severity"] == "medium"


def test_a_wish_for_a_workspace_makes_the_rest_explicit(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    assert api.put(f"{ME}/workspaces/planning", me, {"min_severity": "low"}).status == 200
    assert api.get(ME, me).json["saved"] is True


def test_admins_may_see_and_set_how_others_are_told(api: Api, world: World, plant: str) -> None:
    world.person(tenant_id_for(plant), "anna", "anna@x.example")
    boss, other = token(plant, "admin"), token(plant, "plant_manager")
    changed = api.post(ME, boss, {"min_severity": "critical", "phone": "+4915112345678"}, user_id="anna").json
    assert (changed["user_id"], changed["min_severity"]) == ("anna", "critical")
    assert api.put(f"{ME}/workspaces/fsq", boss, {"min_severity": "info"}, user_id="anna").json["own"] is True
    assert api.get(ME, boss, user_id="anna").json["phone"] == "+4915112345678"
    assert api.get(ME, boss).json["saved"] is False, "his own are untouched"
    for answer in (api.get(ME, other, user_id="anna"), api.post(ME, other, {"min_severity": "low"}, user_id="anna"),
                   api.delete(f"{ME}/workspaces/fsq", other, user_id="anna")):  # fmt: skip
        assert (answer.status, answer.json["field"]) == (403, "user_id")
    assert api.get(ME, other, user_id=f"plant_manager@{plant}").status == 200


def test_p60_a_user_of_another_plant_does_not_exist(api: Api, world: World, plant: str) -> None:
    other = world.tenant()
    world.person(other, "zoe", "zoe@x.example", min_severity="info")
    for answer in (api.get(ME, token(plant, "admin"), user_id="zoe"),
                   api.post(ME, token(plant, "admin"), {"min_severity": "low"}, user_id="zoe")):  # fmt: skip
        assert (answer.status, answer.json["detail"]) == (404, "There is no user 'zoe'.")
    assert world.rows(other, "SELECT min_severity FROM notification.notification_preferences") == [
        {"min_severity": "info"}
    ]
