"""An alert as intake knows it, and what a batch of events makes of it. Plain values; nothing here sees a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from opscopilot.kernel.events import AlertRaised, AlertResolved, AlertType, Severity

Status = Literal["open", "acknowledged", "resolved", "expired"]
Outcome = Literal["opened", "escalated", "repeated", "reopened", "resolved", "ignored", "known"]
HistoryKind = Literal[
    "opened", "escalated", "reopened", "acknowledged", "unacknowledged", "snoozed", "reminded", "resolved", "expired",
    "flapping", "steady",
]  # fmt: skip
AlertEvent = AlertRaised | AlertResolved

COMES_BACK = timedelta(hours=1)
"""Within this time of its end a condition was never really gone: the same alert, not told again unless it is worse."""
CALM = timedelta(minutes=10)
"""How long it must be over before those who were told hear so."""
FLAPPING_WITHIN = timedelta(hours=24)
FLAPPING_FROM = 3
"""Coming back this often within `FLAPPING_WITHIN` is flapping."""
NOT_SEEN = timedelta(days=14)
NOT_SEEN_FILE = timedelta(days=3)
NOT_SEEN_MANUAL = timedelta(days=30)
MANUAL = "manual:"
"""Begins the fingerprints of what people raise, so that a typed key can neither hide nor be hidden by a condition."""


@dataclass(slots=True)
class Alert:
    """A row of notification.alerts. `back`: when it came back in the last 24 hours. `all_clear_told`: those who were
    told have heard that it was over."""

    alert_id: UUID
    fingerprint: str
    correlation_key: str
    alert_type: AlertType
    severity: Severity
    title: str
    message: str
    first_seen: datetime
    last_seen: datetime
    last_raised_at: datetime
    expires_at: datetime
    status: Status = "open"
    entity_type: str | None = None
    entity_id: UUID | None = None
    entity_code: str | None = None
    place: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    amount_per_hour: Decimal | None = None
    deadline: datetime | None = None
    occurrences: int = 1
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    closed_at: datetime | None = None
    all_clear_at: datetime | None = None
    reopened_count: int = 0
    flapping_since: datetime | None = None
    policy_code: str | None = None
    policy_step: int = 0
    next_step_at: datetime | None = None
    back: list[datetime] = field(default_factory=list)
    all_clear_told: bool = False

    @property
    def over_at(self) -> datetime | None:
        """When it ended, by the clock of whoever said so; None while it is open."""
        return None if self.closed_at is None else self.resolved_at or self.closed_at


@dataclass(frozen=True, slots=True)
class Step:
    """A line of an alert's history."""

    alert: Alert
    at: datetime
    kind: HistoryKind
    note: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """An event and what it did. `alert` None: a resolution of something nobody has reported yet."""

    event: AlertEvent
    outcome: Outcome
    alert: Alert | None


@dataclass(frozen=True, slots=True)
class Telling:
    """An alert that has to be told: `event` says why. `flapping`: that it keeps coming back is part of the news.
    `only_untold`: it came back quietly; only those hear of it whose message had been held back until it was over."""

    alert: Alert
    event: AlertRaised
    flapping: bool = False
    only_untold: bool = False


@dataclass(slots=True)
class Folded:
    """What a batch of events of one fingerprint comes to. `superseded`: alerts whose waiting messages are void, and
    why."""

    alerts: list[Alert] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    tellings: dict[UUID, Telling] = field(default_factory=dict)
    superseded: dict[UUID, str] = field(default_factory=dict)
