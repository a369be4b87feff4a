"""The port to a language model: what we say to one, what it may answer, and how it may fail.

A model chooses tools and puts their results into words. It is never the source of a figure: what it writes is
proven sentence by sentence, and every failure here has the offline router behind it.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

Reason = Literal[
    "unreachable", "timeout", "rate_limited", "server_error", "rejected", "malformed", "truncated", "refused", "budget",
    "no_lookup", "unproven",
]  # fmt: skip

_BECAUSE: dict[Reason, str] = {
    "unreachable": "it could not be reached",
    "timeout": "it did not answer in time",
    "rate_limited": "it is taking no more questions at the moment",
    "server_error": "it had a fault of its own",
    "rejected": "it did not accept the request",
    "malformed": "its answer could not be read",
    "truncated": "its answer was cut off",
    "refused": "it declined to answer",
    "budget": "it used up the steps or the time a question may take",
    "no_lookup": "it answered without looking anything up",
    "unproven": "none of its figures could be proven from the records",
}


class ChatFailed(Exception):
    """The model gave nothing that can be used. `detail` is for the log and holds neither key nor question; the tokens
    are those this very request was charged for."""

    def __init__(self, reason: Reason, detail: str = "", *, tokens_in: int = 0, tokens_out: int = 0) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.tokens_in = tokens_in
        self.tokens_out = tokens_out

    @property
    def said(self) -> str:
        """What the person is told."""
        return f"The language model was not used for this answer: {_BECAUSE[self.reason]}. The offline router answered."


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ToolCall(_Frozen):
    """A call the model asks for. `arguments` is its text as it came: JSON, or what it took for JSON."""

    id: str
    name: str
    arguments: str


class ChatMessage(_Frozen):
    """One message of the conversation with the model; `tool_call_id` says which call a tool message answers."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class ToolSpec(_Frozen):
    """A tool as the model sees it; `parameters` is a strict JSON Schema (see `tool_schema`)."""

    name: str
    description: str
    parameters: dict[str, Any]


class ChatReply(_Frozen):
    """Either calls or a text. Tokens are those of this one request."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0


class ChatModel(Protocol):
    """A model that can call tools."""

    @property
    def name(self) -> str:
        """The model's name, as telemetry keeps it."""
        ...

    def complete(
        self, messages: list[ChatMessage], tools: list[ToolSpec], *, may_call: bool, timeout_s: float
    ) -> ChatReply:
        """The next message. With `may_call` false the model must answer in words. ChatFailed, and nothing else, when
        there is none within `timeout_s` seconds."""
        ...
