"""What functions/notify does: handle events, and sweep what time or a crash has left behind."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import NotFound, OpsError, TransientError
from opscopilot.kernel.events import EventPublisher, relay
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.alerts import expiring, incoming, intake, reminding
from opscopilot.notifications.alerts.incoming import Received
from opscopilot.notifications.alerts.telling import Around
from opscopilot.notifications.delivery.sending import MIN_TIME_LEFT_S, Sender
from opscopilot.notifications.policy import escalating, releasing

log = logging.getLogger(__name__)

RELAY_AFTER_S = 30
"""A producer publishes its own events right after its commit; what is older was left behind by a crash."""
AT_ONCE = 200
"""Events of one tenant taken in with one transaction."""


@dataclass
class Handled:
    """What a batch came to. `failed`: the events that were not taken in or not attended to, and why; hand them in
    again."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: dict[UUID, Exception] = field(default_factory=dict)


@dataclass(frozen=True)
class Notifier:
    """The service; built once per process by the composition root."""

    db: Database
    sender: Sender
    publisher: EventPublisher
    clock: Clock
    calendar: PlantCalendar
    console_url: str | None = None

    @property
    def around(self) -> Around:
        """What alerts are told with."""
        return Around(self.calendar, self.sender.kinds, self.console_url)

    def handle(self, received: Received, deadline: Deadline) -> Counter[str]:
        """Take one event in and send what it asks for now. Safe to call any number of times with one event."""
        handled = self.handle_batch([received], deadline)
        for error in handled.failed.values():
            raise error
        return handled.counts

    def handle_batch(self, events: Sequence[Received], deadline: Deadline) -> Handled:
        """Take the events in, tenant by tenant, and send what they ask for now. One bad event fails alone."""
        handled = Handled()
        by_tenant: dict[UUID, list[Received]] = defaultdict(list)
        for one in events:
            by_tenant[one.tenant_id].append(one)
        for tenant_id, all_of_it in by_tenant.items():
            self._handle(tenant_id, all_of_it, deadline, handled)
        return handled

    def _handle(self, tenant_id: UUID, events: Sequence[Received], deadline: Deadline, handled: Handled) -> None:
        # All are taken in before any is sent: a receiver that stalls keeps the invocation once, not once a slice.
        taken = [key for some in _slices(events) for key in self._take_in(tenant_id, some, handled)]
        if not taken:
            return
        try:
            # Also for known events: the process that took them in may have died before it sent anything.
            handled.counts += self.sender.send_due(tenant_id, deadline, taken)
        except Exception as error:
            log.exception("sending failed", extra={"tenant_id": str(tenant_id)})
            handled.failed |= dict.fromkeys(taken, error)

    def _take_in(self, tenant_id: UUID, events: Sequence[Received], handled: Handled) -> list[UUID]:
        """The events that are safely in the database now."""
        try:
            with self.db.tenant(tenant_id) as tx:
                outcomes = intake.take_in(tx, events, self.clock.now(), self.around)
        except Exception as error:
            if len(events) > 1 and not isinstance(error, NotFound):  # without an active tenant all of them fail
                log.warning(
                    "a batch of %d failed; one by one now", len(events), exc_info=not isinstance(error, OpsError)
                )
                return [key for one in events for key in self._take_in(tenant_id, [one], handled)]
            handled.failed |= {one.event_id: error for one in events}
            return []
        counted = Counter(outcomes.values())
        handled.counts += counted
        log.info("alerts taken in", extra={"tenant_id": str(tenant_id), "outcomes": dict(counted)})
        return list(outcomes)

    def sweep(self, deadline: Deadline, *, recover: bool = False) -> Counter[str]:
        """For every active tenant: relay what lies in the outbox, let alerts age, send what is due now.

        With `recover` (a stack that starts again and whose queues were lost) events that were published but never
        handled are handled here. One tenant's trouble does not keep the others waiting: all are visited, then
        TransientError names how many failed.
        """
        with self.db.system() as tx:
            found = tx.rows("SELECT tenant_id FROM platform.tenants WHERE status = 'active' ORDER BY tenant_id")
        total: Counter[str] = Counter()
        for tenant_id in (row["tenant_id"] for row in found):
            if deadline() < MIN_TIME_LEFT_S:
                log.warning("the sweep ran out of time", extra={"tenant_id": str(tenant_id)})
                break
            try:
                total.update(self._sweep_tenant(tenant_id, deadline, recover=recover))
            except Exception:
                log.exception("the sweep of a tenant failed", extra={"tenant_id": str(tenant_id)})
                total["tenants_failed"] += 1
            total["tenants"] += 1
        if total["tenants_failed"]:
            raise TransientError(f"The sweep failed for {total['tenants_failed']} of {total['tenants']} tenants.")
        return total

    def _sweep_tenant(self, tenant_id: UUID, deadline: Deadline, *, recover: bool) -> Counter[str]:
        counts: Counter[str] = Counter()
        if recover:
            counts.update(self._recover(tenant_id, deadline))
        with self.db.tenant(tenant_id) as tx:
            counts["relayed"] += relay(tx, self.publisher, 0 if recover else RELAY_AFTER_S)
        self.sender.take_up(tenant_id)
        counts.update(self._age(tenant_id))
        counts.update(self.sender.send_due(tenant_id, deadline))
        return counts

    def _age(self, tenant_id: UUID) -> Counter[str]:
        """What time does to alerts, each in a transaction of its own; only what happened is counted."""
        around, counts = self.around, Counter[str]()
        for name, step in (
            ("released", lambda tx, now: releasing.release(tx, now, around.calendar, around.kinds)),
            ("steps", lambda tx, now: escalating.run_steps(tx, now, around.calendar, around.kinds)),
            ("expired", expiring.expire),
            ("settled", expiring.settle),
            ("woken", lambda tx, now: reminding.wake(tx, now, around)),
            ("all_clear", lambda tx, now: reminding.tell_all_clear(tx, now, around)),
        ):
            with self.db.tenant(tenant_id) as tx:
                happened = step(tx, self.clock.now())
            if happened:
                counts[name] += happened
        return counts

    def _recover(self, tenant_id: UUID, deadline: Deadline) -> Counter[str]:
        with self.db.tenant(tenant_id) as tx:
            lost = tx.rows(
                """SELECT event_id, detail_type, detail FROM platform.outbox
                   WHERE detail_type = ANY(CAST(:kinds AS text[])) AND published_at IS NOT NULL
                   AND handled_at IS NULL ORDER BY event_id""",
                kinds=list(incoming.KINDS),
            )
        counts: Counter[str] = Counter()
        events: list[Received] = []
        for row in lost:
            try:
                event = incoming.from_outbox(row["detail_type"], row["detail"])
                if event.tenant_id != tenant_id:
                    raise TransientError("the event names another tenant")
                events.append(event)
            except (OpsError, TransientError):
                log.exception("event %s cannot be handled", row["event_id"], extra={"tenant_id": str(tenant_id)})
                counts["unusable"] += 1
        for some in _slices(events):
            if deadline() < MIN_TIME_LEFT_S:
                break
            handled = self.handle_batch(some, deadline)
            counts += handled.counts
            counts["unusable"] += len(handled.failed)
        return +counts


def _slices(events: Sequence[Received]) -> Iterator[Sequence[Received]]:
    return (events[start : start + AT_ONCE] for start in range(0, len(events), AT_ONCE))
