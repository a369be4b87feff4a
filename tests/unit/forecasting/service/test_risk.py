"""From a position and an outlook to a verdict: the arithmetic, without a database."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.inventory import explain
from opscopilot.forecasting.inventory.positions import Position, Supply
from opscopilot.forecasting.inventory.risk import Outlook, Risk, Window, assess, expected_shortage
from opscopilot.forecasting.supply.leadtimes import LeadTime, Sourcing, lead_time

AS_OF = date(2025, 3, 30)
WINDOW = Window(AS_OF, date(2025, 3, 31), date(2025, 6, 29))
CONFIG = ForecastConfig()
LEVELS = np.linspace(0.005, 0.995, 100)


def outlook(weekly: int = 70, low: float = 50.0, high: float = 150.0, up_to: float = 220.0) -> Outlook:
    """Lead-time demand spread evenly between `low` and `high`."""
    return Outlook([Decimal(weekly)] * 13, (low + high) / 2, LEVELS, low + LEVELS * (high - low), up_to)


def position(available: int, *, supply: list[Supply] | None = None, **master: Any) -> Position:
    sku = {
        "id": "0" * 32, "sku_code": "A", "description": "Jam", "base_uom": "EA", "make_or_buy": "buy", "is_active": True,
        "reorder_point": None, "safety_stock": None, "moq": None, "order_multiple": None, "max_stock": None,
        "shelf_life_days": None, "min_remaining_shelf_life_days": None, "list_price": None, "unit_cost": None,
        "currency": None,
    }  # fmt: skip
    one = Position({**sku, **master}, on_hand=Decimal(available), available=Decimal(available), stock_rows=1)
    one.supply = supply or []
    return one


def judge(one: Position, view: Outlook | None, *, days: float = 10.0, moq: int | None = None) -> Risk:
    return assess(one, Sourcing(LeadTime(days, 0.0, 0, "test"), moq, None), view, WINDOW, CONFIG)


@pytest.mark.parametrize(
    ("available", "probability", "level"),
    [(55, 0.95, "critical"), (70, 0.80, "critical"), (80, 0.70, "high"), (110, 0.40, "medium"), (140, 0.10, "low")],
)
def test_p_stockout_is_the_share_of_demand_above_the_stock(available: int, probability: float, level: str) -> None:
    found = judge(position(available), outlook())
    assert found.probability == pytest.approx(probability, abs=0.01)
    assert found.level == level


def test_what_arrives_within_the_lead_time_counts_and_what_comes_later_does_not() -> None:
    soon, late = (Supply(Decimal(100), AS_OF + timedelta(days=n), AS_OF) for n in (9, 12))
    assert judge(position(60, supply=[soon]), outlook()).level == "low"
    found = judge(position(60, supply=[late]), outlook())
    assert found.level == "critical"
    assert found.incoming.due_in_lead_time == 0
    assert found.incoming.on_order == 100
    assert found.position == 160


def test_an_order_without_a_date_is_expected_after_the_lead_time() -> None:
    fresh = Supply(Decimal(100), None, AS_OF - timedelta(days=3))
    found = judge(position(60, supply=[fresh]), outlook())
    assert found.incoming.due_in_lead_time == 100
    assert found.incoming.by_day[6] == 100


def test_expected_shortage_is_the_area_above_the_stock() -> None:
    """Demand even between 50 and 150: above 100 lies a triangle of 0.5 x 50 x 0.5."""
    assert float(expected_shortage(outlook(), Decimal(100))) == pytest.approx(12.5, abs=0.1)
    assert expected_shortage(outlook(), Decimal(200)) == 0
    assert float(expected_shortage(outlook(), Decimal(0))) == pytest.approx(100, abs=0.1)


def test_a_running_week_gives_its_remaining_days_only() -> None:
    window = Window(date(2025, 3, 26), date(2025, 3, 24), date(2025, 4, 6))
    daily = window.daily([Decimal(70), Decimal(14)])
    assert daily == [Decimal(10)] * 4 + [Decimal(2)] * 7
    assert window.length == 11


def test_p58_supply_by_day_keeps_the_item_above_its_safety_stock() -> None:
    arriving = Supply(Decimal(1000), AS_OF + timedelta(days=5), AS_OF)
    assert judge(position(60), outlook()).days_until_critical == 7
    assert judge(position(60, supply=[arriving]), outlook()).days_until_critical is None
    assert judge(position(60, safety_stock=25, reorder_point=80), outlook()).days_until_critical == 4


def test_the_reorder_point_is_the_plants_own_or_the_forecasts() -> None:
    own = judge(position(120, reorder_point=115), outlook())
    assert own.reorder_point == 115
    assert (own.reorder_point_basis, own.reorder_needed) == ("master", False)
    derived = judge(position(120), outlook())
    assert derived.reorder_point_basis == "forecast"
    assert float(derived.reorder_point or 0) == pytest.approx(145, abs=0.5)
    assert (derived.reorder_needed, derived.reorder_recommended) == (True, True)
    unknown = judge(position(120), None)
    assert (unknown.reorder_point, unknown.reorder_needed, unknown.advice) == (None, None, None)


def test_a_reorder_point_that_lets_the_item_run_out_is_not_waited_for() -> None:
    found = judge(position(60, reorder_point=3), outlook())
    assert (found.reorder_needed, found.reorder_recommended, found.policy_too_low) == (False, True, True)
    assert found.advice is not None
    assert found.advice.quantity == 160
    calm = judge(position(140, reorder_point=3), outlook())
    assert (calm.reorder_recommended, calm.policy_too_low) == (False, False)


def test_the_order_reaches_the_level_and_respects_the_smallest_order() -> None:
    advice = judge(position(60, reorder_point=100), outlook()).advice
    assert advice is not None
    assert advice.quantity == 160
    large = judge(position(60, reorder_point=100), outlook(), moq=5000)
    assert large.advice is not None
    assert large.advice.quantity == 5000
    text = explain.factors(position(60, reorder_point=100), large, CONFIG, None)
    assert any("covers 1.4 years of demand" in one for one in text)


def test_without_a_forecast_the_plants_policy_still_speaks() -> None:
    found = judge(position(40, reorder_point=50, max_stock=200), None)
    assert (found.level, found.probability, found.reorder_needed, found.reorder_recommended) == (None, None, True, True)
    assert found.advice is not None
    assert found.advice.quantity == 160


def row(**known: Any) -> dict[str, Any]:
    names = ("master_days", "source_days", "supplier", "bought_n", "bought_mean", "bought_sd", "made_n", "made_mean",
             "made_sd", "supplier_n", "supplier_late", "supplier_sd", "plant_n", "plant_sd")  # fmt: skip
    return {"make_or_buy": "buy", **dict.fromkeys(names), **known}


@pytest.mark.parametrize(
    ("known", "mean", "sd", "basis"),
    [
        ({"bought_n": 6, "bought_mean": 12.5, "bought_sd": 5.3, "source_days": 4}, 12.5, 5.3, "receipts of this item"),
        ({"bought_n": 4, "bought_mean": 12.5, "source_days": 9, "supplier": "Acme", "supplier_n": 30,
          "supplier_late": 2.0, "supplier_sd": 3.0}, 11.0, 3.0, "agreed with Acme, lateness of this supplier"),
        ({"source_days": 9, "supplier": "Acme", "supplier_n": 30, "supplier_late": -2.0, "supplier_sd": 3.0}, 9.0, 3.0,
         "agreed with Acme, lateness of this supplier"),
        ({"master_days": 8, "plant_n": 40, "plant_sd": 2.5}, 8.0, 2.5, "item master, spread of all suppliers"),
        ({"master_days": 0}, 1.0, 0.0, "item master, spread unknown"),
        ({}, 14.0, 0.0, "assumed 14 days: no receipts and no lead time in the masters"),
        ({"make_or_buy": "make", "master_days": 3, "made_n": 20, "made_sd": 1.2, "made_mean": 9.0}, 3.0, 1.2,
         "item master, spread of 20 work orders"),
        ({"make_or_buy": "make", "made_n": 20, "made_sd": 1.2, "made_mean": 9.0}, 9.0, 1.2, "work orders of this item"),
    ],
)  # fmt: skip
def test_the_best_knowledge_of_a_lead_time_is_used_and_said(
    known: dict[str, Any], mean: float, sd: float, basis: str
) -> None:
    found = lead_time(row(**known), CONFIG)
    assert (found.mean, found.sd, found.basis) == (mean, sd, basis)
