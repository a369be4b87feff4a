"""What the API takes and gives about which alerts are meant: shared by silences and escalation policies."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from opscopilot.kernel.events import AlertType
from opscopilot.notifications.access import Body
from opscopilot.notifications.people.fields import Workspace

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=100), Field(examples=["OVEN-*"])]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=500), Field(examples=["Oven 2 is being rebuilt"])]
_ENTITY = "The thing the alert is about; * stands for any text, ? for one character."


class Which(BaseModel):
    """Which alerts are meant: all that fit everything given."""

    alert_types: list[AlertType] = Field([], max_length=20, description="Empty: every type.")
    workspaces: list[Workspace] = Field([], max_length=6, description="The alert concerns one of them. Empty: any.")
    entity_pattern: Pattern | None = Field(None, description=_ENTITY)
    place: Text | None = Field(None, description="Code of the location.", examples=["PLANT-1"])


class WhichAsked(Body, Which):
    """The same in a request."""
