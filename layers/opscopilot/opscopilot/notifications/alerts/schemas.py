"""What the API gives about alerts and what people did with them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from opscopilot.kernel.events import Severity
from opscopilot.notifications.channels import ChannelName
from opscopilot.notifications.delivery.schemas import Status


class Acknowledgment(BaseModel):
    """Who took an alert on. `first` is false when this user had acknowledged it before; then nothing changed."""

    alert_id: UUID
    user_id: str
    acknowledged_at: datetime
    note: str | None
    first: bool


class AlertDeliveries(BaseModel):
    """An alert as the people it concerns saw it."""

    alert_id: UUID
    severity: Severity
    occurrences: int
    first_seen: datetime
    last_seen: datetime
    channels_notified: list[ChannelName]
    channels_failed: list[ChannelName]
    counts: dict[Status, int]
    acknowledgments: list[Acknowledgment]
