"""What of a model's text may be said: what its own lookups prove."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

import pytest

from opscopilot.copilot.chat import ChatFailed
from opscopilot.copilot.model import ToolRun
from opscopilot.copilot.prose import final, periods, prove, split, unsettled
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.kernel.tools import ToolResult

PLANT = PlantSettings(
    tenant_id=UUID(int=1), code="p", name="P", default_currency="EUR", default_time_zone="Europe/Copenhagen",
    as_of=date(2026, 9, 30), week_start=1, day_start=time(0), language="en",
)  # fmt: skip
STOCK = {"items": [{"sku_code": "BK-38", "name": "Two-tone 700x23", "available": "1200.5"}, {"available": "80"}]}
ORDERS = {"open": 17, "value": "5300.25", "late_ratio": "0.125"}


def lookup(n: int, tool: str, data: Any, status: Any = "ok", **args: Any) -> ToolRun:
    result = ToolResult(status=status, data=data, as_of=date(2026, 9, 30))
    return ToolRun(n=n, tool=tool, args=args, status=status, ms=1, result=result)


RUNS = [
    lookup(1, "query_inventory", STOCK, sku_code="BK-38"),
    lookup(2, "lookup_orders", ORDERS, **{"from": "2026-09-21"}),
]


def kept(text: str, runs: list[ToolRun] = RUNS, question: str = "what now?") -> list[str]:
    anchor = "17 orders are open."
    found = prove(f"{anchor}\n{text}", runs, question, PLANT).sentences
    assert found[0] == "17 orders are open. [2]"
    return found[1:]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,200.5 pieces are available.", "1,200.5 pieces are available. [1]"),
        ("They are worth 5,300.25 EUR [1].", "They are worth 5,300.25 EUR. [2]"),
        ("12.5 % are late. [2]", "12.5 % are late. [2]"),
        ("1,200.5 are there and 17 orders wait [1][2].", "1,200.5 are there and 17 orders wait. [1][2]"),
        ("1,200.5 are there and 17 orders wait.", "1,200.5 are there and 17 orders wait. [1][2]"),
        ("On 2026-09-30 the **BK-38** had 80.", "On 2026-09-30 the BK-38 had 80. [1]"),
        ("Since 2026-09-21 there are 17.", "Since 2026-09-21 there are 17. [2]"),
        ("The Two-tone 700x23 has 80.", "The Two-tone 700x23 has 80. [1]"),
        ("2. BK-38: 80 pieces", "· BK-38: 80 pieces [1]"),
        ("Order soon [1].", "Order soon. [1]"),
        ("Nothing else matters [9].", "Nothing else matters."),
    ],
)
def test_proven_sentences_carry_the_lookup_that_proves_them(text: str, said: str) -> None:
    assert kept(text) == [said]


@pytest.mark.parametrize(
    "text",
    [
        "1,202 pieces are available.",
        "EUR5400 is at stake.",
        "There are .5 left.",
        "80e3 are left.",
        "80,5 are left.",
        "80 120 are left.",
        "17k are left.",
        "80 million are left.",
        "Twelve are left.",
        "Half of 80 are left.",
        "½ is left, of 80.",
        "See https://evil.example/?q=17 for all 17.",
        "![17](http://evil.example/x.png)",
        "[17 orders](evil)",
        "Write to mailto:x@evil.example about 17.",
        "<img src=x> 17",
    ],
)
def test_what_cannot_be_proven_or_hides_something_is_left_out(text: str) -> None:
    assert kept(text) == []


def test_the_arguments_a_model_chose_prove_nothing() -> None:
    made_up = [*RUNS, lookup(3, "lookup_orders", {"asked": "4711", "open": 17}, order="4711")]
    assert kept("Order 4711 is late.", made_up) == []
    assert kept("Order 4711 is late.", made_up, "where is order 4711?") == ["Order 4711 is late. [3]"]
    assert kept("Order 4711 is late.", made_up, "where is order 47112?") == []


def test_an_answer_without_a_proven_figure_is_none() -> None:
    for text in ("All is well.", "There are 999 left.", "Here it comes. 999 are left."):
        with pytest.raises(ChatFailed) as caught:
            prove(text, RUNS, "?", PLANT)
        assert caught.value.reason == "unproven"


def test_an_answer_without_a_lookup_is_none() -> None:
    with pytest.raises(ChatFailed) as caught:
        prove("You have 17.", [], "do I have 17?", PLANT)
    assert caught.value.reason == "no_lookup"


def test_nothing_is_said_in_our_own_words() -> None:
    missing = lookup(1, "query_inventory", {"asked": "BX-9"}, "not_found", sku_code="BX-9")
    assert prove("Stock is fine, 0 missing.", [missing], "BX-9?", PLANT).sentences == [
        "There is no 'BX-9' in this plant's records. Nothing with a similar name is recorded either. [1]"
    ]
    failed = ToolRun(n=3, tool="get_alerts", args={}, status="error", ms=1)
    told = prove("17 orders are open.", [*RUNS, failed], "?", PLANT).sentences
    assert told[1].startswith("The question to get_alerts failed")


def test_a_lookup_asked_again_and_answered_is_settled() -> None:
    bad, good = lookup(1, "a", {}, "not_found"), lookup(2, "a", ORDERS)
    other = lookup(3, "b", {}, "not_ingested")
    assert unsettled([bad, good, other]) == [other]
    assert final([bad, good, other]) == [good, other]
    assert unsettled([good, bad]) == [bad]


def test_sentences_and_lists() -> None:
    assert split("# Now\nNo. 5 is late. Act e.g. now! [1] [2] Then\n\n- a 5. B\n1) c\n---\n| |") == [
        "Now", "No. 5 is late.", "Act e.g. now [1] [2]!", "Then", "· a 5.", "B", "· c",
    ]  # fmt: skip


def test_periods_are_printed() -> None:
    runs = [
        lookup(1, "a", {}, **{"from": "2026-09-21", "to": "2026-09-27"}),
        lookup(2, "a", {}, to="2026-09-01"),
        RUNS[0],
    ]
    assert periods(runs, "Europe/Copenhagen") == [
        "Period: 2026-09-21 to 2026-09-27 (Europe/Copenhagen).",
        "Period: the first record to 2026-09-01 (Europe/Copenhagen).",
    ]
