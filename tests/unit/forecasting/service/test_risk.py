"""From a position and an outlook to a verdict: the arithmetic, without a database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.inventory import explain
from opscopilot.forecasting.inventory.cases import Approved, Case, Successor
from opscopilot.forecasting.inventory.outlooks import Outlook
from opscopilot.forecasting.inventory.positions import Position
from opscopilot.forecasting.inventory.risk import Risk, Window, assess
from opscopilot.forecasting.inventory.safety import Target, policies
from opscopilot.forecasting.supply.delivery import Curves
from opscopilot.forecasting.supply.delivery import judge as judge_delivery
from opscopilot.forecasting.supply.leadtimes import LeadTime, Sourcing, lead_time
from opscopilot.forecasting.supply.observed import OpenLine
from opscopilot.forecasting.supply.spread import lead_time_points

AS_OF = date(2025, 3, 30)
WINDOW = Window(AS_OF, date(2025, 3, 31), date(2025, 6, 29))
CONFIG = ForecastConfig()
LEVELS = np.linspace(0.005, 0.995, 100)
MILL, ITEM = UUID(int=1), UUID(int=2)


def outlook(weekly: int = 70, low: float = 50.0, high: float = 150.0) -> Outlook:
    """Lead-time demand spread evenly between `low` and `high`, a week more with the review time."""
    spread = low + LEVELS * (high - low)
    sd = np.sqrt(np.arange(1.0, 14.0)) * 10
    return Outlook(np.full(13, float(weekly)), sd, LEVELS, (low + high) / 2, spread, (low + high) / 2 + 70, spread + 70)


def supply(quantity: int, due: date | None, ordered: date = AS_OF, promised: date | None = None) -> OpenLine:
    return OpenLine(UUID(int=9), "PO 1 line 10", MILL, ITEM, Decimal(quantity), ordered, promised or due, due, {})


def position(available: int, **master: Any) -> Position:
    sku = {
        "id": "0" * 32, "sku_code": "A", "description": "Jam", "base_uom": "EA", "make_or_buy": "buy", "is_active": True,
        "reorder_point": None, "safety_stock": None, "moq": None, "order_multiple": None, "max_stock": None,
        "shelf_life_days": None, "min_remaining_shelf_life_days": None, "list_price": None, "unit_cost": None,
        "currency": None,
    }  # fmt: skip
    return Position({**sku, **master}, on_hand=Decimal(available), available=Decimal(available), stock_rows=1)


def case(one: Position, view: Outlook | None, *, days: float = 10.0, moq: int | None = None,
         lines: Sequence[OpenLine] = (), curves: Curves | None = None, **more: Any) -> Case:  # fmt: skip
    lead = LeadTime(days, 0.0, 0, "test")
    target = Target(Decimal("0.95"), "csl", "plant")
    policy = policies([view], [lead], [target], [Decimal(moq or 1)], CONFIG)[0] if view is not None else None
    known = curves or Curves({})
    return Case(one, Sourcing(lead, moq, None), view, policy,
                [judge_delivery(line, lead, known, AS_OF, CONFIG) for line in lines], **more)  # fmt: skip


def judge(one: Position, view: Outlook | None, **more: Any) -> Risk:
    return assess([case(one, view, **more)], WINDOW, CONFIG)[0]


@pytest.mark.parametrize(
    ("available", "probability", "level"),
    [(55, 0.95, "critical"), (70, 0.80, "critical"), (80, 0.70, "high"), (110, 0.40, "medium"), (140, 0.10, "low")],
)
def test_p_stockout_is_the_share_of_demand_above_the_stock(available: int, probability: float, level: str) -> None:
    found = judge(position(available), outlook())
    assert found.probability == pytest.approx(probability, abs=0.01)
    assert found.level == level


def test_what_arrives_within_the_lead_time_counts_and_what_comes_later_does_not() -> None:
    soon, late = (supply(100, AS_OF + timedelta(days=n)) for n in (9, 12))
    assert judge(position(60), outlook(), lines=[soon]).level == "low"
    found = judge(position(60), outlook(), lines=[late])
    assert found.level == "critical"
    assert (found.incoming.due_in_lead_time, found.incoming.expected) == (0, 0)
    assert (found.incoming.on_order, found.position) == (100, 160)


def test_an_order_without_a_date_is_expected_after_the_lead_time() -> None:
    fresh = supply(100, None, AS_OF - timedelta(days=3))
    found = judge(position(60), outlook(), lines=[fresh])
    assert found.incoming.due_in_lead_time == 100
    assert found.days_until_critical == 17  # 60 + 100 on day 7, 10 a day


def doubtful(late_share: int) -> Curves:
    """A supplier of whose 100 deliveries so many came 20 days late and the others on the day."""
    return Curves({(MILL, ITEM): [(20, False, late_share), (0, False, 100 - late_share)]})


def test_open_supply_counts_with_the_probability_that_it_comes_in_time() -> None:
    line = supply(100, AS_OF + timedelta(days=5))
    sure = judge(position(60), outlook(), lines=[line], curves=doubtful(0))
    half = judge(position(60), outlook(), lines=[line], curves=doubtful(50))
    none = judge(position(60), outlook())
    assert sure.probability == pytest.approx(0.0, abs=0.01)
    assert half.probability == pytest.approx((sure.probability or 0) / 2 + (none.probability or 0) / 2, abs=0.03)
    assert float(half.incoming.expected) == pytest.approx(50, abs=3)
    assert (half.incoming.due_in_lead_time, half.if_on_time) == (100, sure.if_on_time)


def test_the_effect_of_a_late_delivery_is_said_in_points() -> None:
    one = case(position(60), outlook(), lines=[supply(100, AS_OF + timedelta(days=5))], curves=doubtful(50))
    (risk,) = assess([one], WINDOW, CONFIG)
    (doubt,) = risk.doubts
    assert doubt.points == pytest.approx((risk.probability or 0) - (risk.if_on_time or 0), abs=1e-6)
    texts = explain.factors(one, risk, CONFIG, None)
    assert any(re.fullmatch(r"PO 1 line 10 is 5\d % likely to be late: adds 4\d points", text) for text in texts)


def test_a_confirmation_moved_later_is_believed_for_the_arrival_and_not_for_being_on_time() -> None:
    first, moved = AS_OF + timedelta(days=3), AS_OF + timedelta(days=8)
    one = case(position(60), outlook(), lines=[supply(100, moved, promised=first)], curves=doubtful(10))
    (delivery,) = one.deliveries
    assert delivery.late == pytest.approx(1.0, abs=0.01)
    assert delivery.arrival == moved
    assert delivery.in_time > 0.8


def test_a_running_week_gives_its_remaining_days_only() -> None:
    window = Window(date(2025, 3, 26), date(2025, 3, 24), date(2025, 4, 6))
    daily = window.daily(np.array([70.0, 14.0]))
    assert daily.tolist() == [10.0] * 4 + [2.0] * 7
    assert window.length == 11


def test_p58_supply_by_day_keeps_the_item_above_its_safety_stock() -> None:
    arriving = supply(1000, AS_OF + timedelta(days=5))
    assert judge(position(60), outlook()).days_until_critical == 7
    assert judge(position(60), outlook(), lines=[arriving]).days_until_critical is None
    assert judge(position(60, safety_stock=25, reorder_point=80), outlook()).days_until_critical == 4


def test_the_reorder_point_is_the_plants_own_or_the_forecasts() -> None:
    own = judge(position(120, reorder_point=115), outlook())
    assert (own.reorder_point, own.reorder_point_basis) == (115, "master")
    assert (own.reorder_needed, own.reorder_recommended) == (False, False)
    derived = judge(position(120), outlook())
    assert derived.reorder_point_basis == "forecast"
    # The lead time's 95 % (145) and the demand until the next review (P-57).
    assert float(derived.reorder_point or 0) == pytest.approx(215, abs=0.5)
    assert (derived.reorder_needed, derived.reorder_recommended, derived.order_advised) == (True, None, True)
    unknown = judge(position(120), None)
    assert (unknown.reorder_point, unknown.reorder_needed, unknown.advice) == (None, None, None)


def test_an_approved_safety_stock_comes_before_the_plants_and_the_forecasts() -> None:
    given = Approved(Decimal(40), None, AS_OF, "mette")
    found = judge(position(60, safety_stock=25, reorder_point=80), outlook(), approved=given)
    assert (found.safety_stock, found.safety_stock_basis, found.days_until_critical) == (40, "approved", 3)
    assert (found.reorder_point, found.reorder_point_basis) == (210, "approved")
    point = judge(position(60), outlook(), approved=Approved(Decimal(40), Decimal(90), AS_OF, "mette"))
    assert (point.reorder_point, point.trigger) == (90, 90)


def test_a_reorder_point_that_lets_the_item_run_out_is_not_waited_for() -> None:
    found = judge(position(60, reorder_point=3), outlook())
    assert (found.reorder_needed, found.reorder_recommended) == (False, False)
    assert (found.order_advised, found.policy_too_low) == (True, True)
    assert found.advice is not None
    assert float(found.advice.quantity) == pytest.approx(215 + 70 - 60, abs=1)
    calm = judge(position(140, reorder_point=3), outlook())
    assert (calm.order_advised, calm.policy_too_low) == (False, False)


def test_a_replaced_item_is_not_ordered_and_its_stock_serves_the_next() -> None:
    old = case(position(60), outlook(), successor=Successor("B", date(2025, 3, 1), True))
    (gone,) = assess([old], WINDOW, CONFIG)
    assert gone.advice is not None
    assert (gone.advice.quantity, gone.advice.conflict) == (0, None)
    assert any("replaced by B since 2025-03-01" in text for text in explain.factors(old, gone, CONFIG, None))
    alone, with_old = judge(position(60), outlook()), judge(position(60), outlook(), inherited=Decimal(80))
    assert (alone.level, with_old.level) == ("critical", "low")
    assert with_old.position == 140


def test_the_order_reaches_the_level_and_respects_the_smallest_order() -> None:
    advice = judge(position(180, reorder_point=200), outlook()).advice
    assert advice is not None
    assert advice.quantity == 90  # 200 and a week's demand
    one = case(position(60, reorder_point=100), outlook(), moq=5000)
    (large,) = assess([one], WINDOW, CONFIG)
    assert large.advice is not None
    assert large.advice.quantity == 5000
    assert any("covers 1.4 years of demand" in text for text in explain.factors(one, large, CONFIG, None))


def test_without_a_forecast_the_plants_policy_still_speaks() -> None:
    found = judge(position(40, reorder_point=50, max_stock=200), None)
    assert (found.level, found.probability, found.reorder_needed, found.order_advised) == (None, None, True, True)
    assert found.advice is not None
    assert found.advice.quantity == 160


def row(**known: Any) -> dict[str, Any]:
    names = ("master_days", "source_days", "supplier", "bought_n", "bought_mean", "bought_sd", "bought_past",
             "bought_capped", "made_n", "made_mean",
             "made_sd", "supplier_n", "supplier_late", "supplier_sd", "plant_n", "plant_sd")  # fmt: skip
    return {"make_or_buy": "buy", **dict.fromkeys(names), **known}


@pytest.mark.parametrize(
    ("known", "mean", "sd", "basis"),
    [
        ({"bought_n": 6, "bought_mean": 12.5, "bought_sd": 5.3, "source_days": 4}, 12.5, 5.3, "receipts of this item"),
        ({"bought_n": 0, "source_days": 9, "supplier": "Acme", "supplier_n": 30, "supplier_late": 2.0,
          "supplier_sd": 3.0}, 11.0, 3.0, "agreed with Acme, lateness of this supplier"),
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


def test_a_few_receipts_move_what_was_agreed_in_proportion() -> None:
    """Four receipts of 20 days against an agreement of 11 that is worth five: 15 days."""
    found = lead_time(row(bought_n=4, bought_mean=20.0, bought_sd=1.0, source_days=11, supplier="Acme"), CONFIG)
    assert (found.mean, found.n) == (pytest.approx(15.0), 4)
    assert found.sd > 4  # they contradict each other, and that is uncertainty
    assert found.basis == "4 receipts of this item, weighed with: agreed with Acme, spread unknown"


def test_the_observed_shape_of_a_lead_time_is_kept_from_eight_receipts_on() -> None:
    past = [9.0, 9.0, 10.0, 10.0, 11.0, 12.0, 15.0, 24.0]
    known = {"bought_mean": 12.5, "bought_sd": 5.1, "bought_past": past, "bought_capped": 1}
    found = lead_time(row(bought_n=8, **known), CONFIG)
    assert found.past == tuple(past)
    assert "1 implausibly long one cut" in found.basis
    assert lead_time(row(bought_n=7, **known), CONFIG).past == ()
    points = lead_time_points([found, lead_time(row(bought_n=7, **known), CONFIG)], 1.0)
    assert points.mean(axis=1) == pytest.approx([12.5, 12.5])
    assert points[0, 8] > 24, "the next one may be later than the latest so far"
    assert points[0, 8] / points[0, 4] > 1.2 * points[1, 8] / points[1, 4], "a tail that a gamma does not have"


def test_the_next_delivery_is_inside_the_lead_times_as_often_as_they_say() -> None:
    """Twelve deliveries each of 2,000 items, and a thirteenth: 8 of 9 points have it below them 8 times in 9."""
    rng = np.random.default_rng(5)
    days = np.maximum(np.rint(20 * np.exp(0.3 * rng.standard_normal((2000, 13)))), 1)
    past = [LeadTime(float(one[:12].mean()), 0.0, 12, "test", past=tuple(one[:12])) for one in days]
    points = lead_time_points(past, 1.0)
    edges = (points[:, 1:] + points[:, :-1]) / 2
    inside = (days[:, 12:] <= edges).mean(axis=0)
    assert inside[[3, 6, 7]] == pytest.approx([4 / 9, 7 / 9, 8 / 9], abs=0.03)
