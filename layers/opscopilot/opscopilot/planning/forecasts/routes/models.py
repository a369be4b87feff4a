"""HTTP: the models behind the forecasts, what they computed, and which one is active."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from opscopilot.forecasting.registry import models, reading
from opscopilot.forecasting.registry.reading import Execution, Model, ModelDetail, ModelStatus, ModelType
from opscopilot.forecasting.registry.verdict import verdict
from opscopilot.forecasting.runs.executions import Runs
from opscopilot.kernel.errors import Conflict
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page
from opscopilot.planning.forecasts.asking import Asked, command
from opscopilot.web import Caller, CurrentCaller, PageQuery, require
from opscopilot.web.params import Strict

Admin = Annotated[Caller, require("admin")]
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The model is not in the state this needs."}}


class Challenge(Strict):
    """A model that shall be tried beside the active one."""

    version: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", examples=["2-more-origins"])
    engine: dict[str, int | bool] = Field(
        default={}, description="Where it differs: " + ", ".join(models.ENGINE_KNOBS), examples=[{"origins": 10}]
    )
    share: float = Field(default=0.2, gt=0, le=1, description="Of the items, how many it is tried on in each run.")


class Why(Strict):
    """The reason, kept with the model."""

    reason: str = Field(min_length=5, max_length=500)


def model_routes(routes: APIRouter, runs: Runs) -> None:
    _reading(routes)

    @routes.post("/forecast/models", status_code=202, tags=["forecast"], summary="Register a challenger")
    def register(body: Challenge, caller: Admin) -> Asked:
        """Each run then computes it beside the active model on `share` of the items; forecasts stay the active one's."""
        models.checked(body.engine)
        if caller.tx.scalar(
            "SELECT EXISTS (SELECT 1 FROM forecast.forecast_models WHERE version = :v)", v=body.version
        ):
            raise Conflict(f"There is a model version '{body.version}' already.", code="already_exists",
                           field="version", value=body.version, expected="another name")  # fmt: skip
        return command(caller, runs, "register_model", None, model_id=uuid7(), version=body.version,
                       engine=body.engine, share=body.share)  # fmt: skip

    @routes.post("/forecast/models/rollback", status_code=202, tags=["forecast"], responses=_CONFLICT,
                 summary="Make the model before active again")  # fmt: skip
    def rollback(body: Why, caller: Admin) -> Asked:
        """Counts from the next run on; published forecasts stay, unless they are rolled back too."""
        models.before(caller.tx)
        return command(caller, runs, "rollback_model", body.reason)

    @routes.post("/forecast/models/{model_id}/promote", status_code=202, tags=["forecast"], responses=_CONFLICT,
                 summary="Make a challenger the active model")  # fmt: skip
    def promote(model_id: UUID, body: Why, caller: Admin) -> Asked:
        """Refused unless it is shown to be better on the same series (see `comparison` of the model)."""
        model = models.get(caller.tx, model_id)
        said = verdict(caller.tx, model_id)
        if model["status"] not in ("registered", "validated") or not said.better:
            raise Conflict(
                f"Model {model['version']} ({model['status']}) cannot be promoted: {said.text}.", code="not_better",
                field="model_id", value=model_id, expected="a challenger that is better on the same series, at 5 percent",
            )  # fmt: skip
        return command(caller, runs, "promote_model", body.reason, model_id=model_id)

    @routes.post("/forecast/models/{model_id}/retire", status_code=202, tags=["forecast"], responses=_CONFLICT,
                 summary="Stop a challenger")  # fmt: skip
    def retire(model_id: UUID, caller: Admin) -> Asked:
        if models.get(caller.tx, model_id)["status"] == "active":
            raise Conflict("The active model cannot be retired.", code="model_is_active", field="model_id",
                           value=model_id, expected="promote a challenger, or roll back")  # fmt: skip
        return command(caller, runs, "retire_model", None, model_id=model_id)


def _reading(routes: APIRouter) -> None:
    @routes.get("/forecast/models", tags=["forecast"], summary="Models, newest first")
    def every(
        caller: CurrentCaller, page: PageQuery, status: Annotated[ModelStatus | None, Query()] = None,
        kind: Annotated[ModelType | None, Query(alias="type", description="What it forecasts.")] = None,
    ) -> Page[Model]:  # fmt: skip
        return reading.every(caller.tx, status, kind, page.cursor, page.limit)

    @routes.get("/forecast/models/{model_id}", tags=["forecast"], summary="One model and how it compares")
    def one(model_id: UUID, caller: CurrentCaller) -> ModelDetail:
        return reading.one(caller.tx, model_id)

    @routes.get("/forecast/models/{model_id}/executions", tags=["forecast"], summary="Batches computed with a model")
    def executions(model_id: UUID, caller: CurrentCaller, page: PageQuery) -> Page[Execution]:
        return reading.executions(caller.tx, model_id, page.cursor, page.limit)
