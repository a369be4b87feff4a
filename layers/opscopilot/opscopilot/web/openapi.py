"""The API's description of itself: one text at the top, tags in reading order, the problem schema."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from opscopilot.web.problems import Problem

DESCRIPTION = """\
Stock, orders, production, forecasts, alerts and a copilot for manufacturers, fed by the files a plant already has.

* Every call needs `Authorization: Bearer <JWT>`; the tenant is the one in the token and nothing else can name it.
* Quantities and amounts are decimal **strings**, always with their unit or currency beside them. Different units
  and different currencies are never added to each other.
* "Today" is the plant's own production day, or the day the plant is frozen at (`as_of`); answers state it.
* Lists are paged by key: send `next_cursor` back as `cursor`. `total` counts everything that matches the filter.
* Errors are RFC 9457 problems. `x-correlation-id` (a UUID, yours or ours) is on every answer: quote it.
* A parameter or body field that does not exist is refused, because a misspelt filter would answer for everything.
"""
TAGS: tuple[tuple[str, str], ...] = (
    ("ingest", "Bring files and records in."), ("jobs", "What became of every file, row by row."),
    ("inventory", "Stock as of the plant's day."), ("orders", "Customer orders."), ("suppliers", "Suppliers."),
    ("production", "Work orders and scrap."), ("recipes", "Bills of materials."),
    ("forecast", "Demand forecasts and stock-out risks."), ("alerts", "What needs attention."),
    ("planning", "What planners decide: versions, overrides, safety stocks, projections."),
    ("quality", "Does the data make sense?"), ("copilot", "Questions in plain words, answers with sources."),
    ("notify", "Who is told, how, and what was delivered."),
    ("entities", "Every record, by entity; the data dictionary."), ("connectors", "How a source's files are read."),
    ("lineage", "From a figure to the line of the file it came from."),
    ("epcis", "What happened to lots: the capture interface of EPCIS 2.0."),
    ("tenants", "The plant and its settings."), ("users", "People."), ("health", "Is it up?"),
)  # fmt: skip


def describe(app: FastAPI) -> None:
    """Let `app` describe itself; made once, at the first request for it."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes,
                tags=[{"name": name, "description": text} for name, text in TAGS],
            )  # fmt: skip
            schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]
