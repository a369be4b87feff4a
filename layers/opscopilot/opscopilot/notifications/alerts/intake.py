"""Take events in exactly once: a batch of one tenant in a dozen statements, whatever its size.

The same condition is one open alert: its count and when it was last seen rise, and it is told again only when it gets
worse. Events that were taken in before change nothing. Two processes with the same events wait for each other
fingerprint by fingerprint, in one order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.events import FileProcessed
from opscopilot.notifications.alerts import storing, telling
from opscopilot.notifications.alerts.files import as_alert
from opscopilot.notifications.alerts.folding import fold
from opscopilot.notifications.alerts.incoming import Received
from opscopilot.notifications.alerts.model import AlertEvent, Folded, Outcome
from opscopilot.notifications.alerts.telling import Around
from opscopilot.notifications.policy import writing


def take_in(tx: Tx, events: Sequence[Received], now: datetime, around: Around) -> dict[UUID, Outcome]:
    """Record the events, their alerts and their notifications in the caller's transaction; what each did, by its id.

    An event that was taken in before is `known`. NotFound when the tenant is not an active one of ours (P-63): the
    transaction already runs as that tenant, so the registry row is all there is to see.
    """
    _check(tx, events)
    given: dict[UUID, AlertEvent] = {}
    for one in events:
        given.setdefault(one.event_id, _alert_event(one, around))
    storing.lock(tx, {event.dedupe_key for event in given.values()})
    known = storing.known_events(tx, given)
    outcomes: dict[UUID, Outcome] = dict.fromkeys(known, "known")
    fresh = [event for key, event in given.items() if key not in known]
    if fresh:
        folded = _folded(tx, fresh, now)
        _keep(tx, folded, now, around)
        outcomes |= {taken.event.event_id: taken.outcome for each in folded for taken in each.taken}
    storing.mark_handled(tx, given, now)
    return outcomes


def _check(tx: Tx, events: Iterable[Received]) -> None:
    stranger = next((one for one in events if one.tenant_id != tx.tenant_id), None)
    if stranger is not None:
        raise ValidationFailed(
            "The event names another tenant.", field="tenant_id", value=stranger.tenant_id, expected=str(tx.tenant_id)
        )
    if tx.scalar("SELECT status FROM platform.tenants") != "active":
        raise NotFound(
            "The event names a tenant that is not active here.", field="tenant_id", value=tx.tenant_id,
            expected="the id of an active tenant",
        )  # fmt: skip


def _alert_event(event: Received, around: Around) -> AlertEvent:
    return as_alert(event, around.console_url) if isinstance(event, FileProcessed) else event


def _folded(tx: Tx, events: Sequence[AlertEvent], now: datetime) -> list[Folded]:
    by_key: dict[str, list[AlertEvent]] = defaultdict(list)
    for one in events:
        by_key[one.dedupe_key].append(one)
    before = storing.before(tx, events, now)
    return [fold(by_key[key], before[key], now) for key in sorted(by_key)]


def _keep(tx: Tx, folded: Sequence[Folded], now: datetime, around: Around) -> None:
    """First what is told: the policy that takes care of an alert is kept with it, and messages are worded from what is
    kept of its event."""
    tellings = [one for each in folded for one in each.tellings.values()]
    plans = telling.plans(tx, tellings, now, around)
    texts = {one.event.event_id: telling.text(one) for one in tellings}
    storing.save(tx, [one for each in folded for one in each.alerts], now)
    storing.remember(tx, [one for each in folded for one in each.taken], texts, now)
    storing.write_history(tx, [one for each in folded for one in each.steps])
    storing.void_waiting(tx, {key: why for each in folded for key, why in each.superseded.items()}, now)
    writing.write(tx, plans, now)
