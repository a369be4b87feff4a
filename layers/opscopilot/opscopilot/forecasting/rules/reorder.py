"""What to order: on the inventory position, rounded up to MOQ and multiples, then cut to the shelf life (P-59)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ReorderAdvice:
    """`quantity` to order now (0 = nothing, or a person must decide when `conflict` says so).

    `position` the inventory position the advice rests on, `needed` what is missing to the order-up-to level
    before rounding, `capped` whether shelf life or maximum stock cut it.
    """

    quantity: Decimal
    position: Decimal
    needed: Decimal
    capped: bool
    conflict: str | None


def inventory_position(on_hand: Decimal, on_order: Decimal, reserved: Decimal) -> Decimal:
    """Usable stock plus everything on order minus reservations and back-orders. Negative on hand counts as 0."""
    return max(on_hand, _ZERO) + on_order - reserved


def reorder_quantity(
    position: Decimal,
    reorder_point: Decimal,
    order_up_to: Decimal,
    *,
    moq: Decimal = _ZERO,
    multiple: Decimal = Decimal(1),
    cap: Decimal | None = None,
) -> ReorderAdvice:
    """Order when `position` is at or below `reorder_point`: enough to reach `order_up_to`.

    `cap`: most that may be ordered (shelf life in days * daily demand, or room). It rounds *down* to the
    multiple; a cap below what must be ordered at least is a conflict for a person, not a silent order.
    Raises ValueError for a multiple that is not positive or a negative MOQ.
    """
    if multiple <= 0 or moq < 0:
        raise ValueError(f"multiple is {multiple} and moq {moq}: the multiple must be positive, the moq not negative")
    needed = order_up_to - position
    if position > reorder_point or needed <= 0:
        return ReorderAdvice(_ZERO, position, max(needed, _ZERO), False, None)
    least = round_to(max(moq, multiple), multiple, ROUND_CEILING)
    quantity = round_to(max(needed, moq), multiple, ROUND_CEILING)
    if cap is None or quantity <= cap:
        return ReorderAdvice(quantity, position, needed, False, None)
    allowed = round_to(max(cap, _ZERO), multiple, ROUND_FLOOR)
    if allowed < least:
        text = f"the smallest order is {least} (MOQ {moq}, multiple {multiple}) but at most {cap} may be ordered"
        return ReorderAdvice(_ZERO, position, needed, True, text)
    return ReorderAdvice(allowed, position, needed, True, None)


def round_to(quantity: Decimal, multiple: Decimal, rounding: str) -> Decimal:
    """`quantity` as a whole number of `multiple`, in the given direction."""
    return (quantity / multiple).to_integral_value(rounding=rounding) * multiple


def shelf_life_cap(shelf_life_days: Decimal, daily_demand: Decimal) -> Decimal:
    """Most that can be sold before it expires."""
    return max(shelf_life_days, _ZERO) * max(daily_demand, _ZERO)
