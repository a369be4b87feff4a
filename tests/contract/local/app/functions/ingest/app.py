"""Journals the event; ``boom`` in the key raises, ``skip`` is not staged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

JOURNAL = Path(os.environ["JOURNAL"])
STAGE = os.environ["STAGE"]


class CannotRead(Exception):
    """The error a state machine catches by name."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    with JOURNAL.open("a") as stream:
        stream.write(json.dumps({"function": context.function_name, "event": event}) + "\n")
    if event.get("task") == "fail":
        return {"status": "failed", "error": event["error"]}
    if "detail" not in event:
        return {"status": "echo", "stage": STAGE, "stage_later": os.environ.get("STAGE"), "event": event}
    key = event["detail"]["object"]["key"]
    if "boom" in key:
        raise CannotRead(f"no reader for {key}")
    return {"status": "skipped" if "skip" in key else "staged", "key": key}
