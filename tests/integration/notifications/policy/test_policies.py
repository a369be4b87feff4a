"""Escalation policies over the API."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.kernel.ids import tenant_id_for
from tests.integration.notifications.world import World
from tests.support.api import Api, token

PATH = "/notify/escalation-policies"
ADMIN_ROLE = {"kind": "role", "code": "admin"}


def step(minutes: int, *targets: dict[str, str], **given: Any) -> dict[str, Any]:
    return {"after_minutes": minutes, "targets": list(targets or (ADMIN_ROLE,)), **given}


def body(*steps: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"name": "Ovens", "steps": list(steps or (step(5),)), **given}


def test_put_read_replace_deactivate(world: World, api: Api, plant: str) -> None:
    world.person(tenant_id_for(plant), "anna")
    manager = token(plant, "plant_manager")
    asked = body(
        step(0, {"kind": "user", "code": "anna"}), step(15, ADMIN_ROLE, repeat=True, channels=["sms"]),
        min_severity="medium", alert_types=["anomaly", "anomaly"], workspaces=["plantops"], entity_pattern="OVEN-*",
        place="PLANT-1", priority=5, exclusive=True,
    )  # fmt: skip
    made = api.put(f"{PATH}/ovens", manager, asked).json
    assert {**made, "alert_types": ["anomaly", "anomaly"], "created_at": 0, "updated_at": 0} == {
        **asked, "steps": [{"repeat": False, "channels": [], **one} for one in asked["steps"]], "code": "ovens",
        "is_active": True, "built_in": False, "row_version": 1, "created_by": f"plant_manager@{plant}",
        "created_at": 0, "updated_at": 0,
    }  # fmt: skip
    assert api.get(f"{PATH}/ovens", token(plant, "viewer")).json == made
    again = api.put(f"{PATH}/ovens", manager, body()).json
    assert (again["entity_pattern"], again["exclusive"], again["row_version"]) == (None, False, 2)
    assert api.delete(f"{PATH}/ovens", manager).json["is_active"] is False
    assert api.delete(f"{PATH}/ovens", manager).json["row_version"] == 3
    assert api.put(f"{PATH}/ovens", manager, body()).json["is_active"] is True


def test_the_list_is_in_the_order_in_which_they_are_tried_and_ends_with_ours(api: Api, plant: str) -> None:
    admin = token(plant, "admin")
    for code, priority in (("b", 7), ("a", 7), ("z", 1)):
        api.put(f"{PATH}/{code}", admin, body(priority=priority))
    api.delete(f"{PATH}/a", admin)
    first = api.get(PATH, admin, limit=2).json
    rest = api.get(PATH, admin, limit=2, cursor=first["next_cursor"]).json
    assert [one["code"] for one in first["items"] + rest["items"]] == ["z", "a", "b", "built_in"]
    assert (first["total"], rest["next_cursor"]) == (4, None)
    assert [one["code"] for one in api.get(PATH, admin, is_active="true").json["items"]] == ["z", "b", "built_in"]
    ours = rest["items"][-1]
    assert (ours["built_in"], ours["min_severity"], [one["after_minutes"] for one in ours["steps"]]) == (
        True, "critical", [15, 30]
    )  # fmt: skip
    assert api.get(f"{PATH}/built_in", admin).json == ours


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (body(step(5, {"kind": "user", "code": "nobody"})), "steps[0].targets[0].code"),
        (body(step(5), step(9, ADMIN_ROLE, {"kind": "schedule", "code": "x"})), "steps[1].targets[1].code"),
        (body(step(5, {"kind": "role", "code": "boss"})), "steps[0].targets[0].code"),
        (body(step(5, channels=["fax"])), "steps[0].channels"), (body(step(5), step(5)), None),
        (body(step(9), step(5)), None), (body(step(5), exclusive=True), None),
        (body(*[step(n) for n in range(11)]), None), ({"name": "x", "steps": []}, None), (body(step(-1)), None),
        (body(place=""), None), (body(colour="red"), None),
    ],
)  # fmt: skip
def test_what_is_refused_says_where(api: Api, plant: str, asked: dict[str, Any], field: str | None) -> None:
    answer = api.put(f"{PATH}/x", token(plant, "admin"), asked)
    assert answer.status == 422
    if field is not None:
        assert (answer.json["field"], bool(answer.json["expected"])) == (field, True)


def test_ours_cannot_be_changed_and_not_everybody_may_change_one(api: Api, plant: str) -> None:
    admin = token(plant, "admin")
    assert api.put(f"{PATH}/built_in", admin, body()).json["field"] == "code"
    assert api.delete(f"{PATH}/built_in", admin).status == 422
    assert api.put(f"{PATH}/x", token(plant, "planner"), body()).status == 403
    assert api.get(f"{PATH}/x", admin).status == 404
    assert api.delete(f"{PATH}/x", admin).status == 404
    assert api.get(PATH, admin, cursor="WyJ4IiwieSJd").json["field"] == "cursor"
