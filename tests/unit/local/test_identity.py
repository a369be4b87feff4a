"""Tokens of the one machine's own identity provider."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import jwt
import pytest

from local.identity import AUDIENCE, ISSUER, Identity, TokenRefused, issue_token


def test_a_token_carries_who_and_which_tenant(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    claims = identity.verify(identity.issue("fjord", "planner", "kari@fjord.example.com"))
    assert (claims["tenant"], claims["role"], claims["email"]) == ("fjord", "planner", "kari@fjord.example.com")
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    again = identity.verify(identity.issue("fjord", "planner", "kari@fjord.example.com"))
    assert claims["sub"] == again["sub"]


def test_keys_are_kept_and_only_the_owner_may_read_them(tmp_path: Path) -> None:
    token = issue_token("fjord", "viewer", state_dir=tmp_path)
    assert Identity(tmp_path).verify(token)["role"] == "viewer"
    mode = (tmp_path / "identity" / "private_key.pem").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_published_keys_verify_tokens(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    token = identity.issue("fjord", "admin", platform_admin=True)
    assert identity.jwks_url.startswith("file:///")
    (published,) = json.loads(identity.jwks_path.read_text())["keys"]
    assert jwt.get_unverified_header(token)["kid"] == published["kid"]
    claims = jwt.decode(token, jwt.PyJWK(published).key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)
    assert claims["platform_admin"] is True


def test_other_tokens_are_refused(tmp_path: Path) -> None:
    identity = Identity(tmp_path / "a")
    good = identity.issue("fjord", "viewer")
    head, body, signature = good.split(".")
    bad = [
        identity.issue("fjord", "viewer", ttl_seconds=-1),
        identity.issue("fjord", "viewer", aud="somebody else"),
        identity.issue("fjord", "viewer", iss="https://evil.example.com"),
        Identity(tmp_path / "b").issue("fjord", "viewer"),
        f"{head}.{body}x.{signature}",
        jwt.encode({"tenant": "fjord", "iss": ISSUER, "aud": AUDIENCE, "exp": 9e9}, "", algorithm="none"),
        "",
        "nonsense",
    ]
    for token in bad:
        with pytest.raises(TokenRefused):
            identity.verify(token)
