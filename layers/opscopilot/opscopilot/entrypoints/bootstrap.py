"""The composition root: one factory per function. Imports are inside, so a function loads only what it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any, Any], Any]


def migrate_handler() -> Handler:
    """functions/migrate."""
    from opscopilot.entrypoints import migrate

    return migrate.migrate_handler()


def ingest_handler() -> Handler:
    """functions/ingest."""
    from opscopilot.entrypoints import ingest

    return ingest.ingest_handler()


def normalize_handler() -> Handler:
    """functions/normalize."""
    from opscopilot.entrypoints import normalize

    return normalize.normalize_handler()


def forecast_handler() -> Handler:
    """functions/forecast."""
    from opscopilot.entrypoints import forecast

    return forecast.forecast_handler()


def notify_handler() -> Handler:
    """functions/notify."""
    from opscopilot.entrypoints import notify

    return notify.notify_handler()


def copilot_handler() -> Handler:
    """functions/copilot: the HTTP API."""
    from opscopilot.entrypoints import http

    return http.copilot_handler()
