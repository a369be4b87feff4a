"""What to order: on the position, at the trigger, up to the level; MOQ and multiple up, then the caps down (P-59)."""

from __future__ import annotations

from decimal import Decimal

from opscopilot.forecasting.config import PERIOD_DAYS, ForecastConfig
from opscopilot.forecasting.inventory.cases import Case
from opscopilot.forecasting.inventory.outlooks import Outlook
from opscopilot.forecasting.inventory.positions import ZERO
from opscopilot.forecasting.rules import ReorderAdvice, reorder_quantity
from opscopilot.forecasting.rules.reorder import shelf_life_cap

_MICRO = Decimal("0.000001")


def order_up_to(case: Case, trigger: Decimal | None, config: ForecastConfig) -> Decimal | None:
    """Above the trigger by a smallest order or the demand until the next review, whichever is more, so that the same
    item is not ordered again tomorrow; never below what lead and review time need at the service level."""
    if trigger is None:
        return None
    least = multiple(case)
    if case.outlook is None:
        return max(trigger + least, Decimal(case.one.sku["max_stock"] or 0))
    between = _weekly_mean(case.outlook) * config.review_days / PERIOD_DAYS
    needed = case.policy.reorder_point if case.policy is not None else ZERO
    return max(trigger + max(least, between), needed).quantize(_MICRO)


def advise(case: Case, position: Decimal, trigger: Decimal | None, up_to: Decimal | None) -> ReorderAdvice | None:
    """None for an item that is not stocked, not active or not understood; 0 for one that another replaces."""
    sku = case.one.sku
    if trigger is None or up_to is None or not sku["is_active"] or not case.one.stock_rows:
        return None
    if case.successor is not None:
        return ReorderAdvice(ZERO, position, max(up_to - position, ZERO), False, None)
    caps = []
    if sku["max_stock"]:
        caps.append(max(ZERO, Decimal(sku["max_stock"]) - position))
    if case.outlook is not None and sku["shelf_life_days"]:
        usable = Decimal(sku["shelf_life_days"] - (sku["min_remaining_shelf_life_days"] or 0))
        caps.append(shelf_life_cap(usable, _weekly_mean(case.outlook)) / PERIOD_DAYS)
    return reorder_quantity(
        position, trigger, up_to, moq=moq(case), multiple=multiple(case), cap=min(caps) if caps else None
    )


def moq(case: Case) -> Decimal:
    """Smallest order in base units, of the supplier, else of the item."""
    return Decimal(case.sourcing.moq or case.one.sku["moq"] or 0).quantize(_MICRO)


def multiple(case: Case) -> Decimal:
    """What orders come in."""
    return Decimal(case.sourcing.multiple or case.one.sku["order_multiple"] or 1).quantize(_MICRO)


def smallest(case: Case) -> Decimal:
    """What one order brings at least."""
    return max(moq(case), multiple(case))


def _weekly_mean(outlook: Outlook) -> Decimal:
    return Decimal(f"{max(outlook.values.mean(), 0.0):.6f}")
