"""Requests and responses between the gateway's server and what answers them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class TooLarge(Exception):
    """The body is larger than the receiver takes."""


@dataclass(frozen=True)
class Request:
    """One HTTP request with its body read. ``path`` is as sent, percent-encoding and all."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    cookies: list[str]
    body: bytes
    client: str


@dataclass(frozen=True)
class Response:
    """One HTTP response. Headers are pairs because set-cookie may repeat."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def json(cls, status: int, content: Any, headers: list[tuple[str, str]] | None = None) -> Response:
        """A response with a JSON body."""
        body = json.dumps(content).encode()
        return cls(status, body, [("content-type", "application/json"), *(headers or [])])


async def read_request(scope: Scope, receive: Receive, limit: int) -> Request:
    """Read the request whole; TooLarge as soon as its body passes ``limit`` bytes."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";")]
        else:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    if int(headers.get("content-length", "0") or 0) > limit:
        raise TooLarge
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        more = message.get("more_body", False)
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1").split("?")[0],
        scope["query_string"].decode("latin-1"),
        headers,
        cookies,
        b"".join(chunks),
        (scope.get("client") or ("127.0.0.1", 0))[0],
    )


async def send_response(send: Send, response: Response, method: str) -> None:
    """Write the response; HEAD gets the headers of a GET and no body."""
    kept = [
        (name.lower(), value)
        for name, value in response.headers
        if name.lower() not in ("content-length", "transfer-encoding", "connection")
    ]
    kept.append(("content-length", str(len(response.body))))
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept],
        }
    )
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})
