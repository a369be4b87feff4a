"""Chat Completions through the `openai` package: OpenAI's own service or any that speaks its format.

The package costs half a second to import and is loaded with the first question that needs it. Nothing is tried
twice here: the offline router is a better second attempt than waiting.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from pydantic import BaseModel, ValidationError

from opscopilot.copilot.chat import ChatFailed, ChatMessage, ChatReply, Reason, ToolCall, ToolSpec
from opscopilot.kernel.settings import CopilotSettings

log = logging.getLogger(__name__)
OPENAI_URL = "https://api.openai.com/v1"
MAX_OUTPUT_TOKENS = 4000  # a reasoning model thinks out of the same purse
MAX_BODY_BYTES = 1_000_000
_CONNECT_S = 3.0
_LOCAL_PREFIX = "env:"
_IMPATIENT = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})


class _Function(BaseModel):
    name: str
    arguments: str = ""


class _Call(BaseModel):
    id: str
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    """What we need of the wire format. The package itself builds its objects without checking them."""

    choices: list[_Choice]
    usage: _Usage | None = None


def from_settings(settings: CopilotSettings) -> OpenAiChat | None:
    """The configured model, or None when no key is configured: then everything is answered offline.

    OPENAI_API_KEY_SECRET is the name or ARN of a secret in Secrets Manager, holding the key as plain text or as
    JSON with the member `api_key`. Where STAGE is `local` it may be `env:NAME`: the key is in that variable.
    """
    reference = settings.openai_api_key_secret
    if not reference:
        return None
    if reference.startswith(_LOCAL_PREFIX):
        return OpenAiChat(_from_environment(settings, reference), settings.openai_base_url, settings.openai_model)

    def read() -> str:
        client = boto3.client("secretsmanager", region_name=settings.aws_region, config=_IMPATIENT)
        return secret_text(client.get_secret_value(SecretId=reference)["SecretString"])

    return OpenAiChat(read, settings.openai_base_url, settings.openai_model)


def _from_environment(settings: CopilotSettings, reference: str) -> Callable[[], str]:
    name = reference.removeprefix(_LOCAL_PREFIX)
    if settings.stage != "local":
        raise ValueError("OPENAI_API_KEY_SECRET may be 'env:NAME' where STAGE is 'local' only; give a secret's ARN")
    key = os.environ.get(name)
    if not key:
        raise ValueError(f"OPENAI_API_KEY_SECRET says '{reference}', but the variable {name} is not set")
    return lambda: key


def secret_text(secret: str) -> str:
    """The key in a secret's text; ValueError when it is JSON without `api_key`."""
    text = secret.strip()
    if not text.startswith("{"):
        return text
    found = json.loads(text).get("api_key")
    if not isinstance(found, str) or not found:
        raise ValueError("the secret of the model's API key is JSON without a text in 'api_key'")
    return found


class OpenAiChat:
    """A ChatModel over Chat Completions. Safe to share between threads."""

    def __init__(
        self, key: Callable[[], str], base_url: str | None, model: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = key
        self._base_url = base_url or OPENAI_URL
        self._model = model
        self._monotonic = monotonic
        self._client: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The configured model."""
        return self._model

    def close(self) -> None:
        """Close the connections and forget the key; the next question reads it again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def complete(
        self, messages: list[ChatMessage], tools: list[ToolSpec], *, may_call: bool, timeout_s: float
    ) -> ChatReply:
        """One request. Whatever goes wrong becomes a ChatFailed: a model must not be able to break a turn."""
        deadline = self._monotonic() + timeout_s
        try:
            body = self._post(_request(self._model, messages, tools, may_call), timeout_s, deadline)
        except ChatFailed:
            raise
        except ImportError as error:
            raise ChatFailed("unreachable", f"not installed: {error.name}") from error
        except Exception as error:
            raise self._failure(error) from error
        return read_reply(body)

    def _post(self, request: dict[str, Any], timeout_s: float, deadline: float) -> bytes:
        """The answer's body. Read piece by piece: a server that drips never runs into a socket's timeout."""
        import httpx2

        limit = httpx2.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s))
        create = self._connected().chat.completions.with_streaming_response.create
        body = bytearray()
        with create(**request, timeout=limit) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if self._monotonic() > deadline:
                    raise ChatFailed("timeout", "the answer was still coming in")
                if len(body) > MAX_BODY_BYTES:
                    raise ChatFailed("malformed", f"the answer is longer than {MAX_BODY_BYTES} bytes")
        return bytes(body)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                from openai import OpenAI

                self._client = OpenAI(api_key=self._key(), base_url=self._base_url, max_retries=0)
            return self._client

    def _failure(self, error: Exception) -> ChatFailed:
        import openai

        status = error.status_code if isinstance(error, openai.APIStatusError) else None
        reason: Reason
        if isinstance(error, openai.APITimeoutError):
            reason = "timeout"
        elif isinstance(error, openai.APIConnectionError):
            reason = "unreachable"
        elif status is not None:
            reason = "rate_limited" if status == 429 else "server_error" if status >= 500 else "rejected"
        else:
            reason = _transport_reason(error)
        if status in (401, 403):
            self.close()  # the key may have been rotated
        return ChatFailed(reason, f"{type(error).__name__} {status or ''}".strip())


def _transport_reason(error: Exception) -> Reason:
    """Failures while the body comes in, and of reading the key, which the package does not wrap."""
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return "timeout"
    if not isinstance(error, httpx2.TransportError):
        log.error("the model's client failed", exc_info=error)
    return "unreachable"


def _request(model: str, messages: list[ChatMessage], tools: list[ToolSpec], may_call: bool) -> dict[str, Any]:
    functions = [
        {"name": one.name, "description": one.description, "parameters": one.parameters, "strict": True}
        for one in tools
    ]
    return {
        "model": model,
        "messages": [_message(one) for one in messages],
        "tools": [{"type": "function", "function": one} for one in functions],
        "tool_choice": "auto" if may_call else "none",
        "max_completion_tokens": MAX_OUTPUT_TOKENS,
    }


def _message(one: ChatMessage) -> dict[str, Any]:
    out: dict[str, Any] = {"role": one.role, "content": one.content}
    if one.tool_calls:
        out["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in one.tool_calls
        ]
    if one.tool_call_id is not None:
        out["tool_call_id"] = one.tool_call_id
    return out


def read_reply(body: bytes) -> ChatReply:
    """A completion's body as a reply; ChatFailed when it is not one, was cut off, or is a refusal."""
    try:
        found = _Completion.model_validate_json(body)
    except ValidationError as error:
        raise ChatFailed("malformed", f"{error.error_count()} errors in the body") from error
    if not found.choices:
        raise ChatFailed("malformed", "no choice in the body")
    choice, usage = found.choices[0], found.usage or _Usage()
    spent_in, spent_out = usage.prompt_tokens, usage.completion_tokens
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ChatFailed("refused", tokens_in=spent_in, tokens_out=spent_out)
    if choice.finish_reason == "length":
        raise ChatFailed("truncated", tokens_in=spent_in, tokens_out=spent_out)
    calls = tuple(
        ToolCall(id=one.id, name=one.function.name, arguments=one.function.arguments)
        for one in choice.message.tool_calls or ()
    )
    return ChatReply(text=choice.message.content or "", tool_calls=calls, tokens_in=spent_in, tokens_out=spent_out)
