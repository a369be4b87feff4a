"""Scrap forecasts of a small plant: stored with the version, in money, refused where nothing can be said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from opscopilot.kernel.db import Database

Run = Callable[[Any], dict[str, Any]]
LAST = date(2025, 3, 30)


def order(
    plant: Any, code: str, day: date, good: int, scrap: int | None, line: str | None = "L1", **values: Any
) -> None:
    plant.ids["wo"] = plant.ids.get("wo", 0) + 1
    given = {
        "ordered_qty": good + (scrap or 0), "good_qty": good, "scrap_qty": scrap, "uom": "EA", "uom_factor": 1,
        "status": "completed", "actual_end": day, "scheduled_start": day, "line": line,
    }  # fmt: skip
    plant.add("work_orders", None, sku_id=plant.ids[code], wo_number=f"W{plant.ids['wo']}", **{**given, **values})


@pytest.fixture
def making(plant: Any) -> Any:
    """Two items: one scraps 5 % on L1, the other 1 %; one order of the first is open."""
    plant.sku("A", unit_cost=Decimal("2.82"), currency="EUR")
    plant.sku("B")
    plant.stock("A", 10)
    for week in range(16):
        order(plant, "A", LAST - timedelta(days=7 * week), 950, 50)
        order(plant, "B", LAST - timedelta(days=7 * week), 990, 10)
    order(plant, "A", LAST, 0, None, good_qty=None, ordered_qty=2000, status="scheduled", actual_end=None,
          due_date=LAST + timedelta(days=5))  # fmt: skip
    return plant


def scrap(plant: Any) -> dict[tuple[str, str], dict[str, Any]]:
    rows = plant.query("SELECT * FROM forecast.quality_forecasts ORDER BY sku_code, line")
    return {(row["sku_code"], row["line"]): row for row in rows}


def test_open_orders_have_an_expected_scrap_with_bounds_and_money_where_a_cost_is_known(making: Any, run: Run) -> None:
    done = run(making)
    found = scrap(making)[("A", "L1")]
    assert done["published"][0]["scrap"] == {"series": 2, "refused": 0, "origins": 24}
    assert found["rate"] == Decimal("0.05"), "pooled, over everything recorded"
    assert found["expected_rate"] == pytest.approx(Decimal("0.05"), abs=Decimal("0.005"))
    assert (found["planned_orders"], found["planned_qty"]) == (1, 2000)
    assert found["expected_scrap_qty"] == pytest.approx(found["expected_rate"] * 2000, abs=Decimal("0.01"))
    assert found["lower_95"] <= found["lower_80"] < found["upper_80"] <= found["upper_95"]
    assert found["expected_cost"] == (found["expected_scrap_qty"] * Decimal("2.82")).quantize(Decimal("0.0001"))
    assert found["currency"] == "EUR"
    assert found["baseline_rate"] == Decimal("0.05")
    assert found["origins"] == 12
    assert found["log_loss"] < found["log_loss_pooled"], "the item's own rate is better than the plant's"
    models = making.query(
        "SELECT name, status, metrics FROM forecast.forecast_models WHERE type = 'quality' ORDER BY name"
    )
    assert [(row["name"], row["status"]) for row in models] == [
        ("scrap-empirical-bayes", "active"), ("sensor-surprise-ensemble", "active"),
    ]  # fmt: skip
    assert models[0]["metrics"]["origins"] == 24
    costless = scrap(making)[("B", "L1")]
    assert (costless["expected_cost"], costless["excess_cost"], costless["currency"]) == (None, None, None)
    assert (costless["planned_qty"], costless["expected_scrap_qty"], costless["period_qty"]) == (0, 0, 1000)


def test_b4_excess_is_what_lies_above_the_last_eight_weeks(plant: Any, run: Run) -> None:
    plant.sku("A", unit_cost=Decimal(2))
    plant.stock("A", 10)
    for week in range(8, 60):
        order(plant, "A", LAST - timedelta(days=7 * week + 3), 900, 100)
    for week in range(8):
        order(plant, "A", LAST - timedelta(days=7 * week + 3), 990, 10)
    order(plant, "A", LAST, 0, None, good_qty=None, ordered_qty=100, status="scheduled", actual_end=None)
    run(plant)
    found = scrap(plant)[("A", "L1")]
    assert found["baseline_rate"] == Decimal("0.01")
    over = (found["expected_rate"] - found["baseline_rate"]) * 100
    assert found["excess_qty"] == pytest.approx(over, abs=Decimal("0.001"))
    assert found["excess_qty"] > 0
    assert found["excess_cost"] == (found["excess_qty"] * 2).quantize(Decimal("0.0001"))


def test_what_was_never_recorded_is_refused_with_a_reason(plant: Any, run: Run) -> None:
    plant.sku("A")
    plant.stock("A", 10)
    for week in range(12):
        order(plant, "A", LAST - timedelta(days=7 * week), 100, None, line=None)
    run(plant)
    found = scrap(plant)[("A", "")]
    assert found["status"] == "refused"
    assert "unknown is not zero" in found["reason"]
    assert found["expected_rate"] is None


def test_p17_kilograms_and_pieces_are_judged_apart_and_p52_what_was_published_stays(
    making: Any, run: Run, opened: Callable[[str], Database]
) -> None:
    making.sku("K", base_uom="KGM")
    for week in range(12):
        order(making, "K", LAST - timedelta(days=7 * week), 300, 100, uom="KGM")
    run(making)
    found = scrap(making)
    assert found[("K", "L1")]["expected_rate"] == pytest.approx(Decimal("0.25"), abs=Decimal("0.01"))
    assert found[("B", "L1")]["expected_rate"] < Decimal("0.02")
    with (
        pytest.raises(Exception, match="is published and cannot be changed"),
        opened("ops_forecast").tenant(making.tenant_id) as tx,
    ):
        tx.execute("UPDATE forecast.quality_forecasts SET expected_rate = 0")
