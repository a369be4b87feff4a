"""Alerts in people's hands: listed, taken on, handed back, put off, ended; every step on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError

from opscopilot.kernel.db import Database
from opscopilot.kernel.events import relay
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.notifications.alerts import life, queries, ranking, routes
from tests.integration.notifications.test_coming_back import mark_sent, purposes, sweep
from tests.integration.notifications.test_intake import ALERTS, gone, kinds, later, take
from tests.integration.notifications.world import NOON, World, again, alert
from tests.support.api import Api, make_api, token


@pytest.fixture
def api(world: World) -> Api:
    def publish(tenant_id: UUID) -> None:
        with world.copilot.tenant(tenant_id) as tx:
            relay(tx, world.bus)

    made = APIRouter(prefix="/notify")
    routes.add(made, publish)
    return make_api(world.copilot, [made], world.clock)


@pytest.fixture
def plant(world: World) -> str:
    code = f"life-{uuid7().hex[-12:]}"
    world.tenant(code=code)
    return code


def only(world: World, plant: str) -> dict[str, Any]:
    (row,) = world.rows(tenant_id_for(plant), ALERTS)
    return row


def test_taken_on_handed_back_put_off_and_ended(api: Api, world: World, plant: str) -> None:
    event = alert(tenant_id_for(plant), severity="critical")
    take(world, event)
    path, me, other = f"/notify/alert/{event.alert_id}", token(plant, "operator"), token(plant, "planner")
    due = only(world, plant)["next_step_at"]
    assert due == world.clock.now() + timedelta(minutes=15)
    first = api.post(f"{path}/acknowledge", me, {"note": "On my way"})
    assert (first.status, first.json["first"], first.json["note"]) == (200, True, "On my way")
    assert api.post(f"{path}/acknowledge", me, {"note": "Changed my mind"}).json == {**first.json, "first": False}
    assert api.post(f"{path}/acknowledge", other).json["first"] is True
    shown = api.get(f"/notify/alerts/{event.alert_id}", other).json
    assert (shown["status"], shown["acknowledged_by"]) == ("acknowledged", f"operator@{plant}")
    assert [one["user_id"] for one in shown["acknowledgments"]] == [f"operator@{plant}", f"planner@{plant}"]
    assert shown["next_step_at"] is None
    back = api.delete(f"{path}/acknowledge", me)
    assert (back.status, back.json["status"], back.json["acknowledged_by"]) == (200, "open", None)
    assert datetime.fromisoformat(back.json["next_step_at"]) == due  # as if nobody had had it
    assert api.delete(f"{path}/acknowledge", me).status == 409
    assert api.post(f"{path}/acknowledge", me).json["first"] is True
    until = (world.clock.now() + timedelta(hours=3)).isoformat()
    slept = api.post(f"{path}/snooze", me, {"until": until, "note": "After lunch"}).json
    assert (slept["snoozed_by"], slept["status"]) == (f"operator@{plant}", "acknowledged")
    assert api.post(f"{path}/resolve", other, {"reason": "Fixed"}).json["status"] == "resolved"
    lines = api.get(f"/notify/alerts/{event.alert_id}/history", me, limit=3).json
    assert (lines["total"], [one["kind"] for one in lines["items"]]) == (7, ["resolved", "snoozed", "acknowledged"])
    rest = api.get(f"/notify/alerts/{event.alert_id}/history", me, limit=9, cursor=lines["next_cursor"]).json
    assert [one["kind"] for one in rest["items"]] == ["unacknowledged", "acknowledged", "acknowledged", "opened"]
    assert {one["via"] for one in lines["items"]} == {"api"}
    assert rest["items"][0]["detail"] == {"was": f"operator@{plant}"}


def test_what_is_over_is_left_alone(api: Api, world: World, plant: str) -> None:
    event = alert(tenant_id_for(plant))
    take(world, event)
    take(world, gone(event, **later(world, minutes=1)))
    path, me = f"/notify/alert/{event.alert_id}", token(plant, "planner")
    until = (world.clock.now() + timedelta(hours=3)).isoformat()
    answers = [
        api.post(f"{path}/acknowledge", me), api.delete(f"{path}/acknowledge", me),
        api.post(f"{path}/snooze", me, {"until": until}), api.post(f"{path}/resolve", me, {"reason": "Fixed"}),
    ]  # fmt: skip
    assert [(one.status, one.json["value"]) for one in answers] == [(409, "resolved")] * 4
    assert "resolved since 2026-01-14 11:01 UTC" in answers[0].json["detail"]
    assert kinds(world, tenant_id_for(plant)) == ["opened", "resolved"]


@pytest.mark.parametrize("hours", [-1, 0, 7 * 24 + 1])
def test_nobody_sleeps_longer_than_a_week(api: Api, world: World, plant: str, hours: int) -> None:
    event = alert(tenant_id_for(plant))
    take(world, event)
    until = (world.clock.now() + timedelta(hours=hours)).isoformat()
    answer = api.post(f"/notify/alert/{event.alert_id}/snooze", token(plant, "planner"), {"until": until})
    assert (answer.status, answer.json["field"]) == (422, "until")


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/acknowledge"), ("DELETE", "/acknowledge"), ("POST", "/snooze"), ("POST", "/resolve"),
])  # fmt: skip
def test_p60_strangers_and_viewers_do_nothing(api: Api, world: World, plant: str, method: str, path: str) -> None:
    other = world.tenant()
    event = alert(other)
    take(world, event)
    body = {"/snooze": {"until": (NOON + timedelta(hours=1)).isoformat()}, "/resolve": {"reason": "Fixed"}}.get(path)
    where = f"/api/v1/notify/alert/{event.alert_id}{path}"
    assert api(method, where, as_=token(plant, "admin"), body=body).status == 404
    assert api(method, where, as_=token(plant, "viewer"), body=body).status == 403
    assert kinds(world, other) == ["opened"]


def test_a_snooze_ends_with_a_reminder_for_whoever_asked(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, "anna", "anna@x.example")
    world.person(tenant, "bert", "bert@x.example")
    event = alert(tenant)
    take(world, event)
    mark_sent(world, tenant)
    for number in (1, 2):
        with world.copilot.tenant(tenant) as tx:
            life.snooze(tx, event.alert_id, "bert", world.clock.now() + timedelta(hours=2), None, world.clock.now())
        world.clock.advance(timedelta(hours=1))
        assert sweep(world, tenant).get("woken") is None
        world.clock.advance(timedelta(hours=1))
        assert sweep(world, tenant)["woken"] == 1
        mark_sent(world, tenant)
        assert purposes(world, tenant)[-1] == ("reminder", "bert", number)
    assert only_status(world, tenant) == ("open", None)


def test_p85_a_rise_wakes_what_was_put_off_and_takes_it_from_whoever_had_it(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, "anna", "anna@x.example")
    event = alert(tenant)
    take(world, event)
    mark_sent(world, tenant)
    with world.copilot.tenant(tenant) as tx:
        life.acknowledge(tx, event.alert_id, "anna", None, world.clock.now())
        life.snooze(tx, event.alert_id, "anna", world.clock.now() + timedelta(days=1), None, world.clock.now())
    assert take(world, again(event, severity="critical", **later(world, minutes=5))) == ["escalated"]
    assert only_status(world, tenant) == ("open", None)
    assert purposes(world, tenant) == [("raised", "anna", 0), ("raised", "anna", 0)]
    notes = world.rows(tenant, "SELECT note FROM notification.alert_history WHERE kind = 'escalated'")
    assert notes == [{"note": "anna had it."}]


def only_status(world: World, tenant: UUID) -> tuple[str, Any]:
    (row,) = world.rows(tenant, ALERTS)
    return row["status"], row["snoozed_until"]


def test_taken_on_before_it_arrives(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, "anna", "anna@x.example")
    event = alert(tenant)
    world.to_outbox(event)
    with world.copilot.tenant(tenant) as tx:
        assert life.acknowledge(tx, event.alert_id, "anna", "Seen it", world.clock.now()).first
    take(world, event)
    assert only_status(world, tenant) == ("acknowledged", None)


def test_the_gravest_then_the_dearest_per_hour_then_the_oldest(api: Api, world: World, plant: str) -> None:
    tenant, day = tenant_id_for(plant), timedelta(days=1)
    for title, given in {
        "small": {"severity": "low", "amount": Decimal(10**6), "currency": "EUR", "deadline": NOON + day},
        "no money, old": {},
        "240 in a day": {"amount": Decimal(240), "currency": "EUR", "deadline": NOON + day},
        "20 an hour": {"amount": Decimal(1), "amount_per_hour": Decimal(20), "currency": "EUR"},
        "30, past": {"amount": Decimal(30), "currency": "EUR", "deadline": NOON - day},
        "critical": {"severity": "critical"},
        "no money, new": {"occurred_at": NOON + timedelta(minutes=1)},
    }.items():
        world.clock.advance(timedelta(0) if "new" not in title else timedelta(minutes=1))
        take(world, alert(tenant, title=title, place="LINE-1", **given))
    expected = ["critical", "30, past", "20 an hour", "240 in a day", "no money, old", "no money, new", "small"]
    me, seen = token(plant), []
    page = api.get("/notify/alerts", me, limit=2).json
    while True:
        seen += [one["title"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        world.clock.advance(timedelta(hours=5))  # what an hour costs rises meanwhile, the list does not jump
        page = api.get("/notify/alerts", me, limit=2, cursor=page["next_cursor"]).json
    assert seen == expected
    assert page["total"] == 7
    assert api.get("/notify/alerts", me, severity="low").json["items"][0]["amount_per_hour"] is not None
    assert api.get("/notify/alerts", me, place="line-1", entity="sku-1", alert_type="stockout_risk").json["total"] == 7
    assert api.get("/notify/alerts", me, status="resolved").json["total"] == 0
    for bad in ({"status": "gone"}, {"severity": "urgent"}, {"cursor": "nonsense"}, {"cursor": "WyJ4IiwieSJd"}):
        assert api.get("/notify/alerts", me, **bad).status == 422


def test_python_and_sql_agree_on_what_an_hour_costs(world: World) -> None:
    tenant = world.tenant()
    known = [("100", None), ("0.03", None), (None, None), ("7", "12.345"), ("-5", None)]
    deadlines = [None, *(NOON + timedelta(hours=hours, microseconds=17) for hours in (-30, 0, 0.5, 1, 1.5, 24, 1000))]
    take(world, *(
        alert(tenant, amount=amount and Decimal(amount), amount_per_hour=per_hour and Decimal(per_hour),
              currency="EUR", deadline=deadline)
        for amount, per_hour in known for deadline in deadlines
    ))  # fmt: skip
    for row in world.rows(tenant, f"SELECT a.*, {ranking.SQL} AS cost FROM notification.alerts a", now=NOON):
        cost = ranking.per_hour(row["amount"], row["amount_per_hour"], row["deadline"], NOON)
        assert cost == row["cost"], row["deadline"]


def test_one_cause_shows_its_symptoms(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    batch = [alert(tenant, correlation_key="sku:7", severity=one, actions=("Order 40 kg today.",), observed=Decimal("0.87"),
                   threshold=Decimal("0.5")) for one in ("low", "critical", "high")]  # fmt: skip
    take(world, *batch, alert(tenant))
    shown = api.get(f"/notify/alerts/{batch[0].alert_id}", token(plant)).json
    assert (shown["symptoms"], [one["severity"] for one in shown["same_cause"]]) == (2, ["critical", "high"])
    assert (shown["actions"], shown["observed"], shown["threshold"]) == (["Order 40 kg today."], "0.87", "0.5")
    found = api.get("/notify/alerts", token(plant), correlation_key="sku:7").json
    assert (found["total"], {one["symptoms"] for one in found["items"]}) == (3, {2})


def test_p60_another_plants_alert_does_not_exist(api: Api, world: World, plant: str) -> None:
    other = world.tenant()
    event = alert(other)
    take(world, event)
    me = token(plant, "admin")
    assert api.get("/notify/alerts", me, status="active").json == {"items": [], "next_cursor": None, "total": 0}
    for path in (f"/notify/alerts/{event.alert_id}", f"/notify/alerts/{event.alert_id}/history"):
        assert api.get(path, me).status == 404


def test_raised_by_hand_with_all_that_helps(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    body = {"severity": "high", "title": "Oven 2 stops", "message": "Repair.", "place": "LINE-2", "currency": "EUR",
            "amount_per_hour": "420", "actions": ["Move SKU-7 to oven 1."], "correlation_key": "oven-2"}  # fmt: skip
    me = token(plant, "planner")
    accepted = api.post("/notify/alert", me, body)
    assert accepted.status == 202
    assert world.sweep(recover=True)["opened"] == 1
    shown = api.get(f"/notify/alerts/{accepted.json['alert_id']}", me).json
    assert (shown["amount_per_hour"], shown["place"], shown["actions"]) == (
        "420.00",
        "LINE-2",
        ["Move SKU-7 to oven 1."],
    )
    assert only(world, plant)["expires_at"] == world.clock.now() + timedelta(days=30)
    assert tenant == only(world, plant)["tenant_id"]
    for bad in ({"amount_per_hour": "5", "currency": None}, {"expires_at": NOON.isoformat()}, {"actions": [""]}):
        assert api.post("/notify/alert", me, {**body, **bad}).status == 422


@pytest.mark.parametrize("role", ["ops_notify", "ops_copilot", "ops_migrate"])
@pytest.mark.parametrize("sql", [
    "UPDATE notification.alert_history SET note = 'another'", "DELETE FROM notification.alert_history",
    "UPDATE notification.alert_acknowledgments SET user_id = 'another'",
])  # fmt: skip
def test_the_history_cannot_be_edited(world: World, roles: dict[str, Database], role: str, sql: str) -> None:
    tenant = world.tenant()
    event = alert(tenant)
    take(world, event)
    with world.copilot.tenant(tenant) as tx:
        life.acknowledge(tx, event.alert_id, "anna", "mine", world.clock.now())
    with pytest.raises(DBAPIError, match=r"audit trail|permission denied"), roles[role].tenant(tenant) as tx:
        tx.execute(sql)
    with world.copilot.tenant(tenant) as tx:
        assert [one.kind for one in queries.history(tx, event.alert_id).items] == ["acknowledged", "opened"]


@pytest.mark.parametrize("column", ["severity", "title", "fingerprint", "occurrences", "amount"])
def test_the_api_changes_what_people_decide_and_nothing_else(world: World, column: str) -> None:
    tenant = world.tenant()
    take(world, alert(tenant))
    with pytest.raises(DBAPIError, match="permission denied"), world.copilot.tenant(tenant) as tx:
        tx.execute(f"UPDATE notification.alerts SET {column} = DEFAULT")


def test_two_people_at_the_same_moment_leave_one_owner_and_two_names(world: World) -> None:
    tenant = world.tenant()
    event = alert(tenant)
    take(world, event)

    def click(who: str) -> None:
        with world.copilot.tenant(tenant) as tx:
            life.acknowledge(tx, event.alert_id, who, None, world.clock.now())

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(click, ["anna", "bert", "cora"]))
    (row,) = world.rows(tenant, ALERTS)
    names = world.rows(tenant, "SELECT user_id FROM notification.alert_acknowledgments ORDER BY user_id")
    assert [one["user_id"] for one in names] == ["anna", "bert", "cora"]
    assert row["acknowledged_by"] in {"anna", "bert", "cora"}
    assert kinds(world, tenant) == ["opened", *["acknowledged"] * 3]
