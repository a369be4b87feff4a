"""POST to the outside world: many threads, connections kept open, one attempt, an end to every exchange."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import httpcore2

from opscopilot.kernel.addresses import Resolve, resolve
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.outbound.guard import AddressGuard, AddressRefused, check_url
from opscopilot.outbound.transport import Limit, pinned_pool

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
MAX_BODY = 64 << 10
_CONNECTIONS = 32
_STALE = 3
"""A connection that was kept open may be dead without our knowing: a router forgot it, or the process was frozen. Then
another is taken, at most so often in one exchange, and only where the receiver can tell a repeat by its key."""


class Said(NamedTuple):
    """An answer: header names in lower case, at most MAX_BODY of the body."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotPosted(Exception):
    """There is no answer. `reason`: bad_url, address_refused, bad_certificate, unknown_host or no_answer.

    The text names the host, never the path: it may be a secret.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Target(NamedTuple):
    url: httpcore2.URL
    host: str
    host_header: bytes


@lru_cache(maxsize=2048)
def _target(url: str, local: bool) -> _Target:
    """The address taken apart; NotPosted unless it is a plain https one."""
    try:
        parts = urlsplit(check_url(url, local=local))
    except ValidationFailed as error:
        raise NotPosted("bad_url", "Only plain https addresses are called, without a user in them.") from error
    host = parts.hostname or ""
    literal = f"[{host}]" if ":" in host else host
    header = f"{literal}:{parts.port}" if parts.port else literal
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    made = httpcore2.URL(scheme=parts.scheme, host=host, port=parts.port, target=path)
    return _Target(made, host, header.encode("ascii"))


class Poster:
    """POSTs under the rules of this package. One per process; used by all threads. Redirects are answers.

    `local` (one machine, tests) also allows loopback, and http to loopback.
    """

    def __init__(self, *, local: bool = False, resolver: Resolve = resolve, timeout_s: float = TIMEOUT_S) -> None:
        self._local = local
        self._timeout_s = timeout_s
        self._limit = Limit()
        secure = AddressGuard(local=local, resolver=resolver)
        plain = AddressGuard(local=local, resolver=resolver, loopback_only=True)
        self._pools = {
            b"https": pinned_pool(secure, self._limit, _CONNECTIONS, _CONNECTIONS),
            b"http": pinned_pool(plain, self._limit, _CONNECTIONS, _CONNECTIONS),
        }
        self._timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)}

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Said:
        """Whatever the server answers within the time limit; NotPosted otherwise."""
        target = _target(url, self._local)
        self._limit.at = time.monotonic() + self._timeout_s
        sent = [(b"Host", target.host_header), (b"Content-Length", b"%d" % len(body))]
        sent += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        request = httpcore2.Request("POST", target.url, headers=sent, content=body, extensions=self._timeouts)
        try:
            return self._exchange(request, again=_STALE if "Idempotency-Key" in headers else 0)
        except AddressRefused as error:
            raise _refused(target.host, error) from error
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise self._lost(target.host, error) from error
        finally:
            self._limit.at = float("inf")

    def _exchange(self, request: httpcore2.Request, again: int) -> Said:
        self._limit.fresh = False
        try:
            answer = self._pools[request.url.scheme].handle_request(request)
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError):
            if self._limit.fresh or not again:
                raise
            return self._exchange(request, again - 1)
        return _read(answer)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for pool in self._pools.values():
            pool.close()

    def _lost(self, host: str, error: Exception) -> NotPosted:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return NotPosted("bad_certificate", f"{host} shows a certificate that does not verify.")
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpcore2.TimeoutException):
            return NotPosted("no_answer", f"{host} did not answer within {self._timeout_s:g} s.")
        if isinstance(error, httpcore2.ConnectError):
            return NotPosted("no_answer", f"{host} cannot be reached.")
        return NotPosted("no_answer", f"{host} broke the answer off.")


def _read(answer: httpcore2.Response) -> Said:
    """The answer with the beginning of its body; a connection whose body is longer is not used again.

    The status has been said by then: a body that breaks off or never ends does not undo it.
    """
    body = bytearray()
    try:
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) >= MAX_BODY:
                break
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        log.info("an answer's body broke off", extra={"status": answer.status})
    finally:
        answer.close()
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    return Said(answer.status, headers, bytes(body[:MAX_BODY]))


def _refused(host: str, error: AddressRefused) -> NotPosted:
    if error.code == "unknown_host":
        return NotPosted("unknown_host", error.message)
    return NotPosted("address_refused", f"{host} is not a public address; it is not called.")
