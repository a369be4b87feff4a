"""Read an event out of whatever a queue holds. Everything in it is somebody else's text until checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertResolved, AlertSeen, FileProcessed
from opscopilot.notifications.alerts.limits import Alert, File, Resolution, SourceName
from opscopilot.notifications.refusing import unusable

Received = AlertRaised | AlertResolved | FileProcessed
"""What the queue of alerts may hold; AlertSeen is an AlertRaised."""

Kind = Literal["AlertRaised", "AlertSeen", "AlertResolved", "FileProcessed"]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
MAX_BODY = 262_144  # an SQS message's own limit
_Read = TypeVar("_Read", bound=BaseModel)
_MADE: Mapping[Kind, Callable[[BaseModel], Received]] = {
    "AlertRaised": lambda read: AlertRaised(**read.model_dump()),
    "AlertSeen": lambda read: AlertSeen(**read.model_dump()),
    "AlertResolved": lambda read: AlertResolved(**read.model_dump()),
    "FileProcessed": lambda read: FileProcessed(**read.model_dump()),
}


class _Head(BaseModel):
    """What kind of event it is."""

    kind: Kind = Field(alias="detail-type")


class _Envelope(BaseModel):
    """EventBridge's envelope as SQS carries it."""

    model_config = ConfigDict(extra="ignore")
    source: SourceName


class _AlertEnvelope(_Envelope):
    detail: Alert


class _ResolvedEnvelope(_Envelope):
    detail: Resolution


class _FileEnvelope(_Envelope):
    """Around a FileProcessed, which only ingest's context raises."""

    source: Literal["opscopilot.staging"]
    detail: File


_ENVELOPES: Mapping[Kind, type[_AlertEnvelope | _ResolvedEnvelope | _FileEnvelope]] = {
    "AlertRaised": _AlertEnvelope, "AlertSeen": _AlertEnvelope, "AlertResolved": _ResolvedEnvelope,
    "FileProcessed": _FileEnvelope,
}  # fmt: skip
_DETAILS: Mapping[Kind, type[Alert | Resolution | File]] = {
    "AlertRaised": Alert, "AlertSeen": Alert, "AlertResolved": Resolution, "FileProcessed": File,
}  # fmt: skip


def from_body(body: object) -> Received:
    """The event in an SQS record's body (EventBridge's envelope as JSON); ValidationFailed naming the first fault."""
    if not isinstance(body, str) or len(body) > MAX_BODY:
        raise ValidationFailed(
            "The message is not an event.", field="body", value=type(body).__name__,
            expected=f"a JSON text of at most {MAX_BODY} characters",
        )  # fmt: skip
    kind = _checked(lambda: _Head.model_validate_json(body)).kind
    return _MADE[kind](_checked(lambda: _ENVELOPES[kind].model_validate_json(body)).detail)


def from_outbox(kind: Kind, detail: object) -> Received:
    """The event in an outbox row, under the same limits."""
    return _MADE[kind](_checked(lambda: _DETAILS[kind].model_validate(detail)))


def _checked(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except ValidationError as error:
        raise unusable("event", error) from None
