"""One problem, one alert: of several conditions with one cause the gravest speaks, and names the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.kernel.events import SEVERITIES, AlertType

# What a person would act on first when the severity is the same: the outcome before what brings it about.
_FIRST: tuple[AlertType, ...] = (
    "ccp_breach", "stockout_risk", "lot_hold", "osa_gap", "supplier_risk", "threshold_breach", "anomaly",
    "forecast_bias",
)  # fmt: skip

_ACTIONS = 8


def one_per_cause(found: Sequence[Condition]) -> list[Condition]:
    """The conditions with those of a shared cause folded into one, in the order in which causes first appear.

    Money is the leading condition's own: the same loss seen from two sides is not lost twice.
    """
    causes: dict[str, list[Condition]] = {}
    for one in found:
        causes.setdefault(one.cause or one.key, []).append(one)
    return [_fold(sorted(same, key=_weight)) for same in causes.values()]


def _weight(one: Condition) -> tuple[int, int, Decimal, str]:
    kind = _FIRST.index(one.type) if one.type in _FIRST else len(_FIRST)
    return SEVERITIES.index(one.severity), kind, -(one.amount or Decimal(0)), one.key


def _fold(same: list[Condition]) -> Condition:
    lead, *others = same
    if not others:
        return lead
    also: list[dict[str, Any]] = [
        {"dedupe_key": one.key, "alert_type": one.type, "severity": one.severity, "title": one.title,
         "message": one.message, "amount": one.amount, "currency": one.currency}
        for one in others
    ]  # fmt: skip
    text = f"{lead.message} Also: {'; '.join(one.title for one in others)}."
    actions = tuple(dict.fromkeys(action for one in same for action in one.actions))[:_ACTIONS]
    return replace(lead, message=text, actions=actions, details={**lead.details, "also": also})
