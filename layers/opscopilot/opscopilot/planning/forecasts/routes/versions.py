"""HTTP: forecast versions to plan with: copies, publishing, going back, what changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from opscopilot.forecasting import queries
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.registry import moves
from opscopilot.forecasting.runs import versions as stored
from opscopilot.forecasting.runs.executions import Runs
from opscopilot.forecasting.schemas import ForecastVersion, VersionStatus
from opscopilot.kernel.errors import Conflict
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page
from opscopilot.planning.forecasts import compare, in_force
from opscopilot.planning.forecasts.asking import Asked, command
from opscopilot.planning.forecasts.compare import Comparison
from opscopilot.planning.forecasts.routes.common import Planner
from opscopilot.planning.forecasts.schemas import Node
from opscopilot.web import Caller, CurrentCaller, PageQuery, require
from opscopilot.web.params import Strict

Manager = Annotated[Caller, require("plant_manager")]
Reason = Annotated[str | None, Field(default=None, max_length=500)]
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The version is not in the state this needs."}}


class CopyRequest(Strict):
    """What to copy and what for."""

    version: str | None = Field(default=None, max_length=64, description="Default: the one in force for the period.")
    period: PeriodName = "weekly"
    reason: Reason = None


class Why(Strict):
    """What for."""

    reason: Reason = None


class Transition(Strict):
    """What shall become of a version."""

    status: Literal["published", "archived"]
    reason: Reason = None


class RollbackRequest(Strict):
    """Which period's forecast goes back, and to what."""

    period: PeriodName = "weekly"
    version: str | None = Field(default=None, max_length=64, description="Default: the one that was in force before.")
    reason: str = Field(min_length=5, max_length=500, examples=["Order history was loaded twice"])


def version_routes(routes: APIRouter, runs: Runs) -> None:
    _reading(routes)

    @routes.post("/planning/forecast-versions", status_code=202, tags=["planning"], summary="Start a draft as a copy")
    def create(body: CopyRequest, caller: Planner) -> Asked:
        """A draft says what its origin says. Put overrides on it, compare, publish."""
        origin = in_force.version_of(caller.tx, body.version, body.period)
        return _copy(caller, runs, origin, body.reason)

    @routes.post("/planning/forecast-versions/rollback", status_code=202, tags=["planning"], responses=_CONFLICT,
                 summary="Put an earlier version back in force")  # fmt: skip
    def rollback(body: RollbackRequest, caller: Manager) -> Asked:
        """At once, for everybody. The same data do not bring the withdrawn version back; new data make a new one."""
        current = stored.get(caller.tx, in_force.version_of(caller.tx, None, body.period).id)
        named = queries.require_version(caller.tx, body.version) if body.version else None
        if named is not None and (named.status, named.period) != ("superseded", body.period):
            raise Conflict(
                f"Version {named.code} is {named.status}, {named.period}: it cannot be put back in force.",
                code="not_superseded", field="version", value=named.code, expected=f"a superseded {body.period} version",
            )  # fmt: skip
        target = named.id if named else moves.before(caller.tx, current)
        return command(caller, runs, "rollback", body.reason, period=body.period, version_id=target)

    @routes.post("/planning/forecast-versions/{version_id}/clone", status_code=202, tags=["planning"],
                 responses=_CONFLICT, summary="Copy a version into a draft to put overrides on")  # fmt: skip
    def clone(version_id: str, caller: Planner, body: Why | None = None) -> Asked:
        origin = queries.require_version(caller.tx, version_id)
        return _copy(caller, runs, origin, body.reason if body else None)

    @routes.post("/planning/forecast-versions/{version_id}/transition", status_code=202, tags=["planning"],
                 responses=_CONFLICT, summary="Publish a draft, archive a superseded version")  # fmt: skip
    def transition(version_id: str, body: Transition, caller: Manager) -> Asked:
        """Publishing carries the draft's overrides, judges stock risks again and raises alerts."""
        version = queries.require_version(caller.tx, version_id)
        name, needed = ("publish", "draft") if body.status == "published" else ("archive", "superseded")
        if version.status != needed or version.code.startswith("ADHOC"):
            raise Conflict(
                f"Version {version.code} is {version.status}; it cannot become {body.status}.",
                code="wrong_status", field="status", value=body.status, expected=f"a plant's version that is {needed}",
            )  # fmt: skip
        return command(caller, runs, name, body.reason, version_id=version.id)


def _copy(caller: Caller, runs: Runs, origin: ForecastVersion, reason: str | None) -> Asked:
    if origin.status not in ("published", "superseded", "archived"):
        raise Conflict(
            f"Version {origin.code} is {origin.status}; only a published one can be copied.", code="not_published",
            field="version", value=origin.code, expected="a version that is or was in force",
        )  # fmt: skip
    return command(caller, runs, "clone", reason, version_id=origin.id, copy_id=uuid7())


def _reading(routes: APIRouter) -> None:
    @routes.get("/planning/forecast-versions", tags=["planning"], summary="Forecast versions, newest first")
    def versions(
        caller: CurrentCaller, page: PageQuery, status: Annotated[VersionStatus | None, Query()] = None
    ) -> Page[ForecastVersion]:
        return queries.versions(caller.tx, status, page.cursor, page.limit)

    @routes.get("/planning/forecast-versions/{version_id}", tags=["planning"], summary="One version")
    def version(version_id: str, caller: CurrentCaller) -> ForecastVersion:
        return queries.require_version(caller.tx, version_id)

    @routes.get("/planning/forecast-versions/{version_id}/compare/{other}", tags=["planning"],
                summary="What another version says differently, biggest movers first")  # fmt: skip
    def compared(
        version_id: str, other: str, caller: CurrentCaller, page: PageQuery, level: Annotated[Node, Query()] = "sku"
    ) -> Comparison:
        this, that = (queries.require_version(caller.tx, one) for one in (version_id, other))
        return compare.compare(caller.tx, this, that, level, page.cursor, page.limit)
