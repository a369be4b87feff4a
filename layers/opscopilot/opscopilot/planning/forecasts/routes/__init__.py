"""HTTP: plan with forecasts. One module per subject."""

from __future__ import annotations

from fastapi import APIRouter

from opscopilot.forecasting.runs.executions import Runs
from opscopilot.planning.forecasts.routes.demand import demand_routes
from opscopilot.planning.forecasts.routes.forecasts import forecast_routes
from opscopilot.planning.forecasts.routes.generate import generate_routes
from opscopilot.planning.forecasts.routes.measures import measure_routes
from opscopilot.planning.forecasts.routes.models import model_routes
from opscopilot.planning.forecasts.routes.settings import settings_routes
from opscopilot.planning.forecasts.routes.versions import version_routes
from opscopilot.web import PROBLEM_RESPONSES


def router(runs: Runs) -> APIRouter:
    """All routes of planning with forecasts. Fixed paths come before those with an id in them."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    settings_routes(routes)
    measure_routes(routes)
    demand_routes(routes)
    generate_routes(routes, runs)
    forecast_routes(routes)
    version_routes(routes, runs)
    model_routes(routes, runs)
    return routes
