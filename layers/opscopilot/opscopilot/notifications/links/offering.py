"""The links a message carries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from opscopilot.kernel.clock import Clock
from opscopilot.notifications.channels import Action
from opscopilot.notifications.links.keys import NoLinkKey
from opscopilot.notifications.links.signing import LIFETIME, LinkAction, Signer

log = logging.getLogger(__name__)
LinksFor = Callable[[Mapping[str, Any]], tuple[Action, ...]]
LABELS: dict[LinkAction, str] = {"acknowledge": "I take care of it", "snooze": "Remind me later"}
_MAY_NOT_ACT = "viewer"


def no_links(_row: Mapping[str, Any]) -> tuple[Action, ...]:
    """What an installation without a key or a public address offers."""
    return ()


@dataclass(frozen=True)
class Offer:
    """Makes the links of a notification; built once per process where a key and the API's address are known."""

    signer: Signer
    public_url: str
    clock: Clock

    def links_for(self, row: Mapping[str, Any]) -> tuple[Action, ...]:
        """Acknowledge and snooze, as the person the notification is for.

        `row` has `tenant_id`, `alert_id`, `user_id`, and where known `id` (the notification), `message_id`, `purpose`
        and `user_role`. The same message gets the same links however often it is tried. Nothing for an all-clear, and
        nothing for somebody who may only look. Nothing either while the key cannot be read: an alert does not wait
        for its buttons.
        """
        if row.get("purpose") == "resolved" or row.get("user_role") == _MAY_NOT_ACT:
            return ()
        expires_at = self._began(row.get("message_id")) + LIFETIME
        try:
            return tuple(Action(label, self._link(row, action, expires_at)) for action, label in LABELS.items())
        except NoLinkKey:
            log.exception("a message goes without links", extra={"tenant_id": str(row["tenant_id"])})
            return ()

    def _link(self, row: Mapping[str, Any], action: LinkAction, expires_at: datetime) -> str:
        once = str(row.get("message_id") or row.get("id") or "")
        same = (str(row["tenant_id"]), str(row["alert_id"]), row["user_id"], action, once)
        link_id = self.signer.steady_id(*same) if once else None
        return self.signer.link(
            self.public_url, row["tenant_id"], row["alert_id"], row["user_id"], action, expires_at, link_id
        )

    def _began(self, message_id: UUID | None) -> datetime:
        """When the message was first tried: its id says so (UUID version 7). A mail held overnight, or tried again for
        hours, has its full three days from its first attempt, and every attempt says the same."""
        if message_id is None or message_id.version != 7:
            return self.clock.now()
        return datetime.fromtimestamp((message_id.int >> 80) // 1000, UTC)
