"""Pages by key, not by offset: stable while rows are inserted (P-87). A cursor is opaque to the caller."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Row
from opscopilot.kernel.errors import ValidationFailed

T = TypeVar("T")
DEFAULT_LIMIT = 50
MAX_LIMIT = 500


class Page(BaseModel, Generic[T]):
    """One page of a list. `total` counts what the filter finds, not the page."""

    items: list[T]
    next_cursor: str | None = Field(default=None, description="Give it back as `cursor` for the next page.")
    total: int = Field(description="Rows that match the filter.")


def page(rows: Sequence[Row], limit: int, total: int, keys: Sequence[str], build: Callable[[Row], T]) -> Page[T]:
    """A page out of `rows`, read with LIMIT `limit` + 1 and sorted by the columns `keys`; see `cut`."""
    kept, following = cut(rows, limit, *keys)
    return Page(items=[build(row) for row in kept], next_cursor=following, total=total)


def cut(rows: Sequence[Row], limit: int, *keys: str) -> tuple[list[Row], str | None]:
    """The first `limit` of `rows`, and the cursor of the page after them: None when nothing comes after.

    Read one row more than the page holds, sorted by the columns `keys`, with NULL as the empty text.
    """
    kept = list(rows[:limit])
    if len(rows) <= limit:
        return kept, None
    return kept, encode_cursor(["" if kept[-1][key] is None else kept[-1][key] for key in keys])


def encode_cursor(keys: list[Any]) -> str:
    """The sort keys of the last row of a page, as an opaque text."""
    raw = json.dumps(keys, default=str, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    """The sort keys inside `cursor`; ValidationFailed when it is not one of ours for this list."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        keys = None
    if not isinstance(keys, list) or len(keys) != length or not all(map(_comparable, keys)):
        raise ValidationFailed(
            "The cursor does not belong to this list.",
            field="cursor", value=cursor, expected="the `next_cursor` of the page before, unchanged",
        )  # fmt: skip
    return keys


def _comparable(key: object) -> bool:
    """Whether the database can take `key` as a parameter: no nesting, no NaN, no text that UTF-8 cannot hold."""
    if isinstance(key, str):
        return "\0" not in key and not any("\ud800" <= char <= "\udfff" for char in key)
    return key is None or isinstance(key, int) or (isinstance(key, float) and isfinite(key))
