"""HTTP: safety stocks and inventory as planning sees them. One module per subject."""

from __future__ import annotations

from fastapi import APIRouter

from opscopilot.planning.stocks.routes.inventory import inventory_routes
from opscopilot.planning.stocks.routes.safety import safety_routes
from opscopilot.web import PROBLEM_RESPONSES


def router() -> APIRouter:
    """All routes of planning with stocks. Fixed paths come before those with a code in them."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    safety_routes(routes)
    inventory_routes(routes)
    return routes
