"""What goes in and out of a turn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opscopilot.kernel.tools import Source, ToolResult

Workspace = Literal["operations", "plantops", "fsq", "planning", "brand", "retail"]
Outcome = Literal["answer", "clarify", "not_found", "no_data", "denied", "refuse", "failed"]


class QueryRequest(BaseModel):
    """A question. Without a session a new one begins."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=2000, examples=["Which items are at or below their reorder point?"])
    session_id: UUID | None = None
    workspace: Workspace = "operations"


class PlannedCall(BaseModel):
    """A tool and its arguments, as the router or a model proposes them."""

    tool: str
    args: dict[str, Any] = {}


class ToolRun(BaseModel):
    """A tool call that was made. `n` is the number its citations carry."""

    n: int
    tool: str
    args: dict[str, Any]
    status: str
    ms: int
    result: ToolResult | None = Field(default=None, exclude=True)


class Citation(BaseModel):
    """What stands behind [n]: the tool, its arguments, as of when, and the rows and files it read."""

    n: int
    tool: str
    args: dict[str, Any]
    as_of: datetime | date | None
    data_freshness: datetime | date | None
    sources: list[Source]


class Answer(BaseModel):
    """A turn's outcome. Every figure in `answer` is in a cited tool result."""

    session_id: UUID
    message_id: UUID
    outcome: Outcome
    answer: str
    confidence: float = Field(description="0-100, computed (FORMULAS G1), never asked of a model.")
    citations: list[Citation]
    tool_calls: list[ToolRun]
    candidates: list[dict[str, Any]] = []
    did_you_mean: list[str] = []
    warnings: list[str] = []
    dropped_sentences: int = Field(default=0, description="Sentences left out because a figure had no proof.")
    suggestions: list[str] = Field(default=[], description="Questions that follow naturally.")
    language: str = "en"
    mode: Literal["offline", "model"] = "offline"
    model: str | None = Field(default=None, description="The language model asked, also when its answer was not used.")
    tokens_in: int = 0
    tokens_out: int = 0
    as_of: datetime | date | None = None
    latency_ms: int = 0


class Message(BaseModel):
    """A stored message of a conversation."""

    id: UUID
    turn: int
    role: str
    content: str
    confidence: float | None
    created_at: datetime


class SessionSummary(BaseModel):
    """A conversation in a list."""

    id: UUID
    title: str
    workspace: str
    turns: int
    last_at: datetime
