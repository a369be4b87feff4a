"""Slack and webhooks against a real server on this machine: what is sent, what is refused, what is waited for."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from opscopilot.adapters import web
from opscopilot.adapters.web import Outbound, Slack, Webhook, signature
from opscopilot.kernel.addresses import is_public
from opscopilot.kernel.clock import FixedClock
from opscopilot.notifications.channels import DeliveryFailed, Message
from tests.integration.notifications.world import NOON, World, alert


@dataclass
class Receiver:
    """A server that remembers what it got and answers as told."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False
    got: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def url(self, path: str = "/hook", scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append({"path": self.path, "headers": dict(self.headers), "body": body})
            if receiver.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not receiver.released.wait(0.02):
                    try:
                        self.wfile.write(b"x")
                    except OSError:
                        return
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from _serve(None)


def _serve(context: ssl.SSLContext | None) -> Iterator[Receiver]:
    made = Receiver()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(made)) as server:
        server.daemon_threads = False
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of hooks.example and the server's context that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def message(to: str, **given: Any) -> Message:
    base: dict[str, Any] = {"id": uuid4(), "to": to, "subject": "[HIGH] x", "text": "t", "data": {"title": "ü", "n": 1}}
    return Message(**{**base, **given})


def local(**given: Any) -> Outbound:
    return Outbound(allow_loopback=True, **{"timeout_s": 2.0, **given})


def failure(action: Callable[[], object]) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as found:
        action()
    return found.value


def test_a_webhook_is_signed_and_carries_an_idempotency_key(receiver: Receiver) -> None:
    sent = message(receiver.url("/hook?x=1"), secret="s3cret")
    assert Webhook(local(), FixedClock(NOON)).send(sent).delivered
    (got,) = receiver.got
    assert got["path"] == "/hook?x=1"
    assert json.loads(got["body"]) == {"title": "ü", "n": 1}
    assert got["headers"]["Idempotency-Key"] == str(sent.id)
    assert got["headers"]["Host"] == f"127.0.0.1:{receiver.port}"
    stamp, _, mac = got["headers"]["X-OpsCopilot-Signature"].partition(",v1=")
    moment = int(NOON.timestamp())
    assert stamp == f"t={moment}"
    assert mac == hmac.new(b"s3cret", f"{moment}.".encode() + got["body"], hashlib.sha256).hexdigest()
    assert signature("other", moment, got["body"]) != got["headers"]["X-OpsCopilot-Signature"]


def test_p64_slack_text_cannot_mention_or_hide_links(receiver: Receiver) -> None:
    Slack(local()).send(message(receiver.url(), text="<!channel> <https://evil.example|harmless> a & b"))
    body = json.loads(receiver.got[0]["body"])
    assert body["blocks"][1]["text"]["text"] == "&lt;!channel&gt; &lt;https://evil.example|harmless&gt; a &amp; b"


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(500, True), (503, True), (429, True), (408, True), (400, False), (404, False), (410, False),
     (301, False), (307, False)],
)  # fmt: skip
def test_answers_decide_about_a_retry(receiver: Receiver, status: int, retryable: bool) -> None:
    receiver.status = status
    receiver.headers = {"Retry-After": "90", "Location": "http://127.0.0.1:1/elsewhere"}
    error = failure(lambda: local().post(receiver.url("/secret-path"), b"{}", {}))
    assert error.retryable is retryable
    assert "secret-path" not in error.detail
    assert len(receiver.got) == 1, "a redirect is not followed"
    if status == 429:
        assert error.retry_after_s == 90


def test_a_receiver_that_drips_is_cut_off(receiver: Receiver) -> None:
    receiver.drips = True
    error = failure(lambda: local(timeout_s=0.3).post(receiver.url(), b"{}", {}))
    assert error.retryable
    assert "0.3 s" in error.detail


def test_nobody_listening_is_retryable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert failure(lambda: local().post(f"http://127.0.0.1:{port}/", b"{}", {})).retryable


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1",
    "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a00:1::", "2001:0:a00:1::",
    "::7f00:1", "x",
])  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
    out = Outbound(resolver=lambda _host, _port: [address])
    if address != "x":
        error = failure(lambda: out.post("https://hooks.example/", b"{}", {}))
        assert not error.retryable
        assert "not a public https address" in error.detail


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)
    assert ipaddress.ip_address(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    out = Outbound(resolver=lambda _host, _port: ["93.184.216.34", "10.0.0.1"])
    assert not failure(lambda: out.post("https://hooks.example/", b"{}", {})).retryable


@pytest.mark.parametrize("url", [
    "http://hooks.example/", "ftp://hooks.example/", "file:///etc/passwd", "https://", "https://u:p@hooks.example/",
    "https://hooks.example/a b", "https://hooks.example/\r\nX: y", "https://hooks.example:999999/", "gopher://x", "",
    "https://höhle.example/",
])  # fmt: skip
def test_urls_that_are_not_called(url: str) -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        raise AssertionError("not even looked up")

    assert not failure(lambda: Outbound(resolver=resolver).post(url, b"{}", {})).retryable


def test_loopback_is_for_the_local_stage_and_http_for_loopback_only(receiver: Receiver) -> None:
    assert not failure(lambda: Outbound().post(receiver.url(), b"{}", {})).retryable
    assert not failure(lambda: Outbound().post(receiver.url(scheme="https"), b"{}", {})).retryable
    public = local(resolver=lambda _host, _port: ["93.184.216.34"])
    assert "https" in failure(lambda: public.post("http://hooks.example/", b"{}", {})).detail
    assert receiver.got == []


def test_the_name_is_looked_up_once_and_the_checked_address_is_called(receiver: Receiver) -> None:
    """DNS rebinding: a second look-up would give another address."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    local(resolver=lambda _host, _port: next(answers)).post(receiver.url(host="hooks.example"), b"{}", {})
    assert receiver.got[0]["headers"]["Host"] == f"hooks.example:{receiver.port}"
    assert next(answers) == ["10.0.0.1"]


def test_tls_is_verified_against_the_name(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    public, context = certificate
    here = local(resolver=lambda _host, _port: ["127.0.0.1"])
    for receiver in _serve(context):
        url = receiver.url(scheme="https", host="hooks.example")
        error = failure(lambda url=url: here.post(url, b"{}", {}))  # type: ignore[misc]
        assert "does not verify" in error.detail
        monkeypatch.setattr(web, "_tls", lambda: ssl.create_default_context(cafile=str(public)))
        here.post(url, b"{}", {})
        other = receiver.url(scheme="https", host="other.example")
        assert "does not verify" in failure(lambda url=other: here.post(url, b"{}", {})).detail  # type: ignore[misc]
        assert len(receiver.got) == 1


def test_an_alert_reaches_a_webhook_and_is_delivered(world: World, receiver: Receiver) -> None:
    tenant = world.tenant()
    world.person(
        tenant, mail=None, enabled_channels=["webhook", "slack"], webhook_url=receiver.url(), webhook_secret="s",
        slack_webhook=receiver.url("/slack"),
    )  # fmt: skip
    out = local()
    channels: dict[str, Any] = world.service.sender.channels  # type: ignore[assignment]
    channels |= {"webhook": Webhook(out, world.clock), "slack": Slack(out)}
    event = alert(tenant)
    assert world.handle(event) == {"opened": 1, "delivered": 2}
    hook = next(json.loads(one["body"]) for one in receiver.got if one["path"] == "/hook")
    assert (hook["alert_id"], hook["severity"]) == (str(event.alert_id), "high")
    rows = world.rows(tenant)
    assert {row["status"] for row in rows} == {"delivered"}
    assert hook["notification_id"] in {str(row["id"]) for row in rows}
