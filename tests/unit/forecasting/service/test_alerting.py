"""One problem is one alert, and what was planned is listed, not told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from opscopilot.forecasting.alerting.causes import one_per_cause
from opscopilot.forecasting.alerting.conditions import Condition, biased, of_item
from opscopilot.forecasting.alerting.muting import Mute, mutes
from opscopilot.forecasting.alerting.store import decide
from opscopilot.forecasting.demand.planned_events import PlannedEvent
from opscopilot.forecasting.evaluation.accuracy import Bias

TODAY = date(2025, 3, 30)
NOW = datetime(2025, 3, 31, 6, tzinfo=UTC)
ITEM, OTHER = UUID(int=1), UUID(int=2)
VERSION: Any = SimpleNamespace(id=UUID(int=9), code="DEMAND-W-20250330-01")


def condition(kind: Any, severity: Any = "medium", item: UUID | None = ITEM, amount: int | None = None) -> Condition:
    money = None if amount is None else Decimal(amount)
    return Condition(
        f"{kind}:{item}", kind, severity, f"{kind} of it", f"It is a {kind}.", "sku", item, "A", amount=money,
        currency="EUR" if money else None, cause=of_item(item) if item else None,
    )  # fmt: skip


def test_conditions_of_one_item_are_one_alert_and_the_gravest_speaks() -> None:
    found = [condition("forecast_bias", amount=50), condition("supplier_risk", "high", amount=900),
             condition("stockout_risk", "high", amount=400), condition("forecast_bias", item=OTHER)]  # fmt: skip
    first, second = one_per_cause(found)
    assert (first.key, first.amount) == (f"stockout_risk:{ITEM}", 400)
    assert [one["alert_type"] for one in first.details["also"]] == ["supplier_risk", "forecast_bias"]
    assert first.message == "It is a stockout_risk. Also: supplier_risk of it; forecast_bias of it."
    assert second == found[-1]


def test_conditions_without_a_cause_stay_apart() -> None:
    found = [condition("anomaly", item=None), condition("threshold_breach", item=None)]
    assert one_per_cause(found) == found


def test_a_shutdown_explains_an_anomaly_and_a_promotion_the_bias_of_its_item_only() -> None:
    planned = [
        PlannedEvent("shutdown", "Easter stop", date(2025, 3, 28), date(2025, 4, 2)),
        PlannedEvent("promotion", "Spring deal", date(2025, 3, 3), date(2025, 3, 16), ITEM),
    ]
    found = [condition("anomaly"), condition("forecast_bias"), condition("forecast_bias", item=OTHER),
             condition("stockout_risk", "critical")]  # fmt: skip
    explained = mutes(found, planned, TODAY)
    assert explained[f"anomaly:{ITEM}"] == Mute(date(2025, 4, 3), "shutdown: Easter stop, 2025-03-28 to 2025-04-02")
    assert "Easter stop" in explained[f"forecast_bias:{OTHER}"].reason
    assert f"stockout_risk:{ITEM}" not in explained
    only = mutes(found, planned[1:], TODAY)
    assert list(only) == [f"forecast_bias:{ITEM}"]
    assert mutes(found, [PlannedEvent("promotion", "old", date(2024, 1, 1), date(2024, 1, 7), ITEM)], TODAY) == {}


def test_what_a_planned_event_explains_is_told_only_if_it_outlasts_the_event() -> None:
    one = condition("anomaly")
    mute = {one.key: Mute(date(2025, 4, 3), "shutdown")}

    def run(known: dict[str, Any], muted: dict[str, Mute]) -> Any:
        [stored] = decide([one], known, VERSION, NOW, "UTC", UUID(int=3), 10, mutes=muted)
        return stored

    quiet = run({}, mute)
    assert (quiet.event, quiet.told, quiet.mute) == (None, False, mute[one.key])
    before = {one.key: {"id": UUID(int=5), "severity": "medium", "told_at": None}}
    loud = run(before, {})
    assert (loud.event is not None, loud.alert_id, loud.mute) == (True, UUID(int=5), None)
    assert run({one.key: before[one.key] | {"told_at": NOW}}, {}).event is None


def test_an_open_bias_is_kept_down_to_a_lower_limit() -> None:
    lean = Bias(ITEM, "A", "Jam", 3.5, 0.2, 8)
    assert biased([lean]) == []
    assert [one.key for one in biased([lean], {f"forecast_bias:sku:{ITEM}": "medium"})] == [f"forecast_bias:sku:{ITEM}"]


def test_a_bias_is_valued_at_price_when_too_low_and_at_cost_when_too_high() -> None:
    low = Bias(ITEM, "A", "Jam", 6.0, 0.3, 8, 120.0, Decimal("4.50"), Decimal(2), "EUR")
    high = Bias(OTHER, "B", "Rusk", -6.0, -0.3, 8, -120.0, Decimal("4.50"), Decimal(2), "EUR")
    unknown = Bias(OTHER, "C", "Salt", -6.0, -0.3, 8, -120.0)
    found = biased([low, high, unknown])
    assert [(one.amount, one.currency) for one in found] == [(540, "EUR"), (240, "EUR"), (None, None)]
    assert "540.00 EUR asked for beyond the forecast, at list price." in found[0].message
    assert "240.00 EUR forecast in vain, at cost." in found[1].message
