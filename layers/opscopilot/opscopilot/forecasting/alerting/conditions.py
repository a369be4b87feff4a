"""Which conditions deserve an alert: one per problem, with its money, its deadline and what to do. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting import words
from opscopilot.forecasting.evaluation.accuracy import SIGNAL_LIMIT, Bias
from opscopilot.forecasting.inventory.assessed import Assessed
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import AlertType, Severity
from opscopilot.kernel.money import total

RAISE_FROM = 0.50
"""Stock-out probability from which a SKU is reported (risk level high, D16)."""
KEEP_FROM = 0.40
"""An open report stays open down to here, so that a value around the limit does not flicker."""
_LISTED = 50
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Condition:
    """Something a person should know. `key` names it: the same key is the same condition, seen again. `cause` names
    the problem behind it: conditions that share one become one alert (None: the condition is the problem).

    `message` says how things are, `actions` what to do about it, each a sentence with its quantities and dates. `name`
    is the name alone of what it is about, `place` the line or site, `per_hour` what an hour costs where that is known.
    """

    key: str
    type: AlertType
    severity: Severity
    title: str
    message: str
    entity_type: str
    entity_id: UUID | None
    entity_code: str | None
    observed: Decimal | None = None
    threshold: Decimal | None = None
    uom: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    deadline: date | None = None
    details: dict[str, Any] = field(default_factory=dict)
    cause: str | None = None
    actions: tuple[str, ...] = ()
    name: str | None = None
    place: str | None = None
    per_hour: Decimal | None = None

    @property
    def text(self) -> str:
        """How things are and what to do about it."""
        return " ".join([self.message, *self.actions])


def of_item(sku_id: UUID) -> str:
    """The cause of every condition that is about one item."""
    return f"sku:{sku_id}"


def stockouts(found: Sequence[Assessed], open_keys: Mapping[str, str]) -> list[Condition]:
    """One per SKU that is likely to run out within its lead time."""
    out = []
    for item in found:
        key, probability = f"stockout_risk:sku:{item.sku_id}", item.risk.probability
        if probability is None or not item.one.sku["is_active"]:
            continue
        if probability >= RAISE_FROM or (key in open_keys and probability >= KEEP_FROM):
            out.append(_stockout(key, item, probability))
    return out


def _stockout(key: str, item: Assessed, probability: float) -> Condition:
    one, risk = item.one, item.risk
    code, uom = one.sku["sku_code"], one.sku["base_uom"]
    when = f", about {item.runs_out.isoformat()}" if item.runs_out else ""
    lines = [
        f"{one.sku['description']} ({code}): {words.percent(probability)} chance of running out within its lead time "
        f"of {words.days(risk.lead_time.mean)}{when}.",
        f"{words.amount(one.available, uom)} available, {words.amount(risk.incoming.due_in_lead_time, uom)} due in, "
        f"{words.amount(risk.lead_time_demand or Decimal(0), uom)} expected to be asked for.",
    ]
    if item.stake and item.stake.amount > 0:
        lines.append(f"At stake: {words.money(*item.stake)}.")
    return Condition(
        key, "stockout_risk", "critical" if risk.level == "critical" else "high",
        f"{one.sku['description']} ({code}) is likely to run out", " ".join(lines), "sku", item.sku_id, code,
        Decimal(str(probability)), Decimal(str(RAISE_FROM)), None, item.stake.amount if item.stake else None,
        item.stake.currency if item.stake else None, item.runs_out,
        {"risk_factors": item.factors, "risk_level": risk.level}, of_item(item.sku_id), _what_to_do(item),
        one.sku["description"],
    )  # fmt: skip


def _what_to_do(item: Assessed) -> tuple[str, ...]:
    risk, advice, uom = item.risk, item.risk.advice, item.one.sku["base_uom"]
    lead = words.days(risk.lead_time.mean)
    if advice is not None and advice.quantity > 0:
        return (f"Order {words.amount(advice.quantity, uom)} now: it takes {lead} to arrive.",)
    if advice is not None and advice.conflict:
        return (f"Order size needs a decision: {advice.conflict}.",)
    if not risk.order_advised:
        by = f" before {item.runs_out.isoformat()}" if item.runs_out else " sooner"
        return (f"Enough is on order; ask for it{by}.",)
    return ()


def reorder_digest(found: Sequence[Assessed], told: Set[UUID]) -> list[Condition]:
    """All items at or below the plant's own reorder point, as one alert (P-86).

    `told`: SKUs that have an alert of their own. They are counted, but when there are no others there is
    nothing left to say, and their money is not claimed twice.
    """
    below = [a for a in found if a.risk.reorder_needed and a.risk.reorder_point_basis == "master"]
    others = [a for a in below if a.sku_id not in told]
    if not others:
        return []
    order = [a for a in others if a.risk.order_advised]
    others.sort(key=lambda a: (not a.risk.order_advised, -(a.stake.amount if a.stake else Decimal(0))))
    items = [_item(a) for a in others[:_LISTED]]
    named = ", ".join(f"{one['description']} ({one['sku_code']})" for one in items[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    amount, currency = _sum(others)
    apart = len(below) - len(others)
    text = (
        f"{_count(len(below), 'item')} at or below the reorder point"
        + (f", {apart} of them reported on their own as likely to run out. The others: " if apart else ": ")
        + f"{named}{more}. An order is recommended for {len(order)} of {len(others)}."
    )
    return [
        Condition(
            "threshold_breach:reorder_point", "threshold_breach", "medium" if order else "low",
            f"{_count(len(below), 'item')} at or below the reorder point", text, "inventory", None, None,
            Decimal(len(below)), Decimal(0), None, amount, currency, None, {"items": items},
            actions=tuple(_order(a) for a in order[:_NAMED]),
        )
    ]  # fmt: skip


def _order(a: Assessed) -> str:
    sku, advice = a.one.sku, a.risk.advice
    quantity = f"{words.amount(advice.quantity, sku['base_uom'])} of " if advice and advice.quantity > 0 else ""
    return f"Order {quantity}{sku['description']} ({sku['sku_code']})."


def _item(a: Assessed) -> dict[str, Any]:
    sku, advice = a.one.sku, a.risk.advice
    return {
        "sku_code": sku["sku_code"], "description": sku["description"], "uom": sku["base_uom"],
        "available": words.plain(a.one.available), "reorder_point": words.plain(a.risk.reorder_point or Decimal(0)),
        "inventory_position": words.plain(a.risk.position), "order_advised": a.risk.order_advised,
        "recommended_reorder_qty": words.plain(advice.quantity if advice else Decimal(0)),
    }  # fmt: skip


def _sum(found: Sequence[Assessed]) -> tuple[Decimal | None, str | None]:
    try:
        whole = total(a.stake for a in found if a.stake)
    except ValidationFailed:  # two currencies are not added up (P-21)
        return None, None
    return (whole.amount, whole.currency) if whole else (None, None)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def biased(found: Sequence[Bias], open_keys: Container[str] = ()) -> list[Condition]:
    """One per SKU whose published forecasts have been wrong in one direction for too long.

    `found` has those beyond SIGNAL_KEEP; one is raised beyond SIGNAL_LIMIT and kept while it was open (hysteresis).
    """
    keys = {one.sku_id: f"forecast_bias:sku:{one.sku_id}" for one in found}
    return [
        _biased(keys[one.sku_id], one) for one in found
        if abs(one.tracking_signal) > SIGNAL_LIMIT or keys[one.sku_id] in open_keys
    ]  # fmt: skip


def _biased(key: str, one: Bias) -> Condition:
    way = "too low" if one.tracking_signal > 0 else "too high"
    value = one.price if one.tracking_signal > 0 else one.cost
    money = None if value is None else (abs(Decimal(f"{one.quantity:.6f}")) * value).quantize(Decimal("0.0001"))
    lines = [
        f"Over {one.n} weeks the published forecasts of {one.description} ({one.sku_code}) were {way}: "
        f"bias {one.bias * 100:+.1f} % of demand (actual - forecast), tracking signal "
        f"{one.tracking_signal:+.1f}, alarm beyond {SIGNAL_LIMIT:.0f}."
    ]
    if money and one.currency:
        meant = "asked for beyond the forecast, at list price" if way == "too low" else "forecast in vain, at cost"
        lines.append(f"{words.money(money, one.currency)} {meant}.")
    return Condition(
        key, "forecast_bias", "medium", f"The forecast of {one.description} ({one.sku_code}) is {way}",
        " ".join(lines), "sku", one.sku_id, one.sku_code, Decimal(f"{one.tracking_signal:.6f}"),
        Decimal(f"{SIGNAL_LIMIT:.0f}"), amount=money if one.currency else None,
        currency=one.currency if money else None, details={"n": one.n, "bias": one.bias}, cause=of_item(one.sku_id),
        actions=(f"{'Raise' if way == 'too low' else 'Lower'} the forecast of {one.description}, or find out what "
                 "changed its demand.",), name=one.description,
    )  # fmt: skip
