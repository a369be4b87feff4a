"""Silences on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from opscopilot.notifications.policy.fields import Reason, Which, WhichAsked

SilenceState = Literal["scheduled", "active", "ended"]
_Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SilenceAsked(WhichAsked):
    """Alerts nobody wants to hear of for a while. Critical ones are told all the same."""

    correlation_key: _Key | None = Field(None, description="The cause whose symptoms are meant.")
    reason: Reason
    starts_at: AwareDatetime | None = Field(None, description="With an offset; left out: now.")
    ends_at: AwareDatetime = Field(description="With an offset, at most 30 days ahead.")


class Silence(Which):
    """A silence and what it does."""

    id: UUID
    correlation_key: str | None
    reason: str
    starts_at: datetime
    ends_at: datetime
    state: SilenceState
    holds: int = Field(description="Notifications that wait for its end now.")
    created_by: str
    created_at: datetime
    ended_at: datetime | None = Field(description="When somebody ended it early.")
    ended_by: str | None
