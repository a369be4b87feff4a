"""What ingest needs from the outside. The adapters are in opscopilot/adapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID


class ObjectMissing(Exception):
    """There is no such object (any more)."""


class UploadMissing(Exception):
    """There is no such multipart upload: never begun, completed, or given up."""


class PartsRefused(Exception):
    """The store does not put these parts together; the message is its reason."""


class Part(NamedTuple):
    """A part of a multipart upload as the store has it. `size` in bytes."""

    number: int
    etag: str
    size: int


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


class PartStore(ObjectStore, Protocol):
    """A store that takes large objects in parts, in any order and any number of times."""

    def begin(self, bucket: str, key: str) -> str:
        """Start an upload in parts; its id."""
        ...

    def presign_part(self, bucket: str, key: str, upload_id: str, number: int, expires_s: int) -> str:
        """A URL to which a client may PUT that one part until it expires."""
        ...

    def parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        """What has arrived, by number; raises UploadMissing."""
        ...

    def complete(self, bucket: str, key: str, upload_id: str, parts: list[Part]) -> None:
        """Make one object of the parts; raises UploadMissing or PartsRefused."""
        ...

    def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Forget the upload and its parts; nothing to forget is fine."""
        ...


class Redriver(Protocol):
    """Runs the ingestion of an object again."""

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Start the ingestion with the event of the object; the same id again does nothing."""
        ...


class Listed(NamedTuple):
    """An object of somebody else's bucket. `stored` names its storage class."""

    key: str
    etag: str
    size: int
    modified: datetime
    stored: str


class ForeignBucket(Protocol):
    """A bucket of another owner, for reading."""

    def pages(self, prefix: str) -> Iterator[list[Listed]]:
        """Every object below a prefix, page by page."""
        ...

    def download(self, key: str, etag: str, target: Path) -> None:
        """Write that very version of the object to `target`; raises ObjectMissing when it is gone or has changed."""
        ...


class OpenBucket(Protocol):
    """Gives a bucket as the role `role_arn` sees it (None: as we do), which knows us by `external_id`."""

    def __call__(self, bucket: str, region: str | None, role_arn: str | None, external_id: str) -> ForeignBucket: ...
