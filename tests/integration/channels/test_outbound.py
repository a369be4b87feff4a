"""What may be called on a user's word: against real servers, and a resolver that lies."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from opscopilot.adapters.channels._web import OutboundWeb, judge
from opscopilot.kernel.addresses import is_public
from opscopilot.outbound import transport
from tests.integration.channels.conftest import failure
from tests.support.servers.receivers import Receiver, certificate, local_web, receiving

INSIDE = (
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "192.0.0.8", "198.18.0.1", "240.0.0.1", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "2002:a9fe:a9fe::", "2001:0:a00:1::",
    "2001:db8::1", "::7f00:1", "fec0::1", "5f00::1", "3fff::1", "2001:2::1", "192.88.99.1",
    "nonsense",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_called(address: str) -> None:
    assert not is_public(address)
    with local_web(local=False, resolver=lambda _host, _port: [address]) as web:
        error = failure(lambda: web.post("https://hooks.example/", b"{}", {}))
    assert (error.retryable, error.blames) == (False, "address")
    assert error.detail == "hooks.example is not a public address; it is not called."


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_addresses_outside_may_be(address: str) -> None:
    assert is_public(address)
    assert ipaddress.ip_address(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with local_web(local=False, resolver=lambda _host, _port: ["93.184.216.34", "10.0.0.1"]) as web:
        assert not failure(lambda: web.post("https://hooks.example/", b"{}", {})).retryable


@pytest.mark.parametrize("url", [
    "http://hooks.example/", "ftp://hooks.example/", "file:///etc/passwd", "https://", "https://u:p@hooks.example/",
    "https://hooks.example/a b", "https://hooks.example/\r\nX: y", "https://hooks.example:999999/", "gopher://x", "",
    "https://höhle.example/", "https://u@hooks.example/", "//hooks.example/", "https:/hooks.example",
])  # fmt: skip
def test_urls_that_are_not_called(url: str) -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        raise AssertionError("not even looked up")

    with local_web(local=False, resolver=resolver) as web:
        error = failure(lambda: web.post(url, b"{}", {}))
    assert (error.retryable, error.blames) == (False, "address")


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/"])
def test_other_ways_to_write_loopback_lead_nowhere(url: str) -> None:
    with local_web(local=False) as web:
        assert failure(lambda: web.post(url, b"{}", {})).detail.endswith(("is not called.", "cannot be resolved."))


def test_loopback_is_for_the_local_stage_and_http_for_loopback_only(receiver: Receiver) -> None:
    with local_web(local=False) as web:
        assert not failure(lambda: web.post(receiver.url(), b"{}", {})).retryable
        assert not failure(lambda: web.post(receiver.url(scheme="https"), b"{}", {})).retryable
    with local_web(resolver=lambda _host, _port: ["93.184.216.34"]) as web:
        assert "not a public address" in failure(lambda: web.post("http://hooks.example/", b"{}", {})).detail
    assert receiver.got == []


def test_the_name_is_looked_up_once_and_the_checked_address_is_called(receiver: Receiver) -> None:
    """DNS rebinding: a second look-up would give another address."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with local_web(resolver=lambda _host, _port: next(answers)) as web:
        for _ in range(2):  # the second goes over the same connection, to the same address
            assert web.post(receiver.url(host="hooks.example"), b"{}", {}).status == 200
    assert [one["headers"]["Host"] for one in receiver.got] == [f"hooks.example:{receiver.port}"] * 2
    assert next(answers) == ["10.0.0.1"]
    assert receiver.connections == 1


def test_a_name_that_moves_inside_later_is_refused(receiver: Receiver) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    receiver.headers = {"Connection": "close"}
    with local_web(resolver=lambda _host, _port: next(answers)) as web:
        web.post(receiver.url(host="hooks.example"), b"{}", {})
        assert "not a public address" in failure(
            lambda: web.post(receiver.url(host="hooks.example"), b"{}", {})
        ).detail  # fmt: skip
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("status", "retryable", "blames"),
    [(500, True, "destination"), (503, True, "destination"), (429, True, "destination"), (408, True, "destination"),
     (400, False, "destination"), (404, False, "address"), (410, False, "address"), (413, False, "message"),
     (301, False, "address"), (307, False, "address")],
)  # fmt: skip
def test_answers_decide_about_a_retry(
    receiver: Receiver, web: OutboundWeb, status: int, retryable: bool, blames: str
) -> None:
    receiver.status = status
    receiver.headers = {"Retry-After": "90", "Location": "http://127.0.0.1:1/elsewhere"}
    url = receiver.url("/secret-path")
    error = failure(lambda: judge(url, web.post(url, b"{}", {})))
    assert (error.retryable, error.blames) == (retryable, blames)
    assert "secret-path" not in error.detail
    assert len(receiver.got) == 1, "a redirect is not followed"
    assert error.retry_after_s == (90 if retryable else None)


def test_a_receiver_that_drips_is_cut_off_in_every_thread(receiver: Receiver) -> None:
    receiver.drips = True
    with local_web(timeout_s=0.3) as web, receiving() as quick, ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(failure, lambda: web.post(receiver.url(), b"{}", {})) for _ in range(3)]
        assert web.post(quick.url(), b"{}", {}).status == 200, "another's time limit is not ours"
        for one in slow:
            error = one.result()
            assert error.retryable
            assert error.detail == "127.0.0.1 did not answer within 0.3 s."


def test_a_resolver_that_never_answers_is_cut_off() -> None:
    asked = threading.Event()

    def resolver(_host: str, _port: int) -> list[str]:
        asked.wait(10)
        return ["93.184.216.34"]

    with local_web(timeout_s=0.1, resolver=resolver) as web:
        error = failure(lambda: web.post("https://slow.example/", b"{}", {}))
    asked.set()
    assert error.retryable
    assert error.detail == "slow.example did not answer within 0.1 s."


def test_a_name_without_an_address_may_have_one_later() -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("unknown")

    with local_web(resolver=resolver) as web:
        error = failure(lambda: web.post("https://hooks.example/", b"{}", {}))
    assert error.retryable
    assert error.detail == "The name hooks.example cannot be resolved."


def test_nobody_listening_is_retryable(web: OutboundWeb) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert failure(lambda: web.post(f"http://127.0.0.1:{port}/", b"{}", {})).retryable


def test_the_next_address_is_tried_when_the_first_is_dead(receiver: Receiver) -> None:
    with local_web(resolver=lambda _host, _port: ["127.0.0.99", "127.0.0.1"]) as web:
        assert web.post(receiver.url(host="hooks.example"), b"{}", {}).status == 200


def test_ipv6_is_spoken_and_written_as_it_should(web: OutboundWeb) -> None:
    with receiving(host="::1") as six:
        assert web.post(f"http://[::1]:{six.port}/x", b"{}", {}).status == 200
        assert six.got[0]["headers"]["Host"] == f"[::1]:{six.port}"


def test_a_long_answer_is_read_in_part(receiver: Receiver, web: OutboundWeb) -> None:
    receiver.body = b"x" * 1_000_000
    assert len(web.post(receiver.url(), b"{}", {}).body) == 64 << 10
    receiver.body = b"short"
    assert web.post(receiver.url(), b"{}", {}).body == b"short"


def test_a_proxy_from_the_environment_is_not_used(
    receiver: Receiver, web: OutboundWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert web.post(receiver.url(), b"{}", {}).status == 200


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a certificate one that verifies."""
    return lambda public: monkeypatch.setattr(
        transport, "tls", lambda: ssl.create_default_context(cafile=str(public))
    )  # fmt: skip


def test_tls_is_verified_against_the_name(tmp_path: Path, trusted: Callable[[Path], None]) -> None:
    public, context = certificate(tmp_path, "hooks.example")
    with receiving(context) as receiver:
        url = receiver.url(scheme="https", host="hooks.example")
        with local_web(resolver=lambda _host, _port: ["127.0.0.1"]) as web:
            error = failure(lambda: web.post(url, b"{}", {}))
            assert (error.retryable, error.detail) == (False, "hooks.example shows a certificate that does not verify.")
        trusted(public)
        with local_web(resolver=lambda _host, _port: ["127.0.0.1"]) as web:
            assert web.post(url, b"{}", {}).status == 200
            other = receiver.url(scheme="https", host="other.example")
            assert "does not verify" in failure(lambda: web.post(other, b"{}", {})).detail
    assert len(receiver.got) == 1


def test_a_kept_connection_that_died_is_replaced_where_a_repeat_can_be_told(
    receiver: Receiver, web: OutboundWeb
) -> None:
    receiver.hangs_up_on = 2
    keyed = {"Idempotency-Key": "1"}
    assert [web.post(receiver.url(), b"{}", keyed).status for _ in range(3)] == [200] * 3
    assert receiver.connections == 3
    error = failure(lambda: web.post(receiver.url(), b"{}", {}))
    assert (error.retryable, error.detail) == (True, "127.0.0.1 broke the answer off.")


def test_a_fresh_connection_that_breaks_is_not_tried_again_here(receiver: Receiver, web: OutboundWeb) -> None:
    receiver.hangs_up_on = 1
    assert failure(lambda: web.post(receiver.url(), b"{}", {"Idempotency-Key": "1"})).retryable
    assert len(receiver.got) == 1


def test_a_pause_may_be_given_as_a_date(receiver: Receiver, web: OutboundWeb) -> None:
    receiver.status = 503
    at = datetime.now(UTC) + timedelta(seconds=120)
    receiver.headers = {"Retry-After": format_datetime(at, usegmt=True)}
    error = failure(lambda: judge(receiver.url(), web.post(receiver.url(), b"{}", {})))
    assert 60 < (error.retry_after_s or 0) <= 120
    receiver.headers = {"Retry-After": "soon"}
    assert failure(lambda: judge(receiver.url(), web.post(receiver.url(), b"{}", {}))).retry_after_s is None


def test_a_body_that_never_ends_does_not_undo_what_was_said(receiver: Receiver) -> None:
    receiver.headers = {"Content-Length": "10"}  # it sends two bytes of them
    with local_web(timeout_s=0.3) as web:
        for _ in range(2):
            answer = web.post(receiver.url(), b"{}", {"Idempotency-Key": "1"})
            assert (answer.status, answer.body) == (200, b"ok")
    assert len(receiver.got) == 2, "and it is not said again"
