"""Wording: every alert type, every channel; a sandbox; data stays data (P-64)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from opscopilot.kernel.events import AlertRaised, AlertType
from opscopilot.notifications.channels import CHANNELS, ChannelName
from opscopilot.notifications.wording.facts import KINDS, facts, machine_readable
from opscopilot.notifications.wording.rendering import MAX_SMS, Wording, render

WHEN = datetime(2026, 4, 2, 6, 30, tzinfo=UTC)


def alert(**given: Any) -> AlertRaised:
    base: dict[str, Any] = {
        "tenant_id": uuid4(), "occurred_at": WHEN, "correlation_id": "c", "alert_id": uuid4(),
        "alert_type": "stockout_risk", "severity": "critical", "title": "0042-A runs out in 6 days",
        "message": "Stock covers 6 days, the next receipt is due in 11.", "entity_type": "sku", "entity_code": "0042-A",
        "dedupe_key": "stockout:0042-A", "amount": Decimal("12500.5"), "currency": "EUR",
        "deadline": datetime(2026, 4, 8, 4, 0, tzinfo=UTC), "link": "https://ops.example/skus/0042-A",
    }  # fmt: skip
    return AlertRaised(**{**base, **given})


def worded(channel: ChannelName = "email", **given: Any) -> Any:
    return render(channel, facts(alert(**given), "Fjord Foods", "Europe/Berlin"))


def test_subject_says_the_number_and_the_deadline() -> None:
    subject = "[CRITICAL] 0042-A runs out in 6 days | EUR 12,500.50 at stake | by Wed 8 Apr"
    assert worded().subject == subject


def test_body_says_what_where_how_bad_by_when_what_to_do_and_where_to_look() -> None:
    content = worded()
    for text in (content.text, content.html):
        for part in ("0042-A", "Fjord Foods", "EUR 12,500.50", "Wed 8 Apr 2026 06:00 (Europe/Berlin)",
                     KINDS["stockout_risk"].advice, "https://ops.example/skus/0042-A", "Stock covers"):  # fmt: skip
            assert part in text


@pytest.mark.parametrize("kind", get_args(AlertType))
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("bare", [False, True])
def test_every_type_has_words_on_every_channel(kind: AlertType, channel: ChannelName, bare: bool) -> None:
    missing = dict.fromkeys(("amount", "currency", "deadline", "link", "entity_code")) if bare else {}
    content = worded(channel, alert_type=kind, **missing)
    assert content.fallback is None
    assert content.subject.startswith("[CRITICAL] 0042-A")
    assert "None" not in content.subject + content.text + (content.html or "")
    assert (content.html is not None) == (channel == "email")
    assert len(content.text) <= MAX_SMS or channel != "sms"


def test_p64_what_an_alert_says_is_shown_and_never_run() -> None:
    content = worded(
        title="{{ 7*7 }} <script>alert(1)</script> {% include '/etc/passwd' %}\r\nBcc: all@victim.example",
        message="<img src=x onerror=alert(1)> {{ config }}", entity_code="<b>x</b>", link="javascript:alert(1)",
    )  # fmt: skip
    assert "{{ 7*7 }}" in content.subject
    assert "\r" not in content.subject
    assert "\n" not in content.subject
    assert "{{ 7*7 }}" in content.html
    assert "<script>" not in content.html
    assert "<img" not in content.html
    assert "<b>x</b>" not in content.html
    assert "javascript:" not in content.html + content.text


def test_a_title_of_any_length_fits() -> None:
    content = worded("sms", title="x" * 900, message="y" * 40_000)
    assert len(content.subject) <= 250
    assert len(content.text) <= MAX_SMS


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}", "{{ title.__init__.__globals__ }}", "{{ missing }}", "{{ title | nofilter }}",
        "{% for x in range(10) %}{% endfor %}", "{% include 'subject.txt.j2' %}", "{{ 'x' * 100000000 }}",
        "{{ 9 ** 9999999 }}", "{{ '%1000000000d' | format(1) }}", "{{ title", "{{ 1 / 0 }}",
        "{{ title | center(10**9) }}",
        "{{ '{0.__class__}'.format(title) }}{{ missing }}", "{% import 'os' as os %}",
    ],
)  # fmt: skip
def test_a_bad_own_template_is_refused_by_the_sandbox_and_the_shipped_one_goes_out(source: str) -> None:
    values = facts(alert(), "Fjord Foods", "Europe/Berlin")
    content = render("email", values, Wording("[x] {{ title }}", source, "<p>{{ title }}</p>"))
    assert content.fallback is not None
    assert content.subject.startswith("[CRITICAL]")
    assert "Fjord Foods" in content.text


def test_a_good_own_template_is_used() -> None:
    values = facts(alert(), "Fjord Foods", "Europe/Berlin")
    content = render("email", values, Wording("Achtung: {{ title }}", "{{ amount }}", "<b>{{ title }}</b>"))
    assert (content.subject, content.text) == ("Achtung: 0042-A runs out in 6 days", "EUR 12,500.50")
    assert content.fallback is None


def test_amounts_keep_their_currencys_decimals() -> None:
    assert facts(alert(amount=Decimal("1234567.5"), currency="JPY"), "p", "UTC")["amount"] == "JPY 1,234,568"
    assert facts(alert(amount=Decimal("5"), currency=None), "p", "UTC")["amount"] is None


def test_the_webhook_body_is_stable_json() -> None:
    raised = alert(alert_id=UUID(int=1))
    body = machine_readable(raised, "n-1", "fjord")
    assert (body["notification_id"], body["tenant"], body["amount"]) == ("n-1", "fjord", "12500.5")
    assert body == machine_readable(raised, "n-1", "fjord")
    assert "tenant_id" not in body
