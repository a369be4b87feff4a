"""The outermost layer: correlation id, security headers, one log line per request, no exception gets past."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opscopilot.kernel.ids import uuid7
from opscopilot.web.problems import from_exception, respond

log = logging.getLogger("opscopilot.http")
CORRELATION = "x-correlation-id"
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def correlation_id(given: str | None) -> str:
    """The caller's id if it looks like a UUID (anything else could smuggle text into logs), else a new one."""
    if given and _UUID.fullmatch(given.strip()):
        return given.strip().lower()
    return str(uuid7())


class Envelope:
    """Pure ASGI, because a BaseHTTPMiddleware would run the app in another task and break sync dependencies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.correlation_id = correlation_id(request.headers.get(CORRELATION))
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request.state.correlation_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            meant = from_exception(error)
            if meant.status >= 500:
                log.exception("request failed", extra={"correlation_id": request.state.correlation_id})
            if status:
                raise  # the answer has begun; cutting it off is all that is left
            await respond(request, meant)(scope, receive, send_with_headers)
        _log(request, status, started)


def _add_headers(message: Message, correlation: str) -> None:
    headers: list[Any] = list(message.get("headers", []))
    present = {name for name, _ in headers}
    for name, value in (*SECURITY_HEADERS.items(), (CORRELATION, correlation)):
        if name.encode() not in present:
            headers.append((name.encode(), value.encode()))
    message["headers"] = headers


def _log(request: Request, status: int, started: float) -> None:
    """Method, route, status, time and who. Never the path as it came, the query string or a body: they are the
    customer's data, and a one-time link's path is a right to act. `request_id` is the gateway's."""
    who = getattr(request.state, "principal", None)
    route = getattr(request.scope.get("route"), "path", "-")
    log.info(
        "%s %s %s", request.method, route, status,
        extra={
            "correlation_id": request.state.correlation_id, "route": route, "status": status,
            "request_id": request.scope.get("aws.event", {}).get("requestContext", {}).get("requestId"),
            "ms": round(1000 * (time.perf_counter() - started), 1),
            "tenant_id": str(who.tenant_id) if who else None, "user_id": who.user_id if who else None,
        },
    )  # fmt: skip


async def raw_body(request: Request) -> bytes:
    """The body as it came, for documents that are kept byte for byte (a parsed number is not what was sent)."""
    return await request.body()
