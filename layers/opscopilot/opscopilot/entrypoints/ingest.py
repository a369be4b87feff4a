"""functions/ingest: a file landed, or the state machine gave a file up."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.entrypoints import Handler
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.events import FileLanded, relay
from opscopilot.kernel.settings import IngestSettings
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.ingest import Ingestor, Limits
from opscopilot.staging.landing import Landing, parse

_STILL_QUIET = ("staged", "ignored")
"""Nothing has ended: there is no event to publish."""
_LOGGED = ("error_code", "entity", "total_records", "failed_records")
_MESSAGES = {
    "DependenciesPending": "Files that this one refers to did not arrive in time. Drop them, then drop this one again.",
    "States.Timeout": "Reading the file took longer than allowed. Split the export and drop the parts.",
    "Sandbox.Timedout": "Reading the file took longer than allowed. Split the export and drop the parts.",
    "Runtime.OutOfMemory": "The file needs more memory than there is. Split the export and drop the parts.",
}
_ANY = (
    "The file could not be processed because of an error on our side ({name}). Drop it again; if that does not help, "
    "give this message to whoever runs the system."
)


def ingest_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = IngestSettings()
    logger = Logger(service="ingest", level=settings.log_level)
    database = open_database(settings)
    bus = EventBridgePublisher(boto3.client("events", region_name=settings.aws_region), settings.event_bus_name)
    ingestor = Ingestor(
        database=database, registry=registry(), clock=SystemClock(),
        store=S3ObjectStore(boto3.client("s3", region_name=settings.aws_region)),
        staging_bucket=settings.staging_bucket, limits=Limits.of(settings.max_file_mb),
    )  # fmt: skip

    def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        giving_up = event.get("task") == "fail"
        source = event["event"] if giving_up else event
        landing = parse(FileLanded.from_s3_event(source))
        if landing is None or landing.bucket != settings.landing_bucket:
            logger.warning("object is not a landing of ours")
            return {"status": "ignored", "reason": "not_a_landing"}
        correlation_id = str(source.get("id") or landing.job_id)
        keys = {"tenant": landing.tenant_code, "job_id": str(landing.job_id), "correlation_id": correlation_id}
        try:
            if giving_up:
                answer = ingestor.fail(landing, "processing_failed", message_of(event.get("error")), correlation_id)
            else:
                answer = _ingest(ingestor, landing, correlation_id)
            if answer["status"] not in _STILL_QUIET:
                with database.tenant(landing.tenant_id) as tx:
                    relay(tx, bus)
        except Exception:
            logger.exception("ingest broke off", extra=keys)
            raise
        counts: dict[str, Any] = {name: answer[name] for name in _LOGGED if name in answer}
        logger.info("ingest " + answer["status"], extra={**keys, **counts})
        return answer

    return handle


def _ingest(ingestor: Ingestor, landing: Landing, correlation_id: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        return ingestor.run(landing, Path(folder), correlation_id)


def message_of(error: Any) -> str:
    """A sentence for people from Step Functions' {"Error": name, "Cause": json or text}."""
    given = error if isinstance(error, dict) else {}
    name = str(given.get("Error") or "unknown error")
    details = _details(given.get("Cause"))
    kind = str(details.get("errorType") or name)
    said = str(details.get("errorMessage") or "")
    if kind == "DependenciesPending":
        return f"{_MESSAGES[kind]} ({said[:300]})" if said else _MESSAGES[kind]
    return _MESSAGES.get(kind) or _MESSAGES.get(name) or _ANY.format(name=kind)


def _details(cause: Any) -> dict[str, Any]:
    """What Lambda wrote about the error, where the cause is its JSON."""
    try:
        found = json.loads(cause) if isinstance(cause, str) else cause
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
