"""HTTP to systems that users typed in: bounded in time and size, retried where that can help, never into our network.

Retried are connection errors, broken-off bodies, 408, 425, 429 and 5xx, with growing, jittered pauses or the pause
the server asks for. Errors name host and path, never the query or a header: a key may be in them.
"""

from __future__ import annotations

import json
import random
import re
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

import httpx2

from opscopilot.kernel.clock import Clock, Deadline, SystemClock
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.outbound.guard import AddressGuard, AddressRefused, check_url
from opscopilot.outbound.transport import PinnedTransport
from opscopilot.staging.connectors.auth import Auth, Fixed
from opscopilot.staging.connectors.base import ConnectorFailed

ATTEMPTS = 5
MAX_BYTES = 32 << 20
MAX_REDIRECTS = 3
_TOTAL_S = 120.0
_LONGEST_PAUSE_S = 60.0
_KEEP_S = 45.0  # what is left of the invocation's time for landing what was fetched
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TITLE = re.compile(rb"<title[^>]*>(.{1,80}?)</title", re.IGNORECASE | re.DOTALL)


class Later(ConnectorFailed):
    """The system asks for a pause that is longer than this invocation should wait. `wait_s` says how long."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__("throttled", message, retryable=True)
        self.wait_s = wait_s


class Answer(NamedTuple):
    """A JSON answer. Numbers with a fraction are kept as their text, so that none is rounded."""

    data: Any
    headers: httpx2.Headers
    url: str
    size: int


class _TryAgain(Exception):
    """This attempt failed in a way that another may not. `pause_s` is what the server asked for."""

    def __init__(self, code: str, said: str, pause_s: float | None = None) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.pause_s = pause_s


class HttpClient:
    """Reads JSON over HTTP. One per connector; not shared between threads."""

    def __init__(
        self, guard: AddressGuard, *, requests_per_minute: int | None = None, deadline: Deadline = lambda: 1e9,
        clock: Clock | None = None, sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic, timeout_s: float = 30.0, total_s: float = _TOTAL_S,
        max_bytes: int = MAX_BYTES,
    ) -> None:  # fmt: skip
        self.monotonic = monotonic
        self.requests = 0
        self.paused_s = 0.0
        self._local = guard.local
        self._deadline = deadline
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._total_s = total_s
        self._max_bytes = max_bytes
        self._gap_s = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._next = 0.0
        self._transport = PinnedTransport(guard)
        self._client = httpx2.Client(
            transport=self._transport, timeout=httpx2.Timeout(timeout_s, connect=min(10.0, timeout_s)),
            headers={"User-Agent": "OpsCopilot-Connector/1", "Accept": "application/json"}, trust_env=False,
        )  # fmt: skip

    def limit_rate(self, requests_per_minute: int | None) -> None:
        """Allow ourselves so many calls a minute."""
        self._gap_s = 60.0 / requests_per_minute if requests_per_minute else 0.0

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def json(
        self, method: str, url: str, *, params: Mapping[str, Any] | None = None, auth: Auth | None = None,
        headers: Mapping[str, str] | None = None, body: Any = None, data: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """One exchange whose answer is JSON; raises ConnectorFailed (Later when the server wants a long pause).

        Every method is retried: connectors only read, also where reading is a POST.
        """
        proof, renewed, attempt = auth or Fixed(), False, 0
        while True:
            attempt += 1
            sent = {**(headers or {}), **proof.headers()}
            whole = with_params(url, {**(params or {}), **proof.params()})
            try:
                return self._exchange(method, whole, {"headers": sent, "json": body, "data": data})
            except _Refused401 as refused:
                if renewed or not proof.refresh():
                    raise refused.failed from None
                renewed, attempt = True, attempt - 1
            except _TryAgain as again:
                if attempt >= ATTEMPTS:
                    tries = f"{again.said} ({attempt} tries)"
                    raise self.failed(again.code, url, tries, retryable=True) from again
                self._pause(url, again, attempt)

    def failed(self, code: str, url: str, said: str, *, retryable: bool = False) -> ConnectorFailed:
        """An error that says what a system did, without anything secret."""
        return ConnectorFailed(code, f"{_shown(url)} {said}.", retryable=retryable)

    def breathe(self, url: str, why: str, attempt: int) -> None:
        """A growing pause before asking again for a page that cannot be right."""
        self._pause(url, _TryAgain("", why), attempt)

    def _pause(self, url: str, again: _TryAgain, attempt: int) -> None:
        backoff = min(2.0 ** (attempt - 1), _LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)
        self._wait(url, backoff if again.pause_s is None else again.pause_s, again.said)

    def _wait(self, url: str, pause_s: float, why: str) -> None:
        if pause_s > max(_LONGEST_PAUSE_S, 2 * self._gap_s) or pause_s > self._deadline() - _KEEP_S:
            raise Later(f"{_shown(url)} {why}; it is asked again in {pause_s:.0f} s.", pause_s)
        self.paused_s += pause_s
        if pause_s > 0:
            self._sleep(pause_s)

    def _keep_pace(self, url: str) -> None:
        now = self.monotonic()
        if self._gap_s:
            self._wait(url, max(self._next - now, 0.0), "is called as often as its config allows")
            self._next = max(self._next, now) + self._gap_s

    def _exchange(self, method: str, url: str, sent: dict[str, Any]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            try:
                check_url(url, local=self._local)
            except ValidationFailed as error:
                raise self.failed("address_refused", url, "is not a plain https address") from error
            self._keep_pace(url)
            status, headers, body = self._send(method, url, sent)
            if status not in _REDIRECTS:
                return self._judge(url, status, headers, body)
            url = self._redirected(method, url, headers.get("Location", ""))
        raise self.failed("redirects", url, f"redirects more than {MAX_REDIRECTS} times")

    def _redirected(self, method: str, url: str, location: str) -> str:
        target = urljoin(url, location)
        if method != "GET" or origin(target) != origin(url) or not location:
            raise self.failed(
                "redirects", url, f"redirects to {_shown(target)}; redirects are followed on the same host only. "
                "If that is the right address, put it in the config (a login page means that the login is wrong)",
            )  # fmt: skip
        return target

    def _send(self, method: str, url: str, sent: dict[str, Any]) -> tuple[int, httpx2.Headers, bytes]:
        self._transport.limit.at = time.monotonic() + min(self._total_s, max(self._deadline() - _KEEP_S / 2, 1.0))
        self.requests += 1
        try:
            with self._client.stream(method, url, **sent) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes(1 << 16):
                    body += chunk
                    if len(body) > self._max_bytes:
                        raise self.failed(
                            "too_large", url, f"answered more than {self._max_bytes >> 20} MB at once; ask for "
                            "smaller pages",
                        )  # fmt: skip
                return answer.status_code, answer.headers, bytes(body)
        except AddressRefused as error:
            raise ConnectorFailed(error.code, error.message, retryable=error.code == "unknown_host") from error
        except (httpx2.TransportError, httpx2.DecodingError, OSError) as error:
            raise self._lost(url, error) from error

    def _lost(self, url: str, error: Exception) -> Exception:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return self.failed("bad_certificate", url, "shows a certificate that does not verify")
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx2.TimeoutException):
            return _TryAgain("unreachable", "did not answer in time")
        if isinstance(error, httpx2.ConnectError):
            return _TryAgain("unreachable", "cannot be reached")
        return _TryAgain("unreachable", "broke the answer off")

    def _judge(self, url: str, status: int, headers: httpx2.Headers, body: bytes) -> Answer:
        if status in _AGAIN:
            code = "throttled" if status == 429 else "unreachable"
            raise _TryAgain(code, f"answered {status}", self._retry_after(headers))
        if status == 401:
            failed = self.failed("auth_failed", url, "does not take the login (401); check the connector's secret")
            raise _Refused401(failed)
        if status == 403:
            raise self.failed("forbidden", url, "does not allow this login to read it (403)")
        if status == 404:
            raise self.failed("not_there", url, "does not exist (404); check the address in the config")
        if not 200 <= status < 300:
            raise self.failed("refused", url, f"answered {status}{_said(body)}")
        return Answer(self._parsed(url, headers, body), headers, url, len(body))

    def _parsed(self, url: str, headers: httpx2.Headers, body: bytes) -> Any:
        start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start not in (b"{", b"["):
            kind = headers.get("Content-Type", "no content type").split(";")[0]
            title = _TITLE.search(body[:20_000])
            page = f" with the title '{title.group(1).decode('utf-8', 'replace').strip()}'" if title else ""
            if not body.strip():
                raise _TryAgain("truncated", "answered nothing where JSON should be")
            raise self.failed(
                "not_json", url, f"answered {kind}{page} instead of JSON; usually the login has ended or the address "
                "is that of a page for people",
            )  # fmt: skip
        try:
            return json.loads(body.decode("utf-8-sig"), parse_float=str, parse_constant=str)
        except RecursionError as error:
            raise self.failed("bad_json", url, "answered JSON that is nested too deeply") from error
        except ValueError as error:
            raise _TryAgain("truncated", "answered JSON that breaks off or is damaged") from error

    def _retry_after(self, headers: httpx2.Headers) -> float | None:
        """Seconds the server asks us to wait: a number, or a date (RFC 9110, 10.2.3)."""
        wish = headers.get("Retry-After", "").strip()
        if wish.isascii() and wish.replace(".", "", 1).isdigit():
            return float(wish)
        try:
            return max((parsedate_to_datetime(wish) - self._clock.now()).total_seconds(), 0.0)
        except (ValueError, TypeError):
            return None


class _Refused401(Exception):
    def __init__(self, failed: ConnectorFailed) -> None:
        super().__init__(failed.message)
        self.failed = failed


def with_params(url: str, params: Mapping[str, Any]) -> str:
    """`url` with these parameters behind those it has: a link to a next page keeps its own."""
    more = urlencode({name: _text(value) for name, value in params.items()}, safe="$", quote_via=quote)
    return url if not more else f"{url}{'&' if '?' in url else '?'}{more}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def same_origin(base: str, link: str) -> str:
    """`link` as an address on `base`'s host: systems behind a proxy give links with the name they know themselves
    by, and our login must not be sent anywhere else than where it belongs."""
    target, home = urlsplit(urljoin(base, link)), urlsplit(base)
    return urlunsplit((home.scheme, home.netloc, target.path, target.query, ""))


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or '?'}{':' + str(parts.port) if parts.port else ''}{parts.path}"


def _said(body: bytes) -> str:
    """The error's own words where they are JSON as most systems write it."""
    try:
        found = json.loads(body[:20_000])
    except ValueError:
        return ""
    while isinstance(found, dict):
        found = found.get("error") or found.get("message") or found.get("detail") or found.get("value")
    return f": {found[:200]}" if isinstance(found, str) else ""
