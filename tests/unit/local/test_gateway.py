"""The gateway over real HTTP, in front of a function that echoes or misbehaves."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.cors import CorsPolicy
from local.functions import Outcome
from local.gateway import BODY_LIMIT, Gateway, Server
from local.http_message import Request, Response
from local.identity import TokenRefused
from local.ports import listen
from local.state import StackError
from local.template import Route

ROUTES = [Route("ANY", "/{proxy+}", False, "Api"), Route("GET", "/public", True, "Api")]
CORS = CorsPolicy(frozenset({"https://app.example.com"}), ("GET", "POST"), ("authorization",), 600)
TOKEN = {"authorization": "Bearer good"}
OVER = threading.Event()  # ends what the slow function is at


def function(_name: str, event: dict[str, Any]) -> Outcome:
    """Echo, unless the path asks for trouble."""
    path = event["rawPath"]
    if path == "/raise":
        return Outcome('{"errorMessage": "boom", "errorType": "RuntimeError"}', failed=True)
    if path == "/slow":
        OVER.wait(60)
    if path == "/large":
        return Outcome(json.dumps({"statusCode": 200, "body": "x" * (7 << 20)}), failed=False)
    if path == "/odd":
        return Outcome(json.dumps({"statusCode": "none"}), failed=False)
    if path == "/cookies":
        answer = {"statusCode": 302, "headers": {"location": "/there"}, "cookies": ["a=1", "b=2"]}
        return Outcome(json.dumps(answer), failed=False)
    headers = {"content-type": "application/json", "access-control-allow-origin": "the function's own"}
    return Outcome(json.dumps({"statusCode": 200, "headers": headers, "body": json.dumps(event)}), failed=False)


def verify(token: str) -> dict[str, Any]:
    if token != "good":
        raise TokenRefused("not good")
    return {"sub": "u1", "tenant": "fjord", "scope": "read write"}


def local(request: Request) -> Response:
    if request.path == "/_test/raise":
        raise RuntimeError("boom")
    return Response.json(200, {"size": len(request.body), "path": request.path})


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    listener = listen(0)
    port = listener.getsockname()[1]
    gateway = Gateway(function, verify, ROUTES, CORS, {"/_test": local}, timeout=1.5)
    server = Server(gateway, listener)
    server.start()
    with httpx.Client(base_url=f"http://localhost:{port}", timeout=60) as client:
        yield client
    OVER.set()
    server.stop()


def test_a_token_opens_the_api_and_its_claims_arrive(api: httpx.Client) -> None:
    answer = api.get("/thing?x=1", headers=TOKEN)
    event = answer.json()
    assert answer.status_code == 200
    assert event["requestContext"]["authorizer"]["jwt"]["claims"]["tenant"] == "fjord"
    assert event["requestContext"]["authorizer"]["jwt"]["scopes"] == ["read", "write"]
    assert event["routeKey"] == "ANY /{proxy+}"
    assert answer.headers["apigw-requestid"] == event["requestContext"]["requestId"]


@pytest.mark.parametrize("value", [None, "Bearer bad", "Basic good", "good"])
def test_without_a_good_token_the_answer_is_401(api: httpx.Client, value: str | None) -> None:
    answer = api.get("/thing", headers={"authorization": value} if value else {})
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_public_routes_ask_for_nothing_and_only_for_their_method(api: httpx.Client) -> None:
    assert api.get("/public").status_code == 200
    assert "authorizer" not in api.get("/public", headers=TOKEN).json()["requestContext"]
    assert api.post("/public").status_code == 401


def test_unknown_paths_are_404(api: httpx.Client) -> None:
    answer = api.get("/", headers=TOKEN)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/raise", 500, "Internal Server Error"),
        ("/large", 500, "Internal Server Error"),
        ("/odd", 500, "Internal Server Error"),
        ("/slow", 503, "Service Unavailable"),
    ],
)
def test_a_function_in_trouble(api: httpx.Client, path: str, status: int, message: str) -> None:
    answer = api.get(path, headers=TOKEN)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, BODY_LIMIT - 10])
def test_bodies_that_api_gateway_or_lambda_would_not_take_are_413(api: httpx.Client, size: int) -> None:
    answer = api.post("/thing", headers=TOKEN, content=b"x" * size)
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_cookies_redirects_and_head(api: httpx.Client) -> None:
    answer = api.get("/cookies", headers=TOKEN)
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert (answer.status_code, answer.headers["location"]) == (302, "/there")
    head = api.head("/public-not", headers=TOKEN)
    assert (head.status_code, head.content) == (200, b"")


def test_preflights_are_answered_here(api: httpx.Client) -> None:
    asking = {"origin": "https://app.example.com", "access-control-request-method": "POST"}
    answer = api.options("/thing", headers=asking)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert answer.headers["access-control-allow-methods"] == "GET,POST"
    assert answer.headers["access-control-max-age"] == "600"
    foreign = api.options("/thing", headers=asking | {"origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("https://evil.example.com", None),
        ("http://localhost.evil.example.com", None),
        (None, None),
    ],
)
def test_the_policy_replaces_the_functions_own_headers(
    api: httpx.Client, origin: str | None, expected: str | None
) -> None:
    answer = api.get("/public", headers={"origin": origin} if origin else {})
    assert answer.headers.get("access-control-allow-origin") == expected


def test_local_endpoints_need_no_token_but_a_loopback_name(api: httpx.Client) -> None:
    assert api.put("/_test/x", content=b"x" * (11 << 20)).json() == {"size": 11 << 20, "path": "/_test/x"}
    assert api.get("/_test/raise").status_code == 500
    rebound = api.get("/_test/x", headers={"host": "evil.example.com"})
    assert rebound.status_code == 403
    assert "evil.example.com" in rebound.json()["message"]


def test_it_listens_on_loopback_only(api: httpx.Client) -> None:
    port = api.base_url.port
    assert port is not None
    with socket.socket() as probe:
        probe.settimeout(0.5)
        address = next((i[4][0] for i in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "127.0.0.1")
        if str(address).startswith("127."):
            pytest.skip("this machine has no other address")
        assert probe.connect_ex((str(address), port)) != 0


def test_a_taken_port_is_said_so() -> None:
    with listen(0) as taken, pytest.raises(StackError, match=r"port \d+ is taken .* give another port"):
        listen(taken.getsockname()[1])
