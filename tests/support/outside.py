"""The outside world of the API in memory: a landing bucket, a state machine, a mail box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from opscopilot.entrypoints.parts import Outside
from opscopilot.forecasting.runs.executions import Run
from opscopilot.notifications.channels import Message, Receipt
from opscopilot.staging.connectors.running import Ended, PullArea
from opscopilot.staging.connectors.secrets import SecretMissing
from opscopilot.staging.ports import ObjectInfo, ObjectMissing, Part, UploadMissing
from opscopilot.staging.uploads import LandingArea


@dataclass
class MemoryStore:
    """An object store; `objects` maps bucket and key to bytes."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, Part]] = field(default_factory=dict)

    def head(self, bucket: str, key: str, version_id: str | None = None) -> ObjectInfo:
        """What is known about the object."""
        if (bucket, key) not in self.objects:
            raise ObjectMissing(key)
        return ObjectInfo(len(self.objects[bucket, key]), "etag", version_id, datetime.now(UTC), {})

    def download(self, bucket: str, key: str, target: Path, version_id: str | None = None) -> None:
        """Write it to a file."""
        target.write_bytes(self.objects[bucket, key])

    def upload(self, source: Path, bucket: str, key: str) -> None:
        """Keep a file."""
        self.objects[bucket, key] = source.read_bytes()

    def presign_put(self, bucket: str, key: str, expires_s: int, metadata: Mapping[str, str]) -> str:
        """A link that looks like one."""
        return f"https://s3.test/{bucket}/{key}?X-Amz-Expires={expires_s}"

    def begin(self, bucket: str, key: str) -> str:
        """Start an upload in parts."""
        upload_id = f"upload-{len(self.uploads) + 1}"
        self.uploads[upload_id] = {}
        return upload_id

    def presign_part(self, bucket: str, key: str, upload_id: str, number: int, expires_s: int) -> str:
        """A link that looks like one."""
        return f"https://s3.test/{bucket}/{key}?uploadId={upload_id}&partNumber={number}"

    def arrive(self, upload_id: str, number: int, size: int) -> str:
        """Pretend that a part was put; its ETag."""
        self.uploads[upload_id][number] = Part(number, f"etag-{number}", size)
        return f'"etag-{number}"'

    def parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        """What has arrived."""
        if upload_id not in self.uploads:
            raise UploadMissing(upload_id)
        return [self.uploads[upload_id][number] for number in sorted(self.uploads[upload_id])]

    def complete(self, bucket: str, key: str, upload_id: str, parts: list[Part]) -> None:
        """One object, as long as the parts."""
        self.objects[bucket, key] = b"x" * sum(part.size for part in parts)
        del self.uploads[upload_id]

    def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Forget it."""
        self.uploads.pop(upload_id, None)


@dataclass
class MemoryRuns:
    """A state machine that ends at once."""

    started: dict[tuple[UUID, UUID], dict[str, Any]] = field(default_factory=dict)

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Remember the start."""
        self.started.setdefault((tenant_id, run_id), payload)

    def describe(self, tenant_id: UUID, run_id: UUID) -> Run | None:
        """Done, if it was started."""
        if (tenant_id, run_id) not in self.started:
            return None
        return Run(run_id=run_id, status="completed", started_at=datetime.now(UTC))


@dataclass
class MemoryComputer:
    """A forecast function that knows nobody's orders, and remembers what it was asked."""

    asked: list[tuple[UUID, dict[str, Any]]] = field(default_factory=list)

    def demand(self, tenant_id: UUID, asked: dict[str, Any]) -> dict[str, Any]:
        """No item was ever ordered."""
        self.asked.append((tenant_id, asked))
        return {"as_of": "2025-03-30", "horizon_start": "2025-03-31", "history_end": "2025-03-30", "items": []}


@dataclass
class MailBox:
    """Mail that was sent."""

    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> Receipt:
        """Keep it."""
        self.sent.append(message)
        return Receipt(provider_id="1")


@dataclass
class MemorySecrets:
    """A secret store."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, ref: str, *, fresh: bool = False) -> dict[str, str]:
        """The fields."""
        if ref not in self.kept:
            raise SecretMissing(ref)
        return self.kept[ref]

    def put(self, ref: str, fields: Mapping[str, str]) -> None:
        """Keep them."""
        self.kept[ref] = dict(fields)


@dataclass
class MemoryPulls:
    """The state machine of pulls; `answer` is what a trial says."""

    answer: dict[str, Any] = field(default_factory=lambda: {"ok": True, "streams": []})
    started: list[tuple[UUID, dict[str, Any]]] = field(default_factory=list)

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Remember the start."""
        self.started.append((tenant_id, payload))

    def ended(self, tenant_id: UUID, run_id: UUID) -> Ended:
        """It ended with the answer."""
        return Ended(False, self.answer)


def memory_pulls() -> PullArea:
    """Pulls that are only remembered."""
    return PullArea(MemoryPulls(), MemorySecrets())


def memory_outside() -> Outside:
    """An outside without any network."""
    store, secrets = MemoryStore(), MemorySecrets()
    return Outside(
        LandingArea("landing", store, store),
        MemoryRuns(),
        MailBox(),
        lambda _tenant: 0,
        MemoryRuns(),
        memory_pulls(),
        MemoryComputer(),
        lambda: secrets,
    )
