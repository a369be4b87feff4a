"""Slack and webhooks: HTTP POST to addresses that users typed in, so nothing of ours may be reachable through it.

https only; the name is resolved once, every address it has must be public, and the connection goes to the
address that was checked (a second look-up could give another: DNS rebinding). Redirects are not followed. Where
STAGE is `local`, loopback is allowed, over http too, so that a newcomer can see webhooks arrive.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from opscopilot.kernel.addresses import Resolve, is_public, resolve
from opscopilot.kernel.clock import Clock
from opscopilot.notifications.channels import DeliveryFailed, Message, Receipt

TIMEOUT_S = 5.0
_AGAIN_LATER = frozenset({408, 425, 429})


@lru_cache
def _tls() -> ssl.SSLContext:
    """Loading the certificate authorities takes tens of milliseconds: once per process."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Outbound:
    """POSTs JSON to the outside world under the rules above."""

    allow_loopback: bool = False
    timeout_s: float = TIMEOUT_S
    resolver: Resolve = field(default=resolve)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        """Deliver `body`; DeliveryFailed unless the answer is 2xx. Errors name the host, never the path: it may
        be a secret."""
        parts, port = self._checked_url(url)
        host = parts.hostname or ""
        address = self._checked_address(host, port, secure=parts.scheme == "https")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = _Pinned(host, port, address, secure=parts.scheme == "https", timeout_s=self.timeout_s)
        try:
            status, retry_after = connection.exchange(target, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise DeliveryFailed(f"{host} shows a certificate that does not verify.", retryable=False) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            detail = f"{host} did not answer within {self.timeout_s:g} s ({type(error).__name__})."
            raise DeliveryFailed(detail, retryable=True) from error
        _judge(host, status, retry_after)

    def _checked_url(self, url: str) -> tuple[SplitResult, int]:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise DeliveryFailed("The address is not a URL.", retryable=False) from None
        if not parts.hostname or parts.username is not None or any(ord(c) <= 32 or ord(c) > 126 for c in url):
            raise DeliveryFailed("The address is not a plain https URL.", retryable=False)
        if parts.scheme != "https" and not (parts.scheme == "http" and self.allow_loopback):
            raise DeliveryFailed("Only https addresses are called.", retryable=False)
        return parts, port

    def _checked_address(self, host: str, port: int, *, secure: bool) -> str:
        try:
            addresses = self.resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise DeliveryFailed(f"The name {host} cannot be resolved.", retryable=True) from error
        for address in addresses:
            local = self.allow_loopback and ipaddress.ip_address(address).is_loopback
            if not local and not (secure and is_public(address)):
                raise DeliveryFailed(f"{host} is not a public https address; it is not called.", retryable=False)
        if not addresses:
            raise DeliveryFailed(f"The name {host} has no address.", retryable=True)
        return addresses[0]


def _judge(host: str, status: int, retry_after: str | None) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryFailed(f"{host} redirects ({status}); redirects are not followed.", retryable=False)
    wish = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
    retryable = status >= 500 or status in _AGAIN_LATER
    raise DeliveryFailed(f"{host} answered {status}.", retryable=retryable, retry_after_s=wish)


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked address that still speaks TLS and HTTP to the name."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self.default_port = 443 if secure else 80
        self._address = address
        self._secure = secure
        self._limit_s = timeout_s
        self._expired = False

    def connect(self) -> None:
        """Connect to the checked address; a proxy from the environment is not used."""
        self.sock = socket.create_connection((self._address, self.port), self._limit_s)
        if self._expired:
            raise TimeoutError("connecting took the whole time")
        if self._secure:
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host)

    def exchange(self, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, str | None]:
        """POST and return the status and Retry-After. The whole exchange is cut off after the time limit: a
        receiver that drips one byte a second would never run into a socket timeout."""
        watchdog = threading.Timer(self._limit_s, self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            self.request("POST", target, body, headers)
            with self.getresponse() as answer:
                if self._expired:  # cut-off headers look like headers that ended
                    raise TimeoutError("answering took the whole time")
                return answer.status, answer.headers.get("Retry-After")  # the body says nothing we need
        finally:
            watchdog.cancel()
            self.close()

    def _cut(self) -> None:
        self._expired = True
        sock: socket.socket | None = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of "<t>.<body>". The receiver computes the same, compares in
    constant time, and refuses a `t` more than five minutes old, so that a recorded call cannot be replayed."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


@dataclass(frozen=True)
class Webhook:
    """The channel `webhook`: the alert as JSON, signed with the user's own secret."""

    out: Outbound
    clock: Clock

    def send(self, message: Message) -> Receipt:
        """POST it. A 2xx answer means the receiver has it, so the notification is delivered."""
        body = json.dumps(message.data, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "OpsCopilot-Webhook/1",
            "Idempotency-Key": str(message.id),
        }
        if message.secret:
            now = int(self.clock.now().timestamp())
            headers["X-OpsCopilot-Signature"] = signature(message.secret, now, body)
        self.out.post(message.to, body, headers)
        return Receipt(delivered=True)


@dataclass(frozen=True)
class Slack:
    """The channel `slack`: an incoming webhook."""

    out: Outbound

    def send(self, message: Message) -> Receipt:
        """POST a header and the text as blocks; `text` is what a phone shows."""
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": {"type": "plain_text", "text": message.subject[:150]}},
            {"type": "section", "text": {"type": "mrkdwn", "text": _escape(message.text)[:3000]}},
        ]
        body = json.dumps({"text": _escape(message.subject), "blocks": blocks}, ensure_ascii=False).encode()
        self.out.post(message.to, body, {"Content-Type": "application/json", "User-Agent": "OpsCopilot/1"})
        return Receipt(delivered=True)


def _escape(text: str) -> str:
    """Slack's three control characters; without this an alert's text could mention everybody or hide a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
