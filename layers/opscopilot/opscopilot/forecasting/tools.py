"""The tool `get_forecasts`: what customers will ask for, how sure that is, and whether stock will hold."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from opscopilot.forecasting import queries, queries_risk
from opscopilot.forecasting.schemas import DemandForecast, ForecastVersion, InventoryRisk, Level
from opscopilot.kernel.tools import Source, ToolArgs, ToolContext, ToolResult, tool
from opscopilot.manufacturing.lookup import find_sku

DEMAND_TEXT = (
    "Demand is what customers ordered, by the week they asked for it, whether or not it could be shipped; the week "
    "that is still running is not part of the history."
)
RISK_TEXT = (
    "Stock-out probability: that demand over the lead time exceeds what is available plus what is due in, minus "
    "overdue customer orders. Money at stake: the expected lost quantity at list price (sales, not margin); where "
    "there is no list price at the recent net price, else at cost."
)


class ForecastArgs(ToolArgs):
    """Which item, how far. Without an item: the items most likely to run out."""

    sku: str | None = Field(default=None, description="Item code, GTIN or words of its name.", max_length=200)
    period: Literal["daily", "weekly", "monthly", "quarterly"] = "weekly"
    horizon: int | None = Field(default=None, ge=1, le=104, description="Weeks ahead; all there are by default.")
    level: Level = Field(default=95, description="Interval that holds 80 or 95 percent of what comes.")
    limit: int = Field(default=5, ge=1, le=50, description="How many items to list when none is named.")


@tool(
    "get_forecasts", workspace="operations", args=ForecastArgs, aliases=("get_forecast",),
    description="Weekly demand forecast of an item with its interval, method and backtest error, and the risk that "
    "its stock runs out; without an item, the items most likely to run out with the money at stake.",
    examples=("What is the forecast for item 00100017?", "Which items will run out first?"),
)  # fmt: skip
def get_forecasts(context: ToolContext, args: ForecastArgs) -> ToolResult:
    """Answer from the published version only."""
    version = queries.latest_version(context.tx)
    if version is None:
        return ToolResult(
            status="not_ingested", as_of=context.plant.today(context.clock),
            warnings=["No forecast has been made for this plant yet: load orders and stock, then run the forecast."],
        )  # fmt: skip
    if args.sku is None:
        return _most_urgent(context, args, version)
    match = find_sku(context.tx, args.sku)
    if match.row is None:
        shown = ("sku_code", "description", "category", "base_uom")
        return ToolResult(
            status=match.status, candidates=[{name: row[name] for name in shown} for row in match.candidates],
            did_you_mean=match.did_you_mean, as_of=version.as_of,
            warnings=[f"{match.total} items fit '{args.sku}'."] if match.candidates else [],
        )  # fmt: skip
    return _one(context, args, version, match.row["id"])


def _one(context: ToolContext, args: ForecastArgs, version: ForecastVersion, sku_id: UUID) -> ToolResult:
    found = queries.demand_forecast(
        context.tx, sku_id, version=version, level=args.level, horizon=args.horizon, history=26
    )
    risk = queries_risk.inventory_risk(context.tx, sku_id, version)
    if found is None:
        return ToolResult(
            status="not_ingested", data={"inventory_risk": _json(risk)}, as_of=version.as_of,
            warnings=["No customer order for this item is on record, so there is no demand to forecast."],
        )  # fmt: skip
    level = f"{args.level} % interval: {args.level} of 100 weeks should fall inside it."
    return ToolResult(
        status=_status(context, version), data={**_json(found), "inventory_risk": _json(risk)},
        units={"forecast_values": found.uom, "wape": "ratio", "stockout_probability": "probability 0-1"},
        as_of=version.as_of, data_freshness=version.as_of, assumptions=[DEMAND_TEXT, level, RISK_TEXT],
        sources=_sources(context, found, version), warnings=_warnings(context, args, found, version),
    )  # fmt: skip


def _json(model: DemandForecast | InventoryRisk | None) -> Any:
    return None if model is None else model.model_dump(mode="json")


def _status(context: ToolContext, version: ForecastVersion) -> Literal["ok", "stale"]:
    return "stale" if queries.is_stale(version, context.plant.today(context.clock)) else "ok"


def _sources(context: ToolContext, found: DemandForecast, version: ForecastVersion) -> list[Source]:
    lines = context.tx.scalar(
        """SELECT sum(order_lines) FROM forecast.demand_history
           WHERE sku_id = :sku AND period = :period AND bucket_start <= :until""",
        sku=found.entity_id, period=version.period, until=version.history_end,
    )  # fmt: skip
    return [
        Source(entity="forecast", label=f"forecast version {version.code}", rows=len(found.forecast_values)),
        Source(entity="sales_order_line", label=f"order lines of {found.sku_code}", rows=int(lines or 0)),
    ]


def _warnings(context: ToolContext, args: ForecastArgs, found: DemandForecast, version: ForecastVersion) -> list[str]:
    out = []
    if found.status == "refused":
        out.append(f"No forecast for {found.sku_code}: {found.reason}.")
    if args.period != "weekly":
        out.append(f"Forecasts are weekly; there is no {args.period} one.")
    if args.horizon and found.forecast_values and args.horizon > len(found.forecast_values):
        out.append(f"The forecast reaches {len(found.forecast_values)} weeks ahead, not {args.horizon}.")
    if found.demand_class == "intermittent":
        out.append("Demand is lumpy: many weeks without an order, then a large one. Sums are surer than single weeks.")
    if _status(context, version) == "stale":
        out.append(f"The forecast rests on data up to {version.as_of}; newer data have not been forecast yet.")
    return out


def _most_urgent(context: ToolContext, args: ForecastArgs, version: ForecastVersion) -> ToolResult:
    page = queries_risk.inventory_risks(context.tx, version, sort="money", limit=args.limit)
    summary = queries_risk.risk_summary(context.tx, version)
    items = [one for one in page.items if one.risk_level is not None]
    warnings = []
    if summary.not_assessed:
        warnings.append(f"{summary.not_assessed} stocked items have no forecast and are not judged here.")
    if len({one.currency for one in items if one.currency}) > 1:
        warnings.append("Amounts are in different currencies and are not added up.")
    return ToolResult(
        status=_status(context, version),
        data={"risks": [_json(one) for one in items], "summary": summary.model_dump(mode="json")},
        units={"stockout_probability": "probability 0-1", "money_at_stake": "currency beside it"},
        as_of=version.as_of, data_freshness=version.as_of, assumptions=[RISK_TEXT], warnings=warnings,
        sources=[Source(entity="inventory_risk", label=f"forecast version {version.code}", rows=page.total)],
    )  # fmt: skip


TOOLS = (get_forecasts,)
