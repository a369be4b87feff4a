"""The API: preferences, lists, channels, manual alerts, acknowledgments, retries and the test mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.events import relay
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.alerts.incoming import from_outbox
from opscopilot.notifications.routes import router
from tests.integration.notifications.world import World, again, alert, refused
from tests.support.api import Api, make_api, token
from tests.support.outside import MemorySecrets


@pytest.fixture
def api(world: World) -> Api:
    def publish(tenant_id: UUID) -> None:
        with world.copilot.tenant(tenant_id) as tx:
            relay(tx, world.bus)

    secrets = MemorySecrets()
    routes = router(world.channels["email"], publish, KINDS, WorkingTime(), lambda: secrets)
    return make_api(world.copilot, [routes], world.clock)


@pytest.fixture
def plant(world: World) -> str:
    code = f"api-{uuid7().hex[-12:]}"
    world.tenant(code=code)
    return code


def test_preferences_have_defaults_and_change_field_by_field(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    default = api.get("/notify/preferences", me).json
    assert (default["saved"], default["enabled_channels"], default["min_severity"]) == (False, ["email"], "high")
    assert (default["notify_on_critical"], default["notify_on_high"]) == (True, True)
    first = api.post("/notify/preferences", me, {
        "quiet_hours_enabled": True, "quiet_hours_start": "22:00", "quiet_hours_end": "07:00", "min_severity": "medium",
    }).json  # fmt: skip
    assert (first["quiet_hours_start"], first["time_zone"], first["saved"]) == ("22:00", "Europe/Berlin", True)
    second = api.post("/notify/preferences", me, {"phone": "+49 151 1234567", "enabled_channels": ["sms", "sms"]}).json
    assert (second["phone"], second["enabled_channels"]) == ("+491511234567", ["sms"])
    assert (second["min_severity"], second["quiet_hours_end"]) == ("medium", "07:00")
    assert api.post("/notify/preferences", me, {"notify_on_high": False}).json["min_severity"] == "critical"
    assert api.get("/notify/preferences", me).json["notify_on_high"] is False
    assert api.get("/notify/preferences", token(plant, "viewer")).json["saved"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"enabled_channels": ["sms"]}, "phone"), ({"enabled_channels": ["webhook"]}, "webhook_url"),
        ({"quiet_hours_enabled": True}, "quiet_hours_start"),
        ({"quiet_hours_enabled": True, "quiet_hours_start": "22:00", "quiet_hours_end": "22:00"}, "quiet_hours_end"),
        ({"time_zone": "Mars/Base"}, "time_zone"), ({"webhook_url": "http://169.254.169.254/x"}, "webhook_url"),
        ({"user_id": "somebody-else"}, "user_id"), ({"tenant_id": "x"}, "tenant_id"),
    ],
)  # fmt: skip
def test_preferences_that_would_not_work_are_refused(api: Api, plant: str, body: dict[str, Any], field: str) -> None:
    answer = api.post("/notify/preferences", token(plant, "planner"), body)
    assert (answer.status, answer.json["field"]) == (422, field)


def test_a_webhook_secret_is_shown_once_and_can_be_rotated(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    made = api.post("/notify/preferences", me, {"webhook_url": "https://h.example/x"}).json
    assert len(made["webhook_secret"]) >= 40
    later = api.post("/notify/preferences", me, {"min_severity": "low"}).json
    assert (later["webhook_secret"], later["webhook_secret_set"]) == (None, True)
    rotated = api.post("/notify/preferences", me, {"rotate_webhook_secret": True}).json
    assert rotated["webhook_secret"] not in (None, made["webhook_secret"])


def test_who_saves_preferences_is_told_from_then_on(api: Api, world: World, plant: str) -> None:
    api.post("/notify/preferences", token(plant, "planner", sub="new", email="new@x.example"), {"min_severity": "low"})
    world.handle(alert(tenant_id_for(plant), severity="low"))
    assert [mail.to for mail in world.mails] == ["new@x.example"]


def test_a_manual_alert_travels_through_the_outbox(api: Api, world: World, plant: str) -> None:
    body = {"severity": "high", "title": "Oven 2 stops on Friday", "message": "Repair.", "amount": "900",
            "currency": "EUR", "dedupe_key": "oven-2"}  # fmt: skip
    accepted = api.post("/notify/alert", token(plant, "planner"), body)
    assert accepted.status == 202
    (row,) = world.bus.rows
    assert (row.detail_type, str(row.event_id)) == ("AlertRaised", accepted.json["event_id"])
    tenant = tenant_id_for(plant)
    world.person(tenant)
    event = from_outbox("AlertRaised", world.rows(tenant, "SELECT detail FROM platform.outbox")[0]["detail"])
    assert (event.tenant_id, event.dedupe_key) == (tenant, "manual:oven-2")
    world.handle(event)
    assert "EUR 900 affected" in world.mails[0].subject
    same = api.post("/notify/alert", token(plant, "planner"), {**body, "title": "Oven 2, once more"})
    assert same.json["alert_id"] == accepted.json["alert_id"]
    reached = api.get(f"/notify/alert/{accepted.json['alert_id']}", token(plant)).json
    assert (reached["channels_notified"], reached["channels_failed"]) == (["email"], [])


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_not_everybody_raises_alerts(api: Api, plant: str, role: str) -> None:
    body = {"severity": "high", "title": "Oven", "message": "m"}
    assert api.post("/notify/alert", token(plant, role), body).status == 403


@pytest.mark.parametrize("change", [
    {"severity": "urgent"}, {"title": ""}, {"amount": "5"}, {"currency": "EUR"}, {"tenant_id": "x"}, {"amount": "-1"},
    {"deadline": "2026-01-01T00:00:00"}, {"link": "javascript:alert(1)"}, {"alert_type": "gossip"},
])  # fmt: skip
def test_a_bad_manual_alert_is_refused(api: Api, plant: str, change: dict[str, Any]) -> None:
    body = {"severity": "high", "title": "Oven", "message": "m", **change}
    assert api.post("/notify/alert", token(plant, "planner"), body).status == 422


def test_acknowledging_is_idempotent_and_remembers_who(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant)
    event = alert(tenant)
    world.to_outbox(event)
    path = f"/notify/alert/{event.alert_id}/acknowledge"
    first = api.post(path, token(plant, "operator"), {"note": "On my way"})
    assert (first.status, first.json["first"], first.json["note"]) == (200, True, "On my way")
    world.clock.advance(timedelta(minutes=5))
    second = api.post(path, token(plant, "operator"), {"note": "Changed my mind"}).json
    assert second == {**first.json, "first": False}
    assert api.post(path, token(plant, "planner")).json["first"] is True
    world.handle(event)
    (row,) = world.rows(tenant)
    assert api.get(f"/notify/notifications/{row['id']}", token(plant)).json["acknowledged_by"] == [
        f"operator@{plant}", f"planner@{plant}",
    ]  # fmt: skip
    assert api.post(path, token(plant, "viewer")).status == 403
    assert api.post(f"/notify/alert/{uuid7()}/acknowledge", token(plant, "planner")).status == 404


def test_p60_another_plants_alert_and_notification_do_not_exist(api: Api, world: World, plant: str) -> None:
    other = world.tenant()
    world.person(other)
    event = alert(other)
    world.handle(event)
    (row,) = world.rows(other)
    me = token(plant, "admin")
    for method, path in (
        ("GET", f"/notify/notifications/{row['id']}"), ("POST", f"/notify/notifications/{row['id']}/retry"),
        ("GET", f"/notify/alert/{event.alert_id}"), ("POST", f"/notify/alert/{event.alert_id}/acknowledge"),
    ):  # fmt: skip
        answer = api(method, f"/api/v1{path}", as_=me)
        nobodys = api(method, f"/api/v1{path}".replace(str(row["id"]), str(uuid7())), as_=me)
        assert answer.status == 404
        if "notifications" in path:
            assert answer.json["detail"] == nobodys.json["detail"]
    assert api.get("/notify/notifications", me).json == {"items": [], "next_cursor": None, "total": 0}


def test_p87_the_list_pages_and_filters(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant, min_severity="info")
    for number in range(7):
        world.clock.advance(timedelta(seconds=1))
        world.handle(alert(tenant, severity="high" if number % 2 else "low", title=f"Number {number}"))
    me = token(plant)
    seen: list[str] = []
    page = api.get("/notify/notifications", me, limit=3).json
    while True:
        seen += [one["title"] for one in page["items"]]
        assert page["total"] >= 7
        if page["next_cursor"] is None:
            break
        world.clock.advance(timedelta(seconds=1))
        world.handle(alert(tenant, title="Late"))
        page = api.get("/notify/notifications", me, limit=3, cursor=page["next_cursor"]).json
    assert seen == [f"Number {number}" for number in reversed(range(7))]
    high = api.get("/notify/notifications", me, severity="high", channel="email", limit=1).json
    assert (len(high["items"]), high["total"]) == (1, 5)
    assert (
        api.get("/notify/notifications", me, severity="high", status="sent").json["total"] == 2
    )  # the rest is a storm
    assert api.get("/notify/notifications", me, status="lost").status == 422
    assert api.get("/notify/notifications", me, cursor="nonsense").status == 422
    for keys in ("WyJ4IiwieSJd",):  # a cursor of ours in shape, with "x" and "y" in it
        assert api.get("/notify/notifications", me, cursor=keys).status == 422


def test_detail_masks_the_destination(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant)
    world.handle(alert(tenant))
    (row,) = world.rows(tenant)
    shown = api.get(f"/notify/notifications/{row['id']}", token(plant)).json
    assert (shown["destination"], shown["status"], shown["message"]) == ("a…@x.example", "sent", "Stock covers 2 days.")


def test_a_dead_notification_can_be_tried_again(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant)
    world.channels["email"].answers = [refused("mailbox full", retryable=False)]
    world.handle(alert(tenant))
    (row,) = world.rows(tenant)
    path = f"/notify/notifications/{row['id']}/retry"
    assert api.post(path, token(plant, "viewer")).status == 403
    asked = api.post(path, token(plant, "planner"))
    assert (asked.status, asked.json["retry_requested_by"]) == (200, f"planner@{plant}")
    assert api.post(path, token(plant, "buyer")).json["retry_requested_by"] == f"planner@{plant}"
    world.sweep()
    assert world.statuses(tenant) == ["sent"]
    assert len(world.mails) == 1
    refused_now = api.post(path, token(plant, "planner"))
    assert (refused_now.status, refused_now.json["value"]) == (409, "sent")


def test_channels_tell_how_they_are(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant, enabled_channels=["email", "sms"], phone="+4915112345678")
    world.channels["sms"].answers = [refused("carrier down")]
    first = alert(tenant)
    world.handle(first)
    world.handle(again(first))
    by_name = {one["channel"]: one for one in api.get("/notify/channels", token(plant)).json}
    assert {name: one["health"] for name, one in by_name.items()} == {
        "apprise": "idle", "email": "ok", "sms": "failing", "slack": "idle", "webhook": "idle",
    }  # fmt: skip
    assert (by_name["sms"]["failed"], by_name["sms"]["last_error"]) == (1, "carrier down")
    assert by_name["email"]["last_error"] is None


def test_the_test_mail_goes_to_people_of_the_plant_only(api: Api, world: World, plant: str) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant, "bert", "bert@x.example")
    me = token(plant, "planner")
    assert api.post("/notify/email", me, {}).json["to"] == f"planner@{plant}.example"
    assert api.post("/notify/email", me, {"user_id": "bert"}).status == 403
    boss = token(plant, "admin")
    hello = api.post("/notify/email", boss, {"user_id": "bert", "subject": "Hello\r\nBcc: x@y.example"})
    assert (hello.status, hello.json["provider_id"]) == (200, "p-2")
    assert world.mails[1].subject == "Hello Bcc: x@y.example"
    assert api.post("/notify/email", boss, {"user_id": "stranger@other.example"}).status == 404
    assert api.post("/notify/email", boss, {"to": "stranger@other.example"}).status == 422
    world.channels["email"].answers = [refused("SES is away")]
    failed = api.post("/notify/email", me, {})
    assert (failed.status, failed.json["type"].rsplit("/", 1)[1]) == (503, "mail_not_sent")


def test_everything_needs_a_token(api: Api) -> None:
    for path in ("preferences", "notifications", "channels", f"alert/{uuid7()}"):
        assert api.get(f"/notify/{path}").status == 401
