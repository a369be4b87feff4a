"""HTTP to systems that users typed in, against a real server that throttles, drops and lies."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from opscopilot.kernel.clock import FixedClock
from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors.auth import Fixed
from opscopilot.staging.connectors.base import ConnectorFailed
from opscopilot.staging.connectors.http import Later, same_origin
from tests.support.servers.pulls import client
from tests.support.servers.web import Reply, Request, serve

OK = Reply({"ok": True})


def fine(_: Request) -> Reply:
    return OK


def test_a_fraction_keeps_its_digits() -> None:
    with serve(lambda _: Reply(raw=b'{"price": 12.50, "qty": 3}')) as server:
        assert client().json("GET", server.url).data == {"price": "12.50", "qty": 3}


@pytest.mark.parametrize("fault", [
    Reply(status=500), Reply(status=503), Reply(status=429), Reply(status=408), Reply({"a": 1}, cut=3),
    Reply(raw=b'[{"id": 1}, {"id"'), Reply(raw=b""),
], ids=["500", "503", "429", "408", "dropped in the body", "truncated", "empty"])  # fmt: skip
def test_what_may_pass_is_tried_again(fault: Reply) -> None:
    naps: list[float] = []
    with serve(fine) as server:
        server.faults.extend([fault, fault])
        assert client(naps=naps).json("GET", server.url).data == {"ok": True}
        assert len(server.requests) == 3
    assert 0.4 < naps[0] < 1.1
    assert naps[1] > naps[0] * 0.5


@pytest.mark.parametrize(
    ("status", "code"), [(400, "refused"), (403, "forbidden"), (404, "not_there"), (401, "auth_failed")]
)
def test_what_will_not_pass_is_not_tried_again(status: int, code: str) -> None:
    with serve(lambda _: Reply({"error": {"message": "no such field: bogus"}}, status)) as server:
        with pytest.raises(ConnectorFailed) as raised:
            client().json("GET", server.url + "/orders")
        assert raised.value.code == code
        assert len(server.requests) == 1
    assert status != 400 or "no such field: bogus" in raised.value.message


def test_a_system_that_stays_down_fails_with_its_name_and_without_the_key() -> None:
    with serve(lambda _: Reply(status=502)) as server, pytest.raises(ConnectorFailed) as raised:
        client().json("GET", server.url + "/v1", params={"apikey": "s3cret"}, auth=Fixed({"X-Key": "s3cret"}))
    assert (raised.value.code, raised.value.retryable) == ("unreachable", True)
    assert "127.0.0.1" in raised.value.message
    assert "/v1 answered 502 (5 tries)" in raised.value.message
    assert "s3cret" not in raised.value.message


def test_nobody_listens() -> None:
    with serve(fine) as server:
        url = server.url
    with pytest.raises(ConnectorFailed) as raised:
        client().json("GET", url)
    assert (raised.value.code, raised.value.retryable) == ("unreachable", True)


@pytest.mark.parametrize("wish", ["7", "Wed, 30 Sep 2026 12:00:07 GMT"])
def test_retry_after_is_honoured(wish: str) -> None:
    naps: list[float] = []
    with serve(fine) as server:
        server.faults.append(Reply(status=429, headers={"Retry-After": wish}))
        clock = FixedClock(datetime(2026, 9, 30, 12, tzinfo=UTC))
        client(naps=naps, clock=clock).json("GET", server.url)
    assert naps == [7.0]


def test_a_long_pause_is_left_to_the_state_machine() -> None:
    with serve(fine) as server:
        server.faults.append(Reply(status=429, headers={"Retry-After": "300"}))
        with pytest.raises(Later) as raised:
            client().json("GET", server.url)
    assert raised.value.wait_s == 300


def test_a_pause_longer_than_the_time_left_is_left_to_the_state_machine() -> None:
    with serve(fine) as server:
        server.faults.append(Reply(status=429, headers={"Retry-After": "20"}))
        with pytest.raises(Later):
            client(deadline=lambda: 60.0).json("GET", server.url)


def test_a_login_page_instead_of_json_says_so() -> None:
    page = b"<!doctype html><html><head><title>Sign in - ERP</title></head></html>"
    with serve(lambda _: Reply(raw=page, headers={"Content-Type": "application/json"})) as server:
        with pytest.raises(ConnectorFailed) as raised:
            client().json("GET", server.url)
        assert len(server.requests) == 1
    assert raised.value.code == "not_json"
    assert "'Sign in - ERP'" in raised.value.message


def test_an_answer_without_end_is_refused() -> None:
    with serve(lambda _: Reply(raw=b"[" + b" " * 200_000 + b"]")) as server, pytest.raises(ConnectorFailed) as raised:
        client(max_bytes=100_000).json("GET", server.url)
    assert raised.value.code == "too_large"


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused() -> None:
    bomb = gzip.compress(b"[" + b" " * 5_000_000 + b"]")
    reply = Reply(raw=bomb, headers={"Content-Encoding": "gzip"})
    with serve(lambda _: reply) as server, pytest.raises(ConnectorFailed) as raised:
        client(max_bytes=1_000_000).json("GET", server.url)
    assert raised.value.code == "too_large"


def test_a_server_that_drips_is_cut_off() -> None:
    with serve(lambda _: Reply([1] * 100, drip_s=0.02)) as server:
        with pytest.raises(ConnectorFailed) as raised:
            client(total_s=0.08).json("GET", server.url)
        assert len(server.requests) == 5
    assert raised.value.code == "unreachable"


def test_calls_keep_the_pace_of_the_config() -> None:
    naps: list[float] = []
    with serve(fine) as server:
        http = client(naps=naps, monotonic=lambda: 100.0)
        http.limit_rate(30)
        for _ in range(3):
            http.json("GET", server.url)
    assert naps == [2.0, 4.0]


def test_redirects_stay_on_the_host() -> None:
    def answer(request: Request) -> Reply:
        return OK if request.path == "/new" else Reply(status=302, headers={"Location": "/new"})

    with serve(answer) as server:
        assert client().json("GET", server.url + "/old").data == {"ok": True}


def test_a_redirect_elsewhere_is_refused_and_the_login_goes_nowhere() -> None:
    with serve(fine) as other:
        away = Reply(status=302, headers={"Location": other.url + "/login"})
        with serve(lambda _: away) as server, pytest.raises(ConnectorFailed) as raised:
            client().json("GET", server.url, auth=Fixed({"Authorization": "Bearer s3cret"}))
        assert other.requests == []
    assert raised.value.code == "redirects"


def test_a_redirect_to_the_metadata_service_is_refused() -> None:
    away = Reply(status=301, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    with serve(lambda _: away) as server, pytest.raises(ConnectorFailed) as raised:
        client().json("GET", server.url)
    assert raised.value.code == "redirects"


def test_circles_of_redirects_end() -> None:
    with serve(lambda _: Reply(status=302, headers={"Location": "/again"})) as server:
        with pytest.raises(ConnectorFailed) as raised:
            client().json("GET", server.url)
        assert len(server.requests) == 4
    assert raised.value.code == "redirects"


def test_links_of_a_system_behind_a_proxy_come_back_to_its_public_name() -> None:
    link = "http://sap-internal:8000/odata/Orders?$skiptoken=9"
    assert same_origin("https://erp.example.com/odata/Orders", link) == (
        "https://erp.example.com/odata/Orders?$skiptoken=9"
    )


def test_a_name_that_changes_its_address_is_checked_at_every_connection_and_called_at_what_was_checked() -> None:
    """DNS rebinding: first an allowed address, then the metadata service."""
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with serve(lambda _: Reply({"ok": True}, headers={"Connection": "close"})) as server:
        port = server.url.rpartition(":")[2]
        http = client(guard=AddressGuard(local=True, resolver=resolver))
        assert http.json("GET", f"http://erp.example.test:{port}/").data == {"ok": True}
        assert server.requests[0].headers["host"] == f"erp.example.test:{port}"
        assert asked == ["erp.example.test"], "resolved once, and the connection went to what was checked"
        with pytest.raises(ConnectorFailed) as raised:
            http.json("GET", f"http://erp.example.test:{port}/")
        assert len(server.requests) == 1
    assert raised.value.code == "address_refused"


def test_plain_http_is_for_one_machine_only() -> None:
    with pytest.raises(ConnectorFailed) as raised:
        client(guard=AddressGuard(resolver=lambda *_: ["93.184.216.34"])).json("GET", "http://erp.example.com")
    assert raised.value.code == "address_refused"
