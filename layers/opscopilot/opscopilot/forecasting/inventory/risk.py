"""From stock, supply and forecast to a risk and an advice per SKU (D5, D6, D8, D16; P-24, P-27, P-59). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from opscopilot.forecasting.config import PERIOD_DAYS, ForecastConfig
from opscopilot.forecasting.engine import LeadTimeDemand
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.inventory.positions import ZERO, Position
from opscopilot.forecasting.rules import (
    ReorderAdvice,
    days_of_supply,
    days_until_critical,
    inventory_position,
    reorder_quantity,
    risk_level,
)
from opscopilot.forecasting.rules.reorder import shelf_life_cap
from opscopilot.forecasting.supply.leadtimes import LeadTime, Sourcing

_MICRO = Decimal("0.000001")
_GRID = (np.arange(1000) + 0.5) / 1000


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the forecast says about one SKU: weekly values, and its lead-time demand as quantiles at `levels`."""

    values: list[Decimal]
    lead_mean: float
    levels: FloatArray
    quantiles: FloatArray
    order_up_to: float


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

    def daily(self, weekly: list[Decimal]) -> list[Decimal]:
        """Demand per day ahead; a running week gives its remaining days only."""
        passed = (self.as_of - self.horizon_start).days + 1
        return [weekly[(passed + i) // PERIOD_DAYS] / PERIOD_DAYS for i in range(self.length)]


@dataclass(frozen=True, slots=True)
class Incoming:
    """Open supply as the risk counts it. `stale` is overdue for so long that nobody should count on it."""

    on_order: Decimal
    due_in_lead_time: Decimal
    overdue: Decimal
    stale: Decimal
    by_day: list[Decimal]


@dataclass(frozen=True, slots=True)
class Risk:
    """The verdict on one SKU. Probability and level are None where there is no forecast to judge by.

    `trigger`: the position at which to order. The reorder point; at high risk what the forecast needs, where
    that is more: a reorder point of 3 does not protect an item of which 300 sell in a lead time.
    """

    probability: float | None
    level: str | None
    days_until_critical: int | None
    days_of_supply: Decimal | None
    incoming: Incoming
    position: Decimal
    reorder_point: Decimal | None
    reorder_point_basis: str | None
    trigger: Decimal | None
    order_up_to: Decimal | None
    safety_stock: Decimal | None
    lead_time: LeadTime
    lead_time_demand: Decimal | None
    expected_lost: Decimal | None
    advice: ReorderAdvice | None
    reorder_needed: bool | None

    @property
    def reorder_recommended(self) -> bool:
        """The inventory position is at or below the trigger of an active item (P-27): with an open order that
        covers the need it is not, however little is available today."""
        return self.advice is not None and self.trigger is not None and self.position <= self.trigger

    @property
    def policy_too_low(self) -> bool:
        """The plant's own reorder point would let the item run out."""
        return self.reorder_point is not None and self.trigger is not None and self.trigger > self.reorder_point


def assess(one: Position, sourcing: Sourcing, outlook: Outlook | None, window: Window, config: ForecastConfig) -> Risk:
    """Judge one SKU. Without any stock record its stock is unknown, not zero: there is nothing to judge."""
    lead = sourcing.lead_time
    incoming = _incoming(one, lead, window, config)
    net = max(ZERO, one.available - one.backorders)
    position = inventory_position(one.available, incoming.on_order, one.backorders)
    safety = _safety_stock(one)
    probability = lost = until = cover = demand = None
    if outlook is not None:
        demand = _decimal(outlook.lead_mean)
    if outlook is not None and one.stock_rows:
        stock = net + incoming.due_in_lead_time
        sums = LeadTimeDemand(outlook.levels, np.array([outlook.lead_mean]), outlook.quantiles[None, :])
        probability = round(min(1.0, max(0.0, float(sums.stockout_probability(np.array([float(stock)]))[0]))), 6)
        lost = expected_shortage(outlook, stock)
        daily = window.daily(outlook.values)
        until = days_until_critical(net, safety or ZERO, daily, incoming.by_day)
        cover = days_of_supply(net, daily)
    level = None if probability is None else risk_level(probability)
    point, basis = _reorder_point(one, outlook, config)
    trigger = point
    if point is not None and outlook is not None and level in ("high", "critical"):
        trigger = max(point, _needed(outlook, config))
    up_to = _order_up_to(one, sourcing, outlook, trigger, config)
    return Risk(
        probability, level, until, cover, incoming, position, point, basis, trigger, up_to, safety, lead, demand,
        lost, _advice(one, sourcing, outlook, position, trigger, up_to),
        None if point is None or not one.stock_rows else one.available <= point,
    )  # fmt: skip


def expected_shortage(outlook: Outlook, stock: Decimal) -> Decimal:
    """Units of lead-time demand beyond `stock` on average: the area above it under the quantile function."""
    draws = np.interp(_GRID, outlook.levels, outlook.quantiles)
    return _decimal(float(np.maximum(draws - float(stock), 0.0).mean()))


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_MICRO)


def _incoming(one: Position, lead: LeadTime, window: Window, config: ForecastConfig) -> Incoming:
    on_order = due = overdue = stale = ZERO
    by_day = [ZERO] * window.length
    for supply in one.supply:
        due_on = supply.due or supply.ordered + timedelta(days=round(lead.mean))
        ahead = (due_on - window.as_of).days
        if ahead < -config.stale_supply_days:
            stale += supply.quantity
            continue
        on_order += supply.quantity
        if ahead <= 0:
            overdue += supply.quantity
            ahead = config.overdue_arrives_in_days
        if ahead <= max(lead.mean, 1.0):
            due += supply.quantity
        if ahead <= window.length:
            by_day[ahead - 1] += supply.quantity
    return Incoming(on_order, due, overdue, stale, by_day)


def _safety_stock(one: Position) -> Decimal | None:
    """The plant's safety stock, unless it lies above its own reorder point: then the column means something
    else in the source system (P-28) and must not decide what is critical."""
    safety, point = one.sku["safety_stock"], one.sku["reorder_point"]
    if safety is None or (point is not None and safety > point):
        return None
    return Decimal(safety)


def _reorder_point(one: Position, outlook: Outlook | None, config: ForecastConfig) -> tuple[Decimal | None, str | None]:
    if one.sku["reorder_point"] is not None:
        return Decimal(one.sku["reorder_point"]), "master"
    if outlook is None or outlook.lead_mean <= 0:
        return None, None
    return _needed(outlook, config), "forecast"


def _needed(outlook: Outlook, config: ForecastConfig) -> Decimal:
    """What the lead time will not use up at the service level."""
    return _decimal(float(np.interp(config.service_level, outlook.levels, outlook.quantiles)))


def _order_up_to(
    one: Position, sourcing: Sourcing, outlook: Outlook | None, point: Decimal | None, config: ForecastConfig
) -> Decimal | None:
    """Demand over lead and review time at the service level; never below the reorder point plus the demand until
    the next review, so that the same item is not ordered again tomorrow."""
    if point is None:
        return None
    least = _multiple(one, sourcing)
    if outlook is None:
        return max(point + least, Decimal(one.sku["max_stock"] or 0))
    between = _daily_mean(outlook) * config.review_days
    return max(point + max(least, between), _decimal(outlook.order_up_to)).quantize(_MICRO)


def _daily_mean(outlook: Outlook) -> Decimal:
    return sum(outlook.values, ZERO) / (PERIOD_DAYS * len(outlook.values))


def _advice(
    one: Position, sourcing: Sourcing, outlook: Outlook | None, position: Decimal, point: Decimal | None,
    up_to: Decimal | None,
) -> ReorderAdvice | None:  # fmt: skip
    if point is None or up_to is None or not one.sku["is_active"] or not one.stock_rows:
        return None
    caps = []
    if one.sku["max_stock"]:
        caps.append(max(ZERO, Decimal(one.sku["max_stock"]) - position))
    if outlook is not None and one.sku["shelf_life_days"]:
        usable = Decimal(one.sku["shelf_life_days"] - (one.sku["min_remaining_shelf_life_days"] or 0))
        caps.append(shelf_life_cap(usable, _daily_mean(outlook)))
    return reorder_quantity(
        position, point, up_to, moq=_moq(one, sourcing), multiple=_multiple(one, sourcing),
        cap=min(caps) if caps else None,
    )  # fmt: skip


def _moq(one: Position, sourcing: Sourcing) -> Decimal:
    return Decimal(sourcing.moq or one.sku["moq"] or 0).quantize(_MICRO)


def _multiple(one: Position, sourcing: Sourcing) -> Decimal:
    return Decimal(sourcing.multiple or one.sku["order_multiple"] or 1).quantize(_MICRO)
