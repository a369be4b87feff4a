"""`ops silence`: nobody is told of some alerts for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from local.cli import context
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, fail, listing, minute
from local.cli.when import length

silence_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich",
    help="Keep people from being told of some alerts for a while; critical ones are told all the same.\n\n"
    'Try: [bold]ops silence add --entity "OVEN-2*" --for 4h --reason "Rebuilt until noon"[/].',
)  # fmt: skip


@silence_app.command("add")
def add(
    reason: Annotated[str, typer.Option(help="Why; everybody who was not told can read it.")],
    lasting: Annotated[str | None, typer.Option("--for", help="How long from now: 30m, 4h, 2d.")] = None,
    until: Annotated[str | None, typer.Option(help="Or until when, with an offset: 2026-11-22T06:00+01:00.")] = None,
    alert_type: Annotated[list[str] | None, typer.Option("--type", help="Alert type; again for several.")] = None,
    workspace: Annotated[list[str] | None, typer.Option(help="Workspace; again for several.")] = None,
    entity: Annotated[str | None, typer.Option(help="What the alert is about; * for any text.")] = None,
    place: Annotated[str | None, typer.Option(help="Code of the location.")] = None,
    cause: Annotated[str | None, typer.Option(help="The correlation key of one cause: all its symptoms.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Silence the alerts that fit everything given. It ends by itself, and what is still true is told then.

    ops silence add --entity "OVEN-2*" --for 4h --reason "Rebuilt until noon"
    """
    if (lasting is None) == (until is None):
        fail("Say how long: --for 4h, or --until 2026-11-22T06:00+01:00.")
    ends = until or (datetime.now(UTC) + length(lasting or "")).isoformat()
    body: dict[str, Any] = {
        "reason": reason, "ends_at": ends, "alert_types": alert_type or [], "workspaces": workspace or [],
        "entity_pattern": entity, "place": place, "correlation_key": cause,
    }  # fmt: skip
    with context.client(tenant) as api:
        made = api.post("/notify/silences", {name: value for name, value in body.items() if value is not None})
    if not emit(made, as_json):
        console.print(f"[green]✓[/] silent until {minute(made['ends_at'])} UTC; earlier: "
                      f"[bold]ops silence end {made['id']}[/]")  # fmt: skip


@silence_app.command("list")
def list_silences(
    state: Annotated[str | None, typer.Option(help="active, scheduled or ended.")] = None,
    limit: Limit = 20,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """List silences, newest first, and how many messages each holds back now."""
    with context.client(tenant) as api:
        page = api.get("/notify/silences", limit=limit, state=state)
    listing(page, as_json, "Silences", {
        "id": lambda one: one["id"], "state": lambda one: one["state"], "until (UTC)": lambda one: minute(one["ends_at"]),
        "of": _which, "holds": lambda one: one["holds"], "why": lambda one: one["reason"],
        "by": lambda one: one["created_by"],
    }, right=("holds",))  # fmt: skip


def _which(one: dict[str, Any]) -> str:
    texts = (*one["alert_types"], *one["workspaces"], one["entity_pattern"], one["place"], one["correlation_key"])
    return ", ".join(text for text in texts if text) or "everything"


@silence_app.command("end")
def end(silence_id: str, tenant: Tenant = None, as_json: Json = False) -> None:
    """End a silence now; what it held back is told."""
    with context.client(tenant) as api:
        ended = api.call("DELETE", f"/notify/silences/{silence_id}")
    if not emit(ended, as_json):
        console.print("[green]✓[/] ended")
