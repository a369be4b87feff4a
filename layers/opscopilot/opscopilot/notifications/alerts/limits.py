"""The limits of everything in an event that later becomes a header, a page, a row, or a number in print."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from opscopilot.kernel.events import AlertType, FileStatus, Severity

_STORABLE = r"^[^\x00]*$"
"""Postgres cannot store NUL: one such text would make the whole batch fail."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2199, 12, 31, tzinfo=UTC)
Line = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=_STORABLE)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_STORABLE)]
"""Fits an index of Postgres in any script."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_STORABLE)]
Text = Annotated[str, StringConstraints(max_length=50_000, pattern=_STORABLE)]
Link = Annotated[str, StringConstraints(max_length=2000, pattern=_STORABLE)]
SourceName = Annotated[str, StringConstraints(pattern=r"^opscopilot\.[a-z]+$")]
Instant = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Money = Annotated[Decimal, Field(gt=-(10**15), lt=10**15, max_digits=24)]
Measured = Annotated[Decimal, Field(gt=-(10**18), lt=10**18, max_digits=36)]


class Envelope(BaseModel):
    """What every event carries."""

    model_config = ConfigDict(extra="ignore")
    event_id: UUID
    version: Literal[1] = 1
    tenant_id: UUID
    occurred_at: Instant
    correlation_id: Annotated[str, StringConstraints(max_length=200, pattern=_STORABLE)]


class Alert(Envelope):
    """AlertRaised and AlertSeen."""

    alert_id: UUID
    alert_type: AlertType
    severity: Severity
    title: Line
    message: Text
    entity_type: Line
    entity_id: UUID | None = None
    entity_code: Line | None = None
    entity_name: Line | None = None
    dedupe_key: Key
    amount: Money | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    deadline: Instant | None = None
    link: Link | None = None
    correlation_key: Key | None = None
    amount_per_hour: Money | None = None
    place: Name | None = None
    observed: Measured | None = None
    threshold: Measured | None = None
    uom: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=_STORABLE)] | None = None
    actions: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    to_users: Annotated[tuple[Name, ...], Field(max_length=1000)] = ()
    expires_at: Instant | None = None


class Resolution(Envelope):
    """AlertResolved."""

    alert_id: UUID
    dedupe_key: Key
    reason: Line = "The condition is gone."


class File(Envelope):
    """FileProcessed: names and texts in it come out of a stranger's file."""

    job_id: UUID
    severity: Severity
    message: Text
    file_name: Line
    source_system: Line
    status: FileStatus
    entity_type: Line | None = None
    total_records: Count
    successful_records: Count
    failed_records: Count
    duplicate_records: Count
    headline: Line
    requested_by: Line | None = None
