"""HTTP: ask, look at tools, look back at conversations."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from opscopilot.copilot import sessions
from opscopilot.copilot.model import Answer, Message, PlannedCall, QueryRequest, SessionSummary
from opscopilot.copilot.service import Copilot
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.pagination import DEFAULT_LIMIT, MAX_LIMIT, Page
from opscopilot.kernel.tools import Status, ToolResult
from opscopilot.web import CurrentCaller

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]


class ToolCard(BaseModel):
    """A tool as it may be called."""

    name: str
    aliases: list[str]
    workspace: str
    description: str
    examples: list[str]
    arguments: dict[str, Any] = Field(description="JSON Schema of the arguments.")


class ToolAnswer(BaseModel):
    """A tool's own result."""

    tool: str
    status: Status
    result: ToolResult
    ms: int


def router(copilot: Copilot) -> APIRouter:
    """The copilot's routes over one Copilot."""
    api = APIRouter(prefix="/copilot", tags=["copilot"])

    def ask(caller: CurrentCaller, request: QueryRequest) -> Answer:
        """Ask a question. Every figure in the answer carries the number of a citation; follow-ups keep the session."""
        return copilot.ask(caller.tools(), request)

    api.add_api_route("/query", ask, methods=["POST"], operation_id="copilot_query", summary="Ask the copilot")
    api.add_api_route("", ask, methods=["POST"], operation_id="copilot", summary="Ask the copilot (alias)")

    @api.get("/tools", summary="The tools and their arguments")
    def tools(_caller: CurrentCaller) -> list[ToolCard]:
        return [
            ToolCard(
                name=one.name, aliases=list(one.aliases), workspace=one.workspace, description=one.description,
                examples=list(one.examples), arguments=one.args.model_json_schema(),
            )
            for one in copilot.registry.all()
        ]  # fmt: skip

    @api.post("/tools/{name}", summary="Call a tool directly")
    def call(caller: CurrentCaller, name: str, arguments: Annotated[dict[str, Any], Body()]) -> ToolAnswer:
        if copilot.registry.get(name) is None:
            known = ", ".join(one.name for one in copilot.registry.all())
            raise NotFound(f"There is no tool '{name}'.", field="name", value=name, expected=f"one of: {known}")
        run = copilot.run(caller.tools(), PlannedCall(tool=name, args=arguments))
        if run.result is None:
            raise ValidationFailed(
                f"The tool '{name}' cannot use these arguments.", field="arguments", value=arguments,
                expected="the `arguments` schema that GET /api/v1/copilot/tools shows",
            )  # fmt: skip
        return ToolAnswer(tool=run.tool, status=run.result.status, result=run.result, ms=run.ms)

    _session_routes(api)
    return api


def _session_routes(api: APIRouter) -> None:
    @api.get("/sessions", summary="Your conversations, latest first")
    def list_sessions(
        caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[SessionSummary]:
        return sessions.sessions(caller.tx, caller.principal, limit, cursor)

    @api.get("/session/{session_id}/history", summary="What was said in a conversation")
    def history(
        caller: CurrentCaller, session_id: UUID, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[Message]:
        return sessions.history(caller.tx, caller.principal, session_id, limit, cursor)

    @api.delete("/session/{session_id}", status_code=204, summary="Delete a conversation")
    def delete(caller: CurrentCaller, session_id: UUID) -> None:
        sessions.delete(caller.tx, caller.principal, session_id)
