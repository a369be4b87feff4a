"""Read what SES reports about mails out of a queue. Everything in it is somebody else's text until checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.notifications.refusing import unusable

Kind = Literal["delivered", "bounced", "refused_for_now", "complained", "rejected", "delayed"]
MAX_BODY = 262_144  # an SQS message's own limit
_NO_NUL = r"^[^\x00]*$"  # the database takes any other character
_Text = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
_Short = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_NUL)]
_Address = Annotated[
    str, StringConstraints(min_length=3, max_length=320, to_lower=True, strip_whitespace=True, pattern=_NO_NUL)
]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one mail for one recipient at `at`. `refused_for_now`: a bounce that another mail may not meet."""

    tenant_id: UUID
    message_id: UUID
    provider_id: str
    kind: Kind
    recipient: str
    at: datetime
    detail: str


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class _Tags(_Model):
    tenant: Annotated[list[UUID], Field(min_length=1, max_length=1)]
    notification: Annotated[list[UUID], Field(min_length=1, max_length=1)]


class _AnyTags(_Model):
    tags: dict[str, list[str]] = Field(default_factory=dict)


class _Mail(_Model):
    message_id: _Short = Field(alias="messageId")
    timestamp: AwareDatetime
    destination: Annotated[list[_Address], Field(min_length=1, max_length=50)]
    tags: _Tags


class _Recipient(_Model):
    address: _Address = Field(alias="emailAddress")
    said: _Text = Field("", alias="diagnosticCode")


_Recipients = Annotated[list[_Recipient], Field(min_length=1, max_length=50)]


class _Bounce(_Model):
    kind: Literal["Permanent", "Transient", "Undetermined"] = Field(alias="bounceType")
    sub_kind: _Short = Field("General", alias="bounceSubType")
    recipients: _Recipients = Field(alias="bouncedRecipients")
    timestamp: AwareDatetime


class _Complaint(_Model):
    recipients: _Recipients = Field(alias="complainedRecipients")
    timestamp: AwareDatetime
    feedback: _Text = Field("", alias="complaintFeedbackType")


class _Delivery(_Model):
    recipients: Annotated[list[_Address], Field(min_length=1, max_length=50)]
    timestamp: AwareDatetime
    said: _Text = Field("", alias="smtpResponse")


class _Reject(_Model):
    reason: _Text = ""


class _Delay(_Model):
    recipients: _Recipients = Field(alias="delayedRecipients")
    timestamp: AwareDatetime
    kind: _Text = Field("", alias="delayType")


class _Event(_Model):
    kind: Literal["Bounce", "Complaint", "Delivery", "Reject", "DeliveryDelay"] = Field(alias="eventType")
    mail: _Mail
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None
    delivery: _Delivery | None = None
    reject: _Reject | None = None
    delay: _Delay | None = Field(None, alias="deliveryDelay")


class _Envelope(_Model):
    """SNS's own envelope, where raw delivery is off."""

    message: str = Field(alias="Message")


class _Outer(_Model):
    event: str | None = Field(None, alias="eventType")
    message: str | None = Field(None, alias="Message")
    mail: _AnyTags = Field(default_factory=_AnyTags)


def from_body(body: object) -> list[Report]:
    """The reports in an SQS record's body, one per recipient; none for a mail that is not ours. ValidationFailed
    naming the first fault."""
    if not isinstance(body, str) or len(body) > MAX_BODY:
        raise ValidationFailed(
            "The message is not a report about a mail.", field="body", value=type(body).__name__,
            expected=f"a JSON text of at most {MAX_BODY} characters",
        )  # fmt: skip
    try:
        outer = _Outer.model_validate_json(body)
        if outer.event is None and outer.message is not None:
            body = _Envelope.model_validate_json(body).message
            outer = _Outer.model_validate_json(body)
        if not {"tenant", "notification"} <= outer.mail.tags.keys():
            return []  # somebody else in this account uses the same configuration set
        return _reports(_Event.model_validate_json(body))
    except ValidationError as error:
        raise unusable("report", error) from None


def _reports(event: _Event) -> list[Report]:
    return [
        Report(event.mail.tags.tenant[0], event.mail.tags.notification[0], event.mail.message_id, kind, recipient, at, said)
        for kind, recipient, at, said in _said(event)
    ]  # fmt: skip


def _said(event: _Event) -> list[tuple[Kind, str, datetime, str]]:
    if event.bounce is not None:
        bounce = event.bounce
        kind: Kind = "bounced" if bounce.kind == "Permanent" else "refused_for_now"
        return [(kind, one.address, bounce.timestamp, one.said or f"{bounce.kind} {bounce.sub_kind}")
                for one in bounce.recipients]  # fmt: skip
    if event.complaint is not None:
        about = event.complaint.feedback or "marked as spam"
        return [("complained", one.address, event.complaint.timestamp, about) for one in event.complaint.recipients]
    if event.delivery is not None:
        return [("delivered", one, event.delivery.timestamp, event.delivery.said) for one in event.delivery.recipients]
    if event.delay is not None:
        delay = event.delay
        return [("delayed", one.address, delay.timestamp, one.said or delay.kind) for one in delay.recipients]
    if event.reject is not None:
        return [("rejected", one, event.mail.timestamp, event.reject.reason) for one in event.mail.destination]
    raise ValidationFailed(
        f"The report says {event.kind} and nothing about it.", field="eventType", value=event.kind,
        expected="the part of the same name beside it",
    )  # fmt: skip
