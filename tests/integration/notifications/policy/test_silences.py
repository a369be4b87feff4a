"""Silences: who may make which, what they hold back, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from opscopilot.kernel.ids import tenant_id_for
from opscopilot.notifications.alerts import life
from tests.integration.notifications.world import NOON, World, alert
from tests.support.api import Api, token

HOUR = timedelta(hours=1)


def until(hours: float) -> str:
    return (NOON + hours * HOUR).isoformat()


def body(**given: Any) -> dict[str, Any]:
    return {"reason": "Oven 2 is being rebuilt", "ends_at": until(2), "entity_pattern": "SKU-*", **given}


def test_a_silence_holds_back_until_it_ends_and_then_lets_go(world: World, api: Api, plant: str) -> None:
    tenant, planner = tenant_id_for(plant), token(plant, "planner")
    world.person(tenant)
    made = api.post("/notify/silences", planner, body())
    assert (made.status, made.json["state"], made.json["holds"]) == (201, "active", 0)
    world.handle(alert(tenant))
    world.handle(alert(tenant, entity_code="OTHER"))
    world.handle(alert(tenant, severity="critical"))
    assert len(world.mails) == 2  # the other item and the critical one
    read = api.get(f"/notify/silences/{made.json['id']}", planner).json
    assert (read["holds"], read["created_by"], read["ended_at"]) == (1, f"planner@{plant}", None)
    held = world.rows(tenant, "SELECT * FROM notification.notifications WHERE held_by = 'silence'")
    assert held[0]["reason"] == (
        f"Held until 2026-01-14 14:00 Europe/Berlin: silenced by planner@{plant} (Oven 2 is being rebuilt)."
    )
    notes = world.rows(tenant, "SELECT note FROM notification.alert_history WHERE kind = 'silenced'")
    assert notes[0]["note"].startswith("A silence holds back 1 notification. Held until 2026-01-14 14:00")
    world.sweep()
    assert len(world.mails) == 2
    world.clock.advance(2 * HOUR)
    world.sweep()
    assert len(world.mails) == 3
    assert api.get(f"/notify/silences/{made.json['id']}", planner).json["state"] == "ended"


def test_ending_it_early_lets_go_at_once(world: World, api: Api, plant: str) -> None:
    tenant, planner = tenant_id_for(plant), token(plant, "planner")
    world.person(tenant)
    made = api.post("/notify/silences", planner, body()).json
    world.handle(alert(tenant))
    ended = api.delete(f"/notify/silences/{made['id']}", token(plant, "buyer")).json
    assert (ended["state"], ended["ended_by"]) == ("ended", f"buyer@{plant}")
    world.sweep()
    assert len(world.mails) == 1
    assert api.delete(f"/notify/silences/{made['id']}", planner).json == {**ended, "holds": 0}


def test_who_sleeps_when_it_ends_early_is_not_woken(world: World, api: Api, plant: str) -> None:
    tenant, planner = tenant_id_for(plant), token(plant, "planner")
    world.sleeper(tenant)
    world.clock.advance(11 * HOUR)  # 23:00
    made = api.post("/notify/silences", planner, body(ends_at=until(11.5))).json
    world.handle(alert(tenant))
    api.delete(f"/notify/silences/{made['id']}", planner)
    world.sweep()
    (row,) = world.rows(tenant)
    assert (row["status"], row["held_by"], row["scheduled_at"].hour, row["silence_id"]) == (
        "pending", "quiet_hours", 6, None
    )  # fmt: skip


def test_what_was_acknowledged_meanwhile_is_not_told_afterwards(world: World, api: Api, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant)
    api.post("/notify/silences", token(plant, "planner"), body())
    event = alert(tenant)
    world.handle(event)
    with world.copilot.tenant(tenant) as tx:
        life.acknowledge(tx, event.alert_id, "otto", None, world.clock.now())
    world.clock.advance(2 * HOUR)
    world.sweep()
    (row,) = world.rows(tenant)
    assert row["status"] == "suppressed"
    assert "acknowledged it" in row["reason"]
    assert world.mails == []


def test_a_new_silence_takes_in_what_waits_for_the_morning(world: World, api: Api, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.sleeper(tenant)
    world.clock.advance(11 * HOUR)  # 23:00
    world.handle(alert(tenant))
    made = api.post("/notify/silences", token(plant, "planner"), body(ends_at=until(24))).json
    world.sweep()
    (row,) = world.rows(tenant)
    assert (row["held_by"], row["scheduled_at"]) == ("silence", NOON + 24 * HOUR)
    assert api.get(f"/notify/silences/{made['id']}", token(plant, "viewer")).json["holds"] == 1


def test_the_list_tells_what_is_on_what_comes_and_what_was(api: Api, plant: str, world: World) -> None:
    planner = token(plant, "planner")
    for hours in (1, 5):
        api.post("/notify/silences", planner, body(ends_at=until(hours)))
    api.post("/notify/silences", planner, body(starts_at=until(3), ends_at=until(9)))
    world.clock.advance(2 * HOUR)

    def states(**query: Any) -> list[str]:
        return [one["state"] for one in api.get("/notify/silences", planner, **query).json["items"]]

    assert sorted(states()) == ["active", "ended", "scheduled"]
    assert (states(state="active"), states(state="scheduled")) == (["active"], ["scheduled"])
    first = api.get("/notify/silences", planner, limit=2).json
    rest = api.get("/notify/silences", planner, limit=2, cursor=first["next_cursor"]).json
    assert (first["total"], rest["total"], rest["next_cursor"]) == (3, 3, None)
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 3
    assert api.get("/notify/silences", planner, cursor="WyJ4IiwieSJd").status == 422


@pytest.mark.parametrize(
    ("role", "given", "status", "field"),
    [
        ("planner", {"entity_pattern": None}, 422, "alert_types"), ("admin", {"entity_pattern": None}, 201, None),
        ("planner", {"ends_at": until(24 * 31)}, 422, "ends_at"), ("planner", {"ends_at": until(-1)}, 422, "ends_at"),
        ("planner", {"starts_at": until(3)}, 422, "ends_at"), ("planner", {"reason": " "}, 422, None),
        ("planner", {"ends_at": "2026-01-14T14:00:00"}, 422, None), ("planner", {"ends_at": None}, 422, None),
        ("planner", {"alert_types": ["weather"]}, 422, None), ("viewer", {}, 403, "role"), ("operator", {}, 403, "role"),
    ],
)  # fmt: skip
def test_what_is_refused(
    api: Api, plant: str, role: str, given: dict[str, Any], status: int, field: str | None
) -> None:
    answer = api.post("/notify/silences", token(plant, role), body(**given))
    assert answer.status == status
    if field is not None:
        assert (answer.json["field"], bool(answer.json["expected"])) == (field, True)


def test_p60_silences_of_one_plant_are_nothing_to_another(world: World, api: Api, plant: str) -> None:
    made = api.post("/notify/silences", token(plant, "planner"), body()).json
    other = world.tenant(code=f"{plant}-2")
    world.person(other)
    world.handle(alert(other))
    assert len(world.mails) == 1
    stranger = token(f"{plant}-2", "admin")
    assert api.get("/notify/silences", stranger).json["items"] == []
    for call in (api.get, api.delete):
        assert call(f"/notify/silences/{made['id']}", stranger).status == 404
    assert datetime.fromisoformat(made["ends_at"]) == NOON + 2 * HOUR
