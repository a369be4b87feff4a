"""Events that cross a context's border, and the outbox that makes sure none is lost.

An event is written in the transaction that makes it true and published after the commit. Whatever was not
published (a crash in between) is found by the sweep, so consumers see every event at least once and must be
idempotent on `event_id`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opscopilot.kernel.db import Tx
from opscopilot.kernel.ids import uuid7

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
AlertType = Literal[
    "threshold_breach", "anomaly", "stockout_risk", "forecast_bias", "ccp_breach", "lot_hold",
    "supplier_risk", "osa_gap", "file_processed", "delivery_failed",
]  # fmt: skip
FileStatus = Literal["completed", "partially_failed", "failed", "needs_mapping"]


class Event(BaseModel):
    """The envelope every event shares. `version` rises when a field changes meaning."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    source: ClassVar[str] = "opscopilot.kernel"

    event_id: UUID = Field(default_factory=uuid7)
    version: int = 1
    tenant_id: UUID
    occurred_at: datetime
    correlation_id: str

    @property
    def detail_type(self) -> str:
        """The name rules match on."""
        return type(self).__name__


class FileLanded(BaseModel):
    """S3's own 'Object Created' event, as far as we trust and need it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bucket: str
    key: str
    version_id: str | None = None
    etag: str = ""
    size: int = 0

    @classmethod
    def from_s3_event(cls, event: dict[str, object]) -> FileLanded:
        """Read EventBridge's envelope; pydantic raises on anything that is not one."""
        envelope = _S3Envelope.model_validate(event)
        found = envelope.detail.object
        return cls(
            bucket=envelope.detail.bucket.name, key=found.key, etag=found.etag.strip('"'), size=found.size,
            version_id=found.version_id,
        )  # fmt: skip


class _S3Object(BaseModel):
    key: str
    size: int = 0
    etag: str = ""
    version_id: str | None = Field(default=None, alias="version-id")


class _S3Bucket(BaseModel):
    name: str


class _S3Detail(BaseModel):
    bucket: _S3Bucket
    object: _S3Object


class _S3Envelope(BaseModel):
    detail: _S3Detail


class DataNormalized(Event):
    """A file's rows have reached the canonical tables."""

    source: ClassVar[str] = "opscopilot.manufacturing"
    job_id: UUID
    entity_type: str
    successful_records: int
    failed_records: int
    duplicate_records: int


class ForecastPublished(Event):
    """A forecast version is published and will not change any more."""

    source: ClassVar[str] = "opscopilot.forecasting"
    version_id: UUID
    code: str
    series: int


class AlertRaised(Event):
    """Somebody should know. `dedupe_key` is the fingerprint of the condition: one open alert per key.

    `correlation_key` names the cause: alerts that share one are symptoms of one problem (None: the condition is the
    problem). `amount` is the money at stake, `amount_per_hour` what every hour costs, both in `currency`.
    `to_users` are the only people it concerns; empty: everybody, by their preferences. `entity_name` is the name alone
    ("Hazelnuts"), so that messages in any language can be built around it; without it they use `title` as it is.
    """

    source: ClassVar[str] = "opscopilot.forecasting"
    alert_id: UUID
    alert_type: AlertType
    severity: Severity
    title: str
    message: str
    entity_type: str
    entity_id: UUID | None = None
    entity_code: str | None = None
    entity_name: str | None = None
    dedupe_key: str
    amount: Decimal | None = None
    currency: str | None = None
    deadline: datetime | None = None
    link: str | None = None
    correlation_key: str | None = None
    amount_per_hour: Decimal | None = None
    place: str | None = None
    observed: Decimal | None = None
    threshold: Decimal | None = None
    uom: str | None = None
    actions: tuple[str, ...] = ()
    to_users: tuple[str, ...] = ()
    expires_at: datetime | None = None


class AlertSeen(AlertRaised):
    """The condition is still there, with these numbers: for the list, and so that it does not expire. Nobody is told,
    unless its alert never arrived. What a person resolved stays resolved."""


class AlertResolved(Event):
    """The condition of an alert is gone, or what raised it no longer looks. Nobody needs to act any more."""

    source: ClassVar[str] = "opscopilot.forecasting"
    alert_id: UUID
    dedupe_key: str
    reason: str = "The condition is gone."


class FileProcessed(Event):
    """The work on a file has ended, or needs a person. `message` is the receipt as text."""

    source: ClassVar[str] = "opscopilot.staging"
    job_id: UUID
    file_name: str
    source_system: str
    status: FileStatus
    severity: Severity
    entity_type: str | None = None
    total_records: int
    successful_records: int
    failed_records: int
    duplicate_records: int
    headline: str
    message: str
    requested_by: str | None = None


EVENT_TYPES: tuple[type[Event], ...] = (
    DataNormalized, ForecastPublished, AlertRaised, AlertSeen, AlertResolved, FileProcessed,
)  # fmt: skip


class OutboxRow(BaseModel):
    """An event as it lies in platform.outbox."""

    event_id: UUID
    source: str
    detail_type: str
    detail: str


class EventPublisher(Protocol):
    """The way out; the adapter speaks to EventBridge."""

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        """Send the rows; the ids that were taken. What was not taken stays for the sweep."""
        ...


def record(tx: Tx, *events: Event) -> None:
    """Write the events to the outbox inside the transaction that makes them true. The same id twice is one event."""
    if not events:
        return
    rows = [
        {"tenant_id": str(one.tenant_id), "event_id": str(one.event_id), "source": one.source,
         "detail_type": one.detail_type, "detail": one.model_dump(mode="json"),
         "occurred_at": one.occurred_at.isoformat()}
        for one in events
    ]  # fmt: skip
    tx.execute(
        """INSERT INTO platform.outbox (tenant_id, event_id, source, detail_type, detail, occurred_at)
           SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (tenant_id uuid, event_id uuid, source text,
               detail_type text, detail jsonb, occurred_at timestamptz)
           ON CONFLICT DO NOTHING""",
        rows=json.dumps(rows),
    )  # fmt: skip


def unpublished(tx: Tx, older_than_s: int = 0, limit: int = 100) -> list[OutboxRow]:
    """Events of this tenant that still have to go out, oldest first. Locked rows are somebody else's work.

    `older_than_s` 0 means all: an event written by a machine whose clock is ahead of the database's is due too.
    """
    found = tx.rows(
        """SELECT event_id, source, detail_type, detail FROM platform.outbox
           WHERE published_at IS NULL AND (:age = 0 OR occurred_at <= now() - make_interval(secs => :age))
           ORDER BY event_id LIMIT :limit FOR UPDATE SKIP LOCKED""",
        age=older_than_s, limit=limit,
    )  # fmt: skip
    return [OutboxRow(**{**row, "detail": json.dumps(row["detail"])}) for row in found]


def mark_published(tx: Tx, event_ids: Iterable[UUID]) -> None:
    """Note that these events are on the bus."""
    tx.execute(
        "UPDATE platform.outbox SET published_at = now() WHERE event_id = ANY(CAST(:ids AS uuid[]))",
        ids=[str(one) for one in event_ids],
    )


def relay(tx: Tx, publisher: EventPublisher, older_than_s: int = 0) -> int:
    """Publish what is due and mark it; the number of events that went out."""
    sent = 0
    while batch := unpublished(tx, older_than_s):
        taken = publisher.publish(batch)
        mark_published(tx, taken)
        sent += len(taken)
        if len(taken) < len(batch):
            break
    return sent
