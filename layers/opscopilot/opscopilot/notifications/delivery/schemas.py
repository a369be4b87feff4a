"""What the API gives about notifications and channels."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.events import AlertType, Severity
from opscopilot.notifications.channels import ChannelCode

Status = Literal["pending", "suppressed", "sending", "sent", "delivered", "bounced", "failed", "dead"]


class Notification(BaseModel):
    """One message to one person over one channel, and what became of it."""

    id: UUID
    alert_id: UUID
    user_id: str
    title: str
    type: Literal["alert", "warning", "info"]
    alert_type: AlertType
    severity: Severity
    channel: ChannelCode
    status: Status
    reason: str | None = Field(description="Why it is held or was suppressed.")
    held_by: str | None = Field(description="What keeps it: quiet_hours, shift, silence, mute, snooze, storm, breaker.")
    purpose: Literal["raised", "step", "reminder", "resolved"]
    round: int = Field(description="Which step, reminder or reopening it belongs to; 0 for the first.")
    urgent: bool
    message_id: UUID | None = Field(description="The message it left in; several share one in a digest.")
    scheduled_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    dead_at: datetime | None
    attempts: int
    last_error: str | None
    template_error: str | None = Field(description="Why your own template was not used; the shipped wording was.")
    created_at: datetime


class NotificationDetail(Notification):
    """With its text, where it went, and who took the alert on."""

    message: str
    destination: str | None = Field(description="Masked: enough to recognise, not enough to use.")
    provider_id: str | None
    dedupe_key: str
    retry_requested_at: datetime | None
    retry_requested_by: str | None
    acknowledged_by: list[str]


class DestinationHealth(BaseModel):
    """A host or provider that fails, and when it is tried again."""

    destination: str
    state: Literal["closed", "open", "half_open"] = Field(
        description="open: nothing is sent there before `retry_at`; half_open: one message is out to see."
    )
    failures: int = Field(description="In a row.")
    opened_at: datetime | None
    retry_at: datetime | None
    last_error: str | None


class ChannelHealth(BaseModel):
    """How a channel did in the last 24 hours."""

    channel: ChannelCode
    enabled: bool
    reason: str | None
    health: Literal["ok", "degraded", "failing", "idle", "off"]
    sent: int
    waiting: int
    failed: int
    bounced: int
    dead: int
    failing_destinations: list[DestinationHealth]
    last_sent_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
