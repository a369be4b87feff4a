"""Inventory mathematics: pure rules on Decimal quantities, no database, no third-party package.

Probabilities are floats (they are estimates), quantities and money are Decimal (they are counted). Undefined is
`None`, never zero: a ratio with denominator 0, cover beyond the horizon, a status without a policy.
"""

from __future__ import annotations

from opscopilot.forecasting.rules.accuracy import Accuracy, accuracy, pinball
from opscopilot.forecasting.rules.bands import (
    ABC_SERVICE_LEVEL,
    abc_classes,
    demand_pattern,
    inventory_status,
    risk_level,
    xyz_class,
)
from opscopilot.forecasting.rules.cover import days_of_supply, days_until_critical
from opscopilot.forecasting.rules.delivery import DeliveredLine, Performance, performance, share_interval
from opscopilot.forecasting.rules.health import days_on_hand, excess_stock, turns
from opscopilot.forecasting.rules.methods import croston, sba, simple_exponential_smoothing, tsb
from opscopilot.forecasting.rules.reorder import ReorderAdvice, inventory_position, reorder_quantity
from opscopilot.forecasting.rules.safety import (
    economic_order_quantity,
    fill_rate,
    lead_time_deviation,
    reorder_point,
    safety_stock,
    safety_stock_for_fill_rate,
)
from opscopilot.forecasting.rules.stockout import StockoutRisk, stockout_probability

__all__ = [
    "ABC_SERVICE_LEVEL",
    "Accuracy",
    "DeliveredLine",
    "Performance",
    "ReorderAdvice",
    "StockoutRisk",
    "abc_classes",
    "accuracy",
    "croston",
    "days_of_supply",
    "days_on_hand",
    "days_until_critical",
    "demand_pattern",
    "economic_order_quantity",
    "excess_stock",
    "fill_rate",
    "inventory_position",
    "inventory_status",
    "lead_time_deviation",
    "performance",
    "pinball",
    "reorder_point",
    "reorder_quantity",
    "risk_level",
    "safety_stock",
    "safety_stock_for_fill_rate",
    "sba",
    "share_interval",
    "simple_exponential_smoothing",
    "stockout_probability",
    "tsb",
    "turns",
    "xyz_class",
]
