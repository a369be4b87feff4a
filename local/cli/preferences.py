"""`ops notify preferences`: how somebody wants to be told."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from local.cli import context
from local.cli.options import Json, Tenant
from local.cli.output import console, emit, fail, table

Text = Annotated[str | None, typer.Option()]


def register(app: typer.Typer) -> None:
    """Add the command to `ops notify`."""
    app.command("preferences")(preferences)


def preferences(
    channels: Annotated[str | None, typer.Option(help="Channels to use, with commas: email,sms.")] = None,
    min_severity: Annotated[str | None, typer.Option(help="The smallest severity to be told about.")] = None,
    quiet: Annotated[str | None, typer.Option(help="Quiet hours: 22:00-07:00, or off.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Zone of the quiet hours, for example Europe/Oslo.")] = None,
    email: Text = None,
    phone: Text = None,
    slack_webhook: Text = None,
    webhook_url: Text = None,
    user: Annotated[str | None, typer.Option(help="Somebody else's (admins).")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Show how you want to be told, or change what is given; the rest stays.

    ops notify preferences --channels email,sms --phone +4712345678 --quiet 22:00-07:00
    """
    body: dict[str, Any] = {
        "min_severity": min_severity, "time_zone": time_zone, "email": email, "phone": phone,
        "slack_webhook": slack_webhook, "webhook_url": webhook_url,
        "enabled_channels": [one.strip() for one in channels.split(",")] if channels else None,
        **(_quiet(quiet) if quiet else {}),
    }  # fmt: skip
    given = {name: value for name, value in body.items() if value is not None}
    with context.client(tenant, "admin" if user else "planner") as api:
        params = {"user_id": user} if user else {}
        if given:
            found = api.call("POST", "/notify/preferences", params=params, json=given)
        else:
            found = api.get("/notify/preferences", **params)
    if emit(found, as_json):
        return
    shown = {name: value for name, value in found.items() if value not in (None, [], {}) and name != "webhook_secret"}
    rows = [(name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in shown.items()]
    console.print(table("How you are told" if user is None else f"How {user} is told", ("", ""), rows))
    if found.get("webhook_secret"):
        console.print(
            f"The webhook's signing secret, shown once: {found['webhook_secret']}", markup=False, soft_wrap=True
        )


def _quiet(text: str) -> dict[str, Any]:
    if text == "off":
        return {"quiet_hours_enabled": False}
    start, found, end = text.partition("-")
    if not found:
        fail(f"'{text}' is no stretch of time; 22:00-07:00 is, and off.")
    return {"quiet_hours_enabled": True, "quiet_hours_start": start.strip(), "quiet_hours_end": end.strip()}
