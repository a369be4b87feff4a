"""On-call schedules over the API: laid down, covered, looked at, taken out of use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.people import routes as people_routes
from opscopilot.notifications.people.on_call import on_call, schedules
from tests.integration.notifications import crews
from tests.integration.notifications.world import NOON, World
from tests.support.api import Api, make_api, token

ALL = "/notify/on-call/schedules"
ONE = f"{ALL}/maintenance"
WEEKLY = {"users": ["anna", "bert"], "starts_on": "2026-01-05", "handover": "08:00", "name": "Weeks"}
NIGHTS = {"users": ["cora"], "starts_on": "2026-01-05", "restriction": {"shifts": ["NIGHT"]}}
BODY = {"name": "Maintenance on call", "layers": [WEEKLY, NIGHTS]}


@pytest.fixture
def api(world: World) -> Api:
    routes = APIRouter(prefix="/notify")
    people_routes.add(routes, KINDS, WorkingTime())
    return make_api(world.copilot, [routes], world.clock)


@pytest.fixture
def plant(world: World, roles: dict[str, Database]) -> str:
    code = f"duty-{uuid7().hex[-12:]}"
    tenant = world.tenant(code=code)
    crews.three_shifts(roles["ops_normalize"], tenant)
    for name in ("anna", "bert", "cora"):
        world.person(tenant, name, f"{name}@x.example")
    world.person(tenant, "vera", "vera@x.example", role="viewer")
    return code


def test_a_schedule_is_laid_down_and_read_back(api: Api, world: World, plant: str) -> None:
    boss = token(plant, "plant_manager")
    made = api.put(ONE, boss, BODY)
    assert (made.status, made.json["time_zone"], made.json["is_active"]) == (200, "Europe/Berlin", True)
    assert made.json["layers"][0] == {**WEEKLY, "every": 1, "unit": "weeks", "ends_on": None, "restriction": None}
    assert api.get(ONE, token(plant)).json == made.json
    assert api.put(ONE, boss, {**BODY, "name": "Other"}).json["row_version"] == 2
    with world.notify.tenant(tenant_id_for(plant)) as tx:
        found = schedules(tx, WorkingTime(), since=world.clock.now())["maintenance"]
    assert on_call(found, NOON) == ["bert"]
    assert on_call(found, NOON + timedelta(hours=12)) == ["cora"], "midnight: the night shift is on"


def test_now_and_the_timeline(api: Api, plant: str) -> None:
    api.put(ONE, token(plant, "admin"), BODY)
    (now,) = api.get("/notify/on-call/now", token(plant)).json
    assert (now["users"], now["until"], now["next_users"]) == (["bert"], "2026-01-14T21:00:00Z", ["cora"])
    shown = api.get(
        f"{ONE}/timeline", token(plant), **{"from": "2026-01-04T12:00:00Z", "to": "2026-01-06T12:00:00Z"}
    ).json
    assert [(one["starts_at"][5:16], one["users"]) for one in shown["stretches"]] == [
        ("01-04T12:00", []), ("01-05T07:00", ["anna"]), ("01-05T21:00", ["cora"]), ("01-06T05:00", ["anna"]),
    ]  # fmt: skip
    assert shown["gap_minutes"] == 19 * 60
    assert len(api.get(f"{ONE}/timeline", token(plant)).json["stretches"]) == 31, (
        "a fortnight unless asked otherwise: 14 nights, 15 days between them, and two handovers"
    )


def test_a_cover_wins_until_it_is_called_off(api: Api, world: World, plant: str) -> None:
    api.put(ONE, token(plant, "admin"), BODY)
    someone = token(plant, "operator")
    body = {"user_id": "anna", "starts_at": "2026-01-14T12:30:00+01:00", "ends_at": "2026-01-14T18:00:00+01:00",
            "reason": "Dentist"}  # fmt: skip
    made = api.post(f"{ONE}/overrides", someone, body)
    assert (made.status, made.json["created_by"]) == (201, f"operator@{plant}")
    (shown,) = api.get(ONE, someone).json["overrides"]
    assert shown == made.json
    world.clock.advance(timedelta(hours=1))
    now = api.get("/notify/on-call/now", someone).json[0]
    assert (now["users"], now["override"], now["until"]) == (["anna"], True, "2026-01-14T17:00:00Z")
    for _ in range(2):
        assert api.delete(f"{ONE}/overrides/{made.json['id']}", someone).json["overrides"] == []
    assert api.get("/notify/on-call/now", someone).json[0]["users"] == ["bert"]
    span = {"from": "2026-01-14T11:00:00Z", "to": "2026-01-14T18:00:00Z"}
    past = api.get(f"{ONE}/timeline", someone, **span).json["stretches"]
    assert [(one["users"], one["ends_at"][11:16]) for one in past] == [
        (["bert"], "11:30"), (["anna"], "12:00"), (["bert"], "18:00"),
    ], "what was is not rewritten"  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"layers": [{**WEEKLY, "users": ["anna", "nobody"]}]}, "layers.users", "no active user of this plant, or may only look: nobody"),
        ({"layers": [{**WEEKLY, "users": ["vera"]}]}, "layers.users", "may only look: vera"),
        ({"layers": []}, "layers", ""), ({"layers": [{**WEEKLY, "users": []}]}, "layers.0.users", ""),
        ({"layers": [{**NIGHTS, "restriction": {"shifts": ["LATE"]}}]}, "layers.restriction.shifts", "no shift 'LATE'"),
        ({"layers": [{**WEEKLY, "restriction": {"start": "18:00"}}]}, "layers.0.restriction", "both"),
        ({"layers": [{**WEEKLY, "restriction": {}}]}, "layers.0.restriction", "says nothing"),
        ({"layers": [{**WEEKLY, "every": 0}]}, "layers.0.every", ""),
        ({"layers": [{**WEEKLY, "every": 54}]}, "layers.0", "at most 53 weeks"),
        ({"layers": [{**WEEKLY, "ends_on": "2026-01-01"}]}, "layers.0", "before starts_on"),
        ({"layers": [{**WEEKLY, "starts_on": "9999-12-31"}]}, "layers.0.starts_on", ""),
        ({"time_zone": "CEST"}, "time_zone", ""), ({"colour": "red"}, "colour", ""),
    ],
)  # fmt: skip
def test_a_schedule_that_would_not_work_is_refused(
    api: Api, plant: str, change: dict[str, Any], field: str, said: str
) -> None:
    answer = api.put(ONE, token(plant, "admin"), {**BODY, **change})
    assert (answer.status, answer.json["field"]) == (422, field)
    assert said in answer.text
    assert api.get(ONE, token(plant)).status == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user_id": "nobody"}, "user_id"), ({"ends_at": "2026-01-14T11:00:00Z", "starts_at": "2026-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "2026-01-15T12:00:00Z"}, None), ({"ends_at": "2026-01-15T12:00:00"}, "ends_at"),
    ],
)  # fmt: skip
def test_a_cover_that_would_not_work_is_refused(
    api: Api, plant: str, change: dict[str, Any], field: str | None
) -> None:
    api.put(ONE, token(plant, "admin"), BODY)
    body = {"user_id": "anna", "starts_at": "2026-01-14T12:00:00Z", "ends_at": "2026-01-14T18:00:00Z", **change}
    answer = api.post(f"{ONE}/overrides", token(plant, "planner"), body)
    assert answer.status == 422
    assert answer.json.get("field") == field or field is None


def test_a_schedule_in_use_stays_and_one_out_of_use_comes_back(api: Api, world: World, plant: str) -> None:
    boss = token(plant, "admin")
    api.put(ONE, boss, BODY)
    with world.copilot.tenant(tenant_id_for(plant)) as tx:
        tx.execute(
            """INSERT INTO notification.escalation_policies (tenant_id, code, name, min_severity, steps) VALUES (:t,
                   'ovens', 'Ovens', 'high',
                   '[{"after_minutes": 5, "targets": [{"kind": "schedule", "code": "maintenance"}]}]')""",
            t=tenant_id_for(plant),
        )  # fmt: skip
    refused = api.delete(ONE, boss)
    assert (refused.status, "ovens" in refused.json["detail"]) == (409, True)
    with world.copilot.tenant(tenant_id_for(plant)) as tx:
        tx.execute("UPDATE notification.escalation_policies SET is_active = false")
    assert api.delete(ONE, boss).json["is_active"] is False
    assert api.get("/notify/on-call/now", boss).json == []
    assert api.get(f"{ONE}/timeline", boss).status == 404
    cover = {"user_id": "anna", "starts_at": "2026-01-14T12:00:00Z", "ends_at": "2026-01-14T18:00:00Z"}
    assert api.post(f"{ONE}/overrides", boss, cover).status == 409
    assert [one["total"] for one in (api.get(ALL, boss).json, api.get(ALL, boss, active="true").json)] == [1, 0]
    assert api.put(ONE, boss, BODY).json["is_active"] is True


def test_who_may_and_what_a_page_holds(api: Api, plant: str) -> None:
    assert api.put(ONE, token(plant, "operator"), BODY).status == 403
    assert api.delete(ONE, token(plant, "planner")).status == 403
    assert api.post(f"{ONE}/overrides", token(plant, "viewer"), {}).status == 403
    for code in ("b", "a", "c"):
        api.put(f"{ALL}/{code}", token(plant, "admin"), BODY)
    first = api.get(ALL, token(plant), limit=2).json
    rest = api.get(ALL, token(plant), limit=2, cursor=first["next_cursor"]).json
    assert [one["code"] for one in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert (first["total"], rest["next_cursor"]) == (3, None)


def test_p60_another_plants_schedule_does_not_exist(api: Api, world: World, plant: str) -> None:
    api.put(ONE, token(plant, "admin"), BODY)
    other = f"else-{uuid7().hex[-12:]}"
    world.tenant(code=other)
    boss = token(other, "admin")
    assert api.get(ONE, boss).status == 404
    assert api.get(ALL, boss).json["items"] == []
    assert api.put(ONE, boss, BODY).status == 422, "its people are nobody here"
    assert api.delete(f"{ONE}/overrides/{uuid7()}", boss).status == 404


@pytest.mark.parametrize("query", [{"to": "2026-01-01T00:00:00Z"}, {"to": "2026-06-01T00:00:00Z"},
                                   {"from": "0001-01-01T00:00:00Z"}, {"from": "2026-01-14"}])  # fmt: skip
def test_a_timeline_has_bounds(api: Api, plant: str, query: dict[str, str]) -> None:
    api.put(ONE, token(plant, "admin"), BODY)
    assert api.get(f"{ONE}/timeline", token(plant), **query).status == 422
