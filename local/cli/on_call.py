"""`ops on-call`: who is on call, who covers, and how that is laid down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli import context
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, fail, listing, minute, table

on_call_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich",
    help="Who is on call now and when, and who covers.\n\n"
    "Try: [bold]ops on-call now[/], [bold]ops on-call show maintenance[/], [bold]ops on-call cover maintenance "
    "--user bob@fjord --from 2026-12-24T18:00+01:00 --to 2026-12-26T08:00+01:00[/].",
)  # fmt: skip
Code = Annotated[str, typer.Argument(help="The schedule's code, for example maintenance.")]
_PATH = "/notify/on-call/schedules"


@on_call_app.command("now")
def now(tenant: Tenant = None, as_json: Json = False) -> None:
    """Show who is on call now in every schedule, until when, and who comes next."""
    with context.client(tenant) as api:
        found = api.get("/notify/on-call/now")
    if emit(found, as_json):
        return
    rows = [
        (one["code"], _people(one["users"]), "covers" if one["override"] else "", minute(one["until"]),
         _people(one["next_users"]) if one["until"] else "")
        for one in found
    ]  # fmt: skip
    console.print(table("On call now", ("schedule", "who", "", "until (UTC)", "then"), rows))


@on_call_app.command("list")
def list_schedules(limit: Limit = 20, tenant: Tenant = None, as_json: Json = False) -> None:
    """List on-call schedules."""
    with context.client(tenant) as api:
        page = api.get(_PATH, limit=limit)
    listing(page, as_json, "On-call schedules", {
        "code": lambda one: one["code"], "name": lambda one: one["name"], "zone": lambda one: one["time_zone"],
        "layers": lambda one: len(one["layers"]), "covers to come": lambda one: len(one["overrides"]),
        "in use": lambda one: "yes" if one["is_active"] else "no",
    }, right=("layers", "covers to come"))  # fmt: skip


@on_call_app.command("show")
def show(
    code: Code,
    start: Annotated[str | None, typer.Option("--from", help="With an offset; left out: now.")] = None,
    to: Annotated[str | None, typer.Option(help="With an offset; left out: 14 days later.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Show who is on call when, gaps included, and the covers that can still be taken back."""
    with context.client(tenant) as api:
        found = api.get(f"{_PATH}/{code}/timeline", **{"from": start, "to": to})
        covers = api.get(f"{_PATH}/{code}")["overrides"]
    if emit({**found, "overrides": covers}, as_json):
        return
    rows = [
        (minute(one["starts_at"]), minute(one["ends_at"]), _people(one["users"]), "covers" if one["override"] else "")
        for one in found["stretches"]
    ]
    console.print(table(f"{code} ({found['time_zone']})", ("from (UTC)", "to (UTC)", "who", ""), rows))
    if found["gap_minutes"]:
        console.print(f"  Nobody is on call for {found['gap_minutes'] / 60:.1f} hours of it.", style="bold red")
    if covers:
        shown = [
            (one["id"], one["user_id"], minute(one["starts_at"]), minute(one["ends_at"]), one["reason"])
            for one in covers
        ]
        console.print(table("Covers", ("id", "who", "from (UTC)", "to (UTC)", "why"), shown))


def _people(users: list[str]) -> str:
    return ", ".join(users) or "nobody"


@on_call_app.command("set")
def put(
    code: Code,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The schedule as JSON: name, layers.")],
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Make a schedule, or replace the one of that code, from a JSON file.

    {"name": "Maintenance", "layers": [{"users": ["anna", "bob"], "starts_on": "2026-11-23", "unit": "weeks"}]}
    """
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        fail(f"{file} is no JSON: {error}")
    with context.client(tenant, "plant_manager") as api:
        saved = api.put(f"{_PATH}/{code}", body)
    if not emit(saved, as_json):
        console.print(f"[green]✓[/] saved; see [bold]ops on-call show {code}[/]")


@on_call_app.command("cover")
def cover(
    code: Code,
    user: Annotated[str, typer.Option(help="Who covers.")],
    start: Annotated[str, typer.Option("--from", help="With an offset: 2026-12-24T18:00+01:00.")],
    to: Annotated[str, typer.Option(help="With an offset.")],
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Let somebody cover for a while, whatever the schedule says."""
    body: dict[str, Any] = {"user_id": user, "starts_at": start, "ends_at": to, "reason": reason}
    with context.client(tenant) as api:
        made = api.post(f"{_PATH}/{code}/overrides", body)
    if not emit(made, as_json):
        console.print(f"[green]✓[/] {user} covers; take it back: [bold]ops on-call uncover {code} {made['id']}[/]")


@on_call_app.command("uncover")
def uncover(code: Code, override_id: str, tenant: Tenant = None, as_json: Json = False) -> None:
    """Take a cover back; the schedule counts again."""
    with context.client(tenant) as api:
        left = api.call("DELETE", f"{_PATH}/{code}/overrides/{override_id}")
    if not emit(left, as_json):
        console.print("[green]✓[/] taken back")
