"""GS1's vocabulary in one spelling, and values as JSON text without losing a digit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_CBV = re.compile(
    r"(?:https?://(?:ref\.gs1\.org|ns\.gs1\.org)/cbv/|cbv:)(?:BizStep|Disp|BTT|SDT|ER)-(.+)"
    r"|urn:epcglobal:cbv:(?:bizstep|disp|btt|sdt|er):(.+)"
)
_NOT_HASHED = frozenset({"eventID", "recordTime", "errorDeclaration", "@context", "isA"})


def word(text: str | None) -> str | None:
    """A standard word without the address in front of it; everything else as it is."""
    found = _CBV.fullmatch(text or "")
    return (found[1] or found[2]) if found else text


def json_text(value: Any, *, sort: bool = False) -> str:
    """JSON in which a number has exactly the digits it came with."""
    if isinstance(value, Mapping):
        items = sorted(value.items()) if sort else value.items()
        inner = ",".join(
            f"{json.dumps(str(key), ensure_ascii=False)}:{json_text(one, sort=sort)}" for key, one in items
        )
        return "{" + inner + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(json_text(one, sort=sort) for one in value) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value if value is None or isinstance(value, bool | int) else str(value), ensure_ascii=False)


def utc(moment: datetime) -> str:
    """An instant as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat()


def event_hash(event: Mapping[str, Any], event_time: datetime) -> str:
    """An id for an event that came without one: the same content always has the same id.

    It is no CBV hash (that one normalises vocabularies too), and says so by its version.
    """
    content = {name: value for name, value in event.items() if name not in _NOT_HASHED} | {"eventTime": utc(event_time)}
    return f"ni:///sha-256;{hashlib.sha256(json_text(content, sort=True).encode()).hexdigest()}?ver=OPS1"
