"""Forecast runs on the command line: start one, follow it with its rate and what is left, list them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from local.cli import context
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, listing, minute, number, table
from local.cli.show import progress
from local.client import ApiError, OpsClient

PATIENCE_S = 600.0
"""How long a run may go without any progress before `ops` stops waiting for it."""

Periods = Annotated[
    list[str] | None, typer.Option("--period", help="daily, weekly, monthly, quarterly; again for several.")
]
Watch = Annotated[bool, typer.Option("--watch/--no-watch", help="Follow the run to its end, or only start it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `ops forecast`."""
    app.command("run")(run)
    app.command("watch")(watch)
    app.command("runs")(runs)


def run(period: Periods = None, watch: Watch = True, tenant: Tenant = None, as_json: Json = False) -> None:
    """Run the forecasting state machine for the tenant and follow it: batches, series per second, what is left.

    A run that was interrupted is taken up where it stopped.
    """
    with context.client(tenant) as api:
        result = run_forecast(api, quiet=as_json, periods=period or ()) if watch else start(api, period or ())
    if not emit(result, as_json):
        told(result)


def watch(run_id: str, tenant: Tenant = None, as_json: Json = False) -> None:
    """Follow a run that is under way."""
    with context.client(tenant) as api:
        result = follow(api, api.get(f"/forecast/runs/{run_id}"), quiet=as_json)
    if not emit(result, as_json):
        told(result)


def runs(limit: Limit = 20, tenant: Tenant = None, as_json: Json = False) -> None:
    """List forecast runs, latest first."""
    with context.client(tenant) as api:
        page = api.get("/forecast/runs", limit=limit)
    listing(page, as_json, "Forecast runs", {
        "run": lambda one: one["run_id"], "started (UTC)": lambda one: minute(one["started_at"]),
        "by": lambda one: one["started_by"], "status": lambda one: one["status"], "step": lambda one: one["step"],
        "series": lambda one: f"{number(one['series_done'])} of {number(one['series'])}", "USD / 1,000": _cost,
        "": lambda one: one["error"] or one["reason"],
    }, right=("series", "USD / 1,000"))  # fmt: skip


def start(api: OpsClient, periods: Sequence[str] = ()) -> dict[str, Any]:
    """Start a run and leave it to itself."""
    answer: dict[str, Any] = api.post("/forecast/run", {"periods": list(periods)} if periods else None)
    return answer


def run_forecast(api: OpsClient, *, quiet: bool = False, periods: Sequence[str] = ()) -> dict[str, Any]:
    """Start the forecasting state machine and wait for its end; ApiError when it fails."""
    return follow(api, start(api, periods), quiet=quiet)


def follow(api: OpsClient, run: dict[str, Any], *, quiet: bool = False) -> dict[str, Any]:
    """Wait for a run's end with a bar; ApiError when it fails, or says nothing for ten minutes."""
    seen, since = None, time.monotonic()
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Forecasting", total=None)
        while run["status"] == "running":
            if (now := (run.get("step"), run.get("series_done"))) != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > PATIENCE_S:
                raise ApiError(
                    0, {"detail": f"The forecast run {run['run_id']} has not moved for {PATIENCE_S:.0f} s; "
                                  f"see `ops forecast watch {run['run_id']}`."}
                )  # fmt: skip
            time.sleep(0.25)
            run = api.get(f"/forecast/runs/{run['run_id']}")
            _show(bar, task, run)
    if run["status"] != "completed":
        why = run.get("cause") or "no reason was given"
        raise ApiError(0, {"detail": f"The forecast run {run['run_id']} {run['status']}: {run.get('error') or why}"})
    return run


def _show(bar: Progress, task: TaskID, run: dict[str, Any]) -> None:
    words = f"Forecasting: {run.get('step') or run['status']}"
    if run.get("series_per_second"):
        words += f", {number(run['series_per_second'])} series/s"
    if run.get("seconds_left") is not None:
        words += f", {number(run['seconds_left'])} s left"
    bar.update(task, description=words, total=run.get("series") or None, completed=run.get("series_done") or 0)


def told(run: dict[str, Any]) -> None:
    """What became of a run, in a line and a table."""
    why = f": {run['reason']}" if run.get("reason") else ""
    console.print(f"[green]✓[/] {run['status']}{why}", markup=True)
    rows = [
        (one["version"], one["period"], one["status"], number(one["series_done"]),
         f"{one['batches_done']} of {one['batches']}", one["error"] or "")
        for one in run.get("periods") or []
    ]  # fmt: skip
    if rows:
        console.print(table("", ("version", "period", "status", "series", "batches", ""), rows, ("series", "batches")))
    if run.get("cost"):
        cost = run["cost"]
        console.print(
            f"  {number(run['series_per_second'] or 0)} series/s, {_cost(run)} USD per 1,000 series ({cost['prices']})"
        )


def _cost(run: dict[str, Any]) -> str:
    cost = run.get("cost") or {}
    return "–" if cost.get("usd_per_1000_series") is None else f"{float(cost['usd_per_1000_series']):.5f}"
