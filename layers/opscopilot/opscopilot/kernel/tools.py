"""Tools: typed questions with typed, sourced answers. Declared once, served to the router, REST and models.

A tool never takes a tenant or a role: both come from the verified caller (P-61).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Tx
from opscopilot.kernel.tenancy import PlantSettings, Principal

Status = Literal["ok", "ambiguous", "not_found", "denied", "not_ingested", "stale"]


class Source(BaseModel):
    """Where a figure came from: a table and, where one row stands behind it, its file and row."""

    entity: str
    label: str
    rows: int | None = None
    file: str | None = None
    row: int | None = None
    job_id: str | None = None


class ToolArgs(BaseModel):
    """Base of every tool's arguments: unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class ToolResult(BaseModel):
    """What every tool returns. `data` is for machines; `facts` are the figures an answer may print."""

    status: Status
    data: Any = None
    units: dict[str, str] = {}
    as_of: datetime | date | None = None
    data_freshness: datetime | date | None = None
    assumptions: list[str] = []
    sources: list[Source] = []
    warnings: list[str] = []
    candidates: list[dict[str, Any]] = []
    did_you_mean: list[str] = []


@dataclass(frozen=True)
class ToolContext:
    """What a tool may use: the caller's transaction, the plant's settings, the clock."""

    tx: Tx
    principal: Principal
    plant: PlantSettings
    clock: Clock


@dataclass(frozen=True)
class Tool:
    """A registered tool."""

    name: str
    workspace: str
    description: str
    args: type[ToolArgs]
    run: Callable[[ToolContext, Any], ToolResult]
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass
class ToolRegistry:
    """The tools of one process, by name and alias. Filled by the composition root."""

    _tools: dict[str, Tool] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)

    def add(self, *tools: Tool) -> None:
        """Register tools; a name twice is a programming error."""
        for tool in tools:
            for name in (tool.name, *tool.aliases):
                if name in self._tools or name in self._aliases:
                    raise ValueError(f"tool '{name}' is registered twice")
            self._tools[tool.name] = tool
            self._aliases.update(dict.fromkeys(tool.aliases, tool.name))

    def get(self, name: str) -> Tool | None:
        """The tool of that name or alias, or None."""
        return self._tools.get(self._aliases.get(name, name))

    def all(self) -> list[Tool]:
        """Every tool, by name."""
        return [self._tools[name] for name in sorted(self._tools)]


def tool(
    name: str, *, workspace: str, description: str, args: type[ToolArgs], examples: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[[ToolContext, Any], ToolResult]], Tool]:  # fmt: skip
    """Declare a tool: `@tool("query_inventory", workspace="operations", …)` over a function of (context, args)."""

    def wrap(run: Callable[[ToolContext, Any], ToolResult]) -> Tool:
        return Tool(name, workspace, description, args, run, examples, aliases)

    return wrap
