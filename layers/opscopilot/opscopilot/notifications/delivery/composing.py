"""From the notifications of a parcel to the message its channel sends: the same words at every attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.channels import Action, ChannelConfig, Kinds, Message
from opscopilot.notifications.delivery.model import Parcel
from opscopilot.notifications.links.offering import LinksFor, no_links
from opscopilot.notifications.wording import store
from opscopilot.notifications.wording.facts import Occasion, machine_readable
from opscopilot.notifications.wording.model import Content, OwnTemplates, Reader
from opscopilot.notifications.wording.rendering import render_alert, render_digest

_PRECISION = timedelta(milliseconds=1)
"""A message's id says when it began to the millisecond."""


class Composer:
    """Words the messages of one round. Not shared between rounds: it remembers the tenant's own templates."""

    def __init__(self, kinds: Kinds, links_for: LinksFor = no_links, console: str | None = None) -> None:
        self._kinds = kinds
        self._links_for = links_for
        self._console = console
        self._own: OwnTemplates | None = None

    def prepare(self, tx: Tx) -> None:
        """Read what the wording needs from the database, once a round."""
        if self._own is None:
            self._own = store.active(tx)

    def message(self, parcel: Parcel) -> tuple[Message, str | None]:
        """The message, and why the tenant's own template was not used for it, if one was there and failed. A
        notification that stands alone has buttons; a digest has its list."""
        first = parcel.rows[0]
        alerts = [_alert(row, began(parcel.id, row["created_at"])) for row in parcel.rows]
        config = ChannelConfig(settings=first["channel_settings"] or {}, secret_ref=first["channel_secret_ref"])
        if not self._kinds[parcel.channel].for_people:  # a machine reads figures, not words
            content = Content(alerts[0].title, alerts[0].message)
        elif len(alerts) == 1:
            content = self._alone(parcel, alerts[0])
        else:
            content = self._digest(parcel, alerts)
        return Message(
            id=parcel.id, to=parcel.to, subject=content.subject, text=content.text, html=content.html,
            data=_data(parcel, alerts), secret=first["secret"], actions=content.actions, facts=content.facts,
            tenant_id=first["tenant_id"], config=config,
        ), content.fallback  # fmt: skip

    def _alone(self, parcel: Parcel, alert: AlertRaised) -> Content:
        row = parcel.rows[0]
        links: tuple[Action, ...] = self._links_for({**row, "message_id": parcel.id})
        note = row["over_note"] if row["purpose"] == "resolved" else None
        occasion = Occasion(row["purpose"], _spoken_at(parcel), row["first_seen"], note, links)
        return render_alert(parcel.channel, alert, self._reader(row), self._own or OwnTemplates(), occasion)

    def _digest(self, parcel: Parcel, alerts: list[AlertRaised]) -> Content:
        first = parcel.rows[0]
        now = _spoken_at(parcel)
        over = first["purpose"] == "resolved"
        return render_digest(
            parcel.channel, alerts, self._reader(first), self._own or OwnTemplates(), now=now, over=over
        )

    def _reader(self, row: Mapping[str, Any]) -> Reader:
        languages = Reader.languages(row["locale"], row["language"])
        return Reader(row["plant"], row["zone"], languages, row["plant_zone"], self._console)


def message_id(now: datetime, random: UUID) -> UUID:
    """A version 7 UUID that says when the message was tried first, with the random bits of `random`."""
    milliseconds = int(now.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | random.int & ((1 << 80) - 1))


def began(message: UUID, otherwise: datetime) -> datetime:
    """When the message was tried first; times in its words count from there, at later attempts too."""
    return datetime.fromtimestamp((message.int >> 80) / 1000, UTC) if message.version == 7 else otherwise


def _spoken_at(parcel: Parcel) -> datetime:
    """The present the words speak of: when the message was tried first, or for a plant that is frozen at a day the end
    of that day, as everywhere else; deadlines of an archive are not "overdue" by the months since."""
    row = parcel.rows[0]
    if row["as_of"] is None:
        return began(parcel.id, row["created_at"])
    return datetime.combine(row["as_of"], time(23, 59, 59), ZoneInfo(row["plant_zone"])).astimezone(UTC)


def _alert(row: Row, now: datetime) -> AlertRaised:
    """The report the notification is about, in the words that were decided on: they may say more than the report. And
    that it was over when the message was tried first, where it was."""
    message = row["message"]
    closed = row["closed_at"]
    if row["purpose"] != "resolved" and closed is not None and closed <= now + _PRECISION:
        over = (row["resolved_at"] or closed).astimezone(ZoneInfo(row["zone"]))
        message += f" It is over since {over:%Y-%m-%d %H:%M}: {row['over_note'] or 'The condition is gone.'}"
    told = {"title": row["title"], "message": message, "severity": row["severity"]}
    return AlertRaised.model_validate({**row["detail"], **told})


def _data(parcel: Parcel, alerts: list[AlertRaised]) -> dict[str, Any]:
    told = [
        {"purpose": row["purpose"], **machine_readable(alert, str(row["id"]), row["tenant_code"])}
        for row, alert in zip(parcel.rows, alerts, strict=True)
    ]
    return {"message_id": str(parcel.id), **told[0]} if len(told) == 1 else {
        "message_id": str(parcel.id), "tenant": parcel.rows[0]["tenant_code"], "notifications": told,
    }  # fmt: skip
