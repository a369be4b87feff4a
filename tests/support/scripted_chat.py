"""A model server for tests: real HTTP on the loopback, the Chat Completions wire format, answers from a script.

Each request takes the next step; a request beyond the script is answered 500 with what was wrong. A step may be a
function of the request, so that it can use what the tools returned, as a model does.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ids = itertools.count(1)


@dataclass(frozen=True)
class Reply:
    """What goes over the wire. `after` is how much of the body is sent: everything, half and then silence, nothing
    at all, or byte by byte for ever."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: str = "whole"


Step = Reply | Callable[[dict[str, Any]], Reply]


def completion(message: dict[str, Any], finish: str = "stop", tokens: tuple[int, int] = (100, 10)) -> Reply:
    """A chat completion with one choice."""
    body = {
        "id": f"chatcmpl-{next(_ids)}", "object": "chat.completion", "created": 1_760_000_000, "model": "scripted-1",
        "choices": [{"index": 0, "finish_reason": finish, "logprobs": None,
                     "message": {"role": "assistant", "refusal": None, "content": None, **message}}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
    }  # fmt: skip
    return Reply(json.dumps(body).encode(), headers={"content-type": "application/json"})


def say(text: str, **options: Any) -> Reply:
    """The model answers in words."""
    return completion({"content": text}, **options)


def call(*calls: tuple[str, dict[str, Any] | str]) -> Reply:
    """The model asks for tools: (name, arguments); arguments given as text go out as they are."""
    asked = [
        {"id": f"call_{next(_ids)}", "type": "function",
         "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)}}
        for name, args in calls
    ]  # fmt: skip
    return completion({"tool_calls": asked}, finish="tool_calls")


def refuse(text: str = "I cannot help with that.") -> Reply:
    """The model declines in the format's own way."""
    return completion({"refusal": text})


def cut_off(text: str) -> Reply:
    """The model ran into its output limit."""
    return completion({"content": text}, finish="length")


def error(status: int, message: str = "scripted", **headers: str) -> Reply:
    """An error object, as the service sends it."""
    body = json.dumps({"error": {"message": message, "type": "scripted", "param": None, "code": None}}).encode()
    return Reply(body, status, {"content-type": "application/json", **headers})


def raw(body: str) -> Reply:
    """200 with any body under the JSON content type."""
    return Reply(body.encode(), headers={"content-type": "application/json"})


def silence() -> Reply:
    """The request is taken and never answered."""
    return Reply(b"", after="nothing")


def half() -> Reply:
    """The connection ends in the middle of the body."""
    return Reply(say("There are 5 items.").body, after="half")


def drip() -> Reply:
    """One blank every moment, for ever: no pause is long enough for a socket's timeout."""
    return Reply(b" ", after="drip")


def tool_results(request: dict[str, Any]) -> list[dict[str, Any]]:
    """What the tools returned so far, as the model gets it."""
    return [json.loads(one["content"]) for one in request["messages"] if one["role"] == "tool"]


@dataclass
class ScriptedChat:
    """The server's address and what it was asked."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def next_reply(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Take the next step for this request."""
        if path != "/v1/chat/completions":
            return error(404, f"no such path {path}")
        request = json.loads(body)
        self.requests.append(request)
        self.headers.append(headers)
        if not self.steps:
            return error(500, "the script has ended")
        step = self.steps.pop(0)
        return step if isinstance(step, Reply) else step(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: ScriptedChat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.script.next_reply(self.path, headers, body)
        self.close_connection = reply.after != "whole"
        if reply.after == "nothing":
            self.script.closing.wait()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.after == "drip":
            self.end_headers()
            self._drip(reply.body)
            return
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.after == "half" else reply.body)

    def _drip(self, piece: bytes) -> None:
        try:
            while not self.script.closing.wait(0.005):
                self.wfile.write(piece)
        except OSError:
            return  # the client has had enough

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `requests`, not a log."""


@contextmanager
def scripted_chat(*steps: Step) -> Iterator[ScriptedChat]:
    """A server that answers with `steps`, one per request."""
    script = ScriptedChat("", steps=list(steps))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": script}))
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
