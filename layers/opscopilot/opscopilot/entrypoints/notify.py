"""functions/notify: alerts from the queue, and the sweep every minute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import boto3

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.entrypoints.channels import channels
from opscopilot.kernel.clock import Clock, Deadline, SystemClock
from opscopilot.kernel.errors import OpsError, ValidationFailed
from opscopilot.kernel.settings import NotifySettings
from opscopilot.notifications.alerts.incoming import from_body
from opscopilot.adapters.channels import KINDS
from opscopilot.notifications.delivery.sending import Sender
from opscopilot.notifications.service import Notifier

log = logging.getLogger(__name__)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def notifier(settings: NotifySettings, clock: Clock) -> Notifier:
    """The service with its adapters."""
    db = open_database(settings)
    bus = EventBridgePublisher(boto3.client("events", region_name=settings.aws_region), settings.event_bus_name)
    return Notifier(db, Sender(db, channels(settings, clock), KINDS, clock), bus, clock, settings.console_url)


def notify_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    return make_handler(notifier(NotifySettings(), SystemClock()))


def make_handler(service: Notifier) -> Handler:
    """A handler of SQS batches ({"Records": […]}) and of {"task": "sweep"}; ValidationFailed for anything else."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        deadline = _deadline(context)
        if isinstance(event.get("Records"), list):
            return {"batchItemFailures": _batch(service, event["Records"], deadline)}
        if event.get("task") == "sweep":
            return dict(service.sweep(deadline, recover=event.get("recover") is True))
        raise ValidationFailed(
            "This function does not know this event.", field="task", value=event.get("task"),
            expected="an SQS batch with Records, or {\"task\": \"sweep\"}",
        )  # fmt: skip

    return handle


def _batch(service: Notifier, records: list[Any], deadline: Deadline) -> list[dict[str, str]]:
    """The records that must come again. One bad record fails alone: the queue hands it in again and moves it to
    its dead-letter queue in the end, where a person can read it."""
    failures = []
    for record in records:
        message_id = str(record.get("messageId", "")) if isinstance(record, dict) else ""
        try:
            service.handle(from_body(record.get("body") if message_id else record), deadline)
        except OpsError as error:
            log.error("message %s refused: %s", message_id, error.detail)
            failures.append({"itemIdentifier": message_id})
        except Exception:
            log.exception("message %s failed", message_id)
            failures.append({"itemIdentifier": message_id})
    return failures


def _deadline(context: Any) -> Deadline:
    """Seconds left of this invocation."""
    return lambda: float(context.get_remaining_time_in_millis()) / 1000
