"""What the API takes and gives about how people want to be told. Every refusal says what would be right."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from opscopilot.kernel.events import Severity
from opscopilot.notifications.channels import ChannelName
from opscopilot.notifications.policy.deciding import rank

Workspace = Literal["operations", "plantops", "fsq", "planning", "brand", "retail"]
_MAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _mail(value: str) -> str:
    if not _MAIL.fullmatch(value) or len(value) > 254:
        raise ValueError("an e-mail address such as 'anna@fjord-foods.example'")
    return value


def _phone(value: str) -> str:
    compact = re.sub(r"[ ()./-]", "", value)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", compact):
        raise ValueError("a phone number with its country code (E.164) such as '+4915112345678'")
    return compact


def _url(value: str) -> str:
    """The rules that can be told from the text; where the name leads is checked at every call."""
    try:
        parts = urlsplit(value)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_readable = urlsplit(""), False
    plain = parts.hostname and parts.username is None and all(32 < ord(c) < 127 for c in value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not (plain and secure and port_is_readable) or len(value) > 2000:
        raise ValueError("an https address such as 'https://hooks.example.com/alerts', without user name or password")
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("an IANA time zone such as 'Europe/Berlin'")
    return value


Mail = Annotated[str, AfterValidator(_mail), Field(examples=["anna@fjord-foods.example"])]
Phone = Annotated[str, AfterValidator(_phone), Field(examples=["+4915112345678"])]
Url = Annotated[str, AfterValidator(_url), Field(examples=["https://hooks.example.com/alerts"])]
Zone = Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Berlin"])]
WallTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


class PreferencesChange(BaseModel):
    """What to change; fields that are left out stay as they are, null clears one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    email: Mail | None = Field(None, description="Where mails go instead of the address of the user record.")
    phone: Phone | None = None
    slack_webhook: Url | None = None
    webhook_url: Url | None = None
    rotate_webhook_secret: bool = Field(False, description="Make a new signing secret; the old one ends at once.")
    enabled_channels: list[ChannelName] | None = Field(None, max_length=4, examples=[["email", "sms"]])
    min_severity: Severity | None = Field(None, description="The smallest severity to be told about.")
    notify_on_critical: Literal[True] | None = Field(None, description="Critical alerts always pass.")
    notify_on_high: bool | None = Field(None, description="Another way to say min_severity high (or lower)/critical.")
    quiet_hours_enabled: bool | None = None
    quiet_hours_start: WallTime | None = None
    quiet_hours_end: WallTime | None = Field(None, description="May be earlier than the start: across midnight.")
    time_zone: Zone | None = Field(None, description="Zone of the quiet hours; the plant's when left out.")
    workspaces: list[Workspace] | None = Field(None, description="Hear of alerts of these only; empty = of all.")

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
    webhook_secret: str | None = Field(None, description="Shown once, when it is made or rotated. Keep it.")
    webhook_secret_set: bool
    enabled_channels: list[ChannelName]
    min_severity: Severity
    notify_on_critical: bool = Field(description="Derived: always true.")
    notify_on_high: bool = Field(description="Derived from min_severity.")
    quiet_hours_enabled: bool
    quiet_hours_start: str | None
    quiet_hours_end: str | None
    time_zone: str
    workspaces: list[Workspace]
    saved: bool
    updated_at: datetime | None
