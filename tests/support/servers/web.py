"""A real HTTP server whose answers a test decides, one request after the other."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass(frozen=True)
class Reply:
    """What it gets. `raw` stands instead of JSON; `cut` sends so many bytes of it only and closes the connection;
    `drip_s` pauses between single bytes."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int | None = None
    drip_s: float = 0.0


Answer = Callable[[Request], Reply]


@dataclass
class Server:
    """`answer` decides; what is in `faults` comes first, one per request (None lets that request through)."""

    answer: Answer
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    faults: deque[Reply | None] = field(default_factory=deque)

    def reply(self, request: Request) -> Reply:
        """The answer to one request."""
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else None
        return fault if fault is not None else self.answer(request)


@contextmanager
def serve(answer: Answer) -> Iterator[Server]:
    """A server on a free port of 127.0.0.1."""
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet: in two, each exchange waits 40 ms for an ACK

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length) if length else b""
            try:
                body = json.loads(text) if text else None
            except ValueError:
                body = {name: values[0] for name, values in parse_qs(text.decode()).items()}
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            _send(self, server.reply(Request(self.command, parts.path, query, headers, body)))

        do_GET = do_POST = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{web.server_address[1]}"
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    body = reply.raw if reply.raw is not None else json.dumps(reply.data).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}
    try:
        handler.send_response(reply.status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        sent = body if reply.cut is None else body[: reply.cut]
        if reply.drip_s:
            for one in sent:
                handler.wfile.write(bytes([one]))
                handler.wfile.flush()
                time.sleep(reply.drip_s)  # what this server is for
        else:
            handler.wfile.write(sent)
        handler.wfile.flush()
    except OSError:
        handler.close_connection = True
        return
    if reply.cut is not None:
        handler.close_connection = True
