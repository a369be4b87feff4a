"""Links that must not work: made up, changed, expired, of another plant, of somebody who may not act any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from fastapi import APIRouter

from opscopilot.notifications.links import routes
from opscopilot.notifications.links.keys import KeyRing
from opscopilot.notifications.links.signing import Signer
from tests.integration.notifications.linking import Plant, plant
from tests.integration.notifications.world import NOON, World
from tests.support.api import make_api, token


@pytest.fixture
def here(world: World) -> Plant:
    return plant(world)


def test_a_link_works_for_three_days_and_not_a_moment_longer(here: Plant) -> None:
    link = here.token()
    here.world.clock.advance(timedelta(hours=72) - timedelta(seconds=1))
    assert here.show(link).status == 200
    here.world.clock.advance(timedelta(seconds=1))
    for answer in (here.show(link), here.use(link)):
        assert (answer.status, "has expired" in answer.text) == (410, True)
        assert "SKU-1" not in answer.text
    assert here.alert()["status"] == "open"


@pytest.mark.parametrize("change", [
    lambda one: one[:-1], lambda one: one[:20] + ("A" if one[20] != "A" else "B") + one[21:], lambda one: "x", lambda one: one * 20,
    lambda one: one[:-4] + "AAAA", lambda one: "%00", lambda one: "..%2f..%2fhealth",
])  # fmt: skip
def test_what_is_not_a_link_of_ours_says_nothing_about_anything(here: Plant, change: Callable[[str], str]) -> None:
    made_up = change(here.token())
    for answer in (here.show(made_up), here.use(made_up)):
        assert answer.status == 404
        assert "SKU-1" not in answer.text
        assert here.code not in answer.text
    assert (here.uses(), here.alert()["status"]) == ([], "open")


def test_p60_p61_a_link_of_one_plant_reaches_nothing_of_another(here: Plant) -> None:
    """Signed by us for this plant, but with another's alert, and with another's person: as if neither existed."""
    other = plant(here.world, title="Secret of the other plant")
    other.world.person(other.tenant_id, "oskar", mail="oskar@other.example")
    made_up = here.show("made-up")
    for link in (
        here.token(alert_id=other.alert_id),
        here.token(user_id="oskar"),
        here.token(tenant_id=uuid4()),
        here.token(tenant_id=other.tenant_id),
        here.token(alert_id=uuid4()),
        here.token(user_id="nobody"),
    ):
        for answer in (here.show(link), here.use(link)):
            assert (answer.status, answer.text) == (404, made_up.text)
    assert (here.alert()["status"], other.alert()["status"], here.uses(), other.uses()) == ("open", "open", [], [])


def test_p61_neither_header_nor_body_nor_a_login_of_another_plant_changes_whose_link_it_is(here: Plant) -> None:
    other = plant(here.world)
    answer = here.api(
        "POST", f"/api/v1/notify/act/{here.token()}", as_=token(other.code, "admin"),
        body=urlencode({"tenant_id": str(other.tenant_id), "alert_id": str(other.alert_id)}),
        headers={"content-type": "application/x-www-form-urlencoded", "x-tenant-id": str(other.tenant_id)},
    )  # fmt: skip
    assert answer.status == 200
    assert (here.alert()["status"], other.alert()["status"]) == ("acknowledged", "open")


@pytest.mark.parametrize(("sql", "status", "said"), [
    ("UPDATE platform.users SET status = 'suspended'", 403, "You cannot act here any more"),
    ("UPDATE platform.tenants SET status = 'suspended'", 403, "You cannot act here any more"),
    ("UPDATE platform.users SET role = 'viewer'", 403, "Your role only looks"),
])  # fmt: skip
def test_whoever_may_not_act_any_more_is_told_so_and_sees_nothing(
    here: Plant, sql: str, status: int, said: str
) -> None:
    link = here.token()
    here.set(sql)
    for answer in (here.show(link), here.use(link)):
        assert (answer.status, said in answer.text, "SKU-1" in answer.text) == (status, True, False)
    assert (here.uses(), here.alert()["status"]) == ([], "open")


@pytest.mark.parametrize(
    ("state", "said"), [("resolved", "was resolved at Wed 14 Jan 2026 12:00"), ("expired", "expired by itself")]
)
def test_an_alert_that_is_over_needs_nobody(here: Plant, state: str, said: str) -> None:
    link = here.token()
    here.set("UPDATE notification.alerts SET status = :state, closed_at = :now", state=state, now=NOON)
    for answer in (here.show(link), here.use(link)):
        assert (answer.status, said in answer.text) == (409, True)
    assert here.uses() == []


@pytest.mark.parametrize(
    "body", ["until=forever", "until=", "note=" + "x" * 2001, "note=" + "x" * 20_000, "%ff=%ff&" * 30]
)
def test_a_form_that_is_not_ours_changes_nothing(here: Plant, body: str) -> None:
    link = here.token("snooze")
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = here.api("POST", f"/api/v1/notify/act/{link}", body=body, headers=kind)
    expected = 200 if body == "until=" else 422  # an empty field is as good as none: one hour
    assert answer.status == expected
    assert len(here.uses()) == (expected == 200)


def test_without_a_key_in_this_installation_no_link_works(world: World) -> None:
    here = plant(world)
    mounted = APIRouter(prefix="/notify")
    routes.add(mounted, None)
    api = make_api(world.copilot, [mounted], world.clock)
    assert api.get(f"/notify/act/{here.token()}").status == 404


def test_while_the_key_cannot_be_read_people_are_asked_to_try_again(world: World) -> None:
    def broken() -> str:
        raise OSError("no answer")

    here, mounted = plant(world), APIRouter(prefix="/notify")
    routes.add(mounted, Signer(KeyRing(broken)))
    answer = make_api(world.copilot, [mounted], world.clock).get(f"/notify/act/{here.token()}")
    assert (answer.status, "try again in a minute" in answer.text) == (503, True)
