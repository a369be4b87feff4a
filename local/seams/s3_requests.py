"""Seams of moto's S3, so that an object is on disk before its event leaves, and each change has one event.

- ``S3Response._key_response`` and ``_bucket_response``: every S3 request passes here. Events raised inside
  are held until the request is done (moto raises them before it has set the metadata), then the touched
  objects are handed to ``saved`` and the events to ``publish``.
- ``S3Backend.put_object`` and ``delete_object``: note which objects a request touched.
- ``FakeKey.dispose``, ``__del__`` and ``etag``: moto closes an overwritten object while another thread still
  reads or hashes it.
- ``notifications._send_event_bridge_message``: the event's shape as S3 sends it (moto's has constant ids, a
  wrong ``eTag`` and reaches every bus).
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeKey, S3Backend
from moto.s3.responses import S3Response

from local.seams import Patches

REASONS = {
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Post": ("Object Created", "POST Object"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
}
_SEQUENCE = itertools.count(1)

Saved = Callable[[str, str], None]
Publish = Callable[[dict[str, Any]], None]


@dataclass
class _Request:
    """What happened during one S3 request, by object."""

    touched: dict[tuple[str, str], None] = field(default_factory=dict)
    events: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)


class _Held(threading.local):
    request: _Request | None = None


def install(patches: Patches, saved: Saved, publish: Publish) -> None:
    """Call ``saved(bucket, key)`` for each object written or deleted, then ``publish(PutEvents entry)``."""
    held = _Held()

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def respond(*args: Any, **kwargs: Any) -> Any:
            if held.request is not None:
                return original(*args, **kwargs)
            held.request = request = _Request()
            try:
                return original(*args, **kwargs)
            finally:
                held.request = None
                for bucket, key in request.touched:
                    saved(bucket, key)
                for event in request.events.values():
                    publish(event)

        return respond

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        def change(self: S3Backend, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
            result = original(self, bucket_name, key_name, *args, **kwargs)
            if held.request is None:
                saved(bucket_name, key_name)
            else:
                held.request.touched[bucket_name, key_name] = None
            return result

        return change

    def send(_account: str, bucket: FakeBucket, event_name: Any, key: Any) -> None:
        event = object_event(bucket.name, key, str(event_name.value)[3:])
        if event is None:
            return
        if held.request is None:
            publish(event)
        else:
            held.request.events[bucket.name, key.name, event["DetailType"]] = event

    for name in ("_key_response", "_bucket_response"):
        patches.replace(S3Response, name, around(getattr(S3Response, name)))
    for name in ("put_object", "delete_object"):
        patches.replace(S3Backend, name, noting(getattr(S3Backend, name)))
    _keep_readable(patches)
    patches.replace(notifications, "_send_event_bridge_message", send)


def _keep_readable(patches: Patches) -> None:
    """Close an overwritten object's buffer when its last reader is gone, and hash it while nobody reads it."""
    close, hashed = FakeKey.dispose, vars(FakeKey)["etag"].fget

    def etag(self: FakeKey) -> Any:
        with self.lock:
            return hashed(self)

    patches.replace(FakeKey, "__del__", lambda self: close(self))
    patches.replace(FakeKey, "dispose", lambda *_args, **_options: None)
    patches.replace(FakeKey, "etag", property(etag))


def object_event(bucket: str, key: FakeKey, change: str) -> dict[str, Any] | None:
    """The PutEvents entry for a change of an object, None for changes the product has no use for."""
    if change not in REASONS:
        return None
    detail_type, reason = REASONS[change]
    described: dict[str, Any] = {"key": key.name, "sequencer": f"{time.time_ns():016X}{next(_SEQUENCE):04X}"}
    if detail_type == "Object Created":
        described |= {"size": key.size, "etag": key.etag.strip('"')}
    if key.version_id not in (None, "null"):
        described["version-id"] = key.version_id
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": described,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": key.account_id,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    }
    return {
        "Source": "aws.s3",
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": [f"arn:aws:s3:::{bucket}"],
    }
