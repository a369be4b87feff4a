"""HTTP for channels: the rules of `opscopilot.outbound`, and what an answer means for a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

from opscopilot.kernel.addresses import Resolve, resolve
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.notifications.channels import Answer, Blames, DeliveryFailed, Web
from opscopilot.outbound.guard import check_url as check_plain

_AGAIN_LATER = frozenset({408, 425, 429})
_GONE = frozenset({401, 403, 404, 410})  # nobody takes messages at this address any more
_TOO_MUCH = frozenset({413, 422})
_BLAMES: dict[str, Blames] = {"bad_url": "address", "address_refused": "address"}
_RETRYABLE = frozenset({"unknown_host", "no_answer"})
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OutboundWeb:
    """Implements notifications.channels.Web. One per process: connections are kept open and shared by all threads."""

    def __init__(self, *, local: bool, resolver: Resolve = resolve, timeout_s: float = 5.0) -> None:
        from opscopilot.outbound.posting import Poster

        self._poster = Poster(local=local, resolver=resolver, timeout_s=timeout_s)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST it, once."""
        from opscopilot.outbound.posting import NotPosted

        try:
            return Answer(*self._poster.post(url, body, headers))
        except NotPosted as error:
            raise DeliveryFailed(
                error.detail, retryable=error.reason in _RETRYABLE, blames=_BLAMES.get(error.reason, "destination")
            ) from error

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._poster.close()


def opener(*, local: bool) -> Callable[[], Web]:
    """Makes the one OutboundWeb of this process when it is first asked for."""

    @cache
    def web() -> Web:
        return OutboundWeb(local=local)

    return web


def judge(url: str, answer: Answer) -> None:
    """DeliveryFailed unless the answer is 2xx."""
    host, status = host_of(url), answer.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryFailed(
            f"{host} redirects ({status}); redirects are not followed.", retryable=False, blames="address"
        )
    if status >= 500 or status in _AGAIN_LATER:
        raise DeliveryFailed(f"{host} answered {status}.", retryable=True, retry_after_s=pause_asked(answer))
    blames: Blames = "address" if status in _GONE else "message" if status in _TOO_MUCH else "destination"
    raise DeliveryFailed(f"{host} answered {status}.", retryable=False, blames=blames)


def pause_asked(answer: Answer) -> float | None:
    """Seconds of Retry-After: a number, or the time until a date (RFC 9110, 10.2.3); None where there is neither."""
    wish = answer.headers.get("retry-after", "").strip()
    if wish.isascii() and wish.replace(".", "", 1).isdigit():
        return float(wish)
    try:
        return max((parsedate_to_datetime(wish) - SystemClock().now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def host_of(url: str) -> str:
    """The host, with its port where one is written: what a circuit breaker and a log speak of."""
    parts = urlsplit(url)
    return f"{parts.hostname or '?'}{f':{parts.port}' if parts.port else ''}"


def check_url(url: str) -> str:
    """`url` when it is a plain https address, or http to this very machine; ValueError otherwise.

    What can be told from the text; where the name leads is checked at every call.
    """
    wrong = "an https address such as 'https://hooks.example.com/alerts', without user name or password"
    try:
        check_plain(url, local=True)
    except ValidationFailed as error:
        raise ValueError(wrong) from error
    parts = urlsplit(url)
    if len(url) > 2000 or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        raise ValueError(wrong)
    return url
