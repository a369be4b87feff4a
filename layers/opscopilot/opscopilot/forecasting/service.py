"""The forecast function's four tasks, as the state machine calls them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.runs import versions
from opscopilot.forecasting.runs.batch import run_batch
from opscopilot.forecasting.runs.plan import plan
from opscopilot.forecasting.runs.publish import publish
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import EventPublisher


class VersionKey(BaseModel):
    """A version and whose it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    tenant_id: UUID
    version_id: UUID


class _Plan(BaseModel):
    task: Literal["plan"]
    input: Any


class _Batch(VersionKey):
    task: Literal["batch"]
    batch: int


class _Publish(BaseModel):
    task: Literal["publish"]
    versions: list[VersionKey]


class _Known(BaseModel):
    model_config = ConfigDict(extra="ignore")
    versions: list[VersionKey] = []


class _Cause(BaseModel):
    model_config = ConfigDict(extra="ignore")
    Error: str = "Error"
    Cause: str = ""


class _Fail(BaseModel):
    model_config = ConfigDict(extra="ignore")
    task: Literal["fail"]
    state: _Known = _Known()
    error: _Cause = _Cause()


Task = _Plan | _Batch | _Publish | _Fail
_TASK: TypeAdapter[Task] = TypeAdapter(Task)


@dataclass(frozen=True)
class ForecastService:
    """Plans, computes, publishes and, when a run broke, closes what it left open."""

    database: Database
    publisher: EventPublisher
    clock: Clock
    config: ForecastConfig = field(default_factory=ForecastConfig)

    def run(self, payload: Any) -> dict[str, Any]:
        """Do the task `payload` names; pydantic raises on anything that is not one."""
        task = _TASK.validate_python(payload)
        if isinstance(task, _Plan):
            return plan(self.database, self.clock, self.config, task.input)
        if isinstance(task, _Batch):
            return run_batch(self.database, self.config, task.tenant_id, task.version_id, task.batch)
        if isinstance(task, _Publish):
            return {"published": [self._publish(key) for key in task.versions]}
        return self._fail(task)

    def _publish(self, key: VersionKey) -> dict[str, Any]:
        return publish(self.database, self.publisher, self.clock, self.config, key.tenant_id, key.version_id)

    def _fail(self, task: _Fail) -> dict[str, Any]:
        """Close the drafts of a broken run; the published version stays the one that is read."""
        closed = []
        message = f"{task.error.Error}: {task.error.Cause}"
        for key in task.state.versions:
            with self.database.tenant(key.tenant_id) as tx:
                if versions.fail(tx, key.version_id, message):
                    closed.append(str(key.version_id))
        return {"failed": closed}
