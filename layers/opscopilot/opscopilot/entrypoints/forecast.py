"""functions/forecast: plan, batch, publish, fail; called by the forecasting state machine."""

from __future__ import annotations

from typing import Any

import boto3
from sqlalchemy.exc import InterfaceError, OperationalError

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.entrypoints import Handler
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.errors import TransientError
from opscopilot.kernel.settings import ForecastSettings


def forecast_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = ForecastSettings()
    bus = boto3.client("events", region_name=settings.aws_region)
    service = ForecastService(
        open_database(settings), EventBridgePublisher(bus, settings.event_bus_name), SystemClock()
    )

    def handle(event: Any, _context: Any) -> dict[str, Any]:
        try:
            return service.run(event)
        except (OperationalError, InterfaceError) as error:
            raise TransientError(f"the database did not answer: {error}") from error

    return handle
