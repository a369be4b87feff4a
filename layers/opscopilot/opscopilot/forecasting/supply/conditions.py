"""Deliveries whose lateness makes an item run out: told with the item's own alert, else one digest per supplier. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from uuid import UUID

from opscopilot.forecasting import words
from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.supply.assessment import SupplyRisk
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.money import Money, total

RAISE_FROM, KEEP_FROM = 0.10, 0.06
"""Points of stock-out probability a late delivery must add to be reported, and down to which it stays reported."""
_LIKELY = 0.20
"""Stock-out probability below which nobody needs to act yet (risk level low, D16)."""
_LISTED = 50


def supplier_risks(risks: Sequence[SupplyRisk], told: Set[UUID], open_keys: Mapping[str, str]) -> list[Condition]:
    """One per supplier with deliveries that put items at risk. `told`: items that have an alert of their own, whose
    text names the delivery already; one problem is one alert."""
    grouped: dict[UUID, list[SupplyRisk]] = {}
    for one in risks:
        key = _key(one.delivery.line.supplier_id)
        if one.item.sku_id in told or not one.item.one.sku["is_active"]:
            continue
        likely = (one.item.risk.probability or 0.0) >= _LIKELY
        if likely and (one.points or 0.0) >= (KEEP_FROM if key in open_keys else RAISE_FROM):
            grouped.setdefault(one.delivery.line.supplier_id, []).append(one)
    return [_condition(supplier, found) for supplier, found in sorted(grouped.items(), key=lambda pair: str(pair[0]))]


def _key(supplier: UUID) -> str:
    return f"supplier_risk:supplier:{supplier}"


def _condition(supplier: UUID, found: list[SupplyRisk]) -> Condition:
    found = sorted(found, key=lambda one: -(one.points or 0.0))
    name, code = found[0].delivery.line.row["supplier_name"], found[0].delivery.line.row["supplier_code"]
    count = f"{len(found)} deliver{'ies' if len(found) > 1 else 'y'}"
    money = _sum([one.stake for one in found if one.stake])
    listed = "; ".join(_line(one) for one in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    stake = f" At stake: {words.money(*money)}." if money and money.amount > 0 else ""
    worst = max(one.points or 0.0 for one in found)
    return Condition(
        _key(supplier), "supplier_risk", "high" if worst >= 0.3 else "medium",
        f"{name}: {count} whose delay would leave items short", f"{listed}{more}.{stake}",
        "supplier", supplier, code, Decimal(f"{worst:.6f}"), Decimal(str(RAISE_FROM)),
        amount=money.amount if money else None, currency=money.currency if money else None,
        deadline=min(one.delivery.arrival for one in found),
        details={"lines": [_line(one) for one in found[:_LISTED]]}, name=name,
        actions=tuple(f"Ask {name} for a firm date of {one.delivery.line.label}, expected {one.delivery.arrival.isoformat()}."
                      for one in found[:3]),
    )  # fmt: skip


def _line(one: SupplyRisk) -> str:
    delivery, sku = one.delivery, one.item.one.sku
    late = (
        f"{delivery.overdue} days overdue" if delivery.overdue else f"{words.percent(delivery.late or 0)} likely late"
    )
    points = round((one.points or 0.0) * 100)
    return f"{delivery.line.label}, {sku['description']} ({sku['sku_code']}): {late}, adds {points} points of stock-out risk"


def _sum(found: list[Money]) -> Money | None:
    try:
        return total(found)
    except ValidationFailed:  # two currencies are not added up (P-21)
        return None
