"""Durable S3: the objects of the stack's buckets live on disk and come back at the next start.

One file per object, ``<root>/<bucket>/<sha256 of the key>``: a line of JSON (key, version, etag, times,
metadata) and then the body. It is written beside and renamed, so a crash leaves the old object or the new
one, never half of either.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from moto.core.utils import utcnow
from moto.s3.models import FakeKey, S3Backend, s3_backends

_BLOCK = 4 << 20


class ObjectStore:
    """The mirror of one stack's buckets below ``root``."""

    def __init__(self, root: Path, account: str) -> None:
        self._root = root
        self._account = account
        self._buckets: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    @property
    def _backend(self) -> S3Backend:
        backend: S3Backend = s3_backends[self._account]["aws"]
        return backend

    def attach(self, buckets: frozenset[str]) -> int:
        """Mirror these buckets from now on; put back what was kept of them. Returns the number of objects."""
        self._buckets = buckets
        restored = 0
        for bucket in sorted(buckets):
            folder = self._root / bucket
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.iterdir()):
                if path.suffix == ".part":
                    path.unlink()  # a write that a crash interrupted
                else:
                    self._restore(bucket, path)
                    restored += 1
        return restored

    def saved(self, bucket: str, key: str) -> None:
        """Bring the file of an object in line with what S3 holds now."""
        if bucket in self._buckets:
            with self._lock:  # two writers of one key: whoever comes last must write what is there last
                self._write(bucket, key)

    def _write(self, bucket: str, key: str) -> None:
        path = self._path(bucket, key)
        found = self._backend.get_bucket(bucket).keys.get(key)
        if not isinstance(found, FakeKey):  # deleted, or a delete marker
            path.unlink(missing_ok=True)
            return
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        with part.open("wb") as stream:
            stream.write(json.dumps(_header(found)).encode() + b"\n")
            _copy(found, stream)
        os.replace(part, path)

    def created(self, bucket: str, prefix: str) -> Iterator[FakeKey]:
        """The objects of a bucket below ``prefix``, oldest first."""
        keys = [key for key in self._backend.get_bucket(bucket).keys.values() if isinstance(key, FakeKey)]
        yield from sorted(
            (key for key in keys if key.name.startswith(prefix)),
            key=lambda key: (key.last_modified, key.name),
        )

    def _path(self, bucket: str, key: str) -> Path:
        return self._root / bucket / hashlib.sha256(key.encode()).hexdigest()

    def _restore(self, bucket: str, path: Path) -> None:
        with path.open("rb") as stream:
            header: dict[str, Any] = json.loads(stream.readline())
            body = stream.read()
        buckets, self._buckets = self._buckets, frozenset()  # what comes from disk need not go back there
        try:
            key = self._backend.put_object(bucket, header["key"], body, etag=header["etag"], disable_notification=True)
        finally:
            self._buckets = buckets
        key.set_metadata(header["metadata"], replace=True)
        key.last_modified = datetime.fromisoformat(header["last_modified"])
        key._version_id = header["version_id"]


def _copy(key: FakeKey, target: BinaryIO) -> None:
    """Write an object's body without a second copy of it in memory."""
    place = 0
    while True:
        with key.lock:  # moto reads and hashes through the same buffer
            key._value_buffer.seek(place)
            block = key._value_buffer.read(_BLOCK)
        if not block:
            return
        target.write(block)
        place += len(block)


def _header(key: FakeKey) -> dict[str, Any]:
    return {
        "key": key.name,
        "etag": key.etag.strip('"'),
        "version_id": key._version_id,
        "last_modified": (key.last_modified or utcnow()).isoformat(),
        "metadata": dict(key.metadata),
    }
