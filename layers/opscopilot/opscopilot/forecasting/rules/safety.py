"""Safety stock, reorder point, service levels. One time unit for demand rate, deviation and lead time (P-57).

Two service levels that must not be mixed up: the *cycle service level* is the probability of no stock-out in a
replenishment cycle, the *fill rate* the share of demand served from stock.
"""

from __future__ import annotations

from decimal import Decimal
from math import exp, pi, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


def z_value(cycle_service_level: float) -> float:
    """Standard normal quantile. Raises ValueError outside (0, 1)."""
    if not 0 < cycle_service_level < 1:
        raise ValueError(f"cycle service level is {cycle_service_level}, it must lie between 0 and 1")
    return _NORMAL.inv_cdf(cycle_service_level)


def lead_time_deviation(demand: Decimal, demand_sd: Decimal, lead_time: Decimal, lead_time_sd: Decimal) -> Decimal:
    """Standard deviation of demand over the lead time: sqrt(L * sd_d^2 + d^2 * sd_L^2)."""
    for name, value in (
        ("demand", demand),
        ("demand_sd", demand_sd),
        ("lead_time", lead_time),
        ("lead_time_sd", lead_time_sd),
    ):
        if value < 0:
            raise ValueError(f"{name} is {value}, it must not be negative")
    return (lead_time * demand_sd**2 + demand**2 * lead_time_sd**2).sqrt()


def safety_stock(lead_time_sd_demand: Decimal, cycle_service_level: float) -> Decimal:
    """z * sigma_LTD, never negative: below 50 % service nobody holds negative stock."""
    return max(Decimal(0), Decimal(repr(z_value(cycle_service_level))) * lead_time_sd_demand)


def reorder_point(demand: Decimal, lead_time: Decimal, safety: Decimal) -> Decimal:
    """Expected demand over the lead time plus safety stock. Periodic review: pass lead time + review period."""
    return demand * lead_time + safety


def unit_loss(z: float) -> float:
    """Standard normal loss G(z) = phi(z) - z (1 - Phi(z)): expected shortage in units of sigma."""
    return exp(-z * z / 2) / sqrt(2 * pi) - z * (1 - _NORMAL.cdf(z))


def expected_shortage(lead_time_sd_demand: Decimal, z: float) -> Decimal:
    """Units short per replenishment cycle."""
    return lead_time_sd_demand * Decimal(repr(unit_loss(z)))


def fill_rate(lead_time_sd_demand: Decimal, z: float, order_quantity: Decimal) -> Decimal | None:
    """Share of demand served from stock; None without an order quantity."""
    if order_quantity <= 0:
        return None
    return max(Decimal(0), 1 - expected_shortage(lead_time_sd_demand, z) / order_quantity)


def z_for_fill_rate(target: float, lead_time_sd_demand: Decimal, order_quantity: Decimal) -> float:
    """The z whose fill rate is `target` (bisection; G falls strictly). -8..8 bounds what normal tails can say."""
    if not 0 < target < 1:
        raise ValueError(f"fill rate is {target}, it must lie between 0 and 1")
    if lead_time_sd_demand <= 0:
        return -8.0
    wanted = (1 - target) * float(order_quantity / lead_time_sd_demand)
    low, high = -8.0, 8.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if unit_loss(middle) > wanted else (low, middle)
    return (low + high) / 2


def safety_stock_for_fill_rate(target: float, lead_time_sd_demand: Decimal, order_quantity: Decimal) -> Decimal:
    """Safety stock that reaches a fill rate; usually far less than the same number as cycle service level."""
    z = z_for_fill_rate(target, lead_time_sd_demand, order_quantity)
    return max(Decimal(0), Decimal(repr(z)) * lead_time_sd_demand)


def economic_order_quantity(annual_demand: Decimal, order_cost: Decimal, holding_cost: Decimal) -> Decimal | None:
    """sqrt(2DS/H); `holding_cost` per unit and year. None when holding costs nothing."""
    if holding_cost <= 0:
        return None
    return (2 * annual_demand * order_cost / holding_cost).sqrt()
