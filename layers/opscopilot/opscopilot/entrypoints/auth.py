"""JWT verification in the app itself, whatever the gateway in front has already checked.

Only RS256 and ES256: a symmetric algorithm would let whoever knows the public key sign tokens, and 'none'
everybody. Keys are cached; an unknown key id makes us look again, at most every few seconds, so that a provider
may rotate its keys at any time and nobody can make us hammer it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import jwt
from jwt import PyJWK
from pydantic import ValidationError

from opscopilot.kernel.errors import Unauthenticated, Unavailable, ValidationFailed
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.kernel.tenancy import Principal

ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
REQUIRED = ("exp", "iss", "aud", "sub")
LEEWAY_S = 30
_KEEP_S = 600.0
_RETRY_S = 10.0

Fetch = Callable[[], str]


def fetch_jwks(location: str) -> Fetch:
    """How to read the key set at `location`: an https URL, a file: URL or a path."""
    parts = urlsplit(location)
    if parts.scheme in ("", "file"):
        path = Path(unquote(parts.path) if parts.scheme else location)
        return lambda: path.read_text(encoding="utf-8")
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise ValueError(f"JWT_JWKS_URL must be https or a file, not '{location}'")

    def over_http() -> str:
        with urlopen(location, timeout=5) as answer:
            return str(answer.read(262_144), "utf-8")

    return over_http


class KeySet:
    """The provider's public keys by id, read when first needed, when they are old, and when an id is new."""

    def __init__(self, fetch: Fetch, now: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._now = now
        self._keys: dict[str, PyJWK] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, key_id: str) -> PyJWK | None:
        """The key of that id, or None. Unavailable when no key set could ever be read."""
        with self._lock:
            age = self._now() - self._read_at
            stale = age > _KEEP_S or key_id not in self._keys
            if stale and self._now() - self._tried_at > _RETRY_S:
                self._refresh()
            return self._keys.get(key_id)

    def _refresh(self) -> None:
        self._tried_at = self._now()
        try:
            found = json.loads(self._fetch())["keys"]
            self._keys = {one["kid"]: PyJWK(one, ALGORITHMS[one["kty"]]) for one in found if _usable(one)}
        except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            if not self._keys:
                self._tried_at = float("-inf")
                raise Unavailable("The identity provider's keys cannot be read. Try again in a moment.") from error
            return  # keep serving with the keys we have
        self._read_at = self._now()


def _usable(one: Mapping[str, Any]) -> bool:
    """Ours to verify with; a key of another kind must not spoil the rest of the set."""
    if "kid" not in one or one.get("use", "sig") != "sig":
        return False
    return one.get("kty") == "RSA" or (one.get("kty") == "EC" and one.get("crv") == "P-256")


class TokenVerifier:
    """Checks signature, issuer, audience and times of a token and reads the caller out of it."""

    def __init__(self, keys: KeySet, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def __call__(self, token: str) -> Principal:
        """The verified caller; Unauthenticated with the reason when the token is not good."""
        return principal_of(self._claims(token))

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise _refused("it is not a JWT") from error
        key = self._keys.get(str(header.get("kid", "")))
        if key is None:
            raise _refused("it is signed with a key that the identity provider does not publish")
        if header.get("alg") != key.algorithm_name:
            raise _refused("its signature algorithm is not one of " + ", ".join(ALGORITHMS.values()))
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key.key, algorithms=[key.algorithm_name], audience=self._audience, issuer=self._issuer,
                leeway=LEEWAY_S, options={"require": list(REQUIRED)},
            )  # fmt: skip
        except jwt.ExpiredSignatureError as error:
            raise _refused("it has expired") from error
        except jwt.PyJWTError as error:
            raise _refused(str(error).lower().rstrip(".")) from error
        return claims


def _refused(reason: str) -> Unauthenticated:
    return Unauthenticated(f"The token was not accepted: {reason}.", field="authorization")


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """The caller of verified claims. Cognito prefixes its own attributes with `custom:`; both are read."""

    def claim(name: str) -> Any:
        return claims.get(name, claims.get(f"custom:{name}"))

    code = claim("tenant")
    if not isinstance(code, str):
        raise _refused("it has no claim 'tenant'")
    try:
        return Principal(
            tenant_id=tenant_id_for(code), tenant_code=code.strip().lower(), user_id=str(claims["sub"]),
            role=claim("role"), email=claims.get("email"),
            platform_admin=claim("platform_admin") in (True, "true"),
        )  # fmt: skip
    except ValidationFailed as error:
        raise _refused("its claim 'tenant' is not a tenant code") from error
    except ValidationError as error:
        raise _refused("its claim 'role' is not one of our roles") from error
