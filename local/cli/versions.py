"""Versions and models on the command line: what is in force, how good it was, and the way back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from local.cli import context
from local.cli.options import Json, Limit, Tenant
from local.cli.output import console, emit, fail, listing, number, table
from local.cli.running import follow

Period = Annotated[str, typer.Option(help="daily, weekly, monthly or quarterly.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the version or model.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `ops forecast`."""
    app.command("versions")(versions)
    app.command("accuracy")(accuracy)
    app.command("rollback")(rollback)
    app.command("models")(models)
    app.command("promote")(promote)


def versions(limit: Limit = 20, tenant: Tenant = None, as_json: Json = False) -> None:
    """List forecast versions, latest first."""
    with context.client(tenant) as api:
        page = api.get("/planning/forecast-versions", limit=limit)
    listing(page, as_json, "Forecast versions", {
        "version": lambda one: one["code"], "period": lambda one: one["period"], "status": lambda one: one["status"],
        "data up to": lambda one: one["as_of"], "series": lambda one: number(one["forecast_count"]),
        "": lambda one: one["error"],
    }, right=("series",))  # fmt: skip


def accuracy(
    period: Period = "weekly",
    level: Annotated[str, typer.Option(help="total, plant, family, abc_class or item.")] = "total",
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Show how good forecasts were, beside the best simple method."""
    with context.client(tenant) as api:
        page = api.get("/planning/forecasts/accuracy", period=period, level=level, limit=100)
    if emit(page, as_json):
        return
    rows = [
        (one["kind"], one["sku_code"] or one["group_code"] or one["uom"] or "", _lag(one), number(one["n"]),
         _share(one["wape"]), _share(one["naive_wape"]), _share(one["bias"], signed=True), _share(one["coverage_95"]))
        for one in page["items"]
    ]  # fmt: skip
    names = ("measured", "of", "lag", "n", "WAPE", "naive", "bias", "95 % holds")
    console.print(table(f"Accuracy, {period}", names, rows, right=names[3:]))
    console.print(f"  bias = {page['bias_convention']}")


def _lag(one: dict[str, Any]) -> str:
    return {"lead_time": "lead time", "all": "all"}.get(one["lag_basis"], str(one["lag"]))


def _share(value: float | None, *, signed: bool = False) -> str:
    return "–" if value is None else f"{100 * value:+.1f} %" if signed else f"{100 * value:.1f} %"


def rollback(
    reason: Reason = "rolled back by hand",
    version: Annotated[str | None, typer.Option(help="Put this version back; default: the one before.")] = None,
    model: Annotated[bool, typer.Option("--model", help="The model before becomes active again.")] = False,
    period: Period = "weekly",
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Go back: the version in force before is in force again, or with --model the model before is active again.

    A model counts from the next run on; give --model and --version to go back with both at once.
    """
    with context.client(tenant, "admin") as api:
        asked = []
        if model:
            asked.append(api.post("/forecast/models/rollback", {"reason": reason}))
        if version is not None or not model:
            body = {"reason": reason, "version": version, "period": period}
            asked.append(api.post("/planning/forecast-versions/rollback", body))
        for one in asked:
            follow(api, one, quiet=as_json)
        now = [one for one in api.pages("/planning/forecast-versions", status="published") if one["period"] == period]
        active = api.get("/forecast/models", status="active")["items"]
    if not emit({"version": now[0]["code"], "model": [f"{one['name']} {one['version']}" for one in active]}, as_json):
        console.print(f"[green]✓[/] in force: [bold]{now[0]['code']}[/]")
        for one in active:
            console.print(f"  active model: {one['name']} {one['version']}")


def models(tenant: Tenant = None, as_json: Json = False) -> None:
    """List the models behind the forecasts."""
    with context.client(tenant) as api:
        page = api.get("/forecast/models", limit=100)
    listing(page, as_json, "Models", {
        "id": lambda one: one["id"], "name": lambda one: one["name"], "version": lambda one: one["version"],
        "status": lambda one: one["status"], "learned up to": lambda one: one["training_to"],
    })  # fmt: skip


def promote(model: str, reason: Reason, tenant: Tenant = None, as_json: Json = False) -> None:
    """Make a challenger (its id or version) the active model, if it is shown to be better on the same series."""
    with context.client(tenant, "admin") as api:
        found = [one for one in api.pages("/forecast/models") if model in (one["id"], one["version"])]
        if not found:
            fail(f"There is no model '{model}'. See `ops forecast models`.")
        run = follow(api, api.post(f"/forecast/models/{found[0]['id']}/promote", {"reason": reason}), quiet=as_json)
    if not emit(run, as_json):
        console.print(f"[green]✓[/] {found[0]['name']} {found[0]['version']} is active from the next run on")
