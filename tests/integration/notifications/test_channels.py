"""A tenant's channels over the API: what they are, set up by an admin, secrets kept and never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.routes import router
from tests.integration.notifications.world import World, alert
from tests.support.api import Api, make_api, token
from tests.support.outside import MemorySecrets

TOKEN = "xoxb-1234567890-abcdefghij"


@dataclass
class Plant:
    """A tenant, its API and its secret store."""

    code: str
    api: Api
    secrets: MemorySecrets

    @property
    def id(self) -> UUID:
        return tenant_id_for(self.code)

    def channel(self, code: str) -> dict[str, Any]:
        listed = self.api.get("/notify/channels", token(self.code, "viewer")).json
        found: dict[str, Any] = next(one for one in listed if one["channel"] == code)
        return found

    def put(self, code: str, body: dict[str, Any], role: str = "admin") -> Any:
        return self.api.put(f"/notify/channels/{code}", token(self.code, role), body)


@pytest.fixture
def plant(world: World) -> Plant:
    code, secrets = f"chan-{uuid7().hex[-12:]}", MemorySecrets()
    world.tenant(code=code)
    routes = router(world.channels["email"], lambda _tenant: 0, KINDS, WorkingTime(), lambda: secrets)
    return Plant(code, make_api(world.copilot, [routes], world.clock), secrets)


def test_every_channel_says_what_it_is(plant: Plant) -> None:
    listed = plant.api.get("/notify/channels", token(plant.code, "viewer")).json
    assert [one["channel"] for one in listed] == list(KINDS)
    slack = plant.channel("slack")
    assert (slack["title"], slack["usable"], slack["enabled"], slack["health"]) == ("Slack", True, True, "idle")
    assert (slack["secret_set"], slack["settings"], slack["missing"]) == (False, {}, None)
    assert [one["name"] for one in slack["secret_fields"]] == ["bot_token"]
    assert plant.channel("webhook")["for_people"] is False


def test_a_secret_is_kept_and_never_shown(plant: Plant, world: World) -> None:
    answer = plant.put("slack", {"secret": {"bot_token": TOKEN}})
    assert (answer.status, answer.json["secret_set"]) == (200, True)
    assert TOKEN not in str(answer.json)
    name = f"opscopilot/{plant.code}/channels/slack"
    assert plant.secrets.kept == {name: {"bot_token": TOKEN}}
    rows = world.rows(plant.id, "SELECT * FROM notification.notification_channel_configs")
    assert rows[0]["secret_ref"] == name
    assert TOKEN not in str(rows)
    assert plant.put("slack", {"secret": {}}).json["secret_set"] is False


def test_settings_change_one_by_one(plant: Plant) -> None:
    assert plant.put("email", {"settings": {"sender_name": "Fjord alerts"}}).status == 200
    assert plant.put("email", {"settings": {"reply_to": "Plan@fjord.example"}}).json["settings"] == {
        "sender_name": "Fjord alerts", "reply_to": "Plan@fjord.example",
    }  # fmt: skip
    assert plant.put("email", {"settings": {"sender_name": None}}).json["settings"] == {
        "reply_to": "Plan@fjord.example"
    }


@pytest.mark.parametrize(("code", "body", "field", "hint"), [
    ("email", {"settings": {"host": "x"}}, "settings.host", "one of sender_name, reply_to"),
    ("email", {"settings": {"sender_name": "a\r\nBcc: x"}}, "settings.sender_name", "Fjord Foods alerts"),
    ("email", {"settings": {"reply_to": "nobody"}}, "settings.reply_to", "planning@fjord-foods.example"),
    ("sms", {"settings": {"sender_id": "12345"}}, "settings.sender_id", "FjordFoods"),
    ("slack", {"secret": {"bot_token": "guess\r\nme"}}, "secret.bot_token", "xoxb-…"),
    ("slack", {"secret": {"password": "x"}}, "secret.password", "one of bot_token"),
    ("webhook", {"secret": {"key": "x"}}, "secret.key", "no secret at all"),
    ("sms", {"enabled": False}, "reason", "No budget"),
    ("sms", {"enabled": False, "reason": "x"}, "reason", "3 characters"),
])  # fmt: skip
def test_a_set_up_that_would_not_work_is_refused(
    plant: Plant, code: str, body: dict[str, Any], field: str, hint: str
) -> None:
    answer = plant.put(code, body)
    assert (answer.status, answer.json["field"]) == (422, field)
    assert hint in answer.json["expected"]
    assert "guess" not in str(answer.json)
    assert plant.secrets.kept == {}


def test_only_admins_set_channels_up_and_only_those_there_are(plant: Plant) -> None:
    assert plant.put("sms", {"enabled": True}, "plant_manager").status == 403
    answer = plant.put("fax", {"enabled": True})
    assert (answer.status, answer.json["expected"]) == (404, "one of apprise, email, slack, sms, webhook")


def test_a_channel_that_is_off_keeps_quiet_and_says_why(plant: Plant, world: World) -> None:
    world.person(plant.id, enabled_channels=["sms"], phone="+4915112345678")
    answer = plant.put("sms", {"enabled": False, "reason": "No budget until March"}).json
    assert (answer["usable"], answer["health"], answer["reason"]) == (False, "off", "No budget until March")
    world.handle(alert(plant.id))
    assert world.channels["sms"].messages == []
    assert plant.put("sms", {"enabled": True}).json["reason"] is None


def test_p60_another_plants_set_up_is_not_seen(plant: Plant, world: World) -> None:
    plant.put("sms", {"enabled": False, "reason": "No budget until March"})
    other = f"chan-{uuid7().hex[-12:]}"
    world.tenant(code=other)
    assert Plant(other, plant.api, plant.secrets).channel("sms")["enabled"] is True


def test_the_test_mail_wears_the_tenants_settings_and_spares_who_bounced(plant: Plant, world: World) -> None:
    plant.put("email", {"settings": {"sender_name": "Fjord alerts"}})
    me = token(plant.code, "planner")
    to = plant.api.post("/notify/email", me, {}).json["to"]
    sent = world.mails[0]
    assert (sent.config.settings, sent.tenant_id) == ({"sender_name": "Fjord alerts"}, plant.id)
    with world.notify.tenant(plant.id) as tx:
        tx.execute(
            """INSERT INTO notification.suppressed_addresses (tenant_id, channel, address, reason, since)
               VALUES (:tenant, 'email', lower(:to), 'bounce', :now)""",
            tenant=plant.id, to=to, now=world.clock.now(),
        )  # fmt: skip
    refused = plant.api.post("/notify/email", me, {})
    assert (refused.status, refused.json["type"].rsplit("/", 1)[1]) == (409, "address_suppressed")
    assert len(world.mails) == 1


def test_a_channel_that_does_not_exist_is_named_with_those_that_do(plant: Plant) -> None:
    me = token(plant.code, "planner")
    asked = plant.api.get("/notify/notifications", me, channel="fax")
    wished = plant.api.post("/notify/preferences", me, {"enabled_channels": ["email", "fax"]})
    for answer in (asked, wished):
        assert (answer.status, answer.json["value"]) == (422, "fax")
        assert answer.json["expected"] == "one of apprise, email, slack, sms, webhook"
