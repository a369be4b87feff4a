"""Why an item is at risk, in short sentences with their numbers, and what is at stake in money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from uuid import UUID

from opscopilot.forecasting import words
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.inventory import dependent
from opscopilot.forecasting.inventory.cases import Case
from opscopilot.forecasting.inventory.outlooks import Demand
from opscopilot.forecasting.inventory.positions import Position
from opscopilot.forecasting.inventory.risk import Doubt, Risk
from opscopilot.kernel.money import Money


def unit_value(one: Position) -> tuple[Decimal, str] | None:
    """What a base unit is worth and on which basis. A price or cost of 0 means unknown (P-29)."""
    for basis, value in (
        ("list_price", one.sku["list_price"]), ("recent_price", one.recent_price), ("unit_cost", one.sku["unit_cost"]),
    ):  # fmt: skip
        if value is not None and value > 0:
            return Decimal(value), basis
    return None


def money_at_stake(one: Position, risk: Risk, currency: str) -> Money | None:
    """Expected lost quantity over the lead time at the unit's value; sales are not margin and it says which."""
    value = unit_value(one)
    if value is None or risk.expected_lost is None:
        return None
    return Money((risk.expected_lost * value[0]).quantize(Decimal("0.0001")), one.sku["currency"] or currency)


_TELLING = 0.01
"""Points from which the doubt about a delivery is worth a sentence."""


def factors(
    case: Case, risk: Risk, config: ForecastConfig, no_forecast: str | None, loop: str | None = None
) -> list[str]:
    """The sentences behind a risk, the weightiest first."""
    one = case.one
    uom = one.sku["base_uom"]

    def q(quantity: Decimal) -> str:
        return words.amount(quantity, uom)

    out: list[str] = []
    if not one.stock_rows:
        out.append("there is no stock record: the stock is unknown, not zero")
    elif risk.lead_time_demand is not None:
        out.append(
            f"{q(one.available)} available against {q(risk.lead_time_demand)} expected over a lead time of "
            f"{words.days(risk.lead_time.mean)}"
        )
        coming = risk.incoming.due_in_lead_time
        out.append(f"{q(coming)} due within the lead time" if coming else "nothing is due within the lead time")
        out += [_doubt(each) for each in sorted(risk.doubts, key=lambda d: -d.points)[:3] if each.points >= _TELLING]
    elif no_forecast:
        out.append(f"no forecast to judge by: {no_forecast}")
    out += _origin_factors(case, loop, q)
    if risk.policy_too_low and risk.reorder_point is not None:
        out.append(f"the reorder point of {q(risk.reorder_point)} is too low for what the lead time needs")
    if one.backorders:
        out.append(f"{q(one.backorders)} overdue to customers and not reserved")
    out += _supply_factors(risk, config, q)
    if one.quarantined or one.expired:
        out.append(f"{q(one.quarantined)} in quarantine and {q(one.expired)} expired are not counted as available")
    if one.negative_rows:
        out.append(f"{one.negative_rows} negative balance(s) counted as 0: a booking is missing")
    if (years := _years_of_demand(risk)) > 1:
        out.append(f"the recommended order covers {years:.1f} years of demand: the smallest order is large")
    if risk.advice is not None and risk.advice.conflict:
        out.append(f"a person must decide: {risk.advice.conflict}")
    return out


def _doubt(one: Doubt) -> str:
    delivery = one.delivery
    if delivery.overdue:
        state = (
            f"is {words.days(Decimal(delivery.overdue))} overdue, {words.percent(1 - delivery.in_time)} likely too late"
        )
    else:
        state = f"is {words.percent(delivery.late or 0.0)} likely to be late"
    points = round(one.points * 100)
    return f"{delivery.line.label} {state}: adds {points} point{'s' if points != 1 else ''}"


def _origin_factors(case: Case, loop: str | None, show: Callable[[Decimal], str]) -> list[str]:
    """Where the demand comes from, who takes the item's place, and whose stock it may use up."""
    out = []
    if case.successor is not None:
        since = f" since {case.successor.since}" if case.successor.since else ""
        used = ", its stock is used up for it" if case.successor.use_up else ""
        out.append(f"replaced by {case.successor.code}{since}{used}: nothing more is ordered")
    if case.inherited:
        out.append(f"{show(case.inherited)} of what it replaces are counted in, to be used up first")
    if case.outlook is not None and case.outlook.basis != "customers":
        also = " and from customers" if case.outlook.basis == "both" else ""
        what = f"{case.outlook.parents} item{'s' if case.outlook.parents != 1 else ''} made of it"
        out.append(f"demand comes from {what}{also}: {dependent.ASSUMPTION}")
    if loop:
        out.append(f"its recipes form a loop, {loop}: that part of the need is not counted")
    if case.approved is not None:
        out.append(f"safety stock approved by {case.approved.by}, valid from {case.approved.valid_from}")
    return out


def looped(demand: Demand, items: Mapping[UUID, Position]) -> dict[UUID, str]:
    """The loop each item of a circular recipe is part of, by name (P-31)."""
    out: dict[UUID, str] = {}
    for loop in demand.explosion.loops:
        named = " → ".join(str(items[key].sku["sku_code"]) if key in items else str(key) for key in loop)
        out |= dict.fromkeys(loop, named)
    return out


def _supply_factors(risk: Risk, config: ForecastConfig, show: Callable[[Decimal], str]) -> list[str]:
    out = []
    lead = risk.lead_time
    if risk.lead_time_demand is not None:
        spread = f", give or take {words.days(lead.sd)}" if lead.sd >= 0.05 else ""
        out.append(f"lead time {words.days(lead.mean)}{spread} ({lead.basis})")
    if risk.incoming.overdue:
        out.append(f"{show(risk.incoming.overdue)} of the open supply is overdue")
    if risk.incoming.stale:
        out.append(
            f"{show(risk.incoming.stale)} on order is more than {config.stale_supply_days} days late and not counted on"
        )
    return out


def _years_of_demand(risk: Risk) -> float:
    """How long the recommended order lasts at the rate of the lead time; 0 when there is no order or no demand."""
    if risk.advice is None or not risk.lead_time_demand:
        return 0.0
    return float(risk.advice.quantity / risk.lead_time_demand) * risk.lead_time.mean / 365
