"""What became of a dropped file, told to whoever dropped it.

A FileProcessed takes the way of every alert: one condition per job and status, so that the same end is told once;
a replay that changes the status is told again. The person who asked for the job hears of everything but a
smooth end (`info`), unless their preferences say otherwise. Where nobody asked, or that person is gone, everybody's
preferences decide.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from opscopilot.kernel.events import AlertRaised, FileProcessed, Severity
from opscopilot.kernel.ids import derived_id
from opscopilot.notifications.policy.former import Recipient

ASKER_MIN_SEVERITY: Severity = "low"
"""For the person who asked for the job and has saved no preferences."""


def as_alert(event: FileProcessed, console_url: str | None) -> AlertRaised:
    """The event as the alert that carries it; the same job and status give the same alert id."""
    link = f"{console_url.rstrip('/')}/api/v1/jobs/{event.job_id}/receipt?format=html" if console_url else None
    return AlertRaised(
        event_id=event.event_id, tenant_id=event.tenant_id, occurred_at=event.occurred_at,
        correlation_id=event.correlation_id, alert_type="file_processed", severity=event.severity,
        alert_id=derived_id("file", str(event.tenant_id), str(event.job_id), event.status), title=event.headline,
        message=event.message, entity_type="file", entity_code=event.file_name,
        dedupe_key=f"file:{event.job_id}:{event.status}", link=link,
    )  # fmt: skip


def _askers(requested_by: str | None, everybody: list[Recipient]) -> list[Recipient]:
    asker = [one for one in everybody if one.user_id == requested_by]
    return [one if one.explicit else replace(one, min_severity=ASKER_MIN_SEVERITY) for one in asker] or everybody


def audience(event: FileProcessed) -> partial[list[Recipient]]:
    """Chooses from everybody whom this file concerns."""
    return partial(_askers, event.requested_by)
