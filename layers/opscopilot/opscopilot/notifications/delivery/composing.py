"""From the notifications of a parcel to the message its channel sends: worded once, the same at every attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.channels import Action, ChannelConfig, Message
from opscopilot.notifications.delivery.model import Parcel
from opscopilot.notifications.wording import rendering
from opscopilot.notifications.wording.facts import facts, machine_readable
from opscopilot.notifications.wording.rendering import Content, Wording

LinksFor = Callable[[Row], tuple[Action, ...]]
"""What the reader of a notification can do about it with one click; none without a public address."""


def no_links(_row: Row) -> tuple[Action, ...]:
    """Where no public address is configured, messages speak of the console."""
    return ()


class Composer:
    """Words the messages of one round. Not shared between rounds: it remembers the tenant's own templates."""

    def __init__(self, links_for: LinksFor = no_links) -> None:
        self._links_for = links_for
        self._own: dict[tuple[str, str], Wording] | None = None

    def prepare(self, tx: Tx, rows: Iterable[Row]) -> None:
        """Read what the wording needs from the database, once a round."""
        if self._own is None:
            found = tx.rows(
                """SELECT w.code, w.channel, w.subject, w.body, w.body_html
                   FROM notification.notification_templates w JOIN platform.tenants t ON t.tenant_id = w.tenant_id
                   WHERE w.is_active AND w.locale IN (t.language, 'en') ORDER BY w.locale = t.language, w.version"""
            )
            self._own = {(w["code"], w["channel"]): Wording(w["subject"], w["body"], w["body_html"]) for w in found}

    def message(self, parcel: Parcel) -> Message:
        """The message. A notification that stands alone has buttons; a digest has its list."""
        first = parcel.rows[0]
        alone = len(parcel.rows) == 1
        content = self._alone(first) if alone else self._digest(parcel)
        return Message(
            id=parcel.id, to=parcel.to, subject=content.subject, text=content.text, html=content.html,
            data=_data(parcel), secret=first["secret"], actions=self._links_for(first) if alone else (),
            tenant_id=first["tenant_id"],
            config=ChannelConfig(settings=first["channel_settings"] or {}, secret_ref=first["channel_secret_ref"]),
        )  # fmt: skip

    def _alone(self, row: Row) -> Content:
        own = (self._own or {}).get((row["alert_type"], row["channel"]))
        return rendering.render(row["channel"], facts(_alert(row), row["plant"], row["zone"]), own)

    def _digest(self, parcel: Parcel) -> Content:
        words = [facts(_alert(row), row["plant"], row["zone"]) for row in parcel.rows]
        lines = "\n\n".join(f"[{one['severity'].upper()}] {one['title']}\n{one['message']}" for one in words)
        return Content(f"{len(words)} alerts at {words[0]['plant']}", lines)


def _data(parcel: Parcel) -> dict[str, Any]:
    first = parcel.rows[0]
    if len(parcel.rows) == 1:
        return machine_readable(_alert(first), str(parcel.id), first["tenant_code"])
    return {"message_id": str(parcel.id), "tenant": first["tenant_code"],
            "notifications": [machine_readable(_alert(row), str(row["id"]), row["tenant_code"]) for row in parcel.rows]}  # fmt: skip


def _alert(row: Row) -> AlertRaised:
    return AlertRaised.model_validate(row["detail"])
