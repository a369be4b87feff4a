"""What the API takes and gives about how people want to be told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from opscopilot.kernel.events import Severity
from opscopilot.notifications.people.fields import (
    Channel,
    Channels,
    Day,
    Mail,
    Phone,
    ShiftName,
    WallTime,
    Workspace,
    Zone,
)  # fmt: skip
from opscopilot.notifications.people.fields import Url as Url
from opscopilot.notifications.policy.model import rank

BySeverity = dict[Severity, Channels]
Address = Annotated[str, Field(min_length=1, max_length=2000)]
_CYCLE = "Per week the shifts worked, as the shift file names them; after the last week it begins again."


class PreferencesChange(BaseModel):
    """What to change; fields that are left out stay as they are, null clears one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    email: Mail | None = Field(None, description="Where mails go instead of the address of the user record.")
    phone: Phone | None = Field(None, description="Where SMS go; the same as addresses.sms.")
    slack_webhook: Url | None = Field(None, description="The same as addresses.slack.")
    webhook_url: Url | None = Field(None, description="The same as addresses.webhook.")
    addresses: dict[Channel, Address | None] | None = Field(
        None, max_length=20, description="Channel -> address, for every channel in GET /notify/channels; null removes.",
        examples=[{"sms": "+4915112345678"}],
    )  # fmt: skip
    rotate_webhook_secret: bool = Field(False, description="Make a new signing secret; the old one ends at once.")
    enabled_channels: Channels | None = Field(None, examples=[["email", "sms"]])
    channels_by_severity: BySeverity | None = Field(
        None, description="Other channels for some severities; the rest keeps enabled_channels.",
        examples=[{"critical": ["sms", "email"], "low": ["email"]}],
    )  # fmt: skip
    min_severity: Severity | None = Field(None, description="The smallest severity to be told about.")
    notify_on_critical: Literal[True] | None = Field(None, description="Critical alerts always pass.")
    notify_on_high: bool | None = Field(None, description="Another way to say min_severity high (or lower)/critical.")
    notify_on_resolved: bool | None = Field(None, description="Also hear when an alert that was told is over.")
    quiet_hours_enabled: bool | None = None
    quiet_hours_start: WallTime | None = None
    quiet_hours_end: WallTime | None = Field(None, description="May be earlier than the start: across midnight.")
    time_zone: Zone | None = Field(None, description="Zone of the quiet hours; the plant's when left out.")
    locale: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = Field(
        None, description="Language of messages; the plant's when left out, English where a text has no other.",
        examples=["de"],
    )  # fmt: skip
    workspaces: list[Workspace] | None = Field(None, description="Hear of alerts of these only; empty = of all.")
    hold_outside_shift: bool | None = Field(None, description="Hold what is not critical until I am at work.")
    shift_cycle: list[Annotated[list[ShiftName], Field(max_length=20)]] | None = Field(
        None, max_length=53, description=_CYCLE + " Empty: every shift of the plant.",
        examples=[[["DAY"], ["EVENING"], ["NIGHT"]]],
    )  # fmt: skip
    shift_cycle_start: Day | None = Field(None, description="First day of a week 1, usually a Monday.")

    @model_validator(mode="after")
    def _booleans_agree(self) -> Self:
        if self.notify_on_high is not None and self.min_severity is not None:
            wants_high = rank(self.min_severity) <= rank("high")
            if wants_high != self.notify_on_high:
                raise ValueError("notify_on_high contradicts min_severity; give one of them")
        return self


class Preferences(BaseModel):
    """How one person wants to be told. `saved` false: these are the defaults, nothing was saved yet."""

    user_id: str
    email: str | None
    phone: str | None
    slack_webhook: str | None
    webhook_url: str | None
    addresses: dict[str, str] = Field(description="Channel -> address, the ones above included.")
    webhook_secret: str | None = Field(None, description="Shown once, when it is made or rotated. Keep it.")
    webhook_secret_set: bool
    enabled_channels: list[str]
    channels_by_severity: dict[Severity, list[str]]
    min_severity: Severity
    notify_on_critical: bool = Field(description="Derived: always true.")
    notify_on_high: bool = Field(description="Derived from min_severity.")
    notify_on_resolved: bool
    quiet_hours_enabled: bool
    quiet_hours_start: str | None
    quiet_hours_end: str | None
    time_zone: str
    locale: str
    workspaces: list[Workspace]
    hold_outside_shift: bool
    shift_cycle: list[list[str]]
    shift_cycle_start: date | None
    saved: bool
    updated_at: datetime | None


class WorkspaceWish(BaseModel):
    """What holds in one workspace instead of the general wish. What is left out is taken from the general one now
    and stays when that changes."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    min_severity: Severity | None = None
    enabled_channels: Channels | None = None
    channels_by_severity: BySeverity | None = None


class WorkspacePreferences(BaseModel):
    """How a person is told of alerts of one workspace. `own` false: as in general."""

    workspace: Workspace
    own: bool
    min_severity: Severity
    enabled_channels: list[str]
    channels_by_severity: dict[Severity, list[str]]
