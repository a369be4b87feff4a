"""P-86: many alerts, one message: all counted, the dearest named, money never added across currencies."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.wording.digest import SHOWN
from opscopilot.notifications.wording.model import OwnTemplates, Reader, Wording
from opscopilot.notifications.wording.rendering import render_digest
from opscopilot.notifications.wording.sms import MAX_SEGMENTS, segments

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
READER = Reader("Fjord Foods", "Europe/Berlin", ("en",), "Europe/Berlin")
AT_CONSOLE = replace(READER, console="https://ops.example")


def alert(number: int, **given: Any) -> AlertRaised:
    base: dict[str, Any] = {
        "tenant_id": UUID(int=1), "occurred_at": NOW, "correlation_id": "c", "alert_id": UUID(int=number),
        "alert_type": "stockout_risk", "severity": "high", "title": f"Item {number} runs out", "message": "m",
        "entity_type": "sku", "entity_code": f"RM-{number}", "entity_name": f"Item {number}", "dedupe_key": str(number),
    }  # fmt: skip
    return AlertRaised(**{**base, **given})


def test_p86_five_hundred_alerts_are_one_message_with_the_dearest_ten() -> None:
    items = [
        alert(number, amount=Decimal(number), currency="EUR", amount_per_hour=Decimal(number), deadline=NOW + timedelta(days=3))
        for number in range(1, 501)
    ]  # fmt: skip
    content = render_digest("email", items, AT_CONSOLE, now=NOW)
    assert content.subject == "[HIGH] 500 alerts at Fjord Foods: EUR 125,250 at stake, first deadline Fri 27 Nov"
    named = [int(one) for one in re.findall(r"Item (\d+) ", content.text)]
    assert named == list(range(500, 500 - SHOWN, -1))
    assert "and 490 more" in content.text
    assert "All open alerts: https://ops.example/api/v1/notify/alerts\n" in content.text
    assert content.html is not None
    assert content.html.count("<li") == SHOWN
    assert "Item 500 (RM-500): EUR 500 at stake, 3 days left (Fri 27 Nov)" in content.text


def test_p21_currencies_stay_apart_in_every_total() -> None:
    items = [alert(1, amount=Decimal(900), currency="EUR"), alert(2, amount=Decimal("250.50"), currency="USD"),
             alert(3, amount=Decimal(100), currency="EUR"), alert(4)]  # fmt: skip
    content = render_digest("slack", items, READER, now=NOW)
    assert "EUR 1,000, USD 251" in content.text
    assert "1,250" not in content.text
    assert "EUR 1,000 + USD 251 at stake" in content.subject
    assert "not added up" in content.text


def test_alerts_stand_with_their_kind_and_critical_ones_come_first() -> None:
    items = [
        alert(1, amount=Decimal(10**6), currency="EUR", deadline=NOW + timedelta(hours=1)),
        alert(2, alert_type="ccp_breach", severity="critical"),
        alert(3, alert_type="lot_hold", severity="low", amount=Decimal(5), currency="EUR", deadline=NOW + timedelta(hours=9)),
        *(alert(number, alert_type="anomaly", severity="info") for number in range(10, 20)),
    ]  # fmt: skip
    text = render_digest("apprise", items, READER, now=NOW).text
    headings = re.findall(r"^(.+) \((\d+)\)", text, re.MULTILINE)
    groups = [one for one in headings if not one[0].startswith("-")]
    assert groups == [
        ("Critical limit breached", "1"),
        ("Stock-out risk", "1"),
        ("Lot on hold", "1"),
        ("Unusual figure", "10"),
    ]
    assert "and 3 more" in text


def test_money_per_hour_decides_as_given_or_from_amount_and_deadline() -> None:
    items = [
        alert(1, amount=Decimal(1000), currency="EUR", deadline=NOW + timedelta(hours=100)),
        alert(2, amount=Decimal(50), currency="EUR", amount_per_hour=Decimal(20)),
        alert(3, amount=Decimal(15), currency="EUR", deadline=NOW - timedelta(hours=5)),
        alert(4, amount=Decimal(9999), currency="EUR"),
    ]  # fmt: skip
    text = render_digest("apprise", items, READER, now=NOW).text
    assert re.findall(r"Item (\d)", text) == ["2", "3", "1", "4"]


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_digest_by_text_message_stays_within_two_segments(locale: str) -> None:
    items = [alert(n, title="Ω" * 200, entity_name="Käse „Ω“ " * 12, amount=Decimal(10**9 + n), currency="EUR",
                   deadline=NOW + timedelta(days=2)) for n in range(1, 900)]  # fmt: skip
    content = render_digest(
        "sms", items, Reader("Fjord Foods", "UTC", (locale,), console="https://o.example/"), now=NOW
    )
    assert segments(content.text) <= MAX_SEGMENTS
    assert content.text.endswith("https://o.example/api/v1/notify/alerts")
    assert "899" in content.text


def test_a_digest_of_one_is_not_in_the_plural() -> None:
    content = render_digest("email", [alert(1)], READER, now=NOW)
    assert content.subject == "[HIGH] 1 alert at Fjord Foods"
    assert "more" not in content.text
    assert "GET /api/v1/notify/alerts" in content.text


def test_an_own_digest_is_used_and_its_loops_have_their_facts() -> None:
    body = (
        "{% for g in groups %}{{ g.kind }}={{ g.count }}:{% for a in g.alerts %}{{ a.line }};{% endfor %}{% endfor %}"
    )
    own = OwnTemplates({("digest", "email", "en"): Wording("{{ count }} at {{ plant }}", body)})
    content = render_digest("email", [alert(1), alert(2)], READER, own, now=NOW)
    assert (content.subject, content.text) == ("2 at Fjord Foods", "Stock-out risk=2:Item 1 (RM-1);Item 2 (RM-2);")
    assert content.html is None


@pytest.mark.parametrize("channel", ["email", "slack", "sms", "apprise"])
def test_many_all_clears_are_one_message_that_asks_for_nothing(channel: str) -> None:
    items = [alert(n, amount=Decimal(900), currency="EUR", deadline=NOW + timedelta(hours=5)) for n in range(1, 13)]
    content = render_digest(channel, items, READER, now=NOW, over=True)
    assert content.subject == "[RESOLVED] 12 alerts at Fjord Foods: over"
    said = f"{content.text}{content.html}"
    assert "Item 1 (RM-1)" in said
    for wrong in ("900", "Most urgent", "To take them on", "left", "stake"):
        assert wrong not in said
    german = render_digest(channel, items, replace(READER, locales=("de",)), now=NOW, over=True)
    assert german.subject == "[ERLEDIGT] 12 Alarme bei Fjord Foods: vorbei"
