"""Nothing to migrate."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"status": "ok", "revision": "none", "task": event.get("task")}
