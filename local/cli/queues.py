"""`ops queues`: what waits between the functions of this machine, and dead letters sent again."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import typer

from local.cli import context
from local.cli.options import Json
from local.cli.output import console, emit, fail, table

queues_app = typer.Typer(
    no_args_is_help=True, help="Queues of the stack on this machine. On AWS: docs/runbook.md, dead-letter queues."
)


def _ask(method: str, path: str = "") -> Any:
    answer = httpx.request(method, f"{context.stack_info()['api_url']}/_local/queues{path}", timeout=30)
    if not answer.is_success:
        fail(str(answer.json().get("detail", answer.text)))
    return answer.json()


@queues_app.command("list")
def list_queues(as_json: Json = False) -> None:
    """Every queue and what waits in it."""
    found = _ask("GET")
    if not emit(found, as_json):
        rows = [[one["name"], str(one["waiting"]), str(one["under_way"])] for one in found["items"]]
        console.print(table("Queues", ("queue", "waiting", "under way"), rows))


@queues_app.command("redrive")
def redrive(
    queue: Annotated[str, typer.Argument(help="The dead-letter queue: AlertDlq or MailFeedbackDlq.")],
    as_json: Json = False,
) -> None:
    """Send dead letters back to the queue they came from, when the cause is gone. May repeat, loses nothing."""
    found = _ask("POST", f"/{queue}/redrive")
    if not emit(found, as_json):
        console.print(f"[green]✓[/] {found['moved']} messages go again")
