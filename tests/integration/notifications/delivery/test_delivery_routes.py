"""What the API says of messages: what left together, what waits and why, addresses that bounced."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import uuid7
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.routes import router
from tests.integration.notifications.world import World, alert, plenty
from tests.support.api import Api, make_api, token
from tests.support.outside import MemorySecrets


@pytest.fixture
def api(world: World) -> Api:
    secrets = MemorySecrets()
    routes = router(world.channels["email"], lambda _tenant: 0, KINDS, WorkingTime(), lambda: secrets)
    return make_api(world.copilot, [routes], world.clock)


@pytest.fixture
def plant(world: World) -> tuple[str, UUID]:
    code = f"api-{uuid7().hex[-12:]}"
    return code, world.tenant(code=code)


def test_what_left_in_one_message_is_listed_together(world: World, api: Api, plant: tuple[str, UUID]) -> None:
    code, tenant = plant
    world.sleeper(tenant)
    world.clock.advance(timedelta(hours=12))
    world.service.handle_batch([alert(tenant) for _ in range(3)], plenty)
    me = token(code, "planner")
    (waiting, *_) = api.get("/notify/notifications", me, status="pending").json["items"]
    assert (waiting["held_by"], waiting["message_id"], waiting["purpose"]) == ("quiet_hours", None, "raised")
    world.clock.advance(timedelta(hours=8))
    world.service.sender.send_due(tenant, plenty)
    world.handle(alert(tenant))
    (one, *_) = api.get("/notify/notifications", me, status="sent", limit=1).json["items"]
    alone = api.get("/notify/notifications", me, message_id=one["message_id"]).json
    digest = api.get("/notify/notifications", me, message_id=str(world.mails[0].id)).json
    assert (alone["total"], digest["total"]) == (1, 3)
    assert api.get("/notify/notifications", me, purpose="resolved").json["total"] == 0
    assert api.get("/notify/notifications", me, purpose="gossip").status == 422


def test_an_admin_sees_and_lifts_addresses_that_bounced(world: World, api: Api, plant: tuple[str, UUID]) -> None:
    code, tenant = plant
    world.person(tenant, mail="Anna@X.example")
    with world.notify.tenant(tenant) as tx:
        for address in ("anna@x.example", "b@x.example", "c@x.example"):
            tx.execute(
                """INSERT INTO notification.suppressed_addresses (tenant_id, channel, address, reason, detail, since)
                   VALUES (:t, 'email', :a, 'bounce', '550 user unknown', :now)""",
                t=tenant, a=address, now=world.clock.now(),
            )  # fmt: skip
    admin, path = token(code, "admin"), "/notify/suppressed-addresses"
    assert api.get(path, token(code, "planner")).status == 403
    page = api.get(path, admin, limit=2).json
    assert [(one["address"], one["user_ids"]) for one in page["items"]] == [
        ("anna@x.example", ["anna"]), ("b@x.example", []),
    ]  # fmt: skip
    assert page["total"] == 3
    rest = api.get(path, admin, limit=2, cursor=page["next_cursor"]).json
    assert ([one["address"] for one in rest["items"]], rest["next_cursor"]) == (["c@x.example"], None)
    world.handle(alert(tenant, alert_type="delivery_failed", dedupe_key="delivery_failed:email:anna"))
    assert api.delete(f"{path}/email/Anna@X.example", admin).status == 204
    (told,) = world.rows(tenant, "SELECT detail FROM platform.outbox WHERE detail_type = 'AlertResolved'")
    assert told["detail"]["dedupe_key"] == "delivery_failed:email:anna"
    assert api.delete(f"{path}/email/Anna@X.example", admin).status == 404
    assert api.get(path, admin).json["total"] == 2
    world.handle(alert(tenant))
    assert sorted(world.statuses(tenant)) == ["sent", "suppressed"]
    assert api.delete(f"{path}/email/b@x.example", token(code, "viewer")).status == 403


def test_p60_a_suppressed_address_of_another_tenant_is_not_there(
    world: World, api: Api, plant: tuple[str, UUID]
) -> None:
    with world.notify.tenant(plant[1]) as tx:
        tx.execute(
            """INSERT INTO notification.suppressed_addresses (tenant_id, channel, address, reason, since)
               VALUES (:t, 'email', 'b@x.example', 'bounce', :now)""",
            t=plant[1], now=world.clock.now(),
        )  # fmt: skip
    elsewhere = f"api-{uuid7().hex[-12:]}"
    world.tenant(code=elsewhere)
    admin = token(elsewhere, "admin")
    assert api.get("/notify/suppressed-addresses", admin).json["items"] == []
    assert api.delete("/notify/suppressed-addresses/email/b@x.example", admin).status == 404
