"""Plans as many batches as it is asked for and squares each."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    if event["task"] == "plan":
        return {"batches": list(range(event["input"].get("batches", 0))), "input": event["input"]}
    return event["batch"] ** 2
