"""functions/ingest, its pulling side: the tasks pull, pull_due, pull_test and pull_fail of statemachines/sync.asl.json."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import boto3
from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from opscopilot.adapters.buckets import S3Buckets
from opscopilot.adapters.secrets import SecretsManagerStore
from opscopilot.kernel.clock import Deadline, SystemClock
from opscopilot.kernel.db import Database
from opscopilot.kernel.settings import IngestSettings
from opscopilot.outbound.guard import AddressGuard, networks
from opscopilot.staging.connectors.due import Scheduler, try_out
from opscopilot.staging.connectors.pulling import Puller
from opscopilot.staging.ports import ObjectStore

_BROKEN = (
    "The pull broke off because of an error on our side ({name}). The next one goes on from where it stood; if that "
    "does not help, give this message to whoever runs the system."
)


class PullTask(BaseModel):
    """One connector's pulls, one after the other. Everything but the ids comes from the jobs' own rows."""

    model_config = ConfigDict(extra="ignore")

    tenant_id: UUID
    jobs: list[UUID] = Field(max_length=200)


class TestTask(BaseModel):
    """A connector to try out."""

    tenant_id: UUID
    connector: str


@dataclass
class Pulling:
    """The tasks."""

    puller: Puller
    logger: Logger

    def tasks(self) -> dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]]:
        """Each task by its name."""
        return {"pull": self.pull, "pull_due": self.due, "pull_test": self.test, "pull_fail": self.fail}

    def pull(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Pull the first job for as long as there is time; say what is left to do."""
        task = PullTask.model_validate(event)
        if not task.jobs:
            return _answer(task, [], {"status": "done"})
        told = self.puller.pull(task.tenant_id, task.jobs[0], _deadline(context))
        self._log("pull " + told["status"], task, told)
        left = task.jobs if told["status"] in ("more", "wait") else task.jobs[1:]
        return _answer(task, left, told)

    def due(self, _event: dict[str, Any], context: Any) -> dict[str, Any]:
        """What the schedule starts now."""
        found = Scheduler(self.puller).due(_deadline(context))
        return {"pulls": [{"task": "pull", **one} for one in found]}

    def test(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Connect, read a little, say what was seen."""
        task = TestTask.model_validate(event)
        limit, started = _deadline(context), SystemClock().now()

        def deadline() -> float:  # the API waits for the answer
            return min(limit(), 60.0 + 45.0 - (SystemClock().now() - started).total_seconds())

        return try_out(self.puller, task.tenant_id, task.connector, deadline)

    def fail(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Close the first job (or, at the end of an execution, all of them) and go on with the others."""
        error = event.get("error")
        name = str(error.get("Error") or "unknown error") if isinstance(error, dict) else "unknown error"
        given = event.get("input")
        if isinstance(given, dict):
            tasks = [PullTask.model_validate(one) for one in given.get("pulls") or []]
            for one in tasks:
                for job_id in one.jobs:
                    self.puller.fail(one.tenant_id, job_id, "processing_failed", _BROKEN.format(name=name))
            return {"status": "done"}
        task = PullTask.model_validate(event)
        for job_id in task.jobs[:1]:
            self.puller.fail(task.tenant_id, job_id, "processing_failed", _BROKEN.format(name=name))
        return _answer(task, task.jobs[1:], {"status": "failed", "error_code": "processing_failed"})

    def _log(self, message: str, task: PullTask, told: dict[str, Any]) -> None:
        facts: dict[str, Any] = {key: told[key] for key in ("fetched", "error_code", "seconds") if key in told}
        self.logger.info(message, extra={"tenant": str(task.tenant_id), "job_id": str(task.jobs[0]), **facts})


def _answer(task: PullTask, left: list[UUID], told: dict[str, Any]) -> dict[str, Any]:
    """What the state machine goes on with: the next stream follows a stream that is over."""
    status = told["status"] if told["status"] == "wait" else ("more" if left else "done")
    return {
        "task": "pull", "tenant_id": str(task.tenant_id), "jobs": [str(one) for one in left], "status": status,
        "seconds": told.get("seconds", 0),
    }  # fmt: skip


def _deadline(context: Any) -> Deadline:
    """Seconds left of this invocation."""
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


def pulling(settings: IngestSettings, database: Database, store: ObjectStore, logger: Logger) -> Pulling:
    """The tasks with their adapters."""
    guard = AddressGuard(local=settings.stage == "local", allowed=networks(settings.connector_allow_private))
    client = boto3.client("secretsmanager", region_name=settings.aws_region)
    puller = Puller(
        database, store, settings.landing_bucket, SecretsManagerStore(client), guard, SystemClock(),
        buckets=S3Buckets(settings.aws_region),
    )  # fmt: skip
    return Pulling(puller, logger)
