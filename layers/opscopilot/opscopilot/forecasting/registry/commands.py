"""Task `command`: what people ask of versions and models. The API may not write forecasts (ADR 3): it starts the
state machine with the command, and the forecast function does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.registry import models, moves
from opscopilot.forecasting.runs import versions
from opscopilot.forecasting.runs.publish import publish_version
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import Conflict
from opscopilot.kernel.events import EventPublisher, ForecastPublished, record, relay


class _Command(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    tenant_id: UUID
    by: str
    reason: str | None = None


class Clone(_Command):
    """Copy a version into a draft."""

    command: Literal["clone"]
    version_id: UUID
    copy_id: UUID


class Publish(_Command):
    """Put a draft in force."""

    command: Literal["publish"]
    version_id: UUID


class Archive(_Command):
    """Put a superseded version away."""

    command: Literal["archive"]
    version_id: UUID


class Rollback(_Command):
    """Go back to the version before, or to a named one."""

    command: Literal["rollback"]
    period: PeriodName = "weekly"
    version_id: UUID | None = None


class Register(_Command):
    """Register a model that is to challenge the active one."""

    command: Literal["register_model"]
    model_id: UUID
    version: str
    engine: dict[str, Any] = {}
    share: float = Field(default=0.2, gt=0, le=1)


class Promote(_Command):
    """Make a challenger the active model."""

    command: Literal["promote_model"]
    model_id: UUID


class Retire(_Command):
    """Stop a challenger."""

    command: Literal["retire_model"]
    model_id: UUID


class RollbackModel(_Command):
    """Make the model before the active one active again."""

    command: Literal["rollback_model"]


Command = Annotated[
    Clone | Publish | Archive | Rollback | Register | Promote | Retire | RollbackModel, Field(discriminator="command")
]
_COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


def obey(
    database: Database, publisher: EventPublisher, clock: Clock, config: ForecastConfig, given: dict[str, Any]
) -> dict[str, Any]:
    """Do what `given` says in one transaction, then send its events. Doing it again changes nothing more."""
    asked = _COMMAND.validate_python(given)
    with database.tenant(asked.tenant_id) as tx:
        answer = _done(tx, clock, config, asked)
    with database.tenant(asked.tenant_id) as tx:
        return {**answer, "events": relay(tx, publisher)}


def _done(tx: Tx, clock: Clock, config: ForecastConfig, asked: Any) -> dict[str, Any]:
    ways: dict[type, Callable[[Any], dict[str, Any]]] = {
        Clone: lambda one: _told(moves.clone(tx, one.version_id, one.copy_id, one.by, one.reason)),
        Archive: lambda one: _told(moves.archive(tx, one.version_id, one.by, one.reason)),
        Publish: lambda one: _published(tx, clock, config, one),
        Rollback: lambda one: _rolled_back(tx, clock, one),
        Register: lambda one: models.register(tx, one.model_id, one.version, one.engine, one.share, one.by),
        Promote: lambda one: models.promote(tx, one.model_id, one.by, one.reason),
        Retire: lambda one: models.retire(tx, one.model_id),
        RollbackModel: lambda one: models.go_back(tx, one.by, one.reason),
    }
    return ways[type(asked)](asked)


def _told(version: versions.Version) -> dict[str, Any]:
    return {"version": version.code, "version_id": str(version.id), "status": version.status}


def _published(tx: Tx, clock: Clock, config: ForecastConfig, asked: Publish) -> dict[str, Any]:
    version = versions.get(tx, asked.version_id)
    current = versions.published(tx, version.period)
    if version.status == "draft" and current is not None and current.id > version.id:
        raise Conflict(
            f"{current.code} was made after {version.code} and is in force.", code="overtaken", field="version_id",
            value=version.id, expected="a draft that is newer than the version in force; clone that one",
        )  # fmt: skip
    own = config.of(version.length)
    summary = publish_version(tx, clock, own, asked.version_id)
    if summary["status"] == "published" and not _noted(tx, asked.version_id):
        moves.note(tx, asked.version_id, "published", asked.by, asked.reason)
    return summary


def _noted(tx: Tx, version_id: UUID) -> bool:
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT 1 FROM forecast.version_moves WHERE version_id = :id AND move = 'published')",
            id=version_id,
        )
    )


def _rolled_back(tx: Tx, clock: Clock, asked: Rollback) -> dict[str, Any]:
    back, gone = moves.go_back(tx, asked.period, asked.version_id, asked.by, asked.reason)
    record(
        tx,
        ForecastPublished(
            tenant_id=asked.tenant_id, occurred_at=clock.now(), correlation_id=back.code, version_id=back.id,
            code=back.code, series=back.series_count,
        ),
    )  # fmt: skip
    return {**_told(back), "withdrawn": gone.code}
