"""Journals each record; a body with ``fail`` is reported as failed, one with ``boom`` fails the batch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

JOURNAL = Path(os.environ["JOURNAL"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any] | None:
    with JOURNAL.open("a") as stream:
        stream.write(json.dumps({"function": context.function_name, "event": event}) + "\n")
    if "Records" not in event:
        return None
    if any("boom" in record["body"] for record in event["Records"]):
        raise RuntimeError("boom")
    failed = [record["messageId"] for record in event["Records"] if "fail" in record["body"]]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
