"""Connections to checked addresses only, as a pool and as an httpx2 transport; an exchange ends at its time limit.

TLS and the Host header still speak to the name. A proxy from the environment is not used. Safe for several threads:
each has the limit of its own exchange, and an exchange stays in the thread that began it.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import httpcore2
import httpx2

from opscopilot.outbound.guard import AddressGuard

_ERRORS: dict[type[Exception], type[httpx2.TransportError]] = {
    httpcore2.TimeoutException: httpx2.ReadTimeout,
    httpcore2.UnsupportedProtocol: httpx2.UnsupportedProtocol,
    httpcore2.ProtocolError: httpx2.RemoteProtocolError,
    httpcore2.ConnectError: httpx2.ConnectError,
    httpcore2.NetworkError: httpx2.NetworkError,
}
_TRIED = 3  # of the addresses that a name has
_T = TypeVar("_T")


@lru_cache
def tls() -> ssl.SSLContext:
    """Loading the certificate authorities takes tens of milliseconds: once per process."""
    return ssl.create_default_context()


class Limit(threading.local):
    """The moment (of time.monotonic) at which this thread's exchange must be over; and whether it has had to connect
    (`fresh`) or goes over a connection that was open already."""

    at: float = float("inf")
    fresh: bool = False

    def left(self, timeout: float | None) -> float:
        """Seconds a socket may wait; ReadTimeout when none are left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the exchange took the whole time")
        return left if timeout is None else min(left, timeout)


class _TimedStream(httpcore2.NetworkStream):
    """A server that drips one byte a second never runs into a socket's timeout; here it does."""

    def __init__(self, inner: httpcore2.NetworkStream, limit: Limit) -> None:
        self._inner = inner
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._limit.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._limit.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        started = self._inner.start_tls(ssl_context, server_hostname, self._limit.left(timeout))
        return _TimedStream(started, self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Pinned(httpcore2.NetworkBackend):
    """Connects to an address that was checked; the name is not resolved a second time."""

    def __init__(self, guard: AddressGuard, limit: Limit) -> None:
        self._guard = guard
        self._limit = limit
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:  # fmt: skip
        self._limit.fresh = True
        found = _within(self._limit.left(None), lambda: self._guard.addresses(host, port))[:_TRIED]
        for behind, address in enumerate(found, 1 - len(found)):
            patience = self._limit.left(timeout) / (1 - behind)  # leaves time for those still to try
            try:
                stream = self._inner.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if not behind:
                    raise
            else:
                return _TimedStream(stream, self._limit)
        raise httpcore2.ConnectError("no address")  # the guard never gives an empty list


def _within(seconds: float, ask: Callable[[], _T]) -> _T:
    """What `ask` gives, or ConnectTimeout: a name server can take its time, and a resolver has no time limit."""
    if seconds == float("inf"):
        return ask()
    given: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            given.append(ask())
        except BaseException as error:
            failed.append(error)

    asking = threading.Thread(target=run, daemon=True, name="resolve")
    asking.start()
    asking.join(seconds)
    if failed:
        raise failed[0]
    if not given:
        raise httpcore2.ConnectTimeout("the name was not resolved in time")
    return given[0]


def pinned_pool(guard: AddressGuard, limit: Limit, connections: int, kept: int) -> httpcore2.ConnectionPool:
    """Connections under `guard` and `limit`: at most so many, and so many of them kept open for the next call."""
    return httpcore2.ConnectionPool(
        ssl_context=tls(), max_connections=connections, max_keepalive_connections=kept, keepalive_expiry=20.0,
        network_backend=_Pinned(guard, limit),
    )  # fmt: skip


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class PinnedTransport(httpx2.BaseTransport):
    """What an httpx2.Client sends through. AddressRefused comes out as it is."""

    def __init__(self, guard: AddressGuard) -> None:
        self.limit = Limit()
        self._pool = pinned_pool(guard, self.limit, connections=4, kept=2)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        inner = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw, content=request.stream, extensions=request.extensions,
        )  # fmt: skip
        with _translated():
            answer = self._pool.handle_request(inner)
        return httpx2.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer.stream),
            extensions=answer.extensions,
        )  # fmt: skip

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _translated() -> Iterator[None]:
    """httpcore2's errors as httpx2's; a failed certificate keeps its own cause."""
    try:
        yield
    except tuple(_ERRORS) as error:
        kind = next(to for known, to in _ERRORS.items() if isinstance(error, known))
        raise kind(str(error)) from error
