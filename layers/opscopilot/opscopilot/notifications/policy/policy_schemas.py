"""Escalation policies on the wire."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from opscopilot.kernel.events import Severity
from opscopilot.notifications.access import Body
from opscopilot.notifications.people.fields import Channel
from opscopilot.notifications.policy.fields import Which, WhichAsked
from opscopilot.notifications.policy.rules import TargetKind

WEEK_MINUTES = 7 * 24 * 60
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), Field(examples=["Ovens at night"])]


class TargetField(Body):
    """Whom a step tells: one person, who is on call in a schedule, or everybody of a role."""

    kind: TargetKind
    code: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(examples=["maintenance"])


class StepField(Body):
    """What happens when nobody has taken the alert on by then."""

    after_minutes: int = Field(ge=0, le=WEEK_MINUTES, description="Since the alert was first told.")
    targets: list[TargetField] = Field(min_length=1, max_length=20)
    repeat: bool = Field(False, description="Tell also those who were told already.")
    channels: list[Channel] = Field([], max_length=20, description="Instead of those each person chose.")


class PolicyAsked(WhichAsked):
    """Who hears of an alert that nobody takes on, step by step."""

    name: Name
    min_severity: Severity = "high"
    priority: int = Field(100, ge=0, le=1_000_000, description="Of several that fit, the smallest number counts.")
    exclusive: bool = Field(
        False, description="The first step (at 0 minutes) takes the place of telling everybody by their preferences."
    )
    steps: list[StepField] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _steps_in_order(self) -> Self:
        minutes = [one.after_minutes for one in self.steps]
        if any(later <= earlier for earlier, later in pairwise(minutes)):
            raise ValueError(f"after_minutes must rise from step to step; found {', '.join(map(str, minutes))}")
        if self.exclusive and minutes[0] != 0:
            raise ValueError("exclusive needs a first step with after_minutes 0, or nobody would hear at first")
        return self


class EscalationPolicy(Which):
    """A policy as it stands. `built_in`: ours, for critical alerts that no other fits; it cannot be changed."""

    code: str
    name: str
    min_severity: Severity
    priority: int
    exclusive: bool
    steps: list[StepField]
    is_active: bool
    built_in: bool = False
    created_by: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    row_version: int | None = None
