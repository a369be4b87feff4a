"""What became of a dropped file, told to whoever dropped it.

A FileProcessed takes the way of every alert: one condition per job and status, so that the same end is told once;
a replay that changes the status is told again. The person who asked for the job hears of everything but a
smooth end (`info`), unless their preferences say otherwise. Where nobody asked, or that person is gone, everybody's
preferences decide.
"""

from __future__ import annotations

from opscopilot.kernel.events import AlertRaised, FileProcessed
from opscopilot.kernel.ids import derived_id


def as_alert(event: FileProcessed, console_url: str | None) -> AlertRaised:
    """The event as the alert that carries it; the same job and status give the same alert id."""
    link = f"{console_url.rstrip('/')}/api/v1/jobs/{event.job_id}/receipt?format=html" if console_url else None
    return AlertRaised(
        event_id=event.event_id, tenant_id=event.tenant_id, occurred_at=event.occurred_at,
        correlation_id=event.correlation_id, alert_type="file_processed", severity=event.severity,
        alert_id=derived_id("file", str(event.tenant_id), str(event.job_id), event.status), title=event.headline,
        message=event.message, entity_type="file", entity_code=event.file_name, correlation_key=f"file:{event.job_id}",
        dedupe_key=f"file:{event.job_id}:{event.status}", link=link,
        to_users=(event.requested_by,) if event.requested_by else (),
    )  # fmt: skip
