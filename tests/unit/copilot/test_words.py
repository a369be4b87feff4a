"""Periods, languages, refusals, evidence and confidence: the copilot's pure parts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from opscopilot.copilot import confidence, guard
from opscopilot.copilot.cards import CardIndex
from opscopilot.copilot.evidence import Facts, verify
from opscopilot.copilot.periods import parse
from opscopilot.copilot.router import THRESHOLD
from opscopilot.copilot.text import content_words, language
from opscopilot.kernel.tools import ToolResult

TODAY = date(2025, 3, 28)  # a Friday
TOOLS = ["query_inventory", "lookup_orders", "get_production_status", "get_forecasts", "get_alerts", "query_bom"]


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("How did we do last week?", "2025-03-17", "2025-03-23"),
        ("and this week so far?", "2025-03-24", "2025-03-28"),
        ("Umsatz letzte Woche", "2025-03-17", "2025-03-23"),
        ("ventes la semaine dernière", "2025-03-17", "2025-03-23"),
        ("pedidos la semana pasada", "2025-03-17", "2025-03-23"),
        ("sales in January 2025", "2025-01-01", "2025-01-31"),
        ("orders in december", "2024-12-01", "2024-12-31"),
        ("Umsatz im März", "2025-03-01", "2025-03-31"),
        ("last 30 days", "2025-02-27", "2025-03-28"),
        ("in den letzten 7 Tagen", "2025-03-22", "2025-03-28"),
        ("scrap yesterday", "2025-03-27", "2025-03-27"),
        ("orders from 2025-03-01 to 2025-03-15", "2025-03-01", "2025-03-15"),
        ("orders since 2025-03-20", "2025-03-20", "2025-03-28"),
        ("sales in Q1 2024", "2024-01-01", "2024-03-31"),
        ("last quarter", "2024-10-01", "2024-12-31"),
        ("sales in 2024", "2024-01-01", "2024-12-31"),
        ("year to date", "2025-01-01", "2025-03-28"),
    ],
)
def test_p67_periods_in_words_are_days_of_the_plant(question: str, start: str, end: str) -> None:
    found = parse(question, TODAY)
    assert found is not None
    assert (found.start.isoformat(), found.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    "question", ["stock of 00100001", "may I see the stock?", "Stock of the Mountain-200?", "order 2024"]
)
def test_a_question_without_a_period_has_none(question: str) -> None:
    assert parse(question, TODAY) is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which items are at or below their reorder point?", "en"),
        ("Wie viel Tage reicht der Bestand von SKU 4711?", "de"),
        ("Quelles commandes sont en retard ?", "fr"),
        ("¿Cuánto inventario tenemos de azúcar?", "es"),
        ("BK-M68B-38", "en"),
    ],
)
def test_language_of_a_question(question: str, expected: str) -> None:
    assert language(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What is the weather in Lyon tomorrow?",
        "Tell me a joke",
        "Who is the worst operator?",
        "rank our employees by scrap",
    ],
)
def test_p68_other_subjects_and_judging_people_are_declined(question: str) -> None:
    refusal = guard.refuse(question)
    assert refusal is not None
    assert "stock" in refusal.text, "it says what it can do"


@pytest.mark.parametrize("question", ["Which supplier rejects the most?", "best selling items", "compare work orders"])
def test_questions_about_things_are_not_declined(question: str) -> None:
    assert guard.refuse(question) is None


@pytest.mark.parametrize(
    ("question", "tool"),
    [
        ("Which items are at or below their reorder point?", "query_inventory"),
        ("How much is our stock worth?", "query_inventory"),
        ("Wie viel Tage reicht der Bestand?", "query_inventory"),
        ("Show me open orders", "lookup_orders"),
        ("Umsatz letzte Woche", "lookup_orders"),
        ("Quelles commandes sont ouvertes ?", "lookup_orders"),
        ("Which work orders are late?", "get_production_status"),
        ("What is our scrap rate?", "get_production_status"),
        ("Forecast for the next quarter, weekly", "get_forecasts"),
        ("Which alerts are open?", "get_alerts"),
        ("What goes into one?", "query_bom"),
        ("Stückliste", "query_bom"),
    ],
)
def test_cards_rank_the_right_tool_first(question: str, tool: str) -> None:
    ranked = CardIndex(TOOLS).rank(content_words(question))
    assert ranked
    assert ranked[0][0] == tool
    assert ranked[0][1] >= THRESHOLD


def facts_of(data: object) -> Facts:
    facts = Facts()
    facts.add(ToolResult(status="ok", data=data), {})
    return facts


def test_p65_a_figure_that_is_in_no_result_is_dropped() -> None:
    facts = facts_of({"orders": 497, "value": Decimal("431278.23"), "rate": Decimal("0.0023628"), "items": ["A", "B"]})
    kept, dropped = verify(
        [
            "497 orders worth 431,278.23 are open [1].",
            "Scrap is 0.236 % [1].",
            "2 items [1].",
            "That is 12 % more [1].",
        ],
        facts,
    )
    assert len(kept) == 3
    assert dropped == ["That is 12 % more [1]."]


def test_p65_rounding_is_allowed_only_at_the_printed_precision() -> None:
    facts = facts_of({"value": Decimal("431278.23")})
    assert verify(["431,278.2"], facts)[0]
    assert verify(["431,278"], facts)[0]
    assert not verify(["431,300"], facts)[0]
    assert not verify(["431,278.24"], facts)[0]


def test_figures_inside_names_and_dates_of_the_data_are_not_claims() -> None:
    facts = facts_of({"name": "Mountain-200 Black, 38", "code": "BK-M68B-38", "due": date(2025, 3, 20)})
    assert verify(["BK-M68B-38 Mountain-200 Black, 38 was due 2025-03-20 [1]."], facts)[1] == []
    assert verify(["Mountain-300 has nothing [1]."], facts)[1]


def test_confidence_is_formula_g1() -> None:
    assert confidence.formula(3, 3, 0.9, 0.9) == pytest.approx(85.5)
    assert confidence.formula(2, 3, 0.4, 0.9) == pytest.approx(42)
    assert confidence.formula(0, 0, 1, 1) == 0


def test_freshness_falls_to_nothing_at_four_times_the_agreed_age() -> None:
    now = datetime(2025, 3, 28, 12, tzinfo=UTC)
    assert confidence.freshness(now, now) == 1
    assert confidence.freshness(datetime(2025, 3, 20, 12, tzinfo=UTC), now) == 0
    assert confidence.freshness(datetime(2025, 3, 23, 12, tzinfo=UTC), now) == pytest.approx(0.5)
    assert confidence.freshness(None, now) == 0
