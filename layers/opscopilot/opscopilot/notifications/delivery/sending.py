"""Send what is due: every message leaves once, and what became of it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Database
from opscopilot.notifications.channels import Channel, Kinds
from opscopilot.notifications.delivery import dead_letters, outcomes
from opscopilot.notifications.delivery.attempts import Attempts
from opscopilot.notifications.delivery.backoff import MAX_ATTEMPTS
from opscopilot.notifications.delivery.composing import Composer
from opscopilot.notifications.delivery.rounds import MIN_TIME_LEFT_S, Round
from opscopilot.notifications.links.offering import LinksFor, no_links

__all__ = ["LEASE", "MIN_TIME_LEFT_S", "Sender"]
LEASE = timedelta(minutes=5)
"""A message `sending` for longer than this has lost its sender: no function of ours runs that long."""


@dataclass(frozen=True)
class Sender:
    """Delivers tenants' due notifications over the channels it was given.

    `workers` messages are under way at once, and besides them those whose receivers stall. Without `retry` a message
    has one attempt. `console`: the address of the web console, for links to alerts.
    """

    db: Database
    channels: Mapping[str, Channel]
    kinds: Kinds
    clock: Clock
    workers: int = 8
    links_for: LinksFor = no_links
    retry: bool = True
    console: str | None = None

    def send_due(self, tenant_id: UUID, deadline: Deadline, event_ids: Collection[UUID] | None = None) -> Counter[str]:
        """Send everything that is due (of these events, if any are named) while there is time; notifications by what
        became of them, `held` for those that wait for a snooze or a destination."""
        one = Round(self.db, tenant_id, self.kinds, self.clock, deadline, event_ids)
        most = MAX_ATTEMPTS if self.retry else 1
        composer = Composer(self.kinds, self.links_for, self.console)
        return one.run(Attempts(self.channels, composer, self.clock, deadline, most, one.blocked), self.workers)

    def take_up(self, tenant_id: UUID) -> None:
        """Make due again what lost its sender and what a person asked to be retried."""
        with self.db.tenant(tenant_id) as tx:
            now = self.clock.now()
            dead = outcomes.take_back_interrupted(tx, now, now - LEASE, again=self.retry)
            dead_letters.raise_alerts(tx, dead_letters.lost_rows(dead), now, set())
            outcomes.take_requested_retries(tx, now)
