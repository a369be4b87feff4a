"""What the policy reads and what it says. Plain values: readers of tables make them, `deciding` never sees a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from opscopilot.kernel.events import SEVERITIES, AlertType, Severity

ChannelCode = str
HeldBy = Literal["quiet_hours", "shift", "silence", "mute", "snooze", "storm", "breaker"]
Purpose = Literal["raised", "step", "reminder", "resolved"]
DEFAULT_MIN_SEVERITY: Severity = "high"
DEFAULT_CHANNELS: tuple[ChannelCode, ...] = ("email",)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why and until when (UTC) somebody is not to be disturbed. `reason`: a whole sentence, with the time in it."""

    by: HeldBy
    until: datetime
    reason: str


class Availability(Protocol):
    """When a person may be disturbed: quiet hours, shifts, plant holidays, in their own zone."""

    def hold(self, instant: datetime) -> Hold | None:
        """Until when a message met at `instant` waits; None: it may go now. `until` is itself a free moment."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be told, in general or in one workspace. `by_severity` overrides `channels`."""

    min_severity: Severity = DEFAULT_MIN_SEVERITY
    channels: tuple[ChannelCode, ...] = DEFAULT_CHANNELS
    by_severity: Mapping[Severity, tuple[ChannelCode, ...]] = field(default_factory=dict)

    def channels_for(self, severity: Severity) -> tuple[ChannelCode, ...]:
        """The channels for that severity."""
        return tuple(self.by_severity.get(severity, self.channels))


@dataclass(frozen=True, slots=True)
class Person:
    """An active user of the tenant. `explicit`: they saved preferences themselves. `addresses`: by channel.

    `workspaces` empty: all. `wishes`: per workspace, where it differs from `wish`. `availability` None: always.
    `name`: as others call them; empty where nobody entered one.
    """

    user_id: str
    role: str
    addresses: Mapping[ChannelCode, str]
    wish: Wish = field(default_factory=Wish)
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    workspaces: frozenset[str] = frozenset()
    availability: Availability | None = None
    zone: str = "UTC"
    explicit: bool = False
    notify_on_resolved: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The alert as far as the policy looks at it. `to_users`: the only people it concerns (empty: everybody).
    `workspace` narrows the workspaces its type concerns to one."""

    alert_type: AlertType
    severity: Severity
    fingerprint: str = ""
    correlation_key: str = ""
    entity_type: str | None = None
    entity_code: str | None = None
    place: str | None = None
    to_users: frozenset[str] = frozenset()
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens on one channel for one person: it leaves at `scheduled_at`, or never, and why.

    `urgent`: it leaves alone, not in a digest. `silence_id`: the silence that holds it, if one does.
    """

    user_id: str
    channel: ChannelCode
    status: Literal["pending", "suppressed"]
    reason: str | None = None
    scheduled_at: datetime | None = None
    held_by: HeldBy | None = None
    purpose: Purpose = "raised"
    round: int = 0
    urgent: bool = False
    silence_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step of an escalation as it would run: when, for whom, and what each of them would get.

    `reason`: why it tells nobody, when it does not.
    """

    number: int
    at: datetime
    targets: tuple[str, ...]
    decisions: Sequence[Decision] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that follows from one alert. Decisions that are the same for many alerts are the same objects.

    `policy_code`: the escalation policy that takes over; `policy_step` of its steps are done with these decisions;
    the next runs at `next_step_at` unless somebody has the alert by then (None: no step is left). `steps`: the
    timeline, filled only when it was asked for. `notes`: what shaped the whole plan, as sentences.
    """

    decisions: Sequence[Decision]
    policy_code: str | None = None
    policy_step: int = 0
    next_step_at: datetime | None = None
    steps: tuple[StepPlan, ...] = ()
    notes: tuple[str, ...] = ()


def rank(severity: Severity) -> int:
    """4 for critical down to 0 for info: larger is worse."""
    return len(SEVERITIES) - 1 - SEVERITIES.index(severity)
