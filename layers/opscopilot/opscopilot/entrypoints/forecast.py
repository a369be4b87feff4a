"""functions/forecast: every task of a forecast run, called by the forecasting state machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
from sqlalchemy.exc import InterfaceError, OperationalError

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.adapters.items import S3Items
from opscopilot.entrypoints import Handler
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.errors import TransientError
from opscopilot.kernel.settings import ForecastSettings

_PATIENCE_S = 600
"""Building the history of a large plant takes statements of minutes; the function's own timeout is the limit."""


def forecast_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = ForecastSettings()
    region = settings.aws_region
    bus = EventBridgePublisher(boto3.client("events", region_name=region), settings.event_bus_name)
    items = S3Items(boto3.client("s3", region_name=region), settings.staging_bucket)
    service = ForecastService(open_database(settings, _PATIENCE_S), bus, SystemClock(), items)

    def handle(event: Any, context: Any) -> dict[str, Any]:
        memory = int(getattr(context, "memory_limit_in_mb", service.memory_mb))
        try:
            return replace(service, memory_mb=memory).run(event)
        except (OperationalError, InterfaceError) as error:
            raise TransientError(f"the database did not answer: {error}") from error

    return handle
