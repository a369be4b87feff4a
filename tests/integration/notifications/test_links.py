"""One-time links over HTTP: what they show, what they do once, and everything that must not work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.notifications.delivery.sending import Sender
from opscopilot.notifications.links import routes
from opscopilot.notifications.links.keys import KeyRing
from opscopilot.notifications.links.offering import LABELS, Offer
from opscopilot.notifications.links.signing import Link, LinkAction, Signer
from tests.integration.notifications.world import NOON, World, alert, plenty
from tests.support.api import Answer, Api, make_api, token

SIGNER = Signer(KeyRing(lambda: "k" * 64))


@dataclass
class Plant:
    """A plant with Anna, an open alert, and the means to follow links."""

    world: World
    api: Api
    code: str
    alert_id: UUID

    @property
    def tenant_id(self) -> UUID:
        return tenant_id_for(self.code)

    def token(self, action: LinkAction = "acknowledge", user_id: str = "anna", **changed: Any) -> str:
        """The token of a new link."""
        base = {"tenant_id": self.tenant_id, "alert_id": self.alert_id, "user_id": user_id, "action": action,
                "expires_at": self.world.clock.now() + timedelta(hours=72), "link_id": uuid4()}  # fmt: skip
        return SIGNER.token(Link(**{**base, **changed}))

    def show(self, link: str) -> Answer:
        return self.api.get(f"/notify/act/{link}")

    def use(self, link: str, **form: str) -> Answer:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.api("POST", f"/api/v1/notify/act/{link}", body=urlencode(form), headers=kind)

    def alert(self) -> dict[str, Any]:
        return self.world.rows(self.tenant_id, "SELECT * FROM notification.alerts WHERE alert_id = :id",
                               id=self.alert_id)[0]  # fmt: skip

    def uses(self) -> list[dict[str, Any]]:
        return self.world.rows(self.tenant_id, "SELECT * FROM notification.used_links")

    def history(self) -> list[tuple[str, str, str]]:
        rows = self.world.rows(
            self.tenant_id, "SELECT kind, actor, via FROM notification.alert_history ORDER BY at, id"
        )
        return [(one["kind"], one["actor"], one["via"]) for one in rows]

    def set(self, sql: str, **params: Any) -> None:
        with self.world.copilot.tenant(self.tenant_id) as tx:
            tx.execute(sql, **params)


def plant(world: World, code: str | None = None, title: str = "SKU-1 runs out on Friday") -> Plant:
    code = code or f"link-{uuid7().hex[-12:]}"
    tenant_id, alert_id = world.tenant(code=code), uuid7()
    world.person(tenant_id, "anna", role="planner")
    with world.notify.tenant(tenant_id) as tx:
        tx.execute(
            """INSERT INTO notification.alerts (tenant_id, alert_id, fingerprint, correlation_key, alert_type, severity,
                   title, message, entity_type, first_seen, last_seen, occurrences, amount, currency, deadline, place)
               VALUES (:t, :id, :key, :key, 'stockout_risk', 'high', :title, 'Stock covers 2 days.', 'sku', :now, :now,
                   1, :amount, 'EUR', :deadline, 'Bergen')""",
            t=tenant_id, id=alert_id, key=f"k:{alert_id}", title=title, now=NOON, amount=Decimal("12500.0000"),
            deadline=NOON + timedelta(days=2),
        )  # fmt: skip
    mounted = APIRouter(prefix="/notify")
    routes.add(mounted, SIGNER)
    return Plant(world, make_api(world.copilot, [mounted], world.clock), code, alert_id)


@pytest.fixture
def here(world: World) -> Plant:
    return plant(world)


def test_the_links_of_a_mail_that_was_sent_work_and_stop_what_still_waits(world: World) -> None:
    """From the event over the mail to the click: Bob's message, which waits for his morning, does not leave any more."""
    tenant_id = world.tenant(code=f"link-{uuid7().hex[-12:]}")
    world.person(tenant_id, "anna")
    world.sleeper(tenant_id, "bob", mail="bob@x.example")
    world.clock.advance(timedelta(hours=12))  # midnight in Berlin
    offer = Offer(SIGNER, "https://ops.example.com", world.clock)
    sender = Sender(world.notify, dict(world.channels), KINDS, world.clock, links_for=offer.links_for)
    service = replace(world.service, sender=sender)
    service.handle(alert(tenant_id, occurred_at=world.clock.now()), plenty)
    (mail,) = world.mails
    assert [one.label for one in mail.actions] == list(LABELS.values())
    for one in mail.actions:
        assert one.url in mail.text
        assert escape(one.url) in (mail.html or "")
    mounted = APIRouter(prefix="/notify")
    routes.add(mounted, SIGNER)
    api = make_api(world.copilot, [mounted], world.clock)
    path = mail.actions[0].url.removeprefix("https://ops.example.com")
    assert api("GET", path).status == 200
    assert world.rows(tenant_id, "SELECT status FROM notification.alerts") == [{"status": "open"}]
    assert api("POST", path).status == 200
    world.clock.advance(timedelta(hours=9))
    service.sweep(plenty)
    assert len(world.mails) == 1
    (held,) = world.rows(tenant_id, "SELECT status, reason FROM notification.notifications WHERE user_id = 'bob'")
    assert held["status"] == "suppressed"
    assert "anna" in held["reason"]


def test_looking_shows_what_it_is_about_and_changes_nothing(here: Plant) -> None:
    link = here.token()
    before = here.alert()
    for _ in range(3):  # mail scanners look at every link, some of them often
        answer = here.show(link)
        assert answer.status == 200
    for said in (
        "SKU-1 runs out on Friday",
        "high",
        "EUR 12,500.00",
        "Fri 16 Jan 2026 12:00 (Europe/Berlin)",
        "Bergen",
        "anna@x.example",
        f"Plant {here.code}",
        "Nothing happens until you press the button",
    ):
        assert said in answer.text, said  # fmt: skip
    assert answer.text.count("<button") == 1
    assert (here.alert(), here.uses(), here.history()) == (before, [], [])


def test_head_and_options_and_other_methods_do_nothing(here: Plant) -> None:
    link = here.token()
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        assert here.api(method, f"/api/v1/notify/act/{link}").status == 405, method
    assert (here.uses(), here.alert()["status"]) == ([], "open")


@pytest.mark.parametrize("call", ["show", "use"])
def test_the_page_is_not_kept_not_framed_not_indexed_and_tells_nobody_where_it_was(here: Plant, call: str) -> None:
    for link in (here.token(), "made-up"):
        answer: Answer = getattr(here, call)(link)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["x-frame-options"] == "DENY"
        policy = answer.headers["content-security-policy"]
        for rule in ("default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert rule in policy
        assert "unsafe" not in policy
        assert "script" not in answer.text


def test_the_page_speaks_its_readers_language(here: Plant) -> None:
    here.set("UPDATE platform.tenants SET language = 'de'")
    asked = here.show(here.token("snooze")).text
    for said in ("<html lang='de'>", "Später erinnern", "hoch", "12.500,00 EUR", "Eine Stunde, bis "):
        assert said in asked, said
    assert "Sie kümmern sich darum" in here.use(here.token()).text
    with here.world.copilot.tenant(here.tenant_id) as tx:
        tx.execute(
            "INSERT INTO notification.notification_preferences (tenant_id, user_id, locale) VALUES (:t, 'anna', 'en')",
            t=here.tenant_id,
        )
    assert "Remind me later" in here.show(here.token("snooze")).text
    german = here.api("GET", "/api/v1/notify/act/made-up", headers={"accept-language": "de-DE,de;q=0.9"})
    assert "Dieser Link funktioniert nicht" in german.text


def test_the_page_can_be_read_aloud_and_used_with_a_keyboard(here: Plant) -> None:
    text = here.show(here.token("snooze")).text
    for part in (
        "<html lang='en'>",
        "<title>",
        "<main>",
        "<h1>",
        "<label for='note'>",
        "id='note'",
        "<fieldset>",
        "<legend>",
        "name='viewport'",
        "<button type='submit'>",
    ):
        assert part in text, part  # fmt: skip
    assert "role='status'" in here.use(here.token()).text
    assert "role='alert'" in here.show("made-up").text


def test_acknowledging_works_once_and_is_on_record(here: Plant) -> None:
    link = here.token()
    first = here.use(link, note="Called the supplier,\r\ntruck at 14:00")
    assert (first.status, "You have taken it on" in first.text) == (200, True)
    assert (here.alert()["status"], here.alert()["acknowledged_by"]) == ("acknowledged", "anna")
    assert here.history() == [("acknowledged", "anna", "link")]
    (used,) = here.uses()
    assert (used["user_id"], used["action"], used["used_at"]) == ("anna", "acknowledge", NOON)
    for again in (here.use(link), here.show(link)):
        assert again.status == 409
        assert "used already" in again.text
        assert "Wed 14 Jan 2026 12:00" in again.text
    assert len(here.history()) == len(here.uses()) == 1


@pytest.mark.parametrize(("choice", "until"), [
    ("1h", NOON + timedelta(hours=1)), ("4h", NOON + timedelta(hours=4)), ("morning", datetime(2026, 1, 15, 5, tzinfo=UTC)),
])  # fmt: skip
def test_snoozing_lasts_as_long_as_was_chosen(here: Plant, choice: str, until: datetime) -> None:
    link = here.token("snooze")
    offered = here.show(link).text
    assert "until Thu 15 Jan 06:00" in offered
    answer = here.use(link, until=choice)
    assert (answer.status, here.alert()["snoozed_until"]) == (200, until)
    assert here.history() == [("snoozed", "anna", "link")]
    assert here.use(link, until=choice).status == 409


def test_of_many_clicks_at_once_one_acts(here: Plant) -> None:
    link, answers = here.token(), []
    together = threading.Barrier(4)

    def click() -> None:
        together.wait()
        answers.append(here.use(link).status)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409]
    assert len(here.history()) == len(here.uses()) == 1


def test_a_use_that_fails_is_no_use(here: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row that says 'used' and the act itself are one transaction."""
    link = here.token()

    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("the function dies here")

    with monkeypatch.context() as patched:
        patched.setattr("opscopilot.notifications.alerts.life.acknowledge", broken)
        answer = here.use(link)
    assert (answer.status, "Nothing was changed" in answer.text, "RuntimeError" in answer.text) == (500, True, False)
    assert (here.uses(), here.alert()["status"]) == ([], "open")
    assert here.use(link).status == 200


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


def test_somebody_else_had_it_first_and_the_page_says_so(here: Plant) -> None:
    here.world.person(here.tenant_id, "bob", mail="bob@x.example")
    assert here.use(here.token(user_id="bob")).status == 200
    shown = here.show(here.token())
    assert (shown.status, "bob@x.example has taken it on already" in shown.text) == (200, True)


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


def test_p64_what_stands_in_an_alert_is_text_on_the_page(world: World) -> None:
    here = plant(world, title="<script>alert(1)</script><img src=x onerror=alert(1)> & \"'")
    here.set("UPDATE platform.users SET name = '<b>Anna</b>'")
    text = here.show(here.token()).text
    assert "<script" not in text
    assert "<img" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text


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


def test_the_log_does_not_keep_the_token(here: Plant, caplog: pytest.LogCaptureFixture) -> None:
    link = here.token()
    with caplog.at_level("DEBUG", "opscopilot"):
        here.show(link)
        here.use(link, note="private words")
        here.use(link)
    assert "/notify/act/{token}" in caplog.text
    kept = caplog.text + "".join(str(vars(one)) for one in caplog.records)
    assert link not in kept
    assert "private words" not in kept
