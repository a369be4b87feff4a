"""API Gateway (HTTP API) on 127.0.0.1: route, check the token, call the function, answer.

What AWS answers by itself is answered here with the same status and body: 401, 404, 413, 500 and 503. Paths
beginning with ``/_`` are this machine's own (S3 uploads, the outbox) and do not exist on AWS.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn

from local.cors import CorsPolicy
from local.functions import Outcome
from local.http_message import Receive, Request, Response, Scope, Send, TooLarge, read_request, send_response
from local.identity import TokenRefused
from local.proxy_event import match_route, to_event, to_response
from local.template import Route

if TYPE_CHECKING:
    from local.aws import LocalAws

log = logging.getLogger(__name__)

MEGABYTE = 1 << 20
BODY_LIMIT = 10 * MEGABYTE  # API Gateway's
PAYLOAD_LIMIT = 6 * MEGABYTE  # Lambda's, for the event and for the answer
LOCAL_LIMIT = 1024 * MEGABYTE  # an upload held in memory
TIMEOUT_SECONDS = 30.0  # API Gateway gives up on a function after this
WORKERS = 16
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")

Invoke = Callable[[str, dict[str, Any]], Outcome]
Verify = Callable[[str], dict[str, Any]]
Endpoint = Callable[[Request], Response]


@dataclass
class Gateway:
    """The ASGI application. ``local`` maps path prefixes to this machine's own endpoints."""

    invoke: Invoke
    verify: Verify
    routes: Sequence[Route]
    cors: CorsPolicy = field(default_factory=CorsPolicy)
    local: Mapping[str, Endpoint] = field(default_factory=dict)
    timeout: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="gateway")

    def close(self) -> None:
        """End the worker threads, closing the event loops that handlers left in them."""
        together = threading.Barrier(WORKERS)
        for _ in range(WORKERS):
            self._workers.submit(_close_loop, together)
        self._workers.shutdown(wait=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of the server."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            request_id = uuid.uuid4().hex[:16]
            endpoint = self._endpoint(scope["path"])
            try:
                request = await read_request(scope, receive, LOCAL_LIMIT if endpoint else BODY_LIMIT)
            except TooLarge:
                response = Response.json(413, {"message": "Request Entity Too Large"})
            else:
                response = await self._answer(request, endpoint, request_id)
            response.headers.append(("apigw-requestid", request_id))
            await send_response(send, response, scope["method"])

    def _endpoint(self, path: str) -> Endpoint | None:
        return next((one for prefix, one in self.local.items() if path.startswith(prefix)), None)

    async def _answer(self, request: Request, endpoint: Endpoint | None, request_id: str) -> Response:
        preflight = self.cors.preflight(request)
        if preflight is not None:
            return preflight
        if endpoint is not None:
            response = await self._in_worker(None, _guarded, endpoint, request)
        else:
            response = await self._through_function(request, request_id)
        return self.cors.decorate(request, response)

    async def _through_function(self, request: Request, request_id: str) -> Response:
        found = match_route(self.routes, request.method, request.path)
        if found is None:
            return Response.json(404, {"message": "Not Found"})
        route, parameters = found
        claims: dict[str, Any] | None = None
        if not route.public:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            try:
                if scheme.lower() != "bearer":
                    raise TokenRefused("no bearer token")
                claims = self.verify(token.strip())
            except TokenRefused as refusal:
                reason = [("www-authenticate", f'Bearer error="invalid_token" error_description="{refusal}"')]
                return Response.json(401, {"message": "Unauthorized"}, reason)
        event = to_event(request, route, parameters, request_id, claims)
        if len(json.dumps(event)) > PAYLOAD_LIMIT:
            return Response.json(413, {"message": "Request Entity Too Large"})
        return await self._in_worker(self.timeout, self._call, route.function, event)

    async def _in_worker(self, timeout: float | None, work: Callable[..., Response], *arguments: Any) -> Response:
        running = asyncio.get_running_loop().run_in_executor(self._workers, work, *arguments)
        try:
            return await asyncio.wait_for(running, timeout)
        except TimeoutError:
            return Response.json(503, {"message": "Service Unavailable"})

    def _call(self, function: str, event: dict[str, Any]) -> Response:
        outcome = self.invoke(function, event)
        if outcome.failed or len(outcome.payload) > PAYLOAD_LIMIT:
            log.error("%s failed: %s", event["routeKey"], outcome.payload[:2000])
            return Response.json(500, {"message": "Internal Server Error"})
        try:
            return to_response(json.loads(outcome.payload))
        except (TypeError, ValueError):
            log.exception("%s answered what is no HTTP response", event["routeKey"])
            return Response.json(500, {"message": "Internal Server Error"})


class Server:
    """The gateway listening on 127.0.0.1 in a thread of its own."""

    def __init__(self, gateway: Gateway, listener: socket.socket) -> None:
        self._gateway = gateway
        self._socket = listener
        config = uvicorn.Config(gateway, log_level="warning", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="gateway", daemon=True
        )

    def start(self) -> None:
        """Serve; returns when requests are answered."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the gateway's server ended before it began to serve")
            time.sleep(0.01)

    def stop(self) -> None:
        """Finish what is being answered and end."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._gateway.close()
        self._socket.close()


def cors_policy(aws: LocalAws) -> CorsPolicy:
    """The policy of the stack's template, its parameters filled in."""

    def values(name: str) -> list[str]:
        return [value.strip() for value in aws.resolved.get(f"cors.{name}", "").split(",") if value.strip()]

    age = aws.template.cors().max_age
    return CorsPolicy(
        frozenset(values("origins")),
        tuple(values("methods")),
        tuple(values("headers")),
        int(age) if age is not None else None,
    )


def _guarded(endpoint: Endpoint, request: Request) -> Response:
    """Local endpoints ask for no token, so a page that rebinds a name to 127.0.0.1 must not reach them."""
    host = re.sub(r":\d+$", "", request.headers.get("host", ""))
    if host not in LOOPBACK_HOSTS:
        return Response.json(403, {"message": f"host {host!r} is not this machine"})
    try:
        return endpoint(request)
    except Exception:
        log.exception("%s %s", request.method, request.path)
        return Response.json(500, {"message": "Internal Server Error"})


def _close_loop(together: threading.Barrier) -> None:
    try:
        together.wait(timeout=2)
    except threading.BrokenBarrierError:
        return
    try:
        asyncio.get_event_loop().close()
    except RuntimeError:
        return


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
