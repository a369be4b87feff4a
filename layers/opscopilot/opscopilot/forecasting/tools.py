"""The tool `get_forecasts`: what customers will ask for, how sure that is, and whether stock will hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from opscopilot.forecasting import queries, queries_nodes, queries_risk
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.schemas import DemandForecast, ForecastVersion, InventoryRisk, Level
from opscopilot.forecasting.words import plain
from opscopilot.kernel.tools import Source, ToolArgs, ToolContext, ToolResult, tool
from opscopilot.manufacturing.lookup import Match, find, find_sku

DEMAND_TEXT = (
    "Demand is what customers ordered, by the {unit} they asked for it, whether or not it could be shipped; the {unit} "
    "that is still running is not part of the history."
)
UNITS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"}
RISK_TEXT = (
    "Stock-out probability: that demand over the lead time exceeds what is available plus what is due in (each "
    "delivery with the probability that it comes in time), minus overdue customer orders. Money at stake: the expected "
    "lost quantity at list price (sales, not margin); where there is no list price at the recent net price, else at cost."
)


class ForecastArgs(ToolArgs):
    """Which item, how far. Without an item: the items most likely to run out."""

    sku: str | None = Field(default=None, description="Item code, GTIN or words of its name.", max_length=200)
    family: str | None = Field(default=None, description="Instead of an item: a product family.", max_length=200)
    location: str | None = Field(default=None, description="Only demand served from this place.", max_length=64)
    period: PeriodName = "weekly"
    horizon: int | None = Field(default=None, ge=1, le=104, description="Periods ahead; all there are by default.")
    level: Level = Field(default=95, description="Interval that holds 80 or 95 percent of what comes.")
    limit: int = Field(default=5, ge=1, le=50, description="How many items to list when none is named.")


@tool(
    "get_forecasts", workspace="operations", args=ForecastArgs, aliases=("get_forecast",),
    description="Demand forecast of an item or a product family per day, week, month or quarter with its interval, "
    "method, backtest error and planners' overrides, and the risk that the item's stock runs out; without an item, "
    "the items most likely to run out with the money at stake.",
    examples=("What is the forecast for item 00100017?", "Which items will run out first?"),
)  # fmt: skip
def get_forecasts(context: ToolContext, args: ForecastArgs) -> ToolResult:
    """Answer from the published versions only. Stock risks rest on the weekly one."""
    weekly = queries.latest_version(context.tx)
    version = queries.latest_version(context.tx, args.period) or weekly
    if weekly is None or version is None:
        return ToolResult(
            status="not_ingested", as_of=context.plant.today(context.clock),
            warnings=["No forecast has been made for this plant yet: load orders and stock, then run the forecast."],
        )  # fmt: skip
    if args.sku is None:
        return _family(context, args, version) if args.family else _most_urgent(context, args, weekly)
    match = find_sku(context.tx, args.sku)
    if match.row is None:
        return _unclear(match, args.sku, version, ("sku_code", "description", "category", "base_uom"), "items")
    return _one(context, args, version, weekly, match.row["id"])


def _unclear(match: Match, text: str, version: ForecastVersion, shown: tuple[str, ...], what: str) -> ToolResult:
    return ToolResult(
        status=match.status, candidates=[{name: row[name] for name in shown} for row in match.candidates],
        did_you_mean=match.did_you_mean, as_of=version.as_of,
        warnings=[f"{match.total} {what} fit '{text}'."] if match.candidates else [],
    )  # fmt: skip


def _one(
    context: ToolContext, args: ForecastArgs, version: ForecastVersion, weekly: ForecastVersion, sku_id: UUID
) -> ToolResult:
    place = None
    if args.location is not None:
        match = find(context.tx, "warehouse", args.location)
        if match.row is None:
            return _unclear(match, args.location, version, ("code", "name"), "places")
        place = (match.row["id"], str(match.row["code"]))
    found = queries.demand_forecasts(
        context.tx, [sku_id], version=version, level=args.level, horizon=args.horizon, history=26, location=place
    ).get(sku_id)
    risk = queries_risk.inventory_risk(context.tx, sku_id, weekly)
    if found is None:
        said = "No customer order for this item is on record, so there is no demand to forecast."
        if place is not None:
            said = (
                f"There is no forecast of this item for {place[1]}: it does not leave from there, or from there only."
            )
        return ToolResult(
            status="not_ingested", data={"inventory_risk": _json(risk)}, as_of=version.as_of, warnings=[said]
        )
    overrides = [] if place else queries_nodes.open_overrides(context.tx, sku_id, version.period)
    data = {
        **_json(found), "inventory_risk": _json(risk), "overrides": [_plain(one) for one in overrides],
        "accuracy": _lived(context, version, sku_id),
    }  # fmt: skip
    return ToolResult(
        status=_status(context, version), data=data,
        units={"forecast_values": found.uom, "wape": "ratio", "stockout_probability": "probability 0-1"},
        as_of=version.as_of, data_freshness=version.as_of,
        assumptions=[DEMAND_TEXT.format(unit=UNITS[version.period]), _level(args, version), RISK_TEXT],
        sources=_sources(context, found, version), warnings=_warnings(context, args, found, version),
    )  # fmt: skip


def _family(context: ToolContext, args: ForecastArgs, version: ForecastVersion) -> ToolResult:
    """A family's forecast; families with items in several units have one per unit."""
    known = queries_nodes.families(context.tx, version, args.family or "")
    if not known:
        return ToolResult(
            status="not_found", did_you_mean=queries_nodes.known_families(context.tx, version), as_of=version.as_of,
            warnings=[f"No family '{args.family}' has a forecast; a family needs two items in one unit."],
        )  # fmt: skip
    found = queries_nodes.family_forecast(context.tx, known[0], version, args.level, args.horizon)
    warnings = _warnings(context, args, found, version)
    if len(known) > 1:
        others = ", ".join(one["uom"] for one in known[1:])
        warnings.append(f"Items of this family in other units ({others}) are not part of the sum.")
    return ToolResult(
        status=_status(context, version), data={**_json(found), "family": known[0]["category"]},
        units={"forecast_values": found.uom, "wape": "ratio"}, as_of=version.as_of, data_freshness=version.as_of,
        assumptions=[DEMAND_TEXT.format(unit=UNITS[version.period]), _level(args, version)], warnings=warnings,
        sources=[Source(entity="forecast", label=f"forecast version {version.code}", rows=len(found.forecast_values))],
    )  # fmt: skip


def _level(args: ForecastArgs, version: ForecastVersion) -> str:
    return f"{args.level} % interval: {args.level} of 100 {UNITS[version.period]}s should fall inside it."


def _lived(context: ToolContext, version: ForecastVersion, sku_id: UUID) -> list[dict[str, Any]]:
    """How published forecasts of the item did at its lead time, where some have met what came."""
    found = queries.accuracy(context.tx, version, sku_id)
    return [one.model_dump(mode="json") for one in found if one.kind == "live" and one.lag_basis == "lead_time"]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) if isinstance(value, Decimal) else str(value) for name, value in row.items()}


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
    unit = UNITS[version.period]
    if args.period != version.period:
        out.append(f"There is no {args.period} forecast of this plant; this is the {version.period} one.")
    if args.horizon and found.forecast_values and args.horizon > len(found.forecast_values):
        out.append(f"The forecast reaches {len(found.forecast_values)} {unit}s ahead, not {args.horizon}.")
    if found.demand_class == "intermittent":
        out.append(
            f"Demand is lumpy: many {unit}s without an order, then a large one. Sums are surer than single {unit}s."
        )
    if found.overridden:
        first = found.overridden[0]
        out.append(f"A planner's number stands over the engine's from the {unit} of {first} ({len(found.overridden)}).")
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
