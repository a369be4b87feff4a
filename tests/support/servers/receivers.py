"""Servers that take messages: they remember what they got and answer as they are told, over HTTP or HTTPS."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from opscopilot.adapters.channels import _web


@dataclass
class Receiver:
    """What one server got, and how it answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    drips: bool = False
    hangs_up_on: int | None = None  # closes the connection instead of answering its n-th request
    got: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    port: int = 0

    def url(self, path: str = "/hook", scheme: str = "http", host: str = "127.0.0.1") -> str:
        """An address of the server."""
        return f"{scheme}://{host}:{self.port}{path}"


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            receiver.connections += 1
            self.requests = 0
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.requests += 1
            receiver.got.append({"path": self.path, "headers": dict(self.headers), "body": body})
            if self.requests == receiver.hangs_up_on:
                self.close_connection = True
                return
            if receiver.drips:
                self._drip()
                return
            status, said = receiver.answers.pop(0) if receiver.answers else (receiver.status, receiver.body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **receiver.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def _drip(self) -> None:
            self.close_connection = True
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not receiver.released.wait(0.02):
                    self.wfile.write(b"x")
                    self.wfile.flush()
            except OSError:
                return

        def log_message(self, *_args: Any) -> None:
            return

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_args: Any) -> None:
        return


class _Server6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def receiving(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A server on this machine while the block runs."""
    made = Receiver()
    with (_Server6 if ":" in host else _Server)((host, 0), _handler(made)) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.released.set()
            server.shutdown()
            thread.join()


@contextmanager
def local_web(**given: Any) -> Iterator[_web.OutboundWeb]:
    """The channels' HTTP as on one machine; its connections do not outlive the block."""
    made = _web.OutboundWeb(**{"local": True, "timeout_s": 2.0, **given})
    try:
        yield made
    finally:
        made.close()


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate of `name`, signed by itself, and the server's context that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
