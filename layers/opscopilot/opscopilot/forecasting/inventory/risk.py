"""From stock, supply and forecast to a risk and an advice per SKU (D5, D6, D8, D16; P-24, P-27, P-59). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from opscopilot.forecasting.config import PERIOD_DAYS, ForecastConfig
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.inventory import advice as orders
from opscopilot.forecasting.inventory.cases import Case
from opscopilot.forecasting.inventory.cover import Cover, covers
from opscopilot.forecasting.inventory.positions import ZERO
from opscopilot.forecasting.inventory.receipts import Effects, effects
from opscopilot.forecasting.rules import ReorderAdvice, inventory_position, risk_level
from opscopilot.forecasting.supply.delivery import Delivery
from opscopilot.forecasting.supply.leadtimes import LeadTime

_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Window:
    """The days a risk looks at: from the day after `as_of` to the last forecast day."""

    as_of: date
    horizon_start: date
    horizon_end: date

    @property
    def length(self) -> int:
        """Days ahead the forecast reaches."""
        return (self.horizon_end - self.as_of).days

    def daily(self, weekly: FloatArray) -> FloatArray:
        """(…, days) demand per day ahead from (…, weeks); a running week gives its remaining days only."""
        passed = (self.as_of - self.horizon_start).days + 1
        result: FloatArray = weekly[..., (passed + np.arange(self.length)) // PERIOD_DAYS] / PERIOD_DAYS
        return result


@dataclass(frozen=True, slots=True)
class Incoming:
    """Open supply as the risk counts it. `stale` is overdue for so long that nobody should count on it.

    `due_in_lead_time` is what is promised within the lead time, `expected` the same weighted with the probability
    that it comes in time.
    """

    on_order: Decimal
    due_in_lead_time: Decimal
    expected: Decimal
    overdue: Decimal
    stale: Decimal


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the lateness of one open line adds: to the stock-out probability and to the units lost."""

    delivery: Delivery
    points: float
    units: Decimal


@dataclass(frozen=True, slots=True)
class Risk:
    """The verdict on one SKU. Probability and level are None where there is no forecast to judge by.

    `trigger`: the position at which the forecast says to order. The reorder point; at high risk what the forecast
    needs, where that is more: a reorder point of 3 does not protect an item of which 300 sell in a lead time.
    `reorder_recommended` is the plant's own policy, as stock answers have it: None without one.
    """

    probability: float | None
    if_on_time: float | None
    level: str | None
    days_until_critical: int | None
    days_of_supply: Decimal | None
    incoming: Incoming
    doubts: list[Doubt]
    position: Decimal
    reorder_point: Decimal | None
    reorder_point_basis: str | None
    trigger: Decimal | None
    order_up_to: Decimal | None
    safety_stock: Decimal | None
    safety_stock_basis: str | None
    lead_time: LeadTime
    lead_time_demand: Decimal | None
    expected_lost: Decimal | None
    advice: ReorderAdvice | None
    reorder_needed: bool | None
    reorder_recommended: bool | None

    @property
    def order_advised(self) -> bool:
        """The inventory position is at or below the trigger of an active item (P-27): with an open order that
        covers the need it is not, however little is available today."""
        return self.advice is not None and self.trigger is not None and self.position <= self.trigger

    @property
    def policy_too_low(self) -> bool:
        """The plant's own reorder point would let the item run out."""
        return self.reorder_point is not None and self.trigger is not None and self.trigger > self.reorder_point


def assess(cases: Sequence[Case], window: Window, config: ForecastConfig) -> list[Risk]:
    """Judge many SKUs. Without any stock record an item's stock is unknown, not zero: there is nothing to judge."""
    coming = [_incoming(one, window) for one in cases]
    judged = [i for i, one in enumerate(cases) if one.outlook is not None and one.one.stock_rows]
    found: dict[int, tuple[Effects, int, list[Delivery]]] = {}
    cover: dict[int, Cover] = {}
    if judged:
        found, cover = _judged(cases, judged, window)
    return [_verdict(one, coming[i], found.get(i), cover.get(i), config) for i, one in enumerate(cases)]


def _judged(
    cases: Sequence[Case], judged: Sequence[int], window: Window
) -> tuple[dict[int, tuple[Effects, int, list[Delivery]]], dict[int, Cover]]:
    outlooks = [one for i in judged if (one := cases[i].outlook) is not None]
    levels, table = outlooks[0].levels, np.stack([one.quantiles for one in outlooks])
    stock, lots, doubtful = [], [], []
    for i in judged:
        live = [one for one in cases[i].deliveries if not one.stale]
        unsure = [one for one in live if one.uncertain]
        sure = sum((one.line.quantity for one in live if not one.uncertain and one.in_time > 0.5), ZERO)
        stock.append(float(_net(cases[i]) + sure))
        lots.append([(float(one.line.quantity), one.in_time) for one in unsure])
        doubtful.append(unsure)
    whole = effects(levels, table, np.array(stock), lots)
    daily = window.daily(np.stack([one.values for one in outlooks]))
    safety = np.array([float(_safety(cases[i])[0] or 0) for i in judged])
    net = np.array([float(_net(cases[i])) for i in judged])
    arriving = np.zeros_like(daily)
    for row, i in enumerate(judged):
        for delivery in cases[i].deliveries:
            ahead = max((delivery.arrival - window.as_of).days, 1)
            if not delivery.stale and ahead <= window.length:
                arriving[row, ahead - 1] += float(delivery.line.quantity)
    lasting = covers(net, safety, daily, arriving)
    return (
        {i: (whole, row, doubtful[row]) for row, i in enumerate(judged)},
        {i: lasting[row] for row, i in enumerate(judged)},
    )


def _verdict(
    case: Case, incoming: Incoming, found: tuple[Effects, int, list[Delivery]] | None, cover: Cover | None,
    config: ForecastConfig,
) -> Risk:  # fmt: skip
    one, outlook = case.one, case.outlook
    position = inventory_position(one.available + case.inherited, incoming.on_order, one.backorders)
    probability = on_time = lost = level = None
    doubts: list[Doubt] = []
    if found is not None:
        whole, row, unsure = found
        probability, on_time = (round(float(v[row]), 6) for v in (whole.probability, whole.if_on_time))
        lost, level = _decimal(float(whole.lost[row])), risk_level(min(1.0, max(0.0, probability)))
        doubts = [
            Doubt(delivery, float(points), _decimal(float(units)))
            for delivery, points, units in zip(unsure, whole.points[row], whole.units[row], strict=True)
        ]
    safety, safety_basis = _safety(case)
    point, basis = _reorder_point(case)
    trigger = point
    if point is not None and case.policy is not None and basis == "master" and level in ("high", "critical"):
        trigger = max(point, case.policy.reorder_point)
    up_to = orders.order_up_to(case, trigger, config)
    own = one.sku["reorder_point"]
    return Risk(
        probability, on_time, level, cover.until if cover else None, cover.days if cover else None, incoming, doubts,
        position, point, basis, trigger, up_to, safety, safety_basis, case.sourcing.lead_time,
        None if outlook is None else _decimal(outlook.mean), lost, orders.advise(case, position, trigger, up_to),
        None if point is None or not one.stock_rows else one.available + case.inherited <= point,
        None if own is None or not one.stock_rows else position - case.inherited + incoming.stale <= own,
    )  # fmt: skip


def _net(case: Case) -> Decimal:
    """What is there for new demand: usable stock, and that of a predecessor to be used up, without what is owed."""
    return max(ZERO, case.one.available + case.inherited - case.one.backorders)


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.6f}").quantize(_MICRO)


def _incoming(case: Case, window: Window) -> Incoming:
    on_order = due = expected = overdue = stale = ZERO
    within = max(case.sourcing.lead_time.mean, 1.0)
    for one in case.deliveries:
        quantity = one.line.quantity
        if one.stale:
            stale += quantity
            continue
        on_order += quantity
        expected += (quantity * Decimal(f"{one.in_time:.6f}")).quantize(_MICRO)
        said = one.line.expected
        if said is not None and said <= window.as_of:
            overdue += quantity
        promised = said if said is not None and said > window.as_of else one.arrival
        if (promised - window.as_of).days <= within:
            due += quantity
    return Incoming(on_order, due, expected, overdue, stale)


def _safety(case: Case) -> tuple[Decimal | None, str | None]:
    """What a person approved, else the plant's safety stock, unless it lies above its own reorder point: then the
    column means something else in the source system (P-28) and must not decide what is critical."""
    if case.approved is not None:
        return case.approved.qty, "approved"
    safety, point = case.one.sku["safety_stock"], case.one.sku["reorder_point"]
    if safety is None or (point is not None and safety > point):
        return None, None
    return Decimal(safety), "master"


def _reorder_point(case: Case) -> tuple[Decimal | None, str | None]:
    if case.approved is not None and (point := case.approved.point(case.policy)) is not None:
        return point, "approved"
    if case.one.sku["reorder_point"] is not None:
        return Decimal(case.one.sku["reorder_point"]), "master"
    if case.policy is None or case.outlook is None or case.outlook.mean <= 0:
        return None, None
    return case.policy.reorder_point, "forecast"
