"""Wording: every kind of message, channel and language; what it must say; data stays data (P-64)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID, uuid4

import defusedxml.ElementTree as Xml
import pytest

from opscopilot.kernel.events import AlertRaised, AlertType
from opscopilot.notifications.channels import Action
from opscopilot.notifications.links.offering import LABELS
from opscopilot.notifications.wording.facts import Occasion, facts, machine_readable
from opscopilot.notifications.wording.model import (
    CODES,
    SHIPPED_LOCALES,
    Content,
    OwnTemplates,
    Purpose,
    Reader,
    Wording,
)
from opscopilot.notifications.wording.rendering import MAX_SUBJECT, render, render_alert
from opscopilot.notifications.wording.samples import sample_facts
from opscopilot.notifications.wording.shipped import common, kind, shipped
from opscopilot.notifications.wording.sms import MAX_SEGMENTS, segments

CHANNELS = ("email", "slack", "sms", "apprise")
TYPES = get_args(AlertType)
WHEN = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
LINKS = (Action("I take care of it", "https://ops.example/l/a1"), Action("Remind me later", "https://ops.example/l/b2"))
HOSTILE = "{{ 7*7 }} <script>alert(1)</script> {% include '/etc/passwd' %}\r\nBcc: all@victim.example \u202egnp.exe"


def reader(*locales: str) -> Reader:
    return Reader("Fjord Foods", "Europe/Berlin", locales or ("en",), "Europe/Berlin")


def alert(**given: Any) -> AlertRaised:
    base: dict[str, Any] = {
        "tenant_id": uuid4(), "occurred_at": WHEN, "correlation_id": "c", "alert_id": uuid4(),
        "alert_type": "stockout_risk", "severity": "critical", "title": "Hazelnuts (RM-001) is likely to run out",
        "message": "Stock covers 2 days, the next receipt is due in 11.", "entity_type": "sku",
        "entity_code": "RM-001", "entity_name": "Hazelnuts", "dedupe_key": "stockout:RM-001",
        "amount": Decimal("12500.4"), "currency": "EUR", "deadline": datetime(2026, 11, 25, 23, 0, tzinfo=UTC),
        "link": "https://ops.example/skus/RM-001", "place": "Line 3", "actions": ("Order 400 kg today.",),
    }  # fmt: skip
    return AlertRaised(**{**base, **given})


def worded(channel: str = "email", locale: str = "en", occasion: Occasion | None = None, **given: Any) -> Content:
    return render_alert(channel, alert(**given), reader(locale), occasion=occasion or Occasion(now=WHEN, links=LINKS))


def everything(content: Content) -> str:
    return "\n".join((content.subject, content.text, content.html or "", *(one.value for one in content.facts)))


def test_the_subject_says_the_number_and_the_deadline() -> None:
    expected = "[CRITICAL] Hazelnuts (RM-001): 2 days left, EUR 12,500 at stake, act by Thu 26 Nov"
    assert worded().subject == expected
    text = worded("sms").text
    assert text.startswith(expected)
    assert text.endswith("Order 400 kg today. https://ops.example/l/a1")
    german = "[KRITISCH] Hazelnuts (RM-001): noch 2 Tage, 12.500 EUR in Gefahr, handeln bis Do 26. Nov"
    assert worded(locale="de").subject == german


def test_a_title_of_its_own_stays_as_it_is_and_is_not_said_twice() -> None:
    told = worded(title="Oven 2 stops: EUR 900 lost.", entity_name=None, amount=Decimal(900))
    assert told.subject == "[CRITICAL] Oven 2 stops: EUR 900 lost: act by Thu 26 Nov"


@pytest.mark.parametrize("channel", ["email", "slack", "apprise"])
@pytest.mark.parametrize("locale", SHIPPED_LOCALES)
def test_p90_a_message_says_what_where_how_bad_by_when_what_to_do_and_where_it_comes_from(
    channel: str, locale: str
) -> None:
    content = worded(channel, locale, observed=Decimal("0.86"), threshold=Decimal("0.5"))
    money, day, as_of = {
        "en": ("EUR 12,500.40", "Thu 26 Nov 2026 (2 days left)", "As of Tue 24 Nov 2026 07:30 (Europe/Berlin)"),
        "de": ("12.500,40 EUR", "Do 26. Nov 2026 (noch 2 Tage)", "Stand Di 24. Nov 2026 07:30 (Europe/Berlin)"),
    }[locale]
    for shown in (everything(content), content.html or everything(content)):
        for part in ("Hazelnuts (RM-001)", "Line 3, Fjord Foods", money, day, as_of, "86 %", "Order 400 kg today.",
                     "https://ops.example/skus/RM-001", "Stock covers 2 days"):  # fmt: skip
            assert part in shown
    assert kind("stockout_risk", locale).advice in everything(worded(channel, locale, actions=()))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("locale", SHIPPED_LOCALES)
@pytest.mark.parametrize("full", [True, False])
def test_every_kind_of_message_has_words_on_every_channel_and_nothing_left_open(
    code: str, channel: str, locale: str, full: bool
) -> None:
    known = sample_facts(code, locale, full=full)
    content = render(channel, known)
    assert (content.fallback, content.locale) == (None, locale)
    assert 10 < len(content.subject) <= MAX_SUBJECT
    for text in (content.subject, content.text):
        assert not re.search(r"None|Undefined|\{\{|\{%|«|»|\(\)|: ,|, ,| \.|(?<!\.)\.\.(?!\.)|,\.|:\s*$", text), text
    assert (content.html is not None) == (channel == "email")
    assert segments(content.text) <= MAX_SEGMENTS or channel != "sms"
    if full:
        assert_number_and_deadline(content, known)


def assert_number_and_deadline(content: Content, known: dict[str, Any]) -> None:
    if known["code"] not in ("file_processed", "resolved"):  # what was done, or is over, has no deadline
        assert known["deadline_day"] in content.subject
        assert (known.get("amount_short") or known["totals"][0]) in content.subject


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_of_a_german_message_is_left_in_english(code: str, channel: str) -> None:
    english, german = common("en"), common("de")
    words = {text for text in (*english.values(), *english["figures"].values()) if isinstance(text, str) and text}
    words -= {text for text in (*german.values(), *german["figures"].values()) if isinstance(text, str)}
    words |= {kind(one, "en").label for one in TYPES} - {kind(one, "de").label for one in TYPES}
    content = render(channel, sample_facts(code, "de", full=True))
    said = re.sub(r"https?://\S+|Order 400 kg today\.|Hold batch B-0815\.", "", everything(content))
    assert [
        text for text in words if re.search(rf"\b{re.escape(text)}(:|\b)", said) and text.isascii() and len(text) > 4
    ] == []
    assert set(LABELS.values()) <= german["links"].keys()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("locale", SHIPPED_LOCALES)
@pytest.mark.parametrize("full", [True, False])
def test_html_is_well_formed_and_made_for_everybody(code: str, locale: str, full: bool) -> None:
    content = render("email", sample_facts(code, locale, full=full))
    assert content.html is not None
    tree = Xml.fromstring(content.html.removeprefix("<!DOCTYPE html>"))
    inside = {one.tag.rpartition("}")[2] for one in tree.iter()}
    assert tree.get("lang") == locale
    assert {"h1", "title", "style"} <= inside
    assert not inside & {"script", "img", "form", "iframe"}  # nothing to load, nothing that tracks
    tables = [one for one in tree.iter() if one.tag.endswith("table")]
    assert all(one.get("role") == "presentation" for one in tables)
    assert "prefers-color-scheme: dark" in content.html
    assert len(content.html) < 100_000  # beyond 102 KB mailboxes hide the rest


def test_p64_what_an_alert_says_is_shown_and_never_run() -> None:
    content = worded(
        title=HOSTILE, message="<img src=x onerror=alert(1)> {{ config }}", entity_code="<b>x</b>",
        entity_name=None, link="javascript:alert(1)", place=HOSTILE, actions=(HOSTILE,),
    )  # fmt: skip
    html = content.html or ""
    assert "{{ 7*7 }}" in content.subject
    assert "{{ 7*7 }}" in html
    for bad in ("<script>", "<img", "<b>x</b>", "javascript:"):
        assert bad not in html
    for bad in ("\r", "\n", "\u202e"):
        assert bad not in content.subject
    assert "javascript:" not in content.text
    Xml.fromstring(html.removeprefix("<!DOCTYPE html>"))


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("locale", SHIPPED_LOCALES)
def test_p64_hostile_names_pass_through_every_template(code: AlertType, channel: str, locale: str) -> None:
    content = worded(channel, locale, alert_type=code, title=HOSTILE, entity_name=HOSTILE, entity_code=HOSTILE,
                     message="a\r\n\r\n" + HOSTILE)  # fmt: skip
    assert "49" not in content.subject
    assert "\n" not in content.subject
    assert "\u202e" not in everything(content)
    assert "<script" not in (content.html or "")
    assert segments(content.text) <= MAX_SEGMENTS or channel != "sms"


def test_p64_links_lead_to_the_web_only() -> None:
    occasion = Occasion(
        links=(Action("x", "javascript:alert(1)"), Action("I take care of it", "https://ops.example/l/a1"))
    )
    content = worded(locale="de", occasion=occasion)
    assert [(one.label, one.url) for one in content.actions] == [("Ich kümmere mich darum", "https://ops.example/l/a1")]
    assert "https://ops.example/l/a1" in content.text
    assert 'href="https://ops.example/l/a1"' in (content.html or "")


def test_without_links_a_message_says_how_to_acknowledge() -> None:
    raised = alert(alert_id=UUID(int=7))
    content = render_alert("email", raised, reader())
    assert f"POST /api/v1/notify/alert/{UUID(int=7)}/acknowledge" in content.text
    assert f"/notify/alert/{UUID(int=7)}/acknowledge" in (content.html or "")


@pytest.mark.parametrize(
    ("purpose", "en", "de"),
    [
        ("step", "Not acknowledged for 20 minutes: Hazelnuts", "Seit 20 Minuten nicht übernommen: Hazelnuts"),
        ("reminder", "Reminder: Hazelnuts", "Erinnerung: Hazelnuts"),
        ("resolved", "[RESOLVED] Hazelnuts (RM-001): over after 20 minutes",
         "[ERLEDIGT] Hazelnuts (RM-001): vorbei nach 20 Minuten"),
    ],
)  # fmt: skip
def test_the_subject_says_why_the_message_comes(purpose: Purpose, en: str, de: str) -> None:
    since = datetime(2026, 11, 24, 6, 10, tzinfo=UTC)
    occasion = Occasion(purpose, WHEN, since, "The truck is here.")
    assert en in worded(occasion=occasion).subject
    assert de in worded(locale="de", occasion=occasion).subject
    assert ("The truck is here." in worded(occasion=occasion).text) == (purpose == "resolved")


def test_languages_fall_back_one_template_at_a_time() -> None:
    own = OwnTemplates(
        {("stockout_risk", "email", "fr"): Wording("Rupture : {{ name }}, {{ deadline_day }}", "{{ amount }}")}
    )
    reads = Reader("Fjord Foods", "Europe/Berlin", Reader.languages("fr", "de"), "Europe/Berlin")
    french = render_alert("email", alert(), reads, own, Occasion(now=WHEN))
    assert (french.subject, french.text) == ("Rupture : Hazelnuts, jeu. 26 nov.", "12\u202f500,40 EUR")
    assert render_alert("slack", alert(), reads, own).locale == "de"
    assert render_alert("email", alert(alert_type="anomaly"), reads, own).locale == "de"
    assert Reader.languages(None, "it") == ("it", "en")
    assert render_alert("email", alert(), reader("it", "en"), own).locale == "en"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}", "{{ title.__init__.__globals__ }}", "{{ missing }}", "{{ title | nofilter }}",
        "{% for x in range(10) %}{% endfor %}", "{% include 'subject.txt.j2' %}", "{{ 'x' * 100000000 }}",
        "{{ 9 ** 9999999 }}", "{{ '%1000000000d' | format(1) }}", "{{ title", "{{ 1 / 0 }}",
        "{{ title | center(10**9) }}",
        "{{ '{0.__class__}'.format(title) }}{{ missing }}", "{% import 'os' as os %}", "{% if false %}x{% endif %}",
        "{% for a in figures %}{% for b in figures %}" + "{{ message }}" * 1400 + "{% endfor %}{% endfor %}",
        "{{ ['', '', '', ''] | join(['', '', ''] | join(message)) }}", "{{ [" + "message ~ message," * 25 + "] }}",
        "{% set x = message %}{{ x }}", "{{ self._TemplateReference__context }}", "{{ title.upper }}",
        "{{ message.replace('a', message) }}", "{{ figures | map(attribute='value') | list }}",
    ],
)  # fmt: skip
def test_p64_a_bad_own_template_is_stopped_and_the_shipped_one_goes_out(source: str) -> None:
    values = facts(alert(message="x" * 8000), reader())
    content = render("email", values, Wording("[x] {{ title }}", source, "<p>{{ title }}</p>"))
    assert content.fallback is not None
    assert content.subject.startswith("[CRITICAL]")
    assert "Fjord Foods" in content.text


def test_a_good_own_template_is_used() -> None:
    own = Wording("Achtung: {{ name }}", "{{ amount }}", "<b>{{ title }}</b>")
    content = render("email", facts(alert(), reader()), own)
    assert (content.subject, content.text) == ("Achtung: Hazelnuts", "EUR 12,500.40")
    assert content.fallback is None


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_template_is_complete_and_can_be_taken_over_as_it_is(code: str) -> None:
    for locale in SHIPPED_LOCALES:
        for channel in CHANNELS:
            known = sample_facts(code, locale, full=True)
            source = shipped(code, channel, locale)
            assert "«" not in f"{source.subject}{source.body}{source.body_html}"
            assert render(channel, known, source) == render(channel, known)


def test_amounts_keep_their_currencys_decimals() -> None:
    assert facts(alert(amount=Decimal("1234567.5"), currency="JPY"), reader())["amount"] == "JPY 1,234,568"
    assert facts(alert(amount=Decimal("5"), currency=None), reader())["amount"] is None
    assert facts(alert(amount=Decimal("12.5")), reader())["amount_short"] == "EUR 12.50"


def test_p90_a_figure_without_its_unit_is_not_shown() -> None:
    warm = alert(alert_type="ccp_breach", observed=Decimal("68.20"), threshold=Decimal(72), uom="CEL")
    assert "Hazelnuts (RM-001): 68.2 °C (limit 72 °C)" in render_alert("email", warm, reader()).subject
    bare = alert(alert_type="ccp_breach", observed=Decimal("68.20"), threshold=Decimal(72))
    assert "68.2" not in everything(render_alert("email", bare, reader()))


def test_the_webhook_body_is_stable_json() -> None:
    raised = alert(alert_id=UUID(int=1))
    body = machine_readable(raised, "n-1", "fjord")
    assert (body["notification_id"], body["tenant"], body["amount"]) == ("n-1", "fjord", "12500.4")
    assert body == machine_readable(raised, "n-1", "fjord")
    assert not {"tenant_id", "to_users"} & body.keys()


def test_an_alert_without_a_source_of_its_own_leads_to_the_console() -> None:
    raised = alert(alert_id=UUID(int=7), link=None)
    at_console = Reader("Fjord Foods", "UTC", console="https://ops.example/")
    assert (
        f"Source: https://ops.example/api/v1/notify/alerts/{UUID(int=7)}"
        in render_alert("email", raised, at_console).text
    )
    assert "Source" not in render_alert("email", raised, reader()).text


def test_links_and_figures_are_said_once() -> None:
    assert [one.url for one in worded("slack").actions] == [one.url for one in LINKS]  # as buttons
    assert not any(one.url in worded("slack").text for one in LINKS)
    assert worded("sms").actions == worded("apprise").actions == ()
    assert all(one.url in worded("apprise").text for one in LINKS)
    own = render(
        "apprise", facts(alert(), reader(), "en", Occasion(links=LINKS)), Wording("{{ title }}", "{{ message }}")
    )
    assert [one.url for one in own.actions] == [one.url for one in LINKS]


def test_lines_of_a_receipt_stay_lines_in_html() -> None:
    html = worded(alert_type="file_processed", message="Rejected:\n  row 3: <b>\n\nNext: correct it").html or ""
    assert "Rejected:<br />&#160;&#160;row 3: &lt;b&gt;</p>" in html
