"""HTTP ↔ API Gateway payload 2.0."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from local.http_message import Request
from local.proxy_event import match_route, stringify, to_event, to_response
from local.template import Route

ROUTES = [
    Route("ANY", "/{proxy+}", False, "Any"),
    Route("OPTIONS", "/{proxy+}", True, "Options"),
    Route("GET", "/api/v1/health", True, "Health"),
    Route("GET", "/items/{id}", False, "Item"),
    Route("GET", "/items/latest", False, "Latest"),
    Route("POST", "/items/{id}/lines/{line}", False, "Line"),
]


def request(method: str = "GET", path: str = "/a", **options: Any) -> Request:
    values: dict[str, Any] = {
        "query": "",
        "headers": {"host": "localhost:8000", "user-agent": "test"},
        "cookies": [],
        "body": b"",
        "client": "127.0.0.1",
    }
    return Request(method, path, **(values | options))


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/api/v1/health", "Health", {}),
        ("POST", "/api/v1/health", "Any", {"proxy": "api/v1/health"}),
        ("GET", "/items/latest", "Latest", {}),
        ("GET", "/items/7", "Item", {"id": "7"}),
        ("GET", "/items/7/lines", "Any", {"proxy": "items/7/lines"}),
        ("POST", "/items/7/lines/3", "Line", {"id": "7", "line": "3"}),
        ("OPTIONS", "/anything", "Options", {"proxy": "anything"}),
    ],
)
def test_the_most_specific_route_answers(method: str, path: str, function: str, parameters: dict[str, str]) -> None:
    found = match_route(ROUTES, method, path)
    assert found is not None
    assert (found[0].function, found[1]) == (function, parameters)


def test_the_root_is_no_proxy_path() -> None:
    assert match_route(ROUTES, "GET", "/") is None


def test_a_request_as_the_function_sees_it() -> None:
    asked = request(
        "POST",
        "/items/a%20b/lines/%C3%A4",
        query="q=1&q=2&empty=&x=a%20b",
        cookies=["s=1", "t=2"],
        headers={"host": "localhost:8000", "content-type": "application/json", "x-many": "1,2"},
        body='{"ä": 1}'.encode(),
    )
    route = ROUTES[5]
    event = to_event(asked, route, {"id": "a%20b", "line": "%C3%A4"}, "rid", {"sub": "u", "n": 1})
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /items/{id}/lines/{line}"
    assert event["rawPath"] == "/items/a b/lines/ä"
    assert event["pathParameters"] == {"id": "a b", "line": "ä"}
    assert event["queryStringParameters"] == {"q": "1,2", "empty": "", "x": "a b"}
    assert event["cookies"] == ["s=1", "t=2"]
    assert event["body"] == '{"ä": 1}'
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["http"]["method"] == "POST"
    assert context["authorizer"]["jwt"]["claims"] == {"sub": "u", "n": "1"}
    assert context["requestId"] == "rid"


def test_absent_parts_are_absent() -> None:
    event = to_event(request(), ROUTES[0], {}, "rid", None)
    assert not {"cookies", "queryStringParameters", "pathParameters", "body"} & set(event)
    assert "authorizer" not in event["requestContext"]


@pytest.mark.parametrize(
    ("kind", "body"), [("application/octet-stream", b"abc"), ("text/csv", b"\xff\xfe"), ("image/png", b"\x89")]
)
def test_binary_bodies_travel_as_base64(kind: str, body: bytes) -> None:
    event = to_event(request("POST", headers={"content-type": kind}, body=body), ROUTES[0], {}, "rid", None)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


def test_claims_become_text() -> None:
    claims = {"a": True, "b": False, "c": ["x", "y"], "d": 3, "e": {"f": 1}, "g": None}
    assert stringify(claims) == {"a": "true", "b": "false", "c": "[x y]", "d": "3", "e": '{"f": 1}'}


def test_answers() -> None:
    full = to_response(
        {"statusCode": 201, "headers": {"Content-Type": "text/csv"}, "cookies": ["a=1", "b=2"], "body": "ä"}
    )
    assert (full.status, full.body) == (201, "ä".encode())
    assert [value for name, value in full.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert to_response({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}).body == b"\x00\x01"
    assert to_response({"hello": 1}).body == b'{"hello": 1}'
    assert to_response({"statusCode": 204}).body == b""


@pytest.mark.parametrize(
    "payload",
    [{"statusCode": "teapot"}, {"statusCode": 200, "isBase64Encoded": True, "body": "no base64!"}],
)
def test_answers_that_are_none(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"base64|invalid literal"):
        to_response(payload)
