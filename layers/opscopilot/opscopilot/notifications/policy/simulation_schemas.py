"""`POST /notify/simulate` on the wire: what if this happened then?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from opscopilot.kernel.events import AlertType, Severity
from opscopilot.notifications.access import Body
from opscopilot.notifications.people.fields import Workspace
from opscopilot.notifications.policy.model import HeldBy

_Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_At = Annotated[str, StringConstraints(min_length=10, max_length=40)]


class Supposed(Body):
    """An alert that has not happened."""

    alert_type: AlertType
    severity: Severity
    entity_code: _Short | None = Field(None, examples=["OVEN-2"])
    place: _Short | None = Field(None, description="Code of the location.", examples=["PLANT-1"])
    workspace: Workspace | None = Field(None, description="As seen from this workspace only.")
    correlation_key: _Short | None = None
    at: _At | None = Field(
        None, examples=["2026-11-22T03:00"], description="On the plant's clock, or with an offset; left out: now."
    )
    acknowledged_after_minutes: int | None = Field(
        None, ge=0, le=60 * 24 * 14, description="Somebody takes it on then; left out: nobody does."
    )


class Telling(BaseModel):
    """One person on one channel."""

    user_id: str
    name: str
    channel: str
    told: Literal["at_once", "later", "not"]
    at: datetime | None
    at_local: str | None = Field(
        description="On the person's own clock.", examples=["Sunday 2026-11-22 03:00 Europe/Berlin"]
    )
    urgent: bool = Field(description="By itself; what is not urgent goes together with what else is due.")
    held_by: HeldBy | None
    reason: str | None


class SupposedStep(BaseModel):
    """A step of the escalation."""

    number: int
    at: datetime
    at_local: str = Field(description="On the plant's clock.")
    targets: list[str]
    tellings: list[Telling]
    reason: str | None = Field(description="Why it reaches nobody, when it does not.")


class AppliedSilence(BaseModel):
    """A silence that fits the alert and is on at that time."""

    id: UUID
    reason: str
    ends_at: datetime
    created_by: str


class AppliedMute(BaseModel):
    """A planned event that explains the alert at that time."""

    kind: str
    name: str
    place: str | None
    ends_at: datetime


class AppliedPolicy(BaseModel):
    """The policy that takes care of it."""

    code: str
    name: str
    exclusive: bool


class Simulation(BaseModel):
    """Who would be told, where and when, and why not. Nothing was written and nothing sent."""

    summary: str
    at: datetime
    at_local: str = Field(description="On the plant's clock.")
    tellings: list[Telling]
    silences: list[AppliedSilence]
    mutes: list[AppliedMute]
    policy: AppliedPolicy | None
    steps: list[SupposedStep]
    stops: str | None = Field(description="What ends the escalation.")
    notes: list[str]
