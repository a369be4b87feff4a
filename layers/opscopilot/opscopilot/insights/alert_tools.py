"""The tool `get_alerts`: what needs attention now, the gravest first."""

from __future__ import annotations

from pydantic import Field

from opscopilot.insights import alerts as reads
from opscopilot.insights.alerts import AlertSeverity, StatusFilter
from opscopilot.kernel.events import AlertType
from opscopilot.kernel.tools import Source, ToolArgs, ToolContext, ToolResult, tool


class AlertArgs(ToolArgs):
    """Which alerts."""

    status: StatusFilter = Field(default="active", description="active = open or acknowledged, and still there")
    severity: AlertSeverity | None = None
    alert_type: AlertType | None = None
    limit: int = Field(default=10, ge=1, le=100)


@tool(
    "get_alerts", workspace="operations", args=AlertArgs,
    description="Open alerts (stock-out risks, items at the reorder point, biased forecasts) with severity, money at "
    "stake, deadline and who has taken them on.",
    examples=("Which alerts are open?", "Show critical alerts"),
)  # fmt: skip
def get_alerts(context: ToolContext, args: AlertArgs) -> ToolResult:
    """Alerts of the asked status, the gravest and dearest first."""
    page = reads.alerts(
        context.tx, status=args.status, severity=args.severity, alert_type=args.alert_type, limit=args.limit
    )
    checked = context.tx.one(
        """SELECT code, as_of, published_at FROM forecast.forecast_versions
           WHERE status = 'published' AND period = 'weekly' ORDER BY published_at DESC LIMIT 1"""
    )
    if checked is None:
        return ToolResult(
            status="not_ingested", as_of=context.plant.today(context.clock),
            warnings=["Nothing has been checked yet: alerts come with the first forecast."],
        )  # fmt: skip
    left_out = page.total - len(page.items)
    return ToolResult(
        status="ok",
        data={"alerts": [one.model_dump(mode="json") for one in page.items], "total": page.total,
              "by_severity": reads.counts(context.tx), "status_asked": args.status},
        units={"amount": "currency beside it"}, as_of=checked["as_of"], data_freshness=checked["published_at"],
        assumptions=["Alerts cover stock-out risk, reorder points, late supply, forecast bias, scrap and sensors; other things were "
            "not checked."],
        sources=[Source(entity="forecast_alert", label=f"alerts as of forecast {checked['code']}", rows=page.total)],
        warnings=[f"{left_out} more are not listed here."] if left_out else [],
    )  # fmt: skip


TOOLS = (get_alerts,)
