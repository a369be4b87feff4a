"""What the API takes and gives about channels."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from opscopilot.notifications.access import Body
from opscopilot.notifications.channels import ChannelKind, Setting
from opscopilot.notifications.delivery.schemas import ChannelHealth


class ChannelChange(Body):
    """What to change; fields that are left out stay as they are."""

    enabled: bool | None = Field(None, description="false: nothing leaves over this channel, for nobody.")
    reason: str | None = Field(
        None, min_length=3, max_length=300, description="Why it is off. People read it beside what was not sent."
    )
    settings: dict[str, str | None] | None = Field(
        None, max_length=20, description="Single settings to change; null removes one.",
        examples=[{"sender_name": "Fjord Foods alerts"}],
    )  # fmt: skip
    secret: dict[str, str] | None = Field(
        None, max_length=20, description="All fields of the secret, to be kept and never shown; {} forgets it.",
        examples=[{"bot_token": "xoxb-…"}],
    )  # fmt: skip


class SettingField(BaseModel):
    """A field an admin may fill in."""

    name: str
    title: str
    pattern: str
    example: str

    @classmethod
    def of(cls, one: Setting) -> SettingField:
        return cls(name=one.name, title=one.title, pattern=one.pattern, example=one.example)


class ChannelStatus(ChannelHealth):
    """A channel: what it is, how it is set up, and how it did in the last 24 hours."""

    title: str
    about: str
    address_field: str = Field(description="The address's name among a person's preferences.")
    address_example: str
    for_people: bool = Field(description="false: a machine; it gets each alert by itself and at once.")
    usable: bool = Field(description="Whether messages can leave over it: switched on, and nothing is missing.")
    missing: str | None = Field(description="What is missing in this installation.")
    settings: dict[str, Any]
    secret_set: bool = Field(description="Whether a secret is kept. It cannot be read back.")
    settings_fields: list[SettingField]
    secret_fields: list[SettingField]


def described(kind: ChannelKind) -> dict[str, Any]:
    """The part of a ChannelStatus that comes from the channel itself."""
    return {
        "title": kind.title, "about": kind.about, "address_field": kind.address_field,
        "address_example": kind.address_example, "for_people": kind.for_people, "missing": kind.missing(),
        "settings_fields": [SettingField.of(one) for one in kind.settings],
        "secret_fields": [SettingField.of(one) for one in kind.secrets],
    }  # fmt: skip
