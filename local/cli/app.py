"""The commands. Each is thin: call the API, show what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli import context, jobs, lineage, look, mapping, running, show, versions
from local.cli.alerts import alerts_app
from local.cli.connectors import connectors_app
from local.cli.notify import notify_app
from local.cli.on_call import on_call_app
from local.cli.options import Json, Tenant
from local.cli.output import console, emit, fail
from local.cli.queues import queues_app
from local.cli.silences import silence_app
from local.upload_parts import send_parts

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False,
    help="OpsCopilot from the terminal.\n\n"
    "Try: [bold]ops up[/], [bold]ops tenants create fjord[/], [bold]ops drop exports/*.csv --tenant fjord[/], "
    "[bold]ops ask \"Which items are below their reorder point?\" --tenant fjord[/].\n\n"
    "Talks to the stack of this machine; set OPS_URL and OPS_TOKEN to talk to a deployment.",
)  # fmt: skip
forecast_app = typer.Typer(no_args_is_help=True, help="Run forecasts and look at one.")
tenants_app = typer.Typer(no_args_is_help=True, help="Create tenants (needs the platform administrator's token).")
app.add_typer(forecast_app, name="forecast")
app.add_typer(tenants_app, name="tenants")
app.add_typer(connectors_app, name="connectors")
app.add_typer(alerts_app, name="alerts")
app.add_typer(notify_app, name="notify")
app.add_typer(silence_app, name="silence")
app.add_typer(on_call_app, name="on-call")
app.add_typer(queues_app, name="queues")

jobs.register(app)
lineage.register(app)
mapping.register(app)
look.register(app)
running.register(forecast_app)
versions.register(forecast_app)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the API; 0 picks a free one.")] = 8000,
    foreground: Annotated[bool, typer.Option(help="Stay in this terminal and log here.")] = False,
    as_json: Json = False,
) -> None:
    """Start the one-machine stack: Postgres, the template's resources, the API. Data stays under .local/."""
    from local import stack

    info = stack.up(context.STATE, port, foreground=foreground)
    if not emit(info, as_json):
        console.print(f"[green]✓[/] up at [bold]{info['api_url']}[/] (OpenAPI: {info['api_url']}/docs)")
        console.print("  Next: [bold]ops tenants create CODE[/], then [bold]ops drop FILE… --tenant CODE[/]")


@app.command()
def down(as_json: Json = False) -> None:
    """Stop the stack. Nothing is lost."""
    from local import stack

    stopped = stack.down(context.STATE)
    if not emit({"stopped": stopped}, as_json):
        console.print("[green]✓[/] stopped" if stopped else "nothing was running")


@app.command()
def status(as_json: Json = False) -> None:
    """Say whether the stack runs, and how it feels."""
    from local import stack

    found = stack.status(context.STATE)
    if not emit(found, as_json):
        console.print(f"{found['state']}" + (f" at {found['api_url']}" if found.get("api_url") else ""))
    if found["state"] != "running":
        raise typer.Exit(1)


@app.command()
def drop(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Exports as they are: CSV, gz.")],
    entity: Annotated[
        str | None, typer.Option(help="What the rows are, when recognition is unsure: sku, work_order …")
    ] = None,
    source: Annotated[
        str, typer.Option(help="The system they come from; mappings are remembered per system.")
    ] = "files",
    resume: Annotated[str | None, typer.Option(help="Go on with the broken upload of this job (one file).")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Upload files, follow them through the pipeline, print a receipt for each. Large ones go in parts."""
    if resume and len(files) != 1:
        fail("--resume goes on with one file: give that file only.")
    with context.client(tenant) as api:
        with show.sending(quiet=as_json) as progress:
            if resume:
                send_parts(api, files[0], resume, progress)
                uploads = [{"job_id": resume}]
            else:
                uploads = api.upload(files, source, entity, progress)
        done = show.follow(api, [one["job_id"] for one in uploads], quiet=as_json)
        if not emit(done, as_json):
            show.receipts(done)
    if all(job["status"] in ("failed", "needs_mapping") for job in done):
        raise typer.Exit(1)


@app.command()
def ask(
    question: str,
    session: Annotated[str | None, typer.Option(help="Go on in this conversation.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Ask the copilot. Every figure in the answer has a source."""
    with context.client(tenant) as api:
        answer = api.post("/copilot/query", {"question": question, **({"session_id": session} if session else {})})
    if not emit(answer, as_json):
        show.answer(question, answer)


@app.command()
def token(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Tenant code.")],
    role: Annotated[
        str, typer.Option(help="admin, planner, plant_manager, operator, fsq_manager, buyer …")
    ] = "planner",
) -> None:
    """Print a token for the local stack (a deployment's tokens come from its identity provider)."""
    print(context.local_token(tenant, role))


@forecast_app.command("show")
def forecast_show(sku: str, tenant: Tenant = None, as_json: Json = False) -> None:
    """Draw the forecast of one item with its interval."""
    with context.client(tenant) as api:
        result: dict[str, Any] = api.post("/forecast/demand", {"sku": sku})
    if not emit(result, as_json):
        show.forecast(result)


@tenants_app.command("create")
def tenants_create(
    code: str,
    name: Annotated[str | None, typer.Option()] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    time_zone: Annotated[str, typer.Option(help="IANA zone of the plant.")] = "UTC",
    as_of: Annotated[str | None, typer.Option(help="Freeze the plant at the end of this day (YYYY-MM-DD).")] = None,
    as_json: Json = False,
) -> None:
    """Create a tenant. Doing it twice changes nothing."""
    body = {
        "code": code,
        "name": name or code,
        "default_currency": currency,
        "default_time_zone": time_zone,
        "as_of": as_of,
    }
    with context.client(code, "admin", platform_admin=True) as api:
        result = api.post("/tenants", {k: v for k, v in body.items() if v is not None})
    if not emit(result, as_json):
        console.print(f"[green]✓[/] tenant [bold]{result['code']}[/] ({result['tenant_id']})")
