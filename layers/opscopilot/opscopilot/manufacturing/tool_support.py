"""What the tools of this context share: the day asked about, naming one thing, and the four kinds of nothing.

none: the records say there is none (`ok`, empty). not_found: no such thing. not_ingested: no file of that kind was
ever taken in, so nobody knows. denied: the role may not see it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pydantic import Field

from opscopilot.catalogue import lineage
from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Row
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.kernel.tools import ToolArgs, ToolContext, ToolResult
from opscopilot.manufacturing import entities, lookup

REGISTRY: Registry = entities.registry()
STALE_AFTER = timedelta(days=14)
"""Stock that was counted longer ago than this is reported as stale."""


class DayArgs(ToolArgs):
    """Arguments every tool takes."""

    as_of: date | None = Field(default=None, description="The plant's day to answer for; default today.")
    limit: int = Field(default=20, ge=1, le=100, description="Rows to return; totals are over everything.")


def plant_on(context: ToolContext, day: date | None) -> PlantSettings:
    """The plant as of that day."""
    return context.plant if day is None else context.plant.model_copy(update={"as_of": day})


def not_ingested(context: ToolContext, *names: str) -> ToolResult | None:
    """The answer when no file of one of these entities was ever taken in; None when there were files of all."""
    missing = [REGISTRY[name] for name in names if not lineage.ever_loaded(context.tx, REGISTRY[name])]
    if not missing:
        return None
    titles = ", ".join(one.title.lower() for one in missing)
    return ToolResult(
        status="not_ingested", as_of=context.plant.today(context.clock),
        data={"missing": [one.name for one in missing]},
        warnings=[f"No file with {titles} was ever loaded: that is unknown, not zero. Drop one to change that."],
    )  # fmt: skip


def unclear(context: ToolContext, kind: lookup.Kind, text: str, match: lookup.Match) -> ToolResult:
    """The answer when `text` names several things, or none."""
    today = context.plant.today(context.clock)
    if match.status == "ambiguous":
        shown = [_candidate(kind, row) for row in match.candidates]
        more = [f"{match.total} fit; the first {len(shown)} are listed."] if match.total > len(shown) else []
        data = {"asked": text, "matches": match.total}
        return ToolResult(status="ambiguous", as_of=today, candidates=shown, data=data, warnings=more)
    return ToolResult(status="not_found", as_of=today, data={"asked": text}, did_you_mean=match.did_you_mean)


def _candidate(kind: lookup.Kind, row: Row) -> dict[str, Any]:
    if kind == "sku":
        return {"sku_code": row["sku_code"], "product_name": row["description"], "uom": row["base_uom"]}
    code, name = {
        "warehouse": ("code", "name"), "customer": ("customer_code", "name"), "supplier": ("supplier_code", "name"),
    }[kind]  # fmt: skip
    return {code: row[code], name: row[name]}


def read_as(text: str, code: str, name: str) -> list[str]:
    """What to say when a name, not a code, was given."""
    return [] if text.strip().upper() == code.upper() else [f"'{text}' was read as {code} ({name})."]


def one_of(values: list[str], otherwise: str) -> str:
    """The single value, or a text that says where to look."""
    return values[0] if len(set(values)) == 1 else otherwise
