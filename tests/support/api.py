"""Calling the HTTP API in tests the way API Gateway does: payload-2.0 events into the Mangum handler, real JWTs."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import APIRouter, FastAPI

from local.testing import ThrowawayDatabase
from opscopilot.entrypoints.auth import KeySet, TokenVerifier
from opscopilot.entrypoints.http import create_app, lambda_handler
from opscopilot.kernel.clock import Clock, SystemClock
from opscopilot.kernel.db import Database, make_engine
from opscopilot.kernel.settings import FunctionSettings
from opscopilot.web import Services

ISSUER = "https://id.test/ops"
AUDIENCE = "opscopilot-test"


@dataclass(frozen=True)
class SigningKey:
    """A key pair of a pretended identity provider."""

    kid: str
    algorithm: str
    private: Any

    def jwk(self) -> dict[str, Any]:
        """The public half, as it stands in the key set."""
        kind = jwt.algorithms.RSAAlgorithm if self.algorithm == "RS256" else jwt.algorithms.ECAlgorithm
        public: dict[str, Any] = json.loads(kind.to_jwk(self.private.public_key()))
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}


@cache
def signing_key(kid: str = "test-1", algorithm: str = "ES256") -> SigningKey:
    """A key pair, made once per process and id."""
    if algorithm == "RS256":
        return SigningKey(kid, algorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return SigningKey(kid, algorithm, ec.generate_private_key(ec.SECP256R1()))


def token(tenant: str, role: str = "viewer", /, *, key: SigningKey | None = None, **claims: Any) -> str:
    """A signed token; any claim can be overridden, None leaves it out."""
    key = key or signing_key()
    now = int(time.time())
    body = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": f"{role}@{tenant}", "email": f"{role}@{tenant}.example",
        "tenant": tenant, "role": role, "iat": now, "exp": now + 600, **claims,
    }  # fmt: skip
    body = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(body, key.private, algorithm=key.algorithm, headers={"kid": key.kid})


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


@dataclass
class Api:
    """A client of one app."""

    app: FastAPI
    database: Database
    default_headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._handler = lambda_handler(self.app)

    def __call__(
        self, method: str, path: str, *, as_: str | None = None, body: Any = None,
        headers: dict[str, str] | None = None, authorizer: dict[str, Any] | None = None, **query: Any,
    ) -> Answer:  # fmt: skip
        """Send a request; `as_` is a token (see `token`)."""
        sent = {**self.default_headers, **{name.lower(): value for name, value in (headers or {}).items()}}
        if as_ is not None:
            sent["authorization"] = f"Bearer {as_}"
        if body is not None:
            sent.setdefault("content-type", "application/json")
        payload = self._handler(_event(method, path, query, sent, body, authorizer), None)
        text = payload.get("body") or ""
        if payload.get("isBase64Encoded"):
            text = base64.b64decode(text).decode(errors="replace")  # a workbook is no text
        return Answer(payload["statusCode"], payload.get("headers") or {}, text)

    def get(self, path: str, as_: str | None = None, **query: Any) -> Answer:
        """GET under /api/v1."""
        return self("GET", f"/api/v1{path}", as_=as_, **query)

    def post(self, path: str, as_: str | None = None, body: Any = None, **query: Any) -> Answer:
        """POST under /api/v1."""
        return self("POST", f"/api/v1{path}", as_=as_, body=body, **query)

    def put(self, path: str, as_: str | None = None, body: Any = None, **query: Any) -> Answer:
        """PUT under /api/v1."""
        return self("PUT", f"/api/v1{path}", as_=as_, body=body, **query)

    def delete(self, path: str, as_: str | None = None, **query: Any) -> Answer:
        """DELETE under /api/v1."""
        return self("DELETE", f"/api/v1{path}", as_=as_, **query)


def _event(
    method: str, path: str, query: dict[str, Any], headers: dict[str, str], body: Any, authorizer: Any
) -> dict[str, Any]:
    pairs = urlencode({name: str(value) for name, value in query.items() if value is not None}, quote_via=quote)
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"}
    context: dict[str, Any] = {"http": http, "stage": "$default", "requestId": "r1", "domainName": "api.test"}
    if authorizer is not None:
        context["authorizer"] = {"jwt": {"claims": authorizer}}
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": pairs,
        "headers": {"host": "api.test", **headers}, "requestContext": context, "isBase64Encoded": False,
        **({"body": text} if text is not None else {}),
    }  # fmt: skip


def open_database(database: ThrowawayDatabase, user: str = "ops_copilot") -> Database:
    """The throw-away database as a function of role `user` sees it."""
    values = {name.lower(): value for name, value in database.environment(user).items()}
    settings = FunctionSettings.model_validate({**values, "db_pool_size": 2})
    return Database(make_engine(settings))


def verifier(*keys: SigningKey) -> TokenVerifier:
    """A verifier that knows the public halves of `keys`."""
    published = json.dumps({"keys": [key.jwk() for key in keys or (signing_key(),)]})
    return TokenVerifier(KeySet(lambda: published), ISSUER, AUDIENCE)


def make_api(database: Database, routers: list[APIRouter] | None = None, clock: Clock | None = None) -> Api:
    """The whole app with the given context routers on `database`."""
    services = Services(database, verifier(), clock or SystemClock())
    return Api(create_app(services, routers or []), database)


def create_tenant(api: Api, code: str, **settings: Any) -> str:
    """Create a tenant through the API; its code."""
    answer = api.post("/tenants", token("platform", "admin", platform_admin=True), {"code": code, **settings})
    assert answer.status in (200, 201), answer.text
    return code
