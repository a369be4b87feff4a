"""Bands and classes: stock status, risk level, ABC by value, XYZ by variability, demand pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

ABC_SERVICE_LEVEL = {"A": 0.98, "B": 0.95, "C": 0.90}
"""Default cycle service level per class."""
NEW_ITEM_PERIODS = 6
"""Periods of history below which an item is class N, not X, Y or Z."""
_ADI_LIMIT = Decimal("1.32")
_CV2_LIMIT = Decimal("0.49")
_RISK = ((0.20, "low"), (0.50, "medium"), (0.80, "high"))


def risk_level(probability: float) -> str:
    """low < 0.20 <= medium < 0.50 <= high < 0.80 <= critical. Raises ValueError outside 0..1."""
    if not 0 <= probability <= 1:
        raise ValueError(f"probability is {probability}, it must lie in 0..1")
    for limit, name in _RISK:
        if probability < limit:
            return name
    return "critical"


def inventory_status(
    available: Decimal,
    safety_stock: Decimal | None,
    reorder_point: Decimal | None,
    order_quantity: Decimal | None = None,
    days_of_supply: Decimal | None = None,
    most_days: Decimal | None = None,
) -> str | None:
    """critical | low | excess | optimal; None without a policy (no safety stock or reorder point known).

    critical: nothing available or below safety stock. low: at or below the reorder point. excess: above
    reorder point + 2 order quantities, or more days of supply than `most_days`.
    """
    if safety_stock is None or reorder_point is None:
        return None
    if available <= 0 or available < safety_stock:
        return "critical"
    if available <= reorder_point:
        return "low"
    too_much = order_quantity is not None and available > reorder_point + 2 * order_quantity
    too_long = days_of_supply is not None and most_days is not None and days_of_supply > most_days
    return "excess" if too_much or too_long else "optimal"


def abc_classes(values: Mapping[str, Decimal]) -> dict[str, str]:
    """Class per item by annual value: the cumulative share *before* the item < 80 % A, < 95 % B, else C.

    Items without value are C. Ties keep the order of their keys, so the result does not depend on input order.
    """
    total = sum((max(v, Decimal(0)) for v in values.values()), Decimal(0))
    out: dict[str, str] = {}
    before = Decimal(0)
    for key, value in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        share = before / total if total > 0 else Decimal(1)
        out[key] = "C" if value <= 0 or share >= Decimal("0.95") else "A" if share < Decimal("0.8") else "B"
        before += max(value, Decimal(0))
    return out


def coefficient_of_variation(values: Sequence[Decimal]) -> Decimal | None:
    """Sample standard deviation / mean (n - 1, fixed throughout); None for fewer than 2 values or mean 0."""
    if len(values) < 2:
        return None
    mean = sum(values, Decimal(0)) / len(values)
    if mean <= 0:
        return None
    square = sum(((v - mean) ** 2 for v in values), Decimal(0))
    return (square / (len(values) - 1)).sqrt() / mean


def xyz_class(deseasonalised: Sequence[Decimal]) -> str:
    """X (CV <= 0.5), Y (<= 1), Z; N for a new item (fewer than 6 periods). No demand at all is Z."""
    if len(deseasonalised) < NEW_ITEM_PERIODS:
        return "N"
    cv = coefficient_of_variation(deseasonalised)
    if cv is None:
        return "Z"
    return "X" if cv <= Decimal("0.5") else "Y" if cv <= 1 else "Z"


@dataclass(frozen=True, slots=True)
class DemandPattern:
    """`interval` mean periods per demand (ADI), `cv2` squared CV of the sizes, `name` of the quadrant."""

    interval: Decimal | None
    cv2: Decimal | None
    name: str


def demand_pattern(history: Sequence[Decimal]) -> DemandPattern:
    """smooth | intermittent | erratic | lumpy | none (Syntetos-Boylan cut-offs 1.32 and 0.49)."""
    sizes = [v for v in history if v > 0]
    if not sizes:
        return DemandPattern(None, None, "none")
    interval = Decimal(len(history)) / len(sizes)
    mean = sum(sizes, Decimal(0)) / len(sizes)
    cv2 = sum(((v - mean) ** 2 for v in sizes), Decimal(0)) / len(sizes) / mean**2
    return DemandPattern(interval, cv2, pattern_of(interval, cv2))


def pattern_of(interval: Decimal, cv2: Decimal) -> str:
    """The quadrant of a mean interval between demands (ADI) and a squared CV of their sizes."""
    names = {(False, False): "smooth", (True, False): "intermittent", (False, True): "erratic", (True, True): "lumpy"}
    return names[interval > _ADI_LIMIT, cv2 > _CV2_LIMIT]
