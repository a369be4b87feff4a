"""What `ops` prints: figures as people read them, and data that is never taken for markup."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from local.cli import output, show
from local.cli.output import number

HOSTILE = "[/] [bold red]jam[/bold red] [link=https://evil.example]click[/link]"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What went to standard output and standard error."""
    text = io.StringIO()
    wide = Console(file=text, width=300, highlight=False)
    for module in (output, show):
        monkeypatch.setattr(module, "console", wide)
    monkeypatch.setattr(output, "errors", wide)
    return text


def job(**given: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "file_name": "a.csv", "entity_type": "sku", "status": "completed", "total_records": 1234,
        "successful_records": 1200, "duplicate_records": 4, "failed_records": 30, "rejects_by_code": {},
        "error_summary": None,
    }  # fmt: skip
    return {**base, **given}


def forecast(**given: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "sku_code": "00100234", "description": HOSTILE, "forecast_dates": ["2026-10-05", "2026-10-12"],
        "forecast_values": ["5", "8"], "confidence_intervals": {"lower": ["0", "3"], "upper": ["9", "12"]},
        "confidence_level": 95.0, "method": "seasonal naive", "history": [{"value": "6"}, {"value": "0"}],
    }  # fmt: skip
    return {**base, **given}


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(None, 0, "–"), ("1234567.891", 2, "1,234,567.89"), (0, 0, "0"), ("0.5", 0, "0"), ("-3", 0, "-3")],
)
def test_numbers(value: Any, places: int, text: str) -> None:
    assert number(value, places) == text


def test_a_receipt_names_the_commonest_fault_first(printed: io.StringIO) -> None:
    show.receipts([job(status="partially_failed", rejects_by_code={"bad_date": 2, "bad_number": 28})])
    line = next(line for line in printed.getvalue().splitlines() if "a.csv" in line)
    assert line.split() == ["a.csv", "sku", "1,234", "1,200", "4", "30", "bad_number", "28,", "bad_date", "2"]


def test_a_failed_file_says_why_and_a_good_one_nothing() -> None:
    assert show.why(job(status="failed", error_summary="It is empty.")) == "It is empty."
    assert show.why(job()) == ""


def test_names_in_data_are_printed_as_they_are(printed: io.StringIO) -> None:
    show.receipts([job(file_name=HOSTILE, status="failed", error_summary=HOSTILE)])
    show.forecast(forecast())
    output.complain(HOSTILE)
    assert printed.getvalue().count(HOSTILE) == 4


def test_a_forecast_is_drawn_with_its_scale(printed: io.StringIO) -> None:
    show.forecast(forecast())
    drawn = printed.getvalue()
    assert "2 weeks of demand, then 2 weeks from 2026-10-05; ░ = 95 % interval; method: seasonal naive" in drawn
    assert (drawn.count("●"), drawn.count("━")) == (2, 2)
    assert [line for line in drawn.splitlines() if "12 │" in line]


def test_a_small_demand_has_a_scale_with_decimals(printed: io.StringIO) -> None:
    small = {"lower": ["0", "0"], "upper": ["0.4", "1"]}
    show.forecast(forecast(forecast_values=["0.2", "0.3"], confidence_intervals=small, history=[]))
    scale = [line.split("│")[1].strip() for line in printed.getvalue().splitlines() if line.count("│") == 3]
    assert len(set(scale)) == len(scale) == 10


def test_no_forecast_says_why(printed: io.StringIO) -> None:
    nothing = forecast(forecast_values=[], forecast_dates=[], reason="It was ordered on three days only.")
    show.forecast(nothing)
    assert "It was ordered on three days only." in printed.getvalue()


def test_an_answer_shows_where_its_figures_come_from(printed: io.StringIO) -> None:
    source = {"label": "Stock", "rows": 3, "file": "MARD.csv", "row": 7}
    show.answer("How much jam?", {
        "answer": "40 ea [1]", "outcome": "answer", "confidence": 90.0,
        "citations": [{"n": 1, "tool": "query_inventory", "as_of": "2026-09-30", "sources": [source]}],
    })  # fmt: skip
    shown = printed.getvalue()
    assert "? How much jam?" in shown
    assert "[1] query_inventory: Stock, 3 rows, from MARD.csv row 7; as of 2026-09-30" in shown
    assert "confidence 90 · answer" in shown
