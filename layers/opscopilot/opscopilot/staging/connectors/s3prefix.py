"""Objects below a prefix of another bucket: each version once, read through a role of its owner.

S3 lists by key, not by time, and a large object bears the time at which its upload began. So what was taken is
remembered as (key, ETag) for `window_h` hours back; what is older than that and not new to us is done.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from pydantic import Field

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.connectors.base import (
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFailed,
    FileBatch,
    Stream,
    StreamConfig,
)
from opscopilot.staging.ports import ForeignBucket, Listed, ObjectMissing
from opscopilot.staging.uploads import check_file_name

AT_MOST = 5_000
"""Objects of one pull, oldest first; the next pull goes on."""
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


class S3Stream(StreamConfig):
    """The objects below a prefix."""

    prefix: str = Field(default="", max_length=900, examples=["exports/orders/"])
    pattern: str = Field(default="*", max_length=200, description="Of the key behind the prefix, as in a shell.")


class S3PrefixConfig(ConnectorConfig):
    """A bucket. Its owner makes a role named opscopilot-… that trusts us with the external id opscopilot/TENANT."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    region: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    role_arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/opscopilot-[\w+=,.@-]{1,50}$")
    max_file_mb: int = Field(default=5120, ge=1, le=10_000)
    window_h: int = Field(default=72, ge=1, le=24 * 30)
    streams: list[S3Stream] = Field(min_length=1, max_length=100)


class S3PrefixConnector(BaseConnector):
    """Brings objects. There is no secret: the role is all."""

    type: ClassVar[str] = "s3"
    title: ClassVar[str] = "S3 bucket"
    Config = S3PrefixConfig

    def streams(self) -> list[Stream]:
        return [Stream(one.name, one.entity) for one in self.config.streams]

    def fetch_data(
        self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None
    ) -> Iterator[Batch | FileBatch]:
        asked = next(one for one in self.config.streams if one.name == stream.name)
        place = resume or (json.loads(watermark) if watermark else {})
        yield from _Pull(self, asked, place, self._bucket()).batches()

    def _bucket(self) -> ForeignBucket:
        """The bucket through its owner's role: without one we would read it with our own rights, which reach the
        data of every tenant. Only a one-machine installation has no roles."""
        config, around = self.config, self.around
        if config.role_arn is None and not around.guard.local:
            raise ConnectorFailed(
                "role_missing", "Name the role (`role_arn`) through which the bucket is read; also in our own account."
            )
        if around.buckets is None:
            raise ConnectorFailed("not_here", "Buckets are not read here.")
        return around.buckets(config.bucket, config.region, config.role_arn, f"opscopilot/{around.tenant_code}")


class _Pull:
    """The new objects of one stream. `at` is the time of the newest one taken, `seen` the keys of the last days."""

    def __init__(
        self, connector: S3PrefixConnector, asked: S3Stream, place: dict[str, Any], bucket: ForeignBucket
    ) -> None:
        self.connector, self.asked, self.bucket = connector, asked, bucket
        self.config: S3PrefixConfig = connector.config
        self.at: str | None = place.get("at")
        self.seen: dict[str, list[str]] = dict(place.get("seen", {}))

    def batches(self) -> Iterator[Batch | FileBatch]:
        """One batch per object, oldest first, and one of warnings where an object was left."""
        for one in heapq.nsmallest(AT_MOST, self._new(), key=lambda found: (found.modified, found.key)):
            yield self._one(one)
        yield Batch([], self._state(), self._place(), lasts=True)

    def _new(self) -> Iterator[Listed]:
        since = self._since()
        for page in self.bucket.pages(self.asked.prefix):
            for one in page:
                name = one.key.removeprefix(self.asked.prefix)
                known = self.seen.get(one.key, [None])[0] == one.etag or (since is not None and one.modified < since)
                if not one.key.endswith("/") and not known and fnmatchcase(name, self.asked.pattern):
                    yield one

    def _since(self) -> datetime | None:
        return None if self.at is None else datetime.fromisoformat(self.at) - timedelta(hours=self.config.window_h)

    def _one(self, one: Listed) -> Batch | FileBatch:
        name, target = one.key.rsplit("/", 1)[-1], self.connector.around.folder / "s3-object"
        why = self._refused(one, name)
        if why is None:
            try:
                self.bucket.download(one.key, one.etag, target)
            except ObjectMissing:  # it comes again with its new ETag
                return Batch([], self._state(), self._place(), (f"'{one.key}' changed while it was read.",), lasts=True)
        self._took(one)
        if why is not None:
            return Batch([], self._state(), self._place(), (f"'{one.key}' was left: {why}",), lasts=True)
        return FileBatch(target, name, self._state(), self._place(), lasts=True)

    def _refused(self, one: Listed, name: str) -> str | None:
        if one.size > self.config.max_file_mb << 20:
            return f"it has {one.size >> 20:,} MB."
        if one.stored in _ARCHIVED:
            return f"it is archived ({one.stored})."
        try:
            check_file_name(name)
        except ValidationFailed as error:
            return error.detail
        return None

    def _took(self, one: Listed) -> None:
        moment = one.modified.isoformat()
        self.at = max(self.at or moment, moment)
        self.seen[one.key] = [one.etag, moment]
        since = self._since()
        if since is not None:
            early = since.isoformat()
            self.seen = {key: kept for key, kept in self.seen.items() if kept[1] >= early}

    def _place(self) -> dict[str, Any]:
        return {"at": self.at, "seen": dict(self.seen)}

    def _state(self) -> str:
        return json.dumps(self._place(), ensure_ascii=False, sort_keys=True)
