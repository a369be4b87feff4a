"""Inventory health: turns, days on hand, excess."""

from __future__ import annotations

from decimal import Decimal


def turns(cost_of_goods_sold: Decimal, average_inventory_value: Decimal) -> Decimal | None:
    """Times per year the stock is sold; both at cost. None without stock."""
    return cost_of_goods_sold / average_inventory_value if average_inventory_value > 0 else None


def days_on_hand(inventory_turns: Decimal | None) -> Decimal | None:
    """365 / turns; None when nothing turns."""
    return Decimal(365) / inventory_turns if inventory_turns else None


def excess_stock(on_hand: Decimal, reorder_point: Decimal, order_quantity: Decimal) -> Decimal:
    """What lies above the most a normal cycle would ever hold (reorder point + one order)."""
    return max(Decimal(0), on_hand - (reorder_point + order_quantity))
