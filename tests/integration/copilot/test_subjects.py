"""What a question is about: the period's business, a conversion, everything at once, or nothing there is a tool for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.copilot.test_answers import load_plant
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(api: Api, new_plant: NewPlant) -> Ask:
    plant = new_plant(as_of="2026-09-30")
    load_plant(plant)

    def put(question: str, session: str | None = None) -> dict[str, Any]:
        body = {"question": question, **({"session_id": session} if session else {})}
        return dict(api("POST", "/api/v1/copilot/query", as_=token(plant.code), body=body).json)

    return put


@pytest.mark.parametrize(
    "question", ["How did we do last week?", "How was business last week?", "Wie lief letzte Woche?"]
)
def test_how_we_did_is_what_was_ordered(ask: Ask, question: str) -> None:
    first = ask(question)
    assert [call["tool"] for call in first["tool_calls"]] == ["lookup_orders"]
    assert "300.00 EUR" in first["answer"]


def test_p67_and_this_week_so_far_says_that_the_week_is_not_over(ask: Ask) -> None:
    answer = ask("and this week so far?", ask("How did we do last week?")["session_id"])
    assert "101.00 EUR" in answer["answer"]
    assert "3 of 7 days of the week: not comparable" in answer["answer"]


def test_the_year_of_a_month_names_no_item(ask: Ask) -> None:
    answer = ask("How did we do in September 2026?")
    assert answer["tool_calls"][0]["args"] == {"from": "2026-09-01", "to": "2026-09-30"}


def test_p18_a_conversion_without_a_factor_says_where_it_is_kept(ask: Ask) -> None:
    answer = ask("Convert 12 cartons of the strawberry jam stock to pieces")
    assert answer["tool_calls"][0]["args"]["sku_code"] == "strawberry jam"
    assert "There is no factor from XCT to EA" in answer["answer"]
    assert "unit factors (sku_uom) of 00100234" in answer["answer"]
    assert "144" not in answer["answer"]


def test_is_everything_ok_names_what_was_not_looked_at(ask: Ask) -> None:
    answer = ask("Is everything ok?")
    assert len(answer["tool_calls"]) == 3
    assert answer["answer"].splitlines()[-1].startswith("At most three of each are named. Not looked at: open orders")
    assert "1 items are at or below" in answer["answer"]
    assert "1 work orders are overdue" in answer["answer"]


@pytest.mark.parametrize(
    "question",
    [
        "How was on-time delivery of our suppliers?", "Which supplier rejects the most?", "Welcher Lieferant ist pünktlich?",
        "What is the margin on BK-38?", "What was the OEE yesterday?",
    ],
)  # fmt: skip
def test_p72_no_figure_stands_in_for_one_that_does_not_exist(ask: Ask, question: str) -> None:
    answer = ask(question)
    assert (answer["outcome"], answer["tool_calls"]) == ("refuse", [])
    assert "I have no figures for that" in answer["answer"]
