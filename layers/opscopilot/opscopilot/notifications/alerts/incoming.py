"""Read an AlertRaised or a FileProcessed out of whatever a queue holds. Everything in it is somebody else's text until checked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertType, FileProcessed, FileStatus, Severity

_Line = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2199, 12, 31, tzinfo=UTC)
_Instant = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST)]
_Count = Annotated[int, Field(ge=0, lt=2**31)]
_Read = TypeVar("_Read", bound=BaseModel)
MAX_BODY = 262_144  # an SQS message's own limit


class _Event(BaseModel):
    """What both carry, with limits on everything that later becomes a header, a page, or a number in print."""

    model_config = ConfigDict(extra="ignore")
    event_id: UUID
    version: Literal[1] = 1
    tenant_id: UUID
    occurred_at: _Instant
    correlation_id: Annotated[str, StringConstraints(max_length=200)]
    severity: Severity
    message: Annotated[str, StringConstraints(max_length=50_000)]


class _Alert(_Event):
    """AlertRaised."""

    alert_id: UUID
    alert_type: AlertType
    title: _Line
    entity_type: _Line
    entity_id: UUID | None = None
    entity_code: _Line | None = None
    dedupe_key: _Line
    amount: Annotated[Decimal, Field(gt=-(10**18), lt=10**18, max_digits=24)] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    deadline: _Instant | None = None
    link: Annotated[str, StringConstraints(max_length=2000)] | None = None


class _File(_Event):
    """FileProcessed: names and texts in it come out of a stranger's file."""

    job_id: UUID
    file_name: _Line
    source_system: _Line
    status: FileStatus
    entity_type: _Line | None = None
    total_records: _Count
    successful_records: _Count
    failed_records: _Count
    duplicate_records: _Count
    headline: _Line
    requested_by: _Line | None = None


class _Head(BaseModel):
    """What kind of event it is."""

    detail_type: Literal["AlertRaised", "FileProcessed"] = Field(alias="detail-type")


class _Envelope(BaseModel):
    """EventBridge's envelope as SQS carries it."""

    model_config = ConfigDict(extra="ignore")
    source: Annotated[str, StringConstraints(pattern=r"^opscopilot\.[a-z]+$")]
    detail: _Alert


class _FileEnvelope(BaseModel):
    """The same around a FileProcessed, which only ingest's context raises."""

    model_config = ConfigDict(extra="ignore")
    source: Literal["opscopilot.staging"]
    detail: _File


def from_body(body: object) -> AlertRaised | FileProcessed:
    """The event in an SQS record's body (EventBridge's envelope as JSON); ValidationFailed naming the first fault."""
    if not isinstance(body, str) or len(body) > MAX_BODY:
        raise ValidationFailed(
            "The message is not an event.", field="body", value=type(body).__name__,
            expected=f"a JSON text of at most {MAX_BODY} characters",
        )  # fmt: skip
    if _checked(lambda: _Head.model_validate_json(body)).detail_type == "FileProcessed":
        return FileProcessed(**_checked(lambda: _FileEnvelope.model_validate_json(body)).detail.model_dump())
    return AlertRaised(**_checked(lambda: _Envelope.model_validate_json(body)).detail.model_dump())


def alert_from_outbox(detail: object) -> AlertRaised:
    """The alert in an outbox row, under the same limits."""
    return AlertRaised(**_checked(lambda: _Alert.model_validate(detail)).model_dump())


def file_from_outbox(detail: object) -> FileProcessed:
    """The processed file in an outbox row, under the same limits."""
    return FileProcessed(**_checked(lambda: _File.model_validate(detail)).model_dump())


def _checked(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "body"
        # The value stays out: it is a stranger's text and would end up in the log.
        raise ValidationFailed(
            f"The event cannot be used: {where}: {fault['msg']}", field=where, expected=fault["msg"]
        ) from None
