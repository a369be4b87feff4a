"""What functions/notify does: handle one alert, and sweep what time or a crash has left behind."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import OpsError, TransientError
from opscopilot.kernel.events import AlertRaised, EventPublisher, FileProcessed, relay
from opscopilot.notifications.alerts import files, intake
from opscopilot.notifications.alerts.incoming import alert_from_outbox, file_from_outbox
from opscopilot.notifications.delivery.sending import MIN_TIME_LEFT_S, Sender

log = logging.getLogger(__name__)

RELAY_AFTER_S = 30
"""A producer publishes its own events right after its commit; what is older was left behind by a crash."""


@dataclass(frozen=True)
class Notifier:
    """The service; built once per process by the composition root."""

    db: Database
    sender: Sender
    publisher: EventPublisher
    clock: Clock
    console_url: str | None = None

    def handle(self, received: AlertRaised | FileProcessed, deadline: Deadline) -> Counter[str]:
        """Take the event in and send what it asks for now. Safe to call any number of times with one event."""
        with self.db.tenant(received.tenant_id) as tx:
            if isinstance(received, FileProcessed):
                event = files.as_alert(received, self.console_url)
                outcome = intake.take_in(tx, event, self.clock.now(), files.audience(received))
            else:
                event = received
                outcome = intake.take_in(tx, event, self.clock.now())
        # Also for a known event: the process that took it in may have died before it sent anything.
        counts = self.sender.send_due(event.tenant_id, deadline, [event.event_id])
        log.info(
            "alert %s", outcome,
            extra={"tenant_id": str(event.tenant_id), "correlation_id": event.correlation_id,
                   "alert_id": str(event.alert_id), "deliveries": dict(counts)},
        )  # fmt: skip
        return counts + Counter({outcome: 1})

    def sweep(self, deadline: Deadline, *, recover: bool = False) -> Counter[str]:
        """For every active tenant: relay what lies in the outbox, send what is due now.

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
        counts.update(self.sender.send_due(tenant_id, deadline))
        return counts

    def _recover(self, tenant_id: UUID, deadline: Deadline) -> Counter[str]:
        counts: Counter[str] = Counter()
        with self.db.tenant(tenant_id) as tx:
            lost = tx.rows(
                """SELECT event_id, detail_type, detail FROM platform.outbox
                   WHERE detail_type IN ('AlertRaised', 'FileProcessed') AND published_at IS NOT NULL
                   AND handled_at IS NULL ORDER BY event_id"""
            )
        for row in lost:
            if deadline() < MIN_TIME_LEFT_S:
                break
            try:
                read = file_from_outbox if row["detail_type"] == "FileProcessed" else alert_from_outbox
                event = read(row["detail"])
                if event.tenant_id != tenant_id:
                    raise TransientError("the event names another tenant")
                counts += self.handle(event, deadline)
            except (OpsError, TransientError):
                log.exception("event %s cannot be handled", row["event_id"], extra={"tenant_id": str(tenant_id)})
                counts["unusable"] += 1
        return counts
