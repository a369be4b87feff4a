"""What the API gives about alerts and what people did with them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.events import AlertType, Severity
from opscopilot.notifications.alerts.model import Status as AlertStatus

StatusFilter = Literal["open", "acknowledged", "resolved", "expired", "active"]


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
    channels_notified: list[str]
    channels_failed: list[str]
    counts: dict[str, int] = Field(description="Notifications by status.")
    acknowledgments: list[Acknowledgment]


class AlertListed(BaseModel):
    """A condition that was reported: one alert however often."""

    alert_id: UUID
    alert_type: AlertType
    severity: Severity = Field(description="The highest that was met while it was open.")
    status: AlertStatus
    title: str
    entity_type: str | None
    entity_id: UUID | None
    entity_code: str | None
    place: str | None
    fingerprint: str = Field(description="Names the condition: one open alert per fingerprint.")
    correlation_key: str = Field(description="Names the cause: alerts that share it are symptoms of one problem.")
    symptoms: int = Field(description="Other alerts of the same cause that are open or acknowledged.")
    amount: Decimal | None = Field(description="Money at stake, in `currency`.")
    currency: str | None
    amount_per_hour: Decimal | None = Field(description="What an hour of waiting costs: known, or the amount over the "
                                            "hours to the deadline (at least one). Null where neither is known.")  # fmt: skip
    deadline: datetime | None
    first_seen: datetime
    last_seen: datetime
    occurrences: int = Field(description="Reports that met it.")
    reopened_count: int
    flapping_since: datetime | None = Field(description="It comes back again and again: three times within 24 hours.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    closed_at: datetime | None
    resolved_by: str | None = Field(description="The person who said that it is over; null when it ended by itself.")
    expires_at: datetime | None
    policy_code: str | None = Field(description="The escalation policy that takes care of it.")
    policy_step: int = Field(description="Steps of that policy that have run.")
    next_step_at: datetime | None = Field(description="When the next step runs if nobody takes it on before.")


class HistoryLine(BaseModel):
    """Something that happened to the alert. Lines are added and never changed."""

    id: UUID
    at: datetime
    kind: str
    actor: str = Field(description="Who did it; 'system' when nobody did.")
    via: Literal["system", "api", "link"]
    note: str | None
    detail: dict[str, Any]


class AlertDetail(AlertListed):
    """An alert with all that is known of it. `history` holds the newest hundred lines, newest first."""

    message: str
    observed: Decimal | None
    threshold: Decimal | None
    uom: str | None
    actions: list[str] = Field(description="What to do about it, with quantities and dates.")
    link: str | None
    history: list[HistoryLine]
    acknowledgments: list[Acknowledgment]
    notifications: dict[str, int] = Field(description="Notifications by status.")
    channels_notified: list[str]
    channels_failed: list[str]
    same_cause: list[AlertListed] = Field(description="Its symptoms: the fifty gravest of the same cause.")
