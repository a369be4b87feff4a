"""`ops lineage`: from a row to the line of the file it came from, and what it was before."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape

from local.cli import context
from local.cli.options import Json, Tenant
from local.cli.output import console, emit, table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(lineage)


def lineage(
    entity: Annotated[str, typer.Argument(help="sku, sales_order_line, inventory_snapshot …")],
    key: Annotated[str, typer.Argument(help="The row's id, or its key: the parts joined by '/', as SO-1001/1.")],
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Say where a row came from, line by line, and what it was before."""
    with context.client(tenant) as api:
        told = api.get(f"/lineage/{quote(entity)}/{quote(key)}")
    if not emit(told, as_json):
        show(told)


def show(told: dict[str, Any]) -> None:
    """The row, its source, its references, its history, and records that did not get in."""
    console.print(f"[bold]{escape(told['title'])}: {escape(told['key'])}[/]")
    if told["id"] is None:
        console.print("No file ever got it in.")
    else:
        values = [(name, value) for name, value in told["values"].items() if value is not None]
        console.print(
            table(escape(f"Version {told['version']}, from {place(told['source'])}"), ("field", "value"), values)
        )
    if told["references"]:
        rows = [(one["field"], one["entity"], one["key"], place(one["source"])) for one in told["references"]]
        console.print(table("Refers to", ("field", "entity", "key", "from"), rows))
    steps = [
        (str(step["at"])[:19], step["reason"] or step["kind"], change["field"], change["was"], change["became"],
         place(step["after"]))
        for step in told["history"] for change in step["changes"]
    ]  # fmt: skip
    if steps:
        console.print(table("History, newest first", ("at", "why", "field", "was", "became", "by"), steps))
    tries = [
        (str(one["created_at"])[:19], one["file_name"], one["source_row"], one["status"],
         "; ".join(error.get("message", "") for error in one["errors"]))
        for one in told["attempts"]
    ]  # fmt: skip
    if tries:
        console.print(table("Records that were not loaded at first", ("at", "file", "row", "status", "why"), tries))


def place(source: dict[str, Any]) -> str:
    """A line of a file in words."""
    name = source["file_name"] or f"job {source['job_id']}"
    return name + (f", row {source['source_row']}" if source["source_row"] is not None else "")
