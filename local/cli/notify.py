"""`ops notify`: who would be told, what was sent, and sending it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from local.cli import context, preferences
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, fail, listing, minute, table
from local.cli.when import wall_time
from local.client import ApiError, OpsClient

notify_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich",
    help="Who is told of what, and what became of each message.\n\n"
    'Try: [bold]ops notify simulate --type ccp_breach --severity critical --at "Sunday 03:00"[/], '
    "[bold]ops notify list --status dead[/], [bold]ops notify redrive --channel email[/].",
)  # fmt: skip
preferences.register(notify_app)
Channel = Annotated[str | None, typer.Option(help="Only this channel: email, sms, slack, webhook …")]
_AGAIN = ("failed", "dead")


@notify_app.command("simulate")
def simulate(
    alert_type: Annotated[str, typer.Option("--type", help="stockout_risk, ccp_breach, lot_hold …")],
    severity: Annotated[str, typer.Option(help="critical, high, medium, low or info.")] = "high",
    at: Annotated[str | None, typer.Option(help='On the plant\'s clock: "Sunday 03:00" or 2026-11-22T03:00.')] = None,
    entity: Annotated[str | None, typer.Option(help="Code of what it is about, for example OVEN-2.")] = None,
    place: Annotated[str | None, typer.Option(help="Code of the location.")] = None,
    workspace: Annotated[str | None, typer.Option(help="As seen from this workspace only.")] = None,
    acknowledged_after: Annotated[
        int | None, typer.Option(help="Minutes after which somebody takes it on; left out: nobody does.")
    ] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Say who would be told, where and when, if this happened. Nothing is sent.

    ops notify simulate --type ccp_breach --severity critical --at "Sunday 03:00"
    """
    body = {
        "alert_type": alert_type, "severity": severity, "entity_code": entity, "place": place, "workspace": workspace,
        "at": wall_time(at, datetime.now()) if at else None, "acknowledged_after_minutes": acknowledged_after,  # noqa: DTZ005
    }  # fmt: skip
    with context.client(tenant) as api:
        found = api.post("/notify/simulate", {name: value for name, value in body.items() if value is not None})
    if not emit(found, as_json):
        show_simulation(found)


def show_simulation(found: dict[str, Any]) -> None:
    """Who, where, when and why, then what happens when nobody answers."""
    console.print(found["summary"], style="bold", markup=False)
    console.print(table(f"At {found['at_local']}", _TELLING, [_telling(one) for one in found["tellings"]]))
    for one in found["silences"]:
        console.print(f"silence until {minute(one['ends_at'])}: {one['reason']}", style="dim", markup=False)
    for one in found["mutes"]:
        console.print(f"planned until {minute(one['ends_at'])}: {one['name']}", style="dim", markup=False)
    for step in found["steps"]:
        rows = [_telling(one) for one in step["tellings"]]
        title = f"Step {step['number']}, {step['at_local']}: {', '.join(step['targets'])}"
        console.print(table(title, _TELLING, rows) if rows else f"{title}: {step['reason']}", markup=False)
    for line in [*([found["stops"]] if found["stops"] else []), *found["notes"]]:
        console.print(line, style="dim", markup=False)


_TELLING = ("who", "channel", "told", "when, on their clock", "why")


def _telling(one: dict[str, Any]) -> tuple[Any, ...]:
    told = {"at_once": "at once", "later": "later", "not": "not"}[one["told"]]
    return (one["name"], one["channel"], told, one["at_local"], one["reason"])


@notify_app.command("list")
def list_notifications(
    status: Annotated[str | None, typer.Option(help="pending, suppressed, sent, delivered, bounced, dead …")] = None,
    channel: Channel = None,
    user: Annotated[str | None, typer.Option(help="Only messages to this person.")] = None,
    alert: Annotated[str | None, typer.Option(help="Only messages about this alert.")] = None,
    limit: Limit = 20,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """List notifications, newest first, with what became of each and why."""
    wanted = {"status": status, "channel": channel, "user_id": user, "alert_id": alert}
    with context.client(tenant) as api:
        page = api.get("/notify/notifications", limit=limit, **wanted)
    listing(page, as_json, "Notifications", {
        "id": lambda one: one["id"], "made (UTC)": lambda one: minute(one["created_at"]),
        "severity": lambda one: one["severity"], "to": lambda one: one["user_id"], "by": lambda one: one["channel"],
        "status": lambda one: one["status"], "title": lambda one: one["title"],
        "why": lambda one: one["reason"] or one["last_error"],
    })  # fmt: skip


@notify_app.command("channels")
def channels(tenant: Tenant = None, as_json: Json = False) -> None:
    """Show each channel and how it did in the last 24 hours."""
    with context.client(tenant) as api:
        found = api.get("/notify/channels")
    if emit(found, as_json):
        return
    counted = ("sent", "waiting", "failed", "dead")
    rows = [(one["channel"], one["health"], *(one[name] for name in counted), one["last_error"]) for one in found]
    console.print(table("Channels", ("channel", "health", *counted, "last error"), rows, right=counted))


@notify_app.command("retry")
def retry(notification_id: str, tenant: Tenant = None, as_json: Json = False) -> None:
    """Try one failed or dead notification again. Asking twice is asking once."""
    with context.client(tenant) as api:
        found = api.post(f"/notify/notifications/{notification_id}/retry")
    if not emit(found, as_json):
        console.print(f"[green]✓[/] asked for; see [bold]ops notify list --alert {found['alert_id']}[/]")


@notify_app.command("redrive")
def redrive(
    channel: Channel = None,
    user: Annotated[str | None, typer.Option(help="Only messages to this person.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Try all dead notifications again, once what stopped them is repaired (a bounced address, a receiver that was down).

    ops notify redrive --channel email --dry-run
    """
    with context.client(tenant) as api:
        found = list(api.pages("/notify/notifications", status="dead", channel=channel, user_id=user, limit=500))
        asked, gone = (0, 0) if dry_run else _ask_again(api, found)
    done = {"dead": len(found), "asked": asked, "gone": gone}
    if not emit(done, as_json):
        more = f", {gone} were tried already" if gone else ""
        console.print(f"{len(found)} dead" if dry_run else f"[green]✓[/] {asked} of {len(found)} are tried again{more}")


def _ask_again(api: OpsClient, found: list[dict[str, Any]]) -> tuple[int, int]:
    """How many were asked for, and how many had moved on meanwhile."""
    asked = gone = 0
    for one in found:
        try:
            api.post(f"/notify/notifications/{one['id']}/retry")
            asked += 1
        except ApiError as error:
            if error.status != 409:
                fail(f"{asked} of {len(found)} asked for; then: {error}")
            gone += 1
    return asked, gone


@notify_app.command("suppressed")
def suppressed(limit: Limit = 50, tenant: Tenant = None, as_json: Json = False) -> None:
    """List addresses nothing is sent to, because they bounced or complained (admins)."""
    with context.client(tenant, "admin") as api:
        page = api.get("/notify/suppressed-addresses", limit=limit)
    listing(page, as_json, "Suppressed addresses", {
        "channel": lambda one: one["channel"], "address": lambda one: one["address"],
        "of": lambda one: ", ".join(one["user_ids"]),
        "why": lambda one: one["reason"], "since (UTC)": lambda one: minute(one["since"]),
        "said": lambda one: one["detail"],
    })  # fmt: skip


@notify_app.command("lift")
def lift(
    address: Annotated[str, typer.Argument(help="As in `ops notify suppressed`.")],
    channel: Annotated[str, typer.Option(help="Of which channel.")] = "email",
    tenant: Tenant = None,
) -> None:
    """Send to an address again, once it is right (admins).

    ops notify lift anna@fjord-foods.example
    """
    with context.client(tenant, "admin") as api:
        api.call("DELETE", f"/notify/suppressed-addresses/{channel}/{quote(address, safe='@')}")
    console.print("[green]✓[/] it is written to again; what it missed is not sent again")
