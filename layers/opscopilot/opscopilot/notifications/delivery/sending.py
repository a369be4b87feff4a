"""Send what is due and record what became of it: claim, send outside any transaction, record, next."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Database, Row
from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.channels import Channel, DeliveryFailed, Message, Receipt
from opscopilot.notifications.delivery import store
from opscopilot.notifications.policy.former import MAX_ATTEMPTS, pause_before
from opscopilot.notifications.wording import rendering as templates
from opscopilot.notifications.wording.facts import facts, machine_readable

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""A message `sending` for longer than this has lost its sender: no function of ours runs that long."""

MIN_TIME_LEFT_S = 10.0
"""Nothing new is sent with less time than this left; a channel answers or gives up sooner."""

Outcome = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Sender:
    """Delivers one tenant's due notifications over the channels it was given."""

    db: Database
    channels: Mapping[str, Channel]
    clock: Clock

    def send_due(self, tenant_id: UUID, deadline: Deadline, event_id: UUID | None = None) -> Counter[str]:
        """Send everything that is due (of one event, if named) while there is time; counts by resulting status.

        One transaction per message records the last one and claims the next, so that a crash leaves at most one
        message in doubt.
        """
        counts: Counter[str] = Counter()
        done: tuple[Row, Outcome] | None = None
        while True:
            with self.db.tenant(tenant_id) as tx:
                now = self.clock.now()
                if done is not None:
                    claimed, (status, changed) = done
                    store.finish(tx, claimed, now, status, **changed)
                    counts[status] += 1
                next_one = store.claim(tx, now, event_id) if deadline() > MIN_TIME_LEFT_S else None
            if next_one is None:
                return counts
            done = next_one, self._send(next_one)

    def take_up(self, tenant_id: UUID) -> None:
        """Make due again what lost its sender and what a person asked to be retried."""
        with self.db.tenant(tenant_id) as tx:
            now = self.clock.now()
            store.take_back_interrupted(tx, now, now - LEASE)
            store.take_requested_retries(tx, now)

    def _send(self, row: Row) -> Outcome:
        """What became of one claimed notification: the new status and the columns that change with it."""
        refusal = self._cannot_go(row)
        if refusal is not None:
            return "suppressed", {"reason": refusal}
        to = row[store.ADDRESSES[row["channel"]]]
        try:
            message = _message(row, to)
            receipt = self.channels[row["channel"]].send(message)
        except DeliveryFailed as error:
            return self._failed(row, to, error)
        except Exception as error:
            log.exception("notification %s could not be sent", row["id"])
            retry = DeliveryFailed(f"Our own fault: {type(error).__name__}.", retryable=True)
            return self._failed(row, to, retry)
        return self._sent(to, receipt)

    def _cannot_go(self, row: Row) -> str | None:
        """A message may have waited for hours: is there still somebody to send it to?"""
        if row["user_status"] != "active":
            return "The user is no longer active."
        if not row[store.ADDRESSES[row["channel"]]]:
            return f"No address for {row['channel']} is known for this user."
        if row["channel"] not in self.channels:
            return f"The channel {row['channel']} is not set up in this installation."
        return None

    def _sent(self, to: str, receipt: Receipt) -> Outcome:
        return "delivered" if receipt.delivered else "sent", {
            "destination": to, "provider_id": receipt.provider_id, "sent_at": self.clock.now(), "last_error": None,
        }  # fmt: skip

    def _failed(self, row: Row, to: str, error: DeliveryFailed) -> Outcome:
        changed: dict[str, Any] = {"destination": to, "last_error": error.detail[:500]}
        if not error.retryable or row["attempts"] >= MAX_ATTEMPTS:
            return "dead", changed
        pause = pause_before(row["id"], row["attempts"], error.retry_after_s)
        return "failed", {**changed, "scheduled_at": self.clock.now() + pause}


def _message(row: Row, to: str) -> Message:
    alert = AlertRaised.model_validate(row["detail"])
    content = templates.render(row["channel"], facts(alert, row["plant"], row["zone"]), templates.own_wording(row))
    return Message(
        id=row["id"], to=to, subject=content.subject, text=content.text, html=content.html,
        data=machine_readable(alert, str(row["id"]), row["tenant_code"]), secret=row["webhook_secret"],
    )  # fmt: skip
