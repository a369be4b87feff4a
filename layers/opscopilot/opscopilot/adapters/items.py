"""S3 as the place where a distributed map finds its items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


class S3Items:
    """Implements forecasting.runs.deal.ItemStore: one JSON array per run, deleted by the bucket's lifecycle."""

    def __init__(self, client: Any, bucket: str, prefix: str = "forecast-runs/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def keep(self, name: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Write the array; its bucket and key."""
        key = f"{self._prefix}{name}.json"
        body = json.dumps(list(items), separators=(",", ":")).encode()
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        return {"bucket": self._bucket, "key": key}
