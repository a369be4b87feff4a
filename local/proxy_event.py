"""Between HTTP and Lambda: API Gateway's payload format 2.0, both ways."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.http_message import Request, Response
from local.template import Route

TEXT = (
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/problem+json",
)
_VARIABLE = re.compile(r"\{(\w+)(\+?)\}")


def match_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route API Gateway picks, with its path parameters: an exact path before one with variables, that
    before a greedy one, and at the same path the method's own route before ANY."""
    best: tuple[tuple[int, int, int], Route, dict[str, str]] | None = None
    for route in routes:
        if route.method not in ("ANY", method):
            continue
        found = _pattern(route.path).fullmatch(path)
        if found is None:
            continue
        variables = len(_VARIABLE.findall(route.path))
        rank = ("+}" not in route.path, -variables, route.method != "ANY")
        score = (int(rank[0]), rank[1], int(rank[2]))
        if best is None or score > best[0]:
            best = (score, route, found.groupdict())
    return None if best is None else (best[1], best[2])


def _pattern(path: str) -> re.Pattern[str]:
    parts, position = [], 0
    for found in _VARIABLE.finditer(path):
        parts.append(re.escape(path[position : found.start()]))
        parts.append(f"(?P<{found.group(1)}>{'.+' if found.group(2) else '[^/]+'})")
        position = found.end()
    return re.compile("".join(parts) + re.escape(path[position:]))


def to_event(
    request: Request, route: Route, parameters: dict[str, str], request_id: str, claims: dict[str, Any] | None
) -> dict[str, Any]:
    """The event the function gets for ``request``."""
    now = datetime.now(UTC)
    path = unquote(request.path)
    key = f"{route.method} {route.path}"
    host = request.headers.get("host", "localhost")
    context: dict[str, Any] = {
        "accountId": "123456789012",
        "apiId": "local",
        "domainName": host,
        "domainPrefix": host.split(".")[0].split(":")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": key,
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    if claims is not None:
        scopes = claims.get("scope", "").split() or None
        context["authorizer"] = {"jwt": {"claims": stringify(claims), "scopes": scopes}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": request.headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if request.cookies:
        event["cookies"] = request.cookies
    if query := _joined(request.query):
        event["queryStringParameters"] = query
    if parameters:
        event["pathParameters"] = {name: unquote(value) for name, value in parameters.items()}
    if request.body:
        event["body"], event["isBase64Encoded"] = _encode(request)
    return event


def to_response(payload: Any) -> Response:
    """The HTTP response a function's answer means; ValueError when it means none (API Gateway says 500)."""
    if not isinstance(payload, dict) or "statusCode" not in payload:
        return Response.json(200, payload)
    body = payload.get("body") or ""
    try:
        raw = base64.b64decode(body, validate=True) if payload.get("isBase64Encoded") else body.encode()
    except binascii.Error as error:
        raise ValueError(f"the body is no base64: {error}") from error
    headers = [(str(name), str(value)) for name, value in (payload.get("headers") or {}).items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    headers += [("set-cookie", cookie) for cookie in payload.get("cookies") or []]
    return Response(int(payload["statusCode"]), raw, headers)


def stringify(claims: dict[str, Any]) -> dict[str, str]:
    """Claims as API Gateway hands them on: every value a string, lists as ``[a b]``."""

    def text(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (list, tuple)):
            return "[" + " ".join(str(item) for item in value) + "]"
        return json.dumps(value) if isinstance(value, dict) else str(value)

    return {name: text(value) for name, value in claims.items() if value is not None}


def _joined(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _encode(request: Request) -> tuple[str, bool]:
    kind = request.headers.get("content-type", "text/")
    if kind.startswith(TEXT):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True
