"""What events do to an alert: opened, seen again, worse, over, back. Pure; one fingerprint at a time.

Events are taken in the order in which they were made, whatever the order in which they arrive: a resolution older than
the newest report does not end it, a report older than the end does not bring it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opscopilot.kernel.events import AlertRaised, AlertResolved, AlertSeen
from opscopilot.kernel.ids import derived_id
from opscopilot.notifications.alerts.model import (
    CALM,
    COMES_BACK,
    FLAPPING_FROM,
    FLAPPING_WITHIN,
    MANUAL,
    NOT_SEEN,
    NOT_SEEN_FILE,
    NOT_SEEN_MANUAL,
    Alert,
    AlertEvent,
    Folded,
    HistoryKind,
    Outcome,
    Step,
    Taken,
    Telling,
)
from opscopilot.notifications.policy.model import rank


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a fingerprint: its open alert, or the one that ended last. `over`: alert id -> when it was said
    to be over before anybody had reported it. `taken_on`: alert id -> who acknowledged it before it arrived, and when.
    `others`: ids that other alerts have."""

    alert: Alert | None = None
    over: Mapping[UUID, datetime] = field(default_factory=dict)
    taken_on: Mapping[UUID, tuple[str, datetime]] = field(default_factory=dict)
    others: frozenset[UUID] = frozenset()


def fold(events: Sequence[AlertEvent], before: Before, now: datetime) -> Folded:
    """Everything that follows from events of one fingerprint that were not seen before. Of two that were made at the
    same moment the one that arrived first counts first."""
    work = _Fold(before, now)
    for event in sorted(events, key=lambda one: one.occurred_at):
        outcome = work.resolved(event) if isinstance(event, AlertResolved) else work.raised(event)
        work.made.taken.append(Taken(event, outcome, work.alert))
    return work.made


class _Fold:
    """One fingerprint's events, one after the other."""

    def __init__(self, before: Before, now: datetime) -> None:
        self.before = before
        self.now = now
        self.alert = before.alert
        self.over = dict(before.over)
        self.made = Folded(alerts=[before.alert] if before.alert else [])

    def raised(self, event: AlertRaised) -> Outcome:
        at = self._moment(event)
        over_at = self.alert.over_at if self.alert else self.over.get(event.alert_id)
        if over_at is not None and at < over_at:
            return "ignored"
        if self.alert is None:
            return self._open(event, at)
        if self.alert.closed_at is None:
            return self._again(self.alert, event, at)
        if isinstance(event, AlertSeen) and self.alert.resolved_by is not None:
            return "ignored"  # a person said so, and nothing is worse than it was
        assert over_at is not None
        if event.alert_id == self.alert.alert_id or at - over_at <= COMES_BACK:
            return self._back(self.alert, event, at, over_at)
        return self._open(event, at)

    def resolved(self, event: AlertResolved) -> Outcome:
        alert, at = self.alert, self._moment(event)
        if alert is None:
            self.over[event.alert_id] = max(at, self.over.get(event.alert_id, at))
            return "ignored"
        if alert.closed_at is not None:
            if alert.resolved_at is not None and alert.resolved_by is None:
                alert.resolved_at = max(alert.resolved_at, at)
            return "ignored"
        if at < alert.last_raised_at:
            return "ignored"
        alert.status, alert.resolved_at, alert.resolved_by, alert.closed_at = "resolved", at, None, self.now
        alert.snoozed_until = alert.snoozed_by = None
        # What flaps is told to be over when it could no longer be the same alert that comes back.
        alert.all_clear_at = at + (COMES_BACK if alert.flapping_since else CALM)
        if alert.severity != "critical":  # a critical limit that was passed is told even when it is over (P-85)
            self.made.tellings.pop(alert.alert_id, None)
            self.made.superseded[alert.alert_id] = f"It was over before this was sent: {event.reason}"
        self._step(alert, "resolved", event.reason)
        return "resolved"

    def _moment(self, event: AlertEvent) -> datetime:
        """When it was said. A producer whose clock is ahead must not outrank everything that follows."""
        return min(event.occurred_at, self.now)

    def _open(self, event: AlertRaised, at: datetime) -> Outcome:
        taken = event.alert_id in self.before.others
        alert = Alert(
            alert_id=derived_id("alert", str(event.event_id)) if taken else event.alert_id,
            fingerprint=event.dedupe_key, correlation_key="", alert_type=event.alert_type, severity=event.severity,
            title="", message="", first_seen=at, last_seen=at, last_raised_at=at, expires_at=at,
        )  # fmt: skip
        _refresh(alert, event, at)
        self.alert = alert
        self.made.alerts.append(alert)
        self._step(alert, "opened", detail={"severity": alert.severity})
        if event.alert_id in self.before.taken_on:
            alert.acknowledged_by, alert.acknowledged_at = self.before.taken_on[event.alert_id]
            alert.status = "acknowledged"
        self.made.tellings[alert.alert_id] = Telling(alert, event)
        return "opened"

    def _again(self, alert: Alert, event: AlertRaised, at: datetime) -> Outcome:
        alert.occurrences += 1
        alert.last_seen = max(alert.last_seen, at)
        worse = rank(event.severity) > rank(alert.severity)
        if at >= alert.last_raised_at:
            _refresh(alert, event, at)
        if not worse:
            return "repeated"
        note = f"{alert.acknowledged_by} had it." if alert.status == "acknowledged" else None
        self._step(alert, "escalated", note, {"from": alert.severity, "to": event.severity})
        alert.severity = event.severity
        self._nobodys(alert)
        self.made.superseded[alert.alert_id] = f"Replaced: it has become {event.severity} meanwhile."
        self.made.tellings[alert.alert_id] = Telling(alert, event)
        return "escalated"

    def _back(self, alert: Alert, event: AlertRaised, at: datetime, over_at: datetime) -> Outcome:
        """It is back. Quiet, if it was hardly gone and nobody has heard or said that it was over; told otherwise."""
        hardly_gone = at - over_at <= COMES_BACK and alert.status == "resolved"
        worse = rank(event.severity) > rank(alert.severity)
        said = alert.all_clear_told or alert.resolved_by is not None
        tell = not isinstance(event, AlertSeen) and (worse or said or not hardly_gone)
        if worse or (tell and not hardly_gone):
            alert.severity = event.severity
        self._reopen(alert, event, at)
        if tell:
            self._nobodys(alert)
        else:
            alert.status = "acknowledged" if alert.acknowledged_by else "open"
            self.made.superseded.pop(alert.alert_id, None)
            if alert.status == "open" and alert.policy_code:
                alert.next_step_at = alert.next_step_at or self.now  # its escalation goes on where it stood
        self._step(alert, "reopened", detail={"severity": event.severity, "told": tell})
        flapping = self._flaps(alert, at)
        self.made.tellings[alert.alert_id] = Telling(alert, event, flapping, only_untold=not (tell or flapping))
        return "reopened"

    def _reopen(self, alert: Alert, event: AlertRaised, at: datetime) -> None:
        alert.closed_at = alert.resolved_at = alert.resolved_by = alert.all_clear_at = None
        alert.all_clear_told = False
        alert.reopened_count += 1
        alert.back.append(at)
        alert.occurrences += 1
        alert.last_seen = max(alert.last_seen, at)
        _refresh(alert, event, at)

    def _flaps(self, alert: Alert, at: datetime) -> bool:
        """Whether it starts to flap with this; said once."""
        alert.back = [one for one in alert.back if one > at - FLAPPING_WITHIN]
        if alert.flapping_since is not None or len(alert.back) < FLAPPING_FROM:
            return False
        alert.flapping_since = self.now
        self._step(alert, "flapping", f"It came back {len(alert.back)} times within 24 hours.")
        return True

    def _nobodys(self, alert: Alert) -> None:
        """Whoever had it took on something smaller: it is open again."""
        alert.status = "open"
        alert.acknowledged_at = alert.acknowledged_by = alert.snoozed_until = alert.snoozed_by = None
        alert.policy_code, alert.policy_step, alert.next_step_at = None, 0, None

    def _step(
        self, alert: Alert, kind: HistoryKind, note: str | None = None, detail: dict[str, object] | None = None
    ) -> None:
        self.made.steps.append(Step(alert, self.now, kind, note, detail or {}))


def _refresh(alert: Alert, event: AlertRaised, at: datetime) -> None:
    """What the newest report says."""
    alert.title, alert.message = event.title, event.message
    alert.correlation_key = event.correlation_key or event.dedupe_key
    alert.entity_type, alert.entity_id, alert.entity_code = event.entity_type, event.entity_id, event.entity_code
    alert.place, alert.deadline = event.place, event.deadline
    alert.amount, alert.currency, alert.amount_per_hour = event.amount, event.currency, event.amount_per_hour
    alert.last_raised_at = at
    alert.expires_at = event.expires_at or at + _patience(event)


def _patience(event: AlertRaised) -> timedelta:
    if event.alert_type == "file_processed":
        return NOT_SEEN_FILE
    return NOT_SEEN_MANUAL if event.dedupe_key.startswith(MANUAL) else NOT_SEEN
