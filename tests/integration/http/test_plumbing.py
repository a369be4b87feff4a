"""Tokens, tenants, transactions, problems: what every route relies on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Api, signing_key, token
from tests.support.fixtures import Tenant


def test_health_needs_no_token(api: Api) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/health/db"):
        for prefix in ("", "/api/v1"):
            answer = api("GET", prefix + path)
            assert (answer.status, answer.json["status"]) == (200, "ok")


def test_a_tenant_is_created_once_and_only_by_the_platform(api: Api, tenant: Tenant) -> None:
    code = tenant(default_currency="DKK", default_time_zone="Europe/Copenhagen", as_of="2025-03-28")
    again = api.post("/tenants", token("x-y-z", "admin", platform_admin=True), {"code": code.upper()})
    assert (again.status, again.json["default_currency"]) == (200, "DKK")
    assert api.post("/tenants", token(code, "admin"), {"code": "another"}).status == 403
    mine = api.get("/tenants/current", token(code)).json
    assert (mine["code"], mine["as_of"]) == (code, "2025-03-28")


def test_admin_changes_settings_and_viewer_may_not(api: Api, tenant: Tenant) -> None:
    code = tenant(as_of="2025-03-28")
    refused = api("PATCH", "/api/v1/tenants/current", as_=token(code), body={"as_of": None})
    assert (refused.status, refused.json["field"]) == (403, "role")
    changed = api("PATCH", "/api/v1/tenants/current", as_=token(code, "admin"), body={"as_of": None, "name": "Plant"})
    assert (changed.json["as_of"], changed.json["name"]) == (None, "Plant")
    bad = api("PATCH", "/api/v1/tenants/current", as_=token(code, "admin"), body={"default_time_zone": "Mars/Base"})
    assert bad.status == 422
    assert "IANA" in bad.json["detail"]


def test_a_tenant_that_was_never_created(api: Api) -> None:
    answer = api.get("/tenants/current", token("nobody-here"))
    assert answer.status == 404
    assert "ops tenants create" in answer.json["detail"]


def test_suspended_tenant_and_user_are_refused(api: Api, tenant: Tenant, owner_sql: Callable[..., None]) -> None:
    code = tenant()
    admin = token(code, "admin")
    api.post("/users", admin, {"user_id": f"viewer@{code}", "role": "viewer", "status": "suspended"})
    assert api.get("/users/me", token(code)).json["type"].endswith("/user_suspended")
    owner_sql(code, "UPDATE platform.tenants SET status = 'suspended'")
    assert api.get("/users/me", admin).json["type"].endswith("/tenant_suspended")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"nbf": int(time.time()) + 600}, "not yet valid"),
        ({"iss": "https://evil.test"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"exp": None}, "exp"),
        ({"tenant": None}, "tenant"),
        ({"tenant": "a b"}, "tenant"),
        ({"role": "king"}, "role"),
    ],
)
def test_bad_tokens_are_refused_with_the_reason(api: Api, claims: dict[str, Any], reason: str) -> None:
    answer = api.get("/users/me", token("plant", **claims))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert reason in answer.json["detail"]


def test_a_foreign_signature_a_missing_token_and_a_gateways_word_are_not_enough(api: Api) -> None:
    assert api.get("/users/me", token("plant", key=signing_key("other"))).status == 401
    assert api.get("/users/me").status == 401
    assert api("GET", "/api/v1/users/me", authorizer={"tenant": "plant", "role": "admin", "sub": "x"}).status == 401


def test_problems_name_the_fault_and_carry_the_correlation_id(api: Api, tenant: Tenant) -> None:
    wanted = "0190c3d0-0000-7000-8000-000000000001"
    missing = api("GET", "/api/v1/nothing", headers={"X-Correlation-Id": wanted})
    assert missing.headers["content-type"] == "application/problem+json"
    assert (missing.json["correlation_id"], missing.headers["x-correlation-id"]) == (wanted, wanted)
    wrong = api("DELETE", "/api/v1/users", headers={"x-correlation-id": "<script>"})
    assert (wrong.status, wrong.json["status"]) == (405, 405)
    assert wrong.json["correlation_id"] != "<script>"
    admin = token(tenant(), "admin")
    body = api.post("/users", admin, {"user_id": "x", "role": "king"})
    assert (body.status, body.json["field"], body.json["value"]) == (422, "role", "king")
    typo = api.get("/users", admin, limitt=5)
    assert (typo.status, typo.json["field"], typo.json["expected"]) == (422, "limitt", "one of: cursor, limit")
    assert api.post("/users", admin, "{not json").status == 422
    assert api.post("/users", admin, {"user_id": "nul\x00", "role": "viewer"}).status == 422


def test_security_headers_are_on_every_answer(api: Api) -> None:
    for answer in (api("GET", "/health"), api("GET", "/api/v1/users")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_users_are_paged_by_key(api: Api, tenant: Tenant) -> None:
    admin = token(tenant(), "admin")
    for number in range(5):
        assert api.post("/users", admin, {"user_id": f"u{number}", "role": "viewer"}).status == 200
    first = api.get("/users", admin, limit=2).json
    api.post("/users", admin, {"user_id": "a-newcomer", "role": "viewer"})
    second = api.get("/users", admin, limit=2, cursor=first["next_cursor"]).json
    assert [user["user_id"] for user in (*first["items"], *second["items"])] == ["u0", "u1", "u2", "u3"]
    assert (first["total"], second["total"]) == (5, 6)
    assert api.get("/users", admin, cursor="garbage").status == 422
