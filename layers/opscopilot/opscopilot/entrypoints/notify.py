"""functions/notify: alerts and reports about mails from their queues, the sweep every minute, and redrives."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

import boto3

from opscopilot.adapters.channels import KINDS
from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.entrypoints.channels import channels
from opscopilot.entrypoints.links import links_for
from opscopilot.kernel.clock import Clock, Deadline, SystemClock
from opscopilot.kernel.errors import OpsError, ValidationFailed
from opscopilot.kernel.settings import NotifySettings
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.alerts.incoming import Received, from_body
from opscopilot.notifications.delivery import feedback, redriving, reports
from opscopilot.notifications.delivery.sending import Sender
from opscopilot.notifications.service import Notifier

log = logging.getLogger(__name__)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def notifier(settings: NotifySettings, clock: Clock) -> Notifier:
    """The service with its adapters."""
    db = open_database(settings)
    bus = EventBridgePublisher(boto3.client("events", region_name=settings.aws_region), settings.event_bus_name)
    sender = Sender(
        db, channels(settings, clock), KINDS, clock, links_for=links_for(settings, clock),
        retry=settings.enable_notification_retry, console=settings.console_url,
    )  # fmt: skip
    return Notifier(db, sender, bus, clock, WorkingTime(), settings.console_url)


def notify_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    return make_handler(notifier(NotifySettings(), SystemClock()))


def make_handler(service: Notifier) -> Handler:
    """A handler of SQS batches ({"Records": […]}), of {"task": "sweep"} and of {"task": "redrive", …}; ValidationFailed
    for anything else."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        deadline = _deadline(context)
        if isinstance(event.get("Records"), list):
            return {
                "batchItemFailures": [{"itemIdentifier": one} for one in _batch(service, event["Records"], deadline)]
            }
        if event.get("task") == "sweep":
            return dict(service.sweep(deadline, recover=event.get("recover") is True))
        if event.get("task") == "redrive":
            return dict(redriving.redrive_all(service.db, redriving.asked(event), service.clock.now()))
        raise ValidationFailed(
            "This function does not know this event.", field="task", value=event.get("task"),
            expected="an SQS batch with Records, or {\"task\": \"sweep\"}, or {\"task\": \"redrive\", \"status\": \"dead\"}",
        )  # fmt: skip

    return handle


def _batch(service: Notifier, records: list[Any], deadline: Deadline) -> list[str]:
    """The ids of the records that must come again. One bad record fails alone: the queue hands it in again and moves
    it to its dead-letter queue in the end, where a person can read it."""
    failed: set[str] = set()
    events: list[Received] = []
    came_as: dict[UUID, list[str]] = defaultdict(list)
    for record in records:
        message_id = _message_id(record)
        body = record.get("body") if message_id else record
        try:
            if _is_report(body):
                feedback.take_in(service.db, reports.from_body(body), service.clock.now())
                continue
            event = from_body(body)
        except Exception as error:
            _refused(message_id, error)
            failed.add(message_id)
            continue
        if event.event_id not in came_as:
            events.append(event)
        came_as[event.event_id].append(message_id)
    for event_id, fault in service.handle_batch(events, deadline).failed.items():
        for message_id in came_as[event_id]:
            _refused(message_id, fault)
            failed.add(message_id)
    return [one for one in map(_message_id, records) if one in failed]


def _message_id(record: Any) -> str:
    return str(record.get("messageId", "")) if isinstance(record, dict) else ""


def _refused(message_id: str, error: Exception) -> None:
    if isinstance(error, OpsError):
        log.error("message %s refused: %s", message_id, error.detail)
    else:
        log.error("message %s failed", message_id, exc_info=error)


def _is_report(body: object) -> bool:
    """Whether SES sent it, and not our event bus; raw, or in the envelope of SNS."""
    try:
        found = json.loads(body) if isinstance(body, str) and len(body) <= reports.MAX_BODY else None
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or "detail-type" in found:
        return False
    return "eventType" in found or found.get("Type") == "Notification"


def _deadline(context: Any) -> Deadline:
    """Seconds left of this invocation."""
    return lambda: float(context.get_remaining_time_in_millis()) / 1000
