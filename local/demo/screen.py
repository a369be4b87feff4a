"""The demo's one screen."""

from __future__ import annotations

from typing import Any

from rich.panel import Panel
from rich.text import Text

from local.cli import show
from local.cli.output import console, number, table
from local.demo.plants import DemoPlant


def draw(report: dict[str, Any], plant: DemoPlant) -> None:
    """Everything that happened, top to bottom."""
    tenant = report["tenant"]
    console.rule(Text(f"{tenant['name']} · tenant {tenant['code']} · as of {tenant['as_of']}", style="bold"))
    show.receipts(report["receipts"])
    _stock(report)
    _risks(report)
    console.print(show.forecast_panel(report["forecast"]))
    _alerts(report)
    for answer in report["answers"]:
        console.print(show.answer_block(answer["question"], answer))
    _checks(report, plant)


def _stock(report: dict[str, Any]) -> None:
    health, orders, production = report["inventory"], report["open_orders"], report["production"]
    lines = [
        "Stock: " + ", ".join(f"{number(one['quantity_on_hand'])} {one['uom']}" for one in health["quantities"])
        + " · worth " + ", ".join(f"{number(one['amount'], 2)} {one['currency']}" for one in health["value"]),
        "By status: " + ", ".join(f"{name} {count}" for name, count in sorted(health["by_status"].items()))
        + f" · at or below reorder point {health['at_or_below_reorder_point']}",
        f"Open orders: {number(orders['orders'])} with {number(orders['lines'])} lines, "
        + ", ".join(f"{number(one['amount'], 2)} {one['currency']}" for one in orders["value"])
        + f" ({number(orders['late_lines'])} lines late)",
        f"Production: {number(production['in_progress'])} work orders in progress, {number(production['overdue'])} overdue"
        + " · scrap " + ", ".join(
            f"{number(float(one['scrap_rate'] or 0) * 100, 3)} % ({one['uom']})" for one in production["scrap"]["by_uom"]
        ),
    ]  # fmt: skip
    console.print(Panel(Text("\n".join(lines)), title="Stock health", title_align="left"))


def _risks(report: dict[str, Any]) -> None:
    rows = [
        (
            one["sku_code"], one.get("description") or one.get("product_name"), one["risk_level"],
            f"{float(one['stockout_probability'] or 0) * 100:.0f} %", one["days_until_critical"],
            f"{number(one['money_at_stake'], 2)} {one['currency'] or ''}", number(one["recommended_reorder_qty"]),
        )
        for one in report["risks"]["items"]
    ]  # fmt: skip
    columns = ("item", "", "risk", "stock-out", "days left", "at stake", "order")
    console.print(
        table(
            "The five most urgent stock-out risks", columns, rows, right=("stock-out", "days left", "at stake", "order")
        )
    )


def _alerts(report: dict[str, Any]) -> None:
    rows = [(one["severity"], one["alert_type"], one["title"]) for one in report["alerts"]["items"][:12]]
    console.print(table(f"Open alerts ({report['alerts']['total']})", ("severity", "type", "what"), rows))
    notes = [
        (one["status"], one["channel"], f"{one['user_id']} ({one['destination']})", one["title"])
        for one in report["notifications"]["items"][:12]
    ]
    console.print(table(f"Delivered ({report['notifications']['total']})", ("status", "by", "to", "what"), notes))


def _checks(report: dict[str, Any], plant: DemoPlant) -> None:
    failed = [check for check in report["checks"] if not check["ok"]]
    for note in plant.notes:
        console.print(Text.assemble(("! ", "yellow"), note))
    for check in failed:
        said = f"{check['name']}: expected {check['expected']}, found {check['found']}"
        console.print(Text.assemble(("✗ ", "red"), said))
    passed = len(report["checks"]) - len(failed)
    steps = " · ".join(f"{step} {seconds:g} s" for step, seconds in report["steps"].items())
    console.print(f"[dim]Where the time went: {steps}[/]")
    sign = "[green]✓[/]" if not failed else "[red]✗[/]"
    console.print(
        f"{sign} {passed} of {len(report['checks'])} facts as they should be · {report['seconds']} s · .local/demo_report.json"
    )
