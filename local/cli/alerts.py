"""`ops alerts`: what needs attention, and what people do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from local.cli import context
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, fail, listing, minute, number, table
from local.cli.when import length

alerts_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich",
    help="What needs attention: look, take it on, put it off, say that it is over.\n\n"
    "Try: [bold]ops alerts list[/], [bold]ops alerts show ID[/], "
    '[bold]ops alerts ack ID --note "truck at 14:00"[/], [bold]ops alerts snooze ID --for 4h[/].',
)  # fmt: skip
Id = Annotated[str, typer.Argument(help="The alert's id, as in `ops alerts list` or in the message.")]
Note = Annotated[str | None, typer.Option(help="What the others should know; kept with the alert.")]


@alerts_app.command("list")
def list_alerts(
    status: Annotated[str, typer.Option(help="active (open or acknowledged), open, resolved, expired.")] = "active",
    severity: Annotated[str | None, typer.Option(help="critical, high, medium, low or info.")] = None,
    alert_type: Annotated[str | None, typer.Option("--type", help="stockout_risk, ccp_breach …")] = None,
    entity: Annotated[str | None, typer.Option(help="Code of what it is about.")] = None,
    place: Annotated[str | None, typer.Option(help="Code of the location.")] = None,
    cause: Annotated[str | None, typer.Option(help="The correlation key of one cause: all its symptoms.")] = None,
    limit: Limit = 20,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """List alerts, the gravest and dearest hour first."""
    wanted = {"status": status, "severity": severity, "alert_type": alert_type, "entity": entity, "place": place,
              "correlation_key": cause}  # fmt: skip
    with context.client(tenant) as api:
        page = api.get("/notify/alerts", limit=limit, **wanted)
    listing(page, as_json, "Alerts", {
        "id": lambda one: one["alert_id"], "severity": lambda one: one["severity"], "status": _status,
        "title": lambda one: one["title"], "at stake": lambda one: _money(one, "amount"),
        "an hour": lambda one: _money(one, "amount_per_hour"), "until (UTC)": lambda one: minute(one["deadline"]),
        "times": lambda one: one["occurrences"],
    }, right=("at stake", "an hour", "times"))  # fmt: skip


def _status(one: dict[str, Any]) -> str:
    if one["acknowledged_by"] and one["status"] == "acknowledged":
        return f"acknowledged by {one['acknowledged_by']}"
    if one["snoozed_until"] and one["status"] == "open":
        return f"snoozed until {minute(one['snoozed_until'])}"
    return f"{one['status']}, flapping" if one["flapping_since"] else str(one["status"])


def _money(one: dict[str, Any], name: str) -> str:
    return "" if one[name] is None else f"{number(one[name])} {one['currency'] or ''}".strip()


@alerts_app.command("show")
def show(alert_id: Id, tenant: Tenant = None, as_json: Json = False) -> None:
    """Show one alert: what it says, what to do, whom it reached, what happened to it."""
    with context.client(tenant) as api:
        found = api.get(f"/notify/alerts/{alert_id}")
    if emit(found, as_json):
        return
    console.print(f"{found['severity']}: {found['title']}", style="bold", markup=False)
    console.print(found["message"], markup=False)
    for one in found["actions"]:
        console.print(f"→ {one}", markup=False)
    facts = {
        "status": _status(found), "at stake": _money(found, "amount"), "an hour": _money(found, "amount_per_hour"),
        "until (UTC)": minute(found["deadline"]), "reported": f"{found['occurrences']} times, last {minute(found['last_seen'])}",
        "reached over": ", ".join(found["channels_notified"]), "not over": ", ".join(found["channels_failed"]),
        "next step (UTC)": minute(found["next_step_at"]), "cause": found["correlation_key"],
    }  # fmt: skip
    console.print(table("", ("", ""), [(name, value) for name, value in facts.items() if value]))
    history = [(minute(one["at"]), one["kind"], one["actor"], one["via"], one["note"]) for one in found["history"]]
    console.print(table("History", ("at (UTC)", "what", "who", "via", "note"), history))


@alerts_app.command("ack")
def ack(alert_id: Id, note: Note = None, tenant: Tenant = None, as_json: Json = False) -> None:
    """Take an alert on: it is not escalated further, and what still waits is not sent.

    ops alerts ack ID --note "called the supplier, truck at 14:00"
    """
    done = _act(tenant, "POST", f"/notify/alert/{alert_id}/acknowledge", {"note": note})
    if not emit(done, as_json):
        console.print("[green]✓[/] you have it" if done["first"] else "you had it already")


@alerts_app.command("unack")
def unack(alert_id: Id, tenant: Tenant = None, as_json: Json = False) -> None:
    """Hand an alert back: it is open again and its escalation goes on."""
    done = _act(tenant, "DELETE", f"/notify/alert/{alert_id}/acknowledge")
    if not emit(done, as_json):
        console.print("[green]✓[/] open again")


@alerts_app.command("snooze")
def snooze(
    alert_id: Id,
    lasting: Annotated[str | None, typer.Option("--for", help="How long from now: 30m, 4h, 2d; seven days at most.")] = None,
    until: Annotated[str | None, typer.Option(help="Or until when, with an offset: 2026-11-22T06:00+01:00.")] = None,
    note: Note = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Put an alert off for everybody: nobody hears of it before then, unless it gets worse.

    ops alerts snooze ID --for 4h
    """
    if (lasting is None) == (until is None):
        fail("Say how long: --for 4h, or --until 2026-11-22T06:00+01:00.")
    ends = until or (datetime.now(UTC) + length(lasting or "")).isoformat()
    done = _act(tenant, "POST", f"/notify/alert/{alert_id}/snooze", {"until": ends, "note": note})
    if not emit(done, as_json):
        console.print(f"[green]✓[/] quiet until {minute(done['snoozed_until'])} UTC")


@alerts_app.command("resolve")
def resolve(
    alert_id: Id,
    reason: Annotated[str, typer.Option(help="How it ended; kept with the alert.")],
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Say that an alert is over. If its condition is reported again, it is back."""
    done = _act(tenant, "POST", f"/notify/alert/{alert_id}/resolve", {"reason": reason})
    if not emit(done, as_json):
        console.print("[green]✓[/] resolved")


def _act(tenant: str | None, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    given = {name: value for name, value in (body or {}).items() if value is not None}
    with context.client(tenant) as api:
        done: dict[str, Any] = api.call(method, path, **({"json": given} if body is not None else {}))
    return done
