"""How forecasts and alerts are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opscopilot.copilot.wording import capped, measure, number, percent

Data = Mapping[str, Any]


def forecast(data: Data, _args: Data) -> list[str]:
    """Expected demand per period with its interval, the method and how it did."""
    if data.get("status") == "refused":
        return [f"There is no forecast for {data['sku_code']} {data['description']}: {data['reason']}"]
    values, dates = data["forecast_values"], data["forecast_dates"]
    lower, upper = data["confidence_intervals"]["lower"], data["confidence_intervals"]["upper"]
    told = [
        f"{data['sku_code']} {data['description']}: {measure(data['total'], data['uom'])} expected over {len(values)} "
        f"periods ({data['period']}) from {dates[0]}.",
    ]
    told += [
        f"· {day}: {number(value)} ({number(low)} to {number(high)})"
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
    return told


def alerts(data: Any, _args: Data) -> list[str]:
    """Open alerts, worst first."""
    items = data["items"] if isinstance(data, Mapping) else data
    total = data.get("total", len(items)) if isinstance(data, Mapping) else len(items)
    if not items:
        return ["No alert is open."]
    shown = items[:8]
    return [
        f"{total} alerts are open.", *(f"· {one['severity']}: {one['title']}" for one in shown),
        *capped(total, len(shown), "alerts"),
    ]  # fmt: skip
