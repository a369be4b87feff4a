"""`ops alerts`, `ops notify`, `ops silence`, `ops on-call` against the real API: what people type, and what they see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner, Result

from local.cli import context
from local.cli.app import app
from local.client import ApiError, OpsClient
from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.routes import router
from tests.integration.notifications.world import World, alert
from tests.support.api import Api, make_api, token
from tests.support.outside import MemorySecrets

Ops = Callable[..., Result]


@pytest.fixture
def plant(world: World) -> str:
    code = f"ops-{uuid7().hex[-12:]}"
    world.person(world.tenant(code=code), "pia", role="planner", mail="pia@x.example")
    world.person(tenant_id_for(code), "anna", mail="anna@x.example")
    return code


@pytest.fixture
def ops(world: World, plant: str, monkeypatch: pytest.MonkeyPatch) -> Ops:
    """The command line, speaking to the app without a network. The commands read the machine's clock, so the API does."""
    world.clock.instant = SystemClock().now()
    api = make_api(
        world.copilot, [router(world.channels["email"], lambda _: 0, KINDS, WorkingTime(), MemorySecrets)], world.clock
    )

    def client(tenant: str | None = None, role: str = "planner", *, platform_admin: bool = False) -> OpsClient:
        made = OpsClient("http://ops.test", "unused")
        made._http = httpx.Client(base_url="http://ops.test", transport=httpx.MockTransport(_serve(api, plant, role)))
        return made

    monkeypatch.setattr(context, "client", client)
    return lambda *words: CliRunner().invoke(app, list(words))


def _serve(api: Api, plant: str, role: str) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        body = request.content.decode() or None
        found = api(
            request.method, request.url.path, as_=token(plant, role, sub="pia"), body=body,
            headers={"content-type": request.headers.get("content-type", "application/json")},
            **{name: str(value) for name, value in request.url.params.items()},  # type: ignore[arg-type]
        )  # fmt: skip
        return httpx.Response(found.status, text=found.text, headers={"content-type": "application/json"})

    return answer


def raised(world: World, plant: str, **given: Any) -> UUID:
    event = alert(tenant_id_for(plant), occurred_at=world.clock.now(), amount="12500", currency="EUR", **given)
    world.handle(event)
    return event.alert_id


def seen(result: Result) -> str:
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def data(result: Result) -> Any:
    return json.loads(seen(result))


def test_an_alert_is_found_taken_on_put_off_and_ended(ops: Ops, world: World, plant: str) -> None:
    alert_id = str(raised(world, plant, title="SKU-1 runs out on Friday"))
    (listed,) = data(ops("alerts", "list", "--json"))["items"]
    assert (listed["alert_id"], listed["status"]) == (alert_id, "open")
    text = seen(ops("alerts", "list"))
    assert "12,500 EUR" in text
    assert "Alerts (1)" in text
    assert "you have it" in seen(ops("alerts", "ack", alert_id, "--note", "truck at 14:00"))
    assert "had it already" in seen(ops("alerts", "ack", alert_id))
    shown = seen(ops("alerts", "show", alert_id))
    for part in ("SKU-1 runs out on Friday", "acknowledged by", "truck at 14:00", "via"):
        assert part in shown, part
    assert "open again" in seen(ops("alerts", "unack", alert_id))
    assert "quiet until" in seen(ops("alerts", "snooze", alert_id, "--for", "4h"))
    assert "resolved" in seen(ops("alerts", "resolve", alert_id, "--reason", "Truck is here"))
    assert data(ops("alerts", "list", "--json"))["items"] == []
    kinds = [one["kind"] for one in data(ops("alerts", "show", alert_id, "--json"))["history"]]
    assert kinds == ["resolved", "snoozed", "unacknowledged", "acknowledged", "opened"]


def test_messages_are_listed_with_what_became_of_them(ops: Ops, world: World, plant: str) -> None:
    alert_id = str(raised(world, plant))
    found = data(ops("notify", "list", "--alert", alert_id, "--json"))
    assert {(one["user_id"], one["status"]) for one in found["items"]} == {("anna", "sent"), ("pia", "sent")}
    assert "Notifications (2)" in seen(ops("notify", "list"))
    assert "email" in seen(ops("notify", "channels"))
    with pytest.raises(ApiError, match="only a failed or dead one"):
        raise ops("notify", "retry", found["items"][0]["id"]).exception or AssertionError


def test_dead_messages_go_again_at_once(ops: Ops, world: World, plant: str) -> None:
    raised(world, plant)
    with world.notify.tenant(tenant_id_for(plant)) as tx:
        tx.execute("UPDATE notification.notifications SET status = 'dead'")
    assert "2 dead" in seen(ops("notify", "redrive", "--dry-run"))
    assert data(ops("notify", "redrive", "--channel", "email", "--json")) == {"dead": 2, "asked": 2, "gone": 0}
    before = len(world.mails)
    world.sweep()
    assert len(world.mails) == before + 2
    assert data(ops("notify", "redrive", "--json"))["dead"] == 0


def test_who_would_be_told_is_answered_without_telling_anybody(ops: Ops, world: World) -> None:
    said = seen(ops("notify", "simulate", "--type", "ccp_breach", "--severity", "critical", "--at", "Sunday 03:00"))
    for part in ("Sunday", "03:00", "email", "at once", "pia"):
        assert part in said, part
    assert world.mails == []


def test_how_somebody_is_told_is_changed_field_by_field_and_a_secret_is_shown_once(ops: Ops) -> None:
    said = seen(
        ops("notify", "preferences", "--webhook-url", "https://erp.example.com/x", "--channels", "email,webhook")
    )
    assert "shown once: " in said
    again = seen(ops("notify", "preferences", "--quiet", "22:00-07:00"))
    assert "shown once: " not in again
    assert "email, webhook" in again
    found = data(ops("notify", "preferences", "--quiet", "off", "--json"))
    assert (found["quiet_hours_enabled"], found["quiet_hours_start"]) == (False, "22:00")


def test_a_silence_is_made_seen_and_ended(ops: Ops, world: World, plant: str) -> None:
    made = data(ops("silence", "add", "--entity", "SKU-1", "--for", "4h", "--reason", "Counted by hand", "--json"))
    raised(world, plant)
    (row,) = data(ops("silence", "list", "--json"))["items"]
    assert (row["id"], row["holds"], row["state"]) == (made["id"], 2, "active")
    assert "Counted by hand" in seen(ops("silence", "list", "--state", "active"))
    assert "ended" in seen(ops("silence", "end", made["id"]))
    assert ops("silence", "add", "--reason", "how long?").exit_code == 1


def test_who_is_on_call_and_who_covers(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "schedule.json"
    file.write_text(json.dumps({"name": "Maintenance", "layers": [
        {"users": ["anna", "pia"], "starts_on": "2026-01-05", "unit": "weeks"},
    ]}))  # fmt: skip
    assert "saved" in seen(ops("on-call", "set", "maintenance", str(file)))
    assert "maintenance" in seen(ops("on-call", "list"))
    (now,) = data(ops("on-call", "now", "--json"))
    assert now["users"][0] in ("anna", "pia")
    soon = ("--from", "2099-01-01T00:00+01:00", "--to", "2099-01-02T00:00+01:00")
    cover = data(ops("on-call", "cover", "maintenance", "--user", "pia", *soon, "--reason", "Anna is away", "--json"))
    assert "Covers" in seen(ops("on-call", "show", "maintenance"))
    assert "taken back" in seen(ops("on-call", "uncover", "maintenance", cover["id"]))
    assert data(ops("on-call", "show", "maintenance", "--json"))["overrides"] == []


def test_an_address_that_bounced_is_shown_and_lifted(ops: Ops, world: World, plant: str) -> None:
    with world.notify.tenant(tenant_id_for(plant)) as tx:
        tx.execute(
            """INSERT INTO notification.suppressed_addresses (tenant_id, channel, address, reason, since)
               VALUES (:t, 'email', 'pia@x.example', 'bounce', :now)""",
            t=tenant_id_for(plant), now=world.clock.now(),
        )  # fmt: skip
    assert "pia@x.example" in seen(ops("notify", "suppressed"))
    seen(ops("notify", "lift", "pia@x.example"))
    assert data(ops("notify", "suppressed", "--json"))["items"] == []


@pytest.mark.parametrize("group", ["alerts", "notify", "silence", "on-call"])
def test_help_teaches_with_examples(group: str) -> None:
    text = CliRunner().invoke(app, [group, "--help"]).output
    assert "Try:" in text
    assert f"ops {group}" in text
