"""Identifiers: time-ordered UUIDs for rows, and the tenant id that follows from the tenant code."""

from __future__ import annotations

import os
import re
import time
import uuid

from opscopilot.kernel.errors import ValidationFailed

# Fixed for ever: changing it would orphan every tenant's rows.
_NAMESPACE = uuid.UUID("6f1c3d0e-8a55-5c0b-9a0e-0b5c0d117a11")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): 48 bits of Unix milliseconds, then random bits, so that keys sort by age."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def check_tenant_code(code: str) -> str:
    """`code` in lower case; raises ValidationFailed unless it is 3-40 of a-z, 0-9 and inner hyphens."""
    lowered = code.strip().lower()
    if not _CODE.fullmatch(lowered):
        raise ValidationFailed(
            f"'{code}' cannot be a tenant code.",
            field="code",
            value=code,
            expected="3 to 40 letters a-z, digits or hyphens, for example 'fjord-foods'",
        )
    return lowered


def tenant_id_for(code: str) -> uuid.UUID:
    """The tenant's id. It follows from the code, so no look-up across tenants is ever needed."""
    return uuid.uuid5(_NAMESPACE, check_tenant_code(code))


def derived_id(*parts: str) -> uuid.UUID:
    """A stable id made of `parts`: the same input always names the same row (idempotent consumers)."""
    return uuid.uuid5(_NAMESPACE, "\x1f".join(parts))
