"""Succeeds; a key with ``pending`` waits for its dependencies twice first."""

from __future__ import annotations

from collections import Counter
from typing import Any

ATTEMPTS: Counter[str] = Counter()


class DependenciesPending(Exception):
    """Retried by name."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    key = event["key"]
    ATTEMPTS[key] += 1
    if "pending" in key and ATTEMPTS[key] <= 2:
        raise DependenciesPending(f"{key} refers to what has not arrived")
    return {"status": "normalized", "key": key, "attempts": ATTEMPTS[key]}
