"""Words, weeks, and which conditions become news."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from opscopilot.forecasting import words
from opscopilot.forecasting.alerting.conditions import Condition, biased
from opscopilot.forecasting.alerting.store import decide
from opscopilot.forecasting.copyio import cell
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import WEEKLY, week_of
from opscopilot.forecasting.evaluation.accuracy import Bias

NOW = datetime(2025, 3, 31, 6, tzinfo=UTC)
VERSION: Any = SimpleNamespace(id=UUID(int=9), code="DEMAND-W-20250330-01")


@pytest.mark.parametrize(
    ("day", "start", "week"),
    [("2025-03-30", 1, "2025-03-24"), ("2025-03-31", 1, "2025-03-31"), ("2025-03-30", 7, "2025-03-30"),
     ("2025-03-29", 7, "2025-03-23"), ("2024-12-26", 4, "2024-12-26")],
)  # fmt: skip
def test_c31_weeks_begin_where_the_plant_says(day: str, start: int, week: str) -> None:
    assert week_of(date.fromisoformat(day), start).isoformat() == week


def test_p56_a_week_is_complete_when_its_last_day_is_over() -> None:
    running = DataCut(date(2025, 3, 30), date(2025, 3, 29), 1)
    over = DataCut(date(2025, 3, 30), date(2025, 3, 30), 1)
    assert (running.horizon_start(), running.history_end()) == (date(2025, 3, 24), date(2025, 3, 23))
    assert (over.horizon_start(), over.history_end()) == (date(2025, 3, 31), date(2025, 3, 30))
    assert over.horizon_end(WEEKLY, 13) == date(2025, 6, 29)


@pytest.mark.parametrize(
    ("quantity", "uom", "text"),
    [("1240", "EA", "1,240 ea"), ("12.5", "KGM", "12.5 kg"), ("1234.56", "KGM", "1,235 kg"), ("9.25", "EA", "9.25 ea"),
     ("10.4", "EA", "10 ea"), ("0", "EA", "0 ea"), ("0.004", "KGM", "0 kg"), ("5", "XYZ", "5 XYZ")],
)  # fmt: skip
def test_quantities_in_sentences(quantity: str, uom: str, text: str) -> None:
    assert words.amount(Decimal(quantity), uom) == text


def test_other_words() -> None:
    assert words.percent(0.997) == "over 99 %"
    assert (words.percent(0.004), words.percent(0.5), words.percent(1.0)) == ("under 1 %", "50 %", "100 %")
    assert (words.days(1), words.days(12.5), words.days(7.0)) == ("1 day", "12.5 days", "7 days")
    assert (words.money(Decimal("1234.5"), "EUR"), words.money(Decimal("99.6"), "JPY")) == ("1,234.50 EUR", "100 JPY")
    assert words.plain(Decimal("60.000")) == "60"


def test_nothing_is_lost_on_the_way_into_copy() -> None:
    assert [cell(one) for one in (None, float("nan"), 0.1, True, Decimal("1.50"))] == [
        None, None, "0.1", "true", "1.50",
    ]  # fmt: skip
    assert cell(['a "b"', "c\\d", "e,f"]) == '{"a \\"b\\"","c\\\\d","e,f"}'


def condition(key: str, severity: Any = "high", amount: int | None = None, entity: str = "sku") -> Condition:
    money = None if amount is None else Decimal(amount)
    return Condition(key, "stockout_risk", severity, key, key, entity, None, key, amount=money, currency="EUR")


def told(conditions: list[Condition], known: dict[str, Any], at_most: int = 10) -> list[str]:
    stored = decide(conditions, known, VERSION, NOW, "UTC", UUID(int=1), at_most)
    return [one.condition.key for one in stored if one.event is not None]


def test_p85_only_the_new_and_the_worse_are_told() -> None:
    known = {key: {"id": UUID(int=5), "severity": severity, "told_at": NOW} for key, severity in
             {"same": "high", "worse": "high", "better": "critical"}.items()}  # fmt: skip
    found = [condition("same"), condition("worse", "critical"), condition("better"), condition("new")]
    assert told(found, known) == ["worse", "new"]


def test_p86_the_gravest_and_dearest_are_told_and_the_rest_in_one() -> None:
    found = [condition("cheap", "critical", 1), condition("dear", "critical", 9), condition("high", "high", 999),
             condition("many", "medium", entity="inventory")]  # fmt: skip
    assert told(found, {}, at_most=1) == ["dear", "many", "stockout_risk:digest:DEMAND-W-20250330-01"]
    assert told(found, {}, at_most=3) == ["cheap", "dear", "high", "many"]


def test_bias_says_which_way_and_prints_its_convention() -> None:
    [high] = biased([Bias(UUID(int=1), "A", "Jam", -6.2, -0.31, 8)])
    assert high.title == "The forecast of Jam (A) is too high"
    assert "bias -31.0 % of demand (actual - forecast), tracking signal -6.2" in high.message


def test_reading_forecasts_loads_no_numerics() -> None:
    """The API function has no numpy: what it imports must not need it."""
    code = (
        "import sys; sys.path.insert(0, 'layers/opscopilot'); sys.modules['numpy'] = None\n"
        "import opscopilot.forecasting.tools, opscopilot.forecasting.queries_risk, opscopilot.insights.alert_tools"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
