"""How forecasts and alerts are said."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opscopilot.copilot.wording import about, capped, measure, number, percent
from opscopilot.kernel import uom

Data = Mapping[str, Any]


def forecast(data: Data, _args: Data) -> list[str]:
    """Expected demand per period with its interval, the method and how it did."""
    if "risks" in data:
        return _risks(data)
    if data.get("status") == "refused":
        return [f"There is no forecast for {data['sku_code']} {data['description']}: {data['reason']}"]
    values, dates = data["forecast_values"], data["forecast_dates"]
    lower, upper = data["confidence_intervals"]["lower"], data["confidence_intervals"]["upper"]
    told = [
        f"{data['sku_code']} {data['description']}: about {about(data['total'])} {uom.label(data['uom'])} expected over {len(values)} "
        f"periods ({data['period']}) from {dates[0]}.",
    ]
    told += [
        f"· {day}: {about(value)} ({about(low)} to {about(high)})"
        for day, value, low, high in zip(dates, values, lower, upper, strict=True)
    ]
    told.append(
        f"The interval is meant to hold {number(data['confidence_level'])} % of what comes; method: {data['method']}."
    )
    tested = data.get("backtest")
    if tested and tested.get("wape") is not None:
        beside = (
            f" beside {percent(tested['naive_wape'])} for {tested['naive_method']}" if tested.get("naive_wape") else ""
        )
        told.append(f"On history it had not seen it was off by {percent(tested['wape'])} (WAPE){beside}.")
    if data.get("note"):
        told.append(str(data["note"]))
    return told + _stock_risk(data.get("inventory_risk"))


def _stock_risk(risk: Data | None) -> list[str]:
    if not risk or risk["risk_level"] is None:
        return []
    told = [f"Stock-out risk within its lead time: {risk['risk_level']}, {percent(risk['stockout_probability'], 0)}."]
    if Decimal(risk["recommended_reorder_qty"]):
        told.append(f"Recommended order: {measure(risk['recommended_reorder_qty'], risk['uom'])}.")
    return told


def _risks(data: Data) -> list[str]:
    risks = data["risks"]
    if not risks:
        return ["No item could be judged for stock-out risk yet."]
    return [
        "The most urgent stock-out risks, by money at stake:",
        *(
            f"· {one['sku_code']} {one['description']}: {one['risk_level']}, {percent(one['stockout_probability'], 0)} to run "
            f"out within its lead time" + _at_stake(one)
            for one in risks[:8]
        ),
    ]


def _at_stake(one: Data) -> str:
    if one["money_at_stake"] is None:
        return ""
    return f", {number(one['money_at_stake'], 2)} {one['currency']} of sales at stake"


def alerts(data: Data, _args: Data) -> list[str]:
    """Open alerts, worst first."""
    items, total = data["alerts"], data["total"]
    if not items:
        return ["No alert is open."]
    shown = items[:8]
    return [
        f"{total} alerts are open.", *(f"· {one['severity']}: {one['title']}" for one in shown),
        *capped(total, len(shown), "alerts"),
    ]  # fmt: skip
