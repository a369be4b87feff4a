"""What a plant has laid down about being told: silences, planned events, escalation policies. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from opscopilot.kernel.events import Severity
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.model import ChannelCode, Subject, rank

BUILT_IN = "built_in"
LAST = 2**31 - 1
TargetKind = Literal["user", "schedule", "role"]


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told of matching alerts from `starts_at` up to, not including, `ends_at`; critical ones excepted."""

    id: UUID
    matcher: Matcher
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_by: str = ""

    def covers(self, subject: Subject, instant: datetime) -> bool:
        """Does it keep `subject` quiet at `instant`?"""
        return (
            subject.severity != "critical" and self.starts_at <= instant < self.ends_at and self.matcher.fits(subject)
        )


@dataclass(frozen=True, slots=True)
class Mute:
    """A planned event of the plant from `starts_at` up to, not including, `ends_at`; `place` None: everywhere."""

    kind: str
    name: str
    starts_at: datetime
    ends_at: datetime
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step tells: one person, who is on call in a schedule, or everybody of a role."""

    kind: TargetKind
    code: str

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens `after_minutes` without anybody taking the alert on. `repeat`: also people who were told already.

    `channels` instead of those the person chose; empty: their own.
    """

    after_minutes: int
    targets: tuple[Target, ...]
    repeat: bool = False
    channels: tuple[ChannelCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Who hears of an alert that nobody takes on, step by step. The matching one with the smallest `priority` counts.

    `exclusive`: its first step, at once, takes the place of telling everybody by their preferences.
    """

    code: str
    name: str
    min_severity: Severity
    steps: tuple[Step, ...]
    matcher: Matcher = field(default_factory=Matcher)
    priority: int = 100
    exclusive: bool = False

    def fits(self, subject: Subject) -> bool:
        """Does it take care of `subject`?"""
        return rank(subject.severity) >= rank(self.min_severity) and self.matcher.fits(subject)


DEFAULT_POLICY = Policy(
    code=BUILT_IN, name="Critical alerts that nobody takes on", min_severity="critical", priority=LAST,
    steps=(Step(15, (Target("role", "plant_manager"),)), Step(30, (Target("role", "admin"),))),
)  # fmt: skip
"""Takes care of what no policy of the plant's own fits, so that a critical alert is never left lying."""
