"""What the API takes and gives about templates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from opscopilot.notifications.access import Body

Origin = Literal["shipped", "own"]
_AS_WRITTEN = ConfigDict(extra="forbid", str_strip_whitespace=False)
"""Blank lines at the beginning stay: faults are told with their line."""
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}$", description="A language, ISO 639-1.", examples=["en", "de", "fr"])]


class TemplateInUse(BaseModel):
    """Which template speaks for one kind of message on one channel in one language."""

    code: str
    channel: str
    locale: str
    in_use: Origin
    version: int | None = Field(description="Of your own template that is in use; null: the shipped one.")
    shipped: bool = Field(description="Whether the product has words in this language; else English is the fallback.")
    versions: int = Field(description="Versions of your own that were saved.")
    updated_at: datetime | None
    failures: int = Field(description="Messages that left in the shipped wording because yours failed, in 7 days.")
    last_failure: str | None = Field(description="What was wrong the last time.")


class Source(BaseModel):
    """A template as it is written: Jinja2, complete, ready to be changed and saved as your own."""

    subject: str
    body: str
    body_html: str | None


class TemplateVersion(BaseModel):
    """A saved version. Versions are added and never change."""

    version: int
    active: bool
    note: str | None
    created_at: datetime
    created_by: str


class Template(TemplateInUse):
    """One template: the source in use (or of the version asked for), the shipped one, and what it may say."""

    source: Source
    shipped_source: Source
    variables: list[str] = Field(description="The facts that a template of this kind may use; docs/templates.md.")
    saved: list[TemplateVersion] = Field(description="The latest 50 versions, the newest first.")


class TemplateChange(Body):
    """A new version of your own."""

    model_config = _AS_WRITTEN
    subject: str = Field(max_length=10_000, examples=["{{ headline }}: {{ amount_short }}, {{ time_left }}"])
    body: str = Field(max_length=100_000, examples=["{{ message }}\n\n{{ link }}"])
    body_html: str | None = Field(
        None, max_length=200_000, description="E-mail only; without it the mail is plain text."
    )
    note: str | None = Field(None, max_length=500, description="What was changed, for whoever comes next.")
    activate: bool = Field(False, description="Use it at once; otherwise it is only saved.")


class Activation(Body):
    """Which saved version to use."""

    version: int = Field(ge=1, lt=2**31)


class PreviewRequest(Body):
    """What to show: a source that is not saved yet, a saved version, or (neither given) what is in use."""

    model_config = _AS_WRITTEN
    code: str = Field(max_length=40, examples=["stockout_risk"])
    channel: str = Field(max_length=20, examples=["email"])
    locale: Locale = "en"
    subject: str | None = Field(None, max_length=10_000)
    body: str | None = Field(None, max_length=100_000)
    body_html: str | None = Field(None, max_length=200_000)
    version: int | None = Field(None, ge=1, lt=2**31)
    alert_id: UUID | None = Field(None, description="A real alert of yours; left out: a made-up one.")
    facts: Literal["full", "minimal"] = Field("full", description="How much the made-up alert says about itself.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.subject is None) != (self.body is None) or (self.body_html is not None and self.body is None):
            raise ValueError("a source to try has both subject and body")
        if self.subject is not None and self.version is not None:
            raise ValueError("give a source or a version, not both")
        return self


class Link(BaseModel):
    """Something the reader can do with one click."""

    label: str
    url: str


class Figure(BaseModel):
    """A figure that channels such as Slack show apart from the text."""

    label: str
    value: str


class Preview(BaseModel):
    """The message as it would leave."""

    origin: Literal["shipped", "own", "unsaved"]
    version: int | None
    locale: str
    subject: str
    text: str
    html: str | None
    figures: list[Figure]
    links: list[Link]
    segments: int | None = Field(description="What a carrier bills a text message as; null on other channels.")
    fallback: str | None = Field(description="Why your own template would not be used for this alert.")
