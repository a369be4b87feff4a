"""The one machine's identity provider: one key pair, its JWKS and tokens for whoever asks.

Loopback only and for development: whoever can read the state folder can be anyone. On AWS the issuer is
Cognito or the customer's own OpenID provider.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.constants import STATE

ISSUER = "https://local.opscopilot.invalid"
AUDIENCE = "opscopilot"
DAY_SECONDS = 86_400


class TokenRefused(ValueError):
    """The token is not one of ours, or not valid now."""


class Identity:
    """The key pair of one state folder; made at first use, kept after that."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "identity"
        self.jwks_path = self._folder / "jwks.json"
        self._key_path = self._folder / "private_key.pem"
        self._key = self._load() or self._make()
        self._public = self._key.public_key()
        self._key_id = str(_jwk(self._public)["kid"])

    @property
    def jwks_url(self) -> str:
        """Where the public key is, as a file: URL."""
        return self.jwks_path.absolute().as_uri()

    def issue(
        self, tenant: str, role: str, email: str | None = None, ttl_seconds: int = DAY_SECONDS, **claims: Any
    ) -> str:
        """A signed token for a user of ``tenant`` (its code) with ``role``."""
        now = int(time.time())
        address = email or f"{role}@{tenant.lower()}.example.com"
        body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{address}")),
            "email": address,
            "tenant": tenant,
            "role": role,
            "iat": now,
            "nbf": now,
            "exp": now + ttl_seconds,
            **claims,
        }
        return jwt.encode(body, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def verify(self, token: str) -> dict[str, Any]:
        """The token's claims; TokenRefused when signature, issuer, audience or times are wrong."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(str(error)) from error
        return claims

    def _load(self) -> rsa.RSAPrivateKey | None:
        if not (self._key_path.exists() and self.jwks_path.exists()):
            return None
        key = serialization.load_pem_private_key(self._key_path.read_bytes(), password=None)
        return key if isinstance(key, rsa.RSAPrivateKey) else None

    def _make(self) -> rsa.RSAPrivateKey:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor = os.open(self._key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)
        self.jwks_path.write_text(json.dumps({"keys": [_jwk(key.public_key())]}))
        return key


def issue_token(
    tenant: str,
    role: str,
    email: str | None = None,
    ttl_seconds: int = DAY_SECONDS,
    *,
    state_dir: Path = STATE,
    platform_admin: bool = False,
) -> str:
    """A token signed with the key pair of a state folder (made when there is none yet)."""
    extra = {"platform_admin": True} if platform_admin else {}
    return Identity(state_dir).issue(tenant, role, email, ttl_seconds, **extra)


def _jwk(public: rsa.RSAPublicKey) -> dict[str, str]:
    """The public key as a JSON web key; its id is the thumbprint of RFC 7638."""
    numbers = public.public_numbers()
    core = {"e": _base64(numbers.e), "kty": "RSA", "n": _base64(numbers.n)}
    digest = hashlib.sha256(json.dumps(core, separators=(",", ":")).encode()).digest()
    return {**core, "alg": "RS256", "use": "sig", "kid": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
