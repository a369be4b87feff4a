"""The tool registry."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from opscopilot.kernel.tools import Tool, ToolArgs, ToolContext, ToolRegistry, ToolResult, tool


class _Args(ToolArgs):
    sku: str | None = None


def _tool(name: str, *aliases: str) -> Tool:
    @tool(name, workspace="operations", description="d", args=_Args, aliases=aliases)
    def run(_context: ToolContext, _args: _Args) -> ToolResult:
        return ToolResult(status="ok")

    return run


def test_tools_are_found_by_name_and_alias_and_listed_in_order() -> None:
    registry = ToolRegistry()
    registry.add(_tool("get_forecasts", "get_forecast"), _tool("get_alerts"))
    assert registry.get("get_forecast") is registry.get("get_forecasts")
    assert registry.get("drop_tables") is None
    assert [one.name for one in registry.all()] == ["get_alerts", "get_forecasts"]


@pytest.mark.parametrize("second", [("a",), ("c", "a"), ("c", "b")], ids=["name", "alias of a name", "alias twice"])
def test_a_name_that_is_taken_is_a_programming_error(second: tuple[str, ...]) -> None:
    registry = ToolRegistry()
    registry.add(_tool("a", "b"))
    with pytest.raises(ValueError, match="twice"):
        registry.add(_tool(*second))


@pytest.mark.parametrize("name", ["tenant", "tenant_id", "role", "user_id"])
def test_p61_a_tool_takes_no_tenant_and_no_role_as_an_argument(name: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        _Args.model_validate({name: "other"})
