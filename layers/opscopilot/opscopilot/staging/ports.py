"""What ingest needs from the outside. The adapters are in opscopilot/adapters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol


class ObjectMissing(Exception):
    """There is no such object (any more)."""


class ObjectInfo(NamedTuple):
    """What a store knows about an object without reading it. Metadata keys are lower case."""

    size: int
    etag: str
    version_id: str | None
    last_modified: datetime
    metadata: Mapping[str, str]


class ObjectStore(Protocol):
    """Files in buckets."""

    def head(self, bucket: str, key: str, version_id: str | None = None) -> ObjectInfo:
        """Size, version and metadata; raises ObjectMissing."""
        ...

    def download(self, bucket: str, key: str, target: Path, version_id: str | None = None) -> None:
        """Write the object to `target` without holding it in memory; raises ObjectMissing."""
        ...

    def upload(self, source: Path, bucket: str, key: str) -> None:
        """Write a file as an object; replaces what was there."""
        ...

    def presign_put(self, bucket: str, key: str, expires_s: int, metadata: Mapping[str, str]) -> str:
        """A URL to which a client may PUT that one object until it expires."""
        ...
