"""HTTP: how a plant wants its forecasts made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from opscopilot.forecasting.settings import PlanSettings
from opscopilot.planning.forecasts import plan
from opscopilot.planning.forecasts.plan import StoredSettings
from opscopilot.planning.forecasts.routes.common import Planner
from opscopilot.web import CurrentCaller


class SettingsChange(PlanSettings):
    """The settings as they shall be: what is left out gets its default."""

    row_version: Annotated[int | None, Field(ge=0, description="As read; a stale one is refused.")] = None


def settings_routes(routes: APIRouter) -> None:
    @routes.get("/planning/settings", tags=["planning"], summary="How forecasts are made here")
    def read(caller: CurrentCaller) -> StoredSettings:
        return plan.read(caller.tx)

    @routes.put("/planning/settings", tags=["planning"], summary="Say how forecasts are made here",
                responses={409: {"description": "Somebody else changed them in between."}})  # fmt: skip
    def change(body: SettingsChange, caller: Planner) -> StoredSettings:
        """Takes effect with the next run: nothing that is published changes."""
        wanted = PlanSettings.model_validate(body.model_dump(exclude={"row_version"}))
        return plan.change(caller.tx, wanted, body.row_version, caller.principal.user_id)
