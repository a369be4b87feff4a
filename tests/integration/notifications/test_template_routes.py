"""`/notify/templates`: list, read, save, activate, preview; tenants apart (P-60); refused with line number."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.notifications.wording import routes
from opscopilot.notifications.wording.model import CODES
from opscopilot.notifications.wording.store import active
from tests.integration.notifications.world import World, alert
from tests.support.api import Api, make_api, token

ONE = "/notify/templates/stockout_risk/email/en"
OWN = {"subject": "Achtung: {{ headline }}", "body": "{{ message }}\n{{ amount }}", "note": "shorter"}


@pytest.fixture
def api(world: World) -> Api:
    mounted = APIRouter(prefix="/notify")
    routes.add(mounted, KINDS)
    return make_api(world.copilot, [mounted], world.clock)


@pytest.fixture
def plant(world: World) -> str:
    code = f"words-{uuid7().hex[-12:]}"
    world.tenant(code=code)
    return code


def pages(api: Api, me: str, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get("/notify/templates", me, **asked, **cursor).json
        found += page["items"]
        if page["next_cursor"] is None:
            assert len(found) == page["total"]
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_every_kind_of_message_is_listed_for_every_channel_and_language(api: Api, plant: str) -> None:
    me = token(plant, "viewer")
    found = pages(api, me, limit=50)
    keys = [(one["code"], one["channel"], one["locale"]) for one in found]
    assert keys == sorted(set(keys))
    assert {one[0] for one in keys} == set(CODES)
    assert {one[1] for one in keys} >= {"email", "slack", "sms"}
    assert "webhook" not in {one[1] for one in keys}  # a machine reads it
    assert {(one["in_use"], one["version"], one["shipped"]) for one in found} == {("shipped", None, True)}
    only = pages(api, me, code="digest", locale="de")
    assert {(one["code"], one["locale"]) for one in only} == {("digest", "de")}


def test_a_shipped_template_is_shown_whole_and_can_be_saved_as_it_is(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    shown = api.get(ONE, me).json
    assert (shown["in_use"], shown["saved"]) == ("shipped", [])
    assert shown["source"] == shown["shipped_source"]
    assert "{{ headline }}" in shown["source"]["subject"]
    assert {"amount", "deadline_day", "links"} <= set(shown["variables"])
    assert api.post(ONE, me, {**shown["source"], "activate": True}).status == 201
    made = api.get(ONE, me).json
    assert (made["in_use"], made["version"], made["source"]) == ("own", 1, shown["source"])


def test_versions_are_added_activated_and_left_again(api: Api, world: World, plant: str) -> None:
    me, tenant = token(plant, "planner", sub="anna"), tenant_id_for(plant)
    world.person(tenant, "bert", "bert@x.example")
    first = api.post(ONE, me, OWN).json
    assert (first["in_use"], first["versions"]) == ("shipped", 1)  # saved, not used
    assert (first["source"]["subject"], first["saved"][0]["created_by"]) == (OWN["subject"], "anna")
    second = api.post(ONE, me, {**OWN, "subject": "Zwei: {{ headline }}", "activate": True}).json
    assert (second["in_use"], second["version"]) == ("own", 2)
    world.handle(alert(tenant, severity="critical"))
    back = api.post(f"{ONE}/activate", me, {"version": 1}).json
    assert [(one["version"], one["active"], one["note"]) for one in back["saved"]] == [
        (2, False, "shorter"),
        (1, True, "shorter"),
    ]
    world.handle(alert(tenant, severity="critical"))
    assert api.post(f"{ONE}/deactivate", me).json["in_use"] == "shipped"
    world.handle(alert(tenant, severity="critical"))
    to_bert = [mail.subject.split(":")[0] for mail in world.mails if mail.to == "bert@x.example"]
    assert to_bert == ["Zwei", "Achtung", "[CRITICAL] SKU-1 runs out on Friday"]
    assert api.get(ONE, me, version=2).json["source"]["subject"] == "Zwei: {{ headline }}"


def test_a_language_of_their_own_is_listed_beside_the_shipped_ones(api: Api, plant: str) -> None:
    me = token(plant, "planner")
    api.post(
        "/notify/templates/digest/sms/pl",
        me,
        {"subject": "{{ count }}", "body": "{{ count }} alarmów", "activate": True},
    )
    (found,) = pages(api, me, locale="pl")
    assert (found["code"], found["channel"], found["in_use"], found["shipped"]) == ("digest", "sms", "own", False)


def test_a_bad_template_is_refused_with_field_line_and_what_would_be_right(api: Api, world: World, plant: str) -> None:
    body = {"subject": "{{ headline }}", "body": "\nLine two\n{{ amout }}"}
    answer = api.post(ONE, token(plant, "planner"), body)
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (422, "bad_template")
    assert (answer.json["field"], answer.json["value"]) == ("body", "{{ amout }}")
    assert answer.json["detail"] == "body, line 3: There is no fact called 'amout'."
    assert answer.json["expected"].startswith("'amount', or another of:")
    assert answer.json["errors"][0]["line"] == 3
    with world.notify.tenant(tenant_id_for(plant)) as tx:
        assert active(tx).active == {}


@pytest.mark.parametrize(
    ("path", "field"),
    [("/notify/templates/nothing/email/en", "code"), ("/notify/templates/anomaly/pigeon/en", "channel"),
     ("/notify/templates/anomaly/webhook/en", "channel"), ("/notify/templates/anomaly/email/german", "locale")],
)  # fmt: skip
def test_there_is_no_template_for_what_does_not_exist(api: Api, plant: str, path: str, field: str) -> None:
    for answer in (api.get(path, token(plant, "planner")), api.post(path, token(plant, "planner"), OWN)):
        assert answer.status == 422
        assert field in str(answer.json)


def test_who_raises_alerts_words_them_and_everybody_may_look(api: Api, plant: str) -> None:
    for role in ("viewer", "operator"):
        me = token(plant, role)
        assert api.post(ONE, me, OWN).status == 403
        assert api.post(f"{ONE}/activate", me, {"version": 1}).status == 403
        assert api.post(f"{ONE}/deactivate", me).status == 403
        assert api.get(ONE, me).status == 200
        assert api.post("/notify/templates/preview", me, {"code": "digest", "channel": "email"}).status == 200
    assert api.post(f"{ONE}/activate", token(plant, "planner"), {"version": 7}).status == 404


def test_a_preview_shows_the_message_without_saving_or_sending(api: Api, world: World, plant: str) -> None:
    me = token(plant, "viewer")
    asked = {"code": "stockout_risk", "channel": "email", "locale": "de"}
    shown = api.post("/notify/templates/preview", me, asked).json
    assert (
        shown["subject"] == "[KRITISCH] Hazelnuts (RM-001): noch 2 Tage, 12.500 EUR in Gefahr, handeln bis Do 26. Nov"
    )
    assert shown["origin"] == "shipped"
    assert shown["html"].startswith("<!DOCTYPE html>")
    assert [one["label"] for one in shown["links"]] == ["Ich kümmere mich darum", "Später erinnern"]
    unsaved = {**asked, "subject": "{{ headline }}", "body": "{{ amount or 'nothing known' }}", "facts": "minimal"}
    tried = api.post("/notify/templates/preview", me, unsaved).json
    assert (tried["origin"], tried["text"]) == ("unsaved", "nothing known")
    text = api.post("/notify/templates/preview", me, {**asked, "channel": "sms"}).json
    assert (text["segments"], text["html"]) == (2, None)
    assert world.mails == []
    with world.notify.tenant(tenant_id_for(plant)) as tx:
        assert active(tx).active == {}


def test_a_preview_of_a_real_alert_says_what_it_would_have_said(api: Api, world: World, plant: str) -> None:
    raised = alert(tenant_id_for(plant), amount="900", currency="EUR", entity_name="Käse")
    world.handle(raised)
    asked = {"code": "stockout_risk", "channel": "slack", "alert_id": str(raised.alert_id)}
    shown = api.post("/notify/templates/preview", token(plant, "viewer"), asked).json
    assert "Käse (SKU-1)" in shown["subject"]
    assert {"label": "Money", "value": "EUR 900.00 at stake"} in shown["figures"]
    for code in ("digest", "resolved", "step"):
        assert "Käse (SKU-1)" in str(api.post("/notify/templates/preview", token(plant), {**asked, "code": code}).json)


def test_p60_templates_and_alerts_of_another_tenant_are_not_there(api: Api, world: World, plant: str) -> None:
    other = f"words-{uuid7().hex[-12:]}"
    world.tenant(code=other)
    raised = alert(tenant_id_for(plant))
    world.handle(raised)
    api.post(ONE, token(plant, "planner"), {**OWN, "activate": True})
    stranger = token(other, "planner")
    assert api.get(ONE, stranger).json["in_use"] == "shipped"
    assert api.get(ONE, stranger, version=1).status == 404
    assert api.post(f"{ONE}/activate", stranger, {"version": 1}).status == 404
    asked = {"code": "stockout_risk", "channel": "email", "alert_id": str(raised.alert_id)}
    assert api.post("/notify/templates/preview", stranger, asked).status == 404


def test_an_own_template_that_fails_for_an_alert_shows_it_in_the_preview(api: Api, world: World, plant: str) -> None:
    tenant, me = tenant_id_for(plant), token(plant, "planner")
    bad = {"subject": "{{ headline }}", "body": "{{ figures[7].value if entity_code == 'SKU-1' else 'fine' }}"}
    assert api.post(ONE, me, {**bad, "activate": True}).status == 201
    raised = alert(tenant, severity="critical")
    world.person(tenant)
    world.handle(raised)
    assert "SKU-1 runs out on Friday" in world.mails[-1].text  # in the shipped wording
    asked = {"code": "stockout_risk", "channel": "email", "alert_id": str(raised.alert_id)}
    shown = api.post("/notify/templates/preview", me, asked).json
    assert "UndefinedError" in shown["fallback"]
    found = api.get(ONE, me).json
    assert (found["failures"], found["in_use"]) == (1, "own")
    assert found["last_failure"].startswith("stockout_risk/email/en: UndefinedError")
    (row,) = world.rows(tenant)
    assert (row["status"], row["template_error"]) == ("sent", found["last_failure"])
    answer = api.post("/notify/templates/preview", me, {**asked, **bad})
    assert (answer.status, answer.json["errors"][0]["line"]) == (422, 1)
