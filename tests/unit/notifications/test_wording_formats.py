"""Figures as people write them: numbers, money, days left across zones, text messages that fit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.wording.formats import formats
from opscopilot.notifications.wording.model import Reader
from opscopilot.notifications.wording.moments import deadline_of
from opscopilot.notifications.wording.printable import one_line, safe_link
from opscopilot.notifications.wording.rendering import render_alert
from opscopilot.notifications.wording.sms import MAX_SEGMENTS, cut, segments

_TEXT = (
    st.text(min_size=1, max_size=160)
    | st.text("abcäß łżö-€", min_size=1, max_size=160)
    | st.text("Сырокńa", min_size=1, max_size=160)
)
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "money", "day", "span"),
    [
        ("en", "EUR 1,234,567.80", "Thu 26 Nov 2026", "5 hours"), ("de", "1.234.567,80 EUR", "Do 26. Nov 2026", "5 Stunden"),
        ("fr", "1\u202f234\u202f567,80 EUR", "jeu. 26 nov. 2026", "5 heures"), ("nl", "EUR 1.234.567,80", "do 26 nov 2026", "5 uur"),
        ("xx", "1\u202f234\u202f567.80 EUR", "2026-11-26", "5 h"),
    ],
)  # fmt: skip
def test_every_language_writes_figures_its_own_way_and_an_unknown_one_neutrally(
    locale: str, money: str, day: str, span: str
) -> None:
    how = formats(locale)
    assert how.money(Decimal("1234567.8"), "EUR") == money
    assert how.day(datetime(2026, 11, 26, tzinfo=UTC), year=True) == day
    assert how.span(5 * 3600) == span


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 minutes"), (60, "1 minute"), (5000, "83 minutes"), (5400, "2 hours"), (172799, "2 days"),
                          (172800, "2 days"), (86400 * 1.4, "34 hours")],
)  # fmt: skip
def test_spans_are_told_in_one_sensible_unit(seconds: float, said: str) -> None:
    assert formats("en").span(seconds) == said


def test_percentages_never_round_an_uncertainty_away() -> None:
    assert [formats("en").percent(Decimal(one)) for one in ("0.853", "0.997", "1", "0.004", "0")] == [
        "85 %", ">99 %", "100 %", "<1 %", "0 %",
    ]  # fmt: skip
    assert formats("de").quantity(Decimal("1234.50"), "KGM") == "1.234,5 kg"
    assert formats("en").quantity(Decimal("100"), None) == "100"


def left(deadline: datetime, zone: str = "Europe/Berlin", now: datetime = NOW) -> tuple[str | None, str | None]:
    alert = AlertRaised(
        tenant_id=uuid4(), occurred_at=NOW, correlation_id="c", alert_id=uuid4(), alert_type="anomaly", severity="high",
        title="t", message="m", entity_type="sku", dedupe_key="k", deadline=deadline,
    )  # fmt: skip
    found = deadline_of(alert, Reader("p", zone, plant_zone="Europe/Berlin"), "en", now)
    return found.day, found.left


def test_midnight_at_the_plant_is_the_day_itself_wherever_the_reader_is() -> None:
    thursday = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
    assert left(thursday) == left(thursday, "America/Chicago") == ("Thu 26 Nov", "2 days left")
    assert left(datetime(2026, 11, 23, 23, 0, tzinfo=UTC)) == ("Tue 24 Nov", "only today left")
    assert left(datetime(2026, 11, 21, 23, 0, tzinfo=UTC)) == ("Sun 22 Nov", "overdue by 2 days")
    before_the_clocks_change = datetime(2026, 10, 23, 12, 0, tzinfo=UTC)
    assert left(datetime(2026, 10, 25, 23, 0, tzinfo=UTC), now=before_the_clocks_change) == (
        "Mon 26 Oct",
        "3 days left",
    )


def test_an_hour_is_told_in_the_readers_zone() -> None:
    deadline = datetime(2026, 11, 24, 18, 15, tzinfo=UTC)
    assert left(deadline, "Asia/Tokyo") == ("Wed 25 Nov", "12 hours left")
    assert left(datetime(2026, 11, 24, 6, 0, tzinfo=UTC)) == ("Tue 24 Nov", "overdue by 30 minutes")


def test_text_of_others_is_made_printable() -> None:
    assert one_line("a\r\nBcc:\x00 b\u202e\u2066c \u200bd\ufeff") == "a Bcc: b c d"
    assert one_line("x" * 300) == "x" * 199 + "…"
    assert (
        safe_link("javascript:alert(1)")
        is safe_link("https://")
        is safe_link("https://a\nb")
        is safe_link(None)
        is None
    )


@given(text=st.text(max_size=900))
@settings(max_examples=60, deadline=None)
def test_what_is_cut_fits_into_two_segments(text: str) -> None:
    assert segments(cut(text)) <= MAX_SEGMENTS


@given(
    title=_TEXT, name=st.none() | _TEXT, plant=_TEXT,
    actions=st.lists(_TEXT, max_size=3), locale=st.sampled_from(["en", "de"]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_text_message_keeps_number_and_deadline_whatever_else_an_alert_says(
    title: str, name: str | None, plant: str, actions: list[str], locale: str
) -> None:
    alert = AlertRaised(
        tenant_id=uuid4(), occurred_at=NOW, correlation_id="c", alert_id=uuid4(), alert_type="stockout_risk",
        severity="critical", title=title, message="m", entity_type="sku", entity_code="RM-1", entity_name=name,
        dedupe_key="k", deadline=datetime(2026, 11, 26, 12, 0, tzinfo=UTC), amount=Decimal(12500), currency="EUR",
        actions=tuple(actions), link="https://o.example/a/1",
    )  # fmt: skip
    text = render_alert("sms", alert, Reader(plant, "UTC", (locale,))).text
    assert segments(text) <= MAX_SEGMENTS
    assert ("EUR 12,500" if locale == "en" else "12.500 EUR") in text
    assert ("Thu 26 Nov" if locale == "en" else "Do 26. Nov") in text
    assert text.count("https://") <= text.count("https://o.example/a/1")  # whole, or not there
