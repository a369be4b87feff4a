"""`ops connectors`: keep them, give them their secrets, try them out, run them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli import context, show
from local.cli.options import Json, Tenant
from local.cli.output import console, emit, fail, table

connectors_app = typer.Typer(no_args_is_help=True, help="Pull from the systems a plant already has.")
Name = Annotated[str, typer.Argument(help="The connector's name, for example odoo.")]


@connectors_app.command("types")
def types(
    kind: Annotated[str | None, typer.Argument(help="Show the JSON schema of this type's config.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """List the kinds of connectors, or show what the config of one holds."""
    with context.client(tenant) as api:
        found: list[dict[str, Any]] = api.get("/connector-types")
    if kind is not None:
        known = {one["connector_type"]: one for one in found}
        if kind not in known:
            fail(f"There is no connector type '{kind}'. There are: {', '.join(known)}.")
        print(json.dumps(known[kind], indent=2))
    elif not emit(found, as_json):
        rows = [(one["connector_type"], one["title"], ", ".join(one["secret_fields"])) for one in found]
        console.print(table("Connector types", ["type", "reads", "its secret may hold"], rows))
        console.print("  A config's schema: [bold]ops connectors types TYPE[/]")


@connectors_app.command("list")
def every(tenant: Tenant = None, as_json: Json = False) -> None:
    """List connectors, how their last pulls went and when the next are due."""
    with context.client(tenant) as api:
        found = api.get("/connectors")
    if emit(found, as_json):
        return
    rows = [
        (one["name"], one["connector_type"], stream.get("stream"), stream.get("last_success_at"),
         stream.get("watermark"), one["next_run_at"], _state(one, stream))
        for one in found for stream in one["streams"] or [{}]
    ]  # fmt: skip
    heads = ["name", "type", "stream", "last success", "watermark", "next run", "state"]
    console.print(table(f"{len(found)} connectors", heads, rows))


def _state(one: dict[str, Any], stream: dict[str, Any]) -> str:
    if not one["is_active"]:
        return "switched off"
    if one["connector_type"] == "file_drop":
        return "pushed"
    if stream.get("paused_at"):
        return f"paused: {stream['last_error']}"
    return f"failed: {stream['last_error']}" if stream.get("last_error") else "ok" if stream else "never run"


@connectors_app.command("add")
def add(
    name: Name,
    kind: Annotated[str, typer.Option("--type", help="See `ops connectors types`.")],
    config: Annotated[str, typer.Option(help="The config: a JSON file, or JSON itself. No secrets.")] = "{}",
    schedule: Annotated[str | None, typer.Option(help="rate(15 minutes) or cron(30 5 * * ? *).")] = None,
    secret_ref: Annotated[str | None, typer.Option(help="A secret's name or ARN, if it is kept elsewhere.")] = None,
    inactive: Annotated[bool, typer.Option("--off", help="Keep it, and do not pull.")] = False,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Remember a connector, new or changed."""
    body = {"connector_type": kind, "config": _config(config), "schedule": schedule, "secret_ref": secret_ref,
            "is_active": not inactive}  # fmt: skip
    with context.client(tenant) as api:
        kept = api.put(f"/connectors/{name}", body)
    if not emit(kept, as_json):
        console.print(f"[green]✓[/] kept; next: [bold]ops connectors secret {name} FIELD=VALUE[/], then "
                      f"[bold]ops connectors test {name}[/]")  # fmt: skip


def _config(given: str) -> dict[str, Any]:
    text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except ValueError as error:
        fail(f"The config is no JSON: {error}")
    if not isinstance(found, dict):
        fail("The config must be a JSON object.")
    return found


@connectors_app.command("secret")
def secret(
    name: Name,
    fields: Annotated[
        list[str], typer.Argument(help="NAME=VALUE; NAME=- reads the value from standard input, NAME=@FILE a file.")
    ],
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Keep a connector's passwords and keys. They cannot be read back."""
    with context.client(tenant) as api:
        kept = api.put(f"/connectors/{name}/secret", {"fields": dict(_field(one) for one in fields)})
    if not emit(kept, as_json):
        console.print(f"[green]✓[/] kept under {kept['secret_ref']}: {', '.join(kept['fields'])}")


def _field(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        fail(f"'{name}' has no value: give NAME=VALUE, NAME=- or NAME=@FILE.")
    if value == "-":
        return name, sys.stdin.read().rstrip("\n")
    return name, Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value


@connectors_app.command("test")
def trial(name: Name, tenant: Tenant = None, as_json: Json = False) -> None:
    """Connect and read the first records of every stream. Nothing is kept."""
    with context.client(tenant) as api:
        told = api.post(f"/connectors/{name}/test")
    if not emit(told, as_json):
        rows = [
            (one["stream"], "ok" if one["ok"] else one["error_code"], one["records"],
             one["message"] or one["file"] or ", ".join(one["fields"][:12]))
            for one in told["streams"]
        ]  # fmt: skip
        console.print(table(f"Trial of {name}", ["stream", "state", "records", "what was seen"], rows, ["records"]))
        if told["message"]:
            console.print(table("", ["what is wrong"], [[told["message"]]]))
    if not told["ok"]:
        raise typer.Exit(1)


@connectors_app.command("run")
def run(
    name: Name,
    stream: Annotated[list[str] | None, typer.Option(help="Only these streams.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Everything, not only what changed.")] = False,
    wait: Annotated[bool, typer.Option(help="Follow the pull to its end.")] = True,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Pull now."""
    with context.client(tenant) as api:
        asked = api.post("/sync/run", {"connector": name, "streams": stream, "full": full})
        if not wait:
            if not emit(asked, as_json):
                started = [(one["stream"], one["job_id"]) for one in asked["jobs"]]
                console.print(table(f"Pulling from {name}", ["stream", "job"], started))
            return
        jobs = show.follow(api, [one["job_id"] for one in asked["jobs"]], quiet=as_json)
    if not emit(jobs, as_json):
        rows = [(job["file_name"], job["status"], job["total_records"], job.get("error_summary")) for job in jobs]
        heads = ["stream", "state", "records", "what is wrong"]
        console.print(table(f"Pulled from {name}", heads, rows, ["records"]))
        console.print("  What became of the records: [bold]ops jobs[/]")
    if any(job["status"] == "failed" for job in jobs):
        raise typer.Exit(1)
