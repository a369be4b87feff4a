"""One-time links over HTTP: what they show, and what they do, once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.delivery.sending import Sender
from opscopilot.notifications.links import routes
from opscopilot.notifications.links.offering import LABELS, Offer
from tests.integration.notifications.linking import SIGNER, Plant, plant
from tests.integration.notifications.world import NOON, World, alert, plenty
from tests.support.api import Answer, make_api


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
    assert api("GET", path, utm_source="mail").status == 200  # a tracker on the way adds its own
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


def test_somebody_else_had_it_first_and_the_page_says_so(here: Plant) -> None:
    here.world.person(here.tenant_id, "bob", mail="bob@x.example")
    assert here.use(here.token(user_id="bob")).status == 200
    shown = here.show(here.token())
    assert (shown.status, "bob@x.example has taken it on already" in shown.text) == (200, True)


def test_p64_what_stands_in_an_alert_is_text_on_the_page(world: World) -> None:
    here = plant(world, title="<script>alert(1)</script><img src=x onerror=alert(1)> & \"'")
    here.set("UPDATE platform.users SET name = '<b>Anna</b>'")
    text = here.show(here.token()).text
    assert "<script" not in text
    assert "<img" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text


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
