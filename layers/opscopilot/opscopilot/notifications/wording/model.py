"""What wording works with: who reads, which message it is, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from uuid import UUID

from opscopilot.kernel.events import AlertType
from opscopilot.notifications.channels import Action, Fact

Purpose = Literal["raised", "step", "reminder", "resolved"]
"""Why a message about one alert is sent: it was raised, a step of escalation, the end of a snooze, the all-clear."""

MORE_CODES = ("digest", "reminder", "resolved", "step")
CODES: tuple[str, ...] = (*get_args(AlertType), *MORE_CODES)
"""Every template there is: one per alert type, and what can be said about any of them."""

SHIPPED_LOCALES = ("en", "de")
"""Languages the product brings words in. A tenant may add templates in any other."""

Form = Literal["email", "slack", "sms", "text"]


def form_of(channel: str) -> Form:
    """How a channel's messages look. One that came later than this list says plain text."""
    return channel if channel in ("email", "slack", "sms") else "text"  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Wording:
    """Template source: subject, text body, and for mail an HTML body."""

    subject: str
    body: str
    body_html: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who the message is for: their plant, the zone and the languages they read, the preferred one first. `console` is
    the address of the web console, where an alert and the list of alerts are shown."""

    plant: str
    zone: str
    locales: tuple[str, ...] = ("en",)
    plant_zone: str | None = None
    console: str | None = None

    @property
    def list_link(self) -> str | None:
        """Where all open alerts are."""
        return f"{self.console.rstrip('/')}/api/v1/notify/alerts" if self.console else None

    def alert_link(self, alert_id: UUID) -> str | None:
        """Where one alert is with all that happened to it."""
        return f"{self.list_link}/{alert_id}" if self.console else None

    @staticmethod
    def languages(person: str | None, tenant: str | None) -> tuple[str, ...]:
        """The person's, else the tenant's, else English; each template falls back by itself."""
        return tuple(dict.fromkeys(one for one in (person, tenant, "en") if one))


@dataclass(frozen=True, slots=True)
class Content:
    """A worded message. `facts` are its figures for channels that show them apart, `actions` its links for those that
    show buttons. `fallback` says why a tenant's own template was not used."""

    subject: str
    text: str
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    fallback: str | None = None
    facts: tuple[Fact, ...] = ()
    actions: tuple[Action, ...] = ()
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The template for one message: in this locale, and the tenant's own one if there is one."""

    locale: str
    own: Wording | None = None


@dataclass(frozen=True)
class OwnTemplates:
    """The templates of a tenant that are in use, by code, channel and locale."""

    active: dict[tuple[str, str, str], Wording] = field(default_factory=dict)

    def choose(self, code: str, channel: str, locales: Sequence[str]) -> Chosen:
        """The first of the reader's languages that has this template, own before shipped; English has them all."""
        for locale in locales:
            own = self.active.get((code, channel, locale))
            if own is not None or locale in SHIPPED_LOCALES:
                return Chosen(locale, own)
        return Chosen("en", self.active.get((code, channel, "en")))


NONE_OF_THEIR_OWN = OwnTemplates()
