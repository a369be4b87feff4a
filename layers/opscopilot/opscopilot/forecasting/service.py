"""The forecast function's tasks, as the state machine and, for `demand`, the API call them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.registry.commands import obey
from opscopilot.forecasting.runs import finish, plan, prepare, publish
from opscopilot.forecasting.runs.answer import Question, answer
from opscopilot.forecasting.runs.batch import record_failure, run_batch
from opscopilot.forecasting.runs.deal import ItemStore, deal
from opscopilot.forecasting.runs.keys import BatchKey, VersionKey
from opscopilot.forecasting.runs.reconcile import run_reconcile
from opscopilot.forecasting.runs.request import Asked
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import EventPublisher


class _Cause(BaseModel):
    model_config = ConfigDict(extra="ignore")
    Error: str = "Error"
    Cause: str = ""

    def __str__(self) -> str:
        return f"{self.Error}: {self.Cause}"


class _Plan(Asked):
    task: Literal["plan"]


class _Prepare(VersionKey):
    task: Literal["prepare"]


class _Deal(BaseModel):
    task: Literal["deal"]
    execution: str = ""
    versions: list[VersionKey]


class _Batch(BatchKey):
    task: Literal["batch"]


class _BatchFailed(BatchKey):
    task: Literal["batch_failed"]
    error: _Cause = _Cause()


class _Reconcile(VersionKey):
    task: Literal["reconcile"]


class _Publish(VersionKey):
    task: Literal["publish"]


class _Command(BaseModel):
    task: Literal["command"]
    input: dict[str, Any]


class _FailVersion(VersionKey):
    task: Literal["fail_version"]
    error: _Cause = _Cause()


class _Finish(BaseModel):
    task: Literal["finish"]
    versions: list[VersionKey]


class _Demand(Question):
    task: Literal["demand"]


class _Planned(BaseModel):
    model_config = ConfigDict(extra="ignore")
    versions: list[VersionKey] = []


class _State(BaseModel):
    """What the state machine knew when something went wrong."""

    model_config = ConfigDict(extra="ignore")
    planned: _Planned = _Planned()


class _Fail(BaseModel):
    model_config = ConfigDict(extra="ignore")
    task: Literal["fail"]
    asked: Asked | None = None
    state: _State = _State()
    error: _Cause = _Cause()


Task = Annotated[
    _Plan | _Prepare | _Deal | _Batch | _BatchFailed | _Reconcile | _Publish | _Command | _FailVersion | _Finish | _Fail
    | _Demand,
    Field(discriminator="task"),
]  # fmt: skip
_TASK: TypeAdapter[Task] = TypeAdapter(Task)


@dataclass(frozen=True)
class ForecastService:
    """Plans, computes, reconciles, publishes and, when something broke, closes what was left open.

    `memory_mb` is what the function was given; it makes the cost of a batch.
    """

    database: Database
    publisher: EventPublisher
    clock: Clock
    items: ItemStore
    config: ForecastConfig = field(default_factory=ForecastConfig)
    memory_mb: int = 1769

    def run(self, payload: Any) -> dict[str, Any]:
        """Do the task `payload` names; pydantic raises on anything that is not one."""
        task = _TASK.validate_python(payload)
        return self._tasks()[type(task)](task)

    def _tasks(self) -> dict[type, Callable[[Any], dict[str, Any]]]:
        db, config = self.database, self.config
        return {
            _Plan: lambda task: plan.plan(db, self.clock, config, task),
            _Prepare: lambda task: prepare.prepare(db, config, task),
            _Deal: lambda task: deal(db, self.items, task.execution, task.versions),
            _Batch: lambda task: run_batch(db, config, task, self.memory_mb),
            _BatchFailed: lambda task: record_failure(db, task, str(task.error), self.memory_mb),
            _Reconcile: lambda task: run_reconcile(db, task),
            _Publish: lambda task: publish.publish(db, self.publisher, self.clock, config, task),
            _Command: lambda task: obey(db, self.publisher, self.clock, config, task.input),
            _FailVersion: lambda task: finish.fail_version(db, task, str(task.error)),
            _Finish: lambda task: finish.finish(db, task.versions),
            _Demand: lambda task: answer(db, self.clock, config, task),
            _Fail: lambda task: finish.fail(db, task.asked, task.state.planned.versions, str(task.error)),
        }
