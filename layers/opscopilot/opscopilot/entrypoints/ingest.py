"""functions/ingest: a file landed, a part of one is to be judged, or the state machine gave one up."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import boto3
from aws_lambda_powertools import Logger
from pydantic import BaseModel

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.entrypoints import Handler
from opscopilot.entrypoints.pull import Pulling, pulling
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import EventPublisher, FileLanded, relay
from opscopilot.kernel.settings import IngestSettings
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.ingest import Ingestor
from opscopilot.staging.landing import Landing, parse
from opscopilot.staging.limits import Limits
from opscopilot.staging.parts import PartReader, PartTask

_LOGGED = ("error_code", "entity", "total_records", "failed_records", "part")
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


class JobFailed(BaseModel):
    """The state machine gave up one table of an object."""

    task: Literal["fail_job"]
    tenant_id: UUID
    job_id: UUID
    correlation_id: str
    error: Any = None


@dataclass
class Ingesting:
    """The tasks of the function."""

    database: Database
    ingestor: Ingestor
    publisher: EventPublisher
    landing_bucket: str
    logger: Logger
    pulling: Pulling

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        pulls = self.pulling.tasks()
        if event.get("task") in pulls:
            return pulls[event["task"]](event, context)
        tasks: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "part": self.part, "fail": self.give_up, "fail_job": self.give_up_job,
        }  # fmt: skip
        return tasks.get(str(event.get("task")), self.landed)(event)

    def landed(self, event: dict[str, Any]) -> dict[str, Any]:
        """S3 says that an object is there."""
        landing, correlation_id = self._landing(event)
        if landing is None:
            return {"status": "ignored", "reason": "not_a_landing"}

        def run(folder: Path) -> dict[str, Any]:
            return self.ingestor.run(landing, folder, correlation_id)

        return self._logged(landing.tenant_id, landing.tenant_code, landing.job_id, correlation_id, run)

    def part(self, event: dict[str, Any]) -> dict[str, Any]:
        """Judge one part of a large table."""
        task, own = PartTask.model_validate(event), self.ingestor
        reader = PartReader(own.database, own.registry, own.store, own.staging_bucket, own.limits)
        return self._logged(
            task.tenant_id,
            str(task.tenant_id),
            task.job_id,
            task.correlation_id,
            lambda folder: reader.run(task, folder),
        )

    def give_up(self, event: dict[str, Any]) -> dict[str, Any]:
        """The object's job is closed with a sentence a planner understands."""
        landing, correlation_id = self._landing(event["event"])
        if landing is None:
            return {"status": "ignored", "reason": "not_a_landing"}
        said = message_of(event.get("error"))
        return self._logged(
            landing.tenant_id, landing.tenant_code, landing.job_id, correlation_id,
            lambda _: self.ingestor.fail(landing, "processing_failed", said, correlation_id),
        )  # fmt: skip

    def give_up_job(self, event: dict[str, Any]) -> dict[str, Any]:
        """One table's job is closed; the others of the object go on."""
        task = JobFailed.model_validate(event)
        said = message_of(task.error)
        return self._logged(
            task.tenant_id, str(task.tenant_id), task.job_id, task.correlation_id,
            lambda _: self.ingestor.fail_job(task.tenant_id, task.job_id, said, task.correlation_id),
        )  # fmt: skip

    def _landing(self, event: dict[str, Any]) -> tuple[Landing | None, str]:
        landing = parse(FileLanded.from_s3_event(event))
        if landing is None or landing.bucket != self.landing_bucket:
            self.logger.warning("object is not a landing of ours")
            return None, ""
        return landing, str(event.get("id") or landing.job_id)

    def _logged(
        self, tenant_id: UUID, tenant: str, job_id: UUID, correlation_id: str, work: Callable[[Path], dict[str, Any]]
    ) -> dict[str, Any]:
        keys = {"tenant": tenant, "job_id": str(job_id), "correlation_id": correlation_id}
        try:
            with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
                answer = work(Path(folder))
            if answer["status"] not in ("staged", "ignored"):  # otherwise nothing has ended
                with self.database.tenant(tenant_id) as tx:
                    relay(tx, self.publisher)
        except Exception:
            self.logger.exception("ingest broke off", extra=keys)
            raise
        counts: dict[str, Any] = {name: answer[name] for name in _LOGGED if name in answer}
        self.logger.info("ingest " + answer["status"], extra={**keys, **counts})
        return answer


def ingest_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = IngestSettings()
    database = open_database(settings)
    store = S3ObjectStore(boto3.client("s3", region_name=settings.aws_region))
    ingestor = Ingestor(
        database=database, registry=registry(), clock=SystemClock(), store=store,
        staging_bucket=settings.staging_bucket, limits=Limits.of(settings.max_file_mb, settings.part_mb),
    )  # fmt: skip
    bus = EventBridgePublisher(boto3.client("events", region_name=settings.aws_region), settings.event_bus_name)
    logger = Logger(service="ingest", level=settings.log_level)
    pulls = pulling(settings, database, store, logger)
    return Ingesting(database, ingestor, bus, settings.landing_bucket, logger, pulls)


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
