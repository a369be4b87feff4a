"""Keys of the identity provider: cached, rotated, and never asked for too often."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from opscopilot.entrypoints.auth import KeySet, TokenVerifier, fetch_jwks
from opscopilot.kernel.errors import Unauthenticated, Unavailable
from tests.support.api import AUDIENCE, ISSUER, SigningKey, signing_key, token, verifier


class Provider:
    """A provider whose keys can be changed, counting how often it is asked."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys: list[SigningKey] | None = list(keys)
        self.asked = 0
        self.time = 1000.0
        self.set = KeySet(self.fetch, now=lambda: self.time)
        self.verify = TokenVerifier(self.set, ISSUER, AUDIENCE)

    def fetch(self) -> str:
        self.asked += 1
        if self.keys is None:
            raise OSError("down")
        return json.dumps({"keys": [one.jwk() for one in self.keys]})


def test_keys_are_read_once_and_again_when_old() -> None:
    provider = Provider(signing_key())
    for _ in range(3):
        provider.verify(token("plant"))
    assert provider.asked == 1
    provider.time += 601
    provider.verify(token("plant"))
    assert provider.asked == 2


def test_a_rotated_key_is_found_but_guesses_do_not_hammer_the_provider() -> None:
    provider, new = Provider(signing_key()), signing_key("test-2")
    provider.verify(token("plant"))
    provider.keys = [signing_key(), new]
    provider.time += 11
    assert provider.verify(token("plant", key=new)).tenant_code == "plant"
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            provider.verify(token("plant", key=signing_key("unknown")))
    assert provider.asked == 2


def test_an_unreachable_provider_is_survived_with_the_keys_at_hand() -> None:
    provider = Provider(signing_key())
    provider.verify(token("plant"))
    provider.keys, provider.time = None, provider.time + 700
    assert provider.verify(token("plant")).role == "viewer"
    empty = Provider()
    empty.keys = None
    with pytest.raises(Unavailable):
        empty.verify(token("plant"))


def test_only_asymmetric_algorithms_of_the_keys_own_kind_count() -> None:
    key = signing_key("rsa", "RS256")
    assert verifier(key)(token("plant", "admin", key=key)).role == "admin"
    secret = json.dumps(key.jwk())
    claims = jwt.decode(token("plant", key=key), options={"verify_signature": False})
    forged = jwt.encode(claims, secret + "x" * 32, algorithm="HS256", headers={"kid": "rsa"})
    with pytest.raises(Unauthenticated, match="algorithm"):
        verifier(key)(forged)
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "rsa"})
    with pytest.raises(Unauthenticated):
        verifier(key)(unsigned)
    with pytest.raises(Unauthenticated, match="not a JWT"):
        verifier()("rubbish")


def test_cognito_claims_and_platform_admin() -> None:
    made_by_cognito: dict[str, Any] = {"custom:tenant": "Plant", "custom:role": "planner"}
    made = token("plant", tenant=None, role=None, **made_by_cognito)
    who = verifier()(made)
    assert (who.tenant_code, who.role, who.platform_admin) == ("plant", "planner", False)
    assert verifier()(token("plant", platform_admin="true")).platform_admin


def test_key_sets_come_from_https_or_files(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text("{}", encoding="utf-8")
    assert fetch_jwks(str(path))() == fetch_jwks(path.as_uri())() == "{}"
    with pytest.raises(ValueError, match="https"):
        fetch_jwks("http://id.example.com/jwks.json")
