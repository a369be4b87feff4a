"""The composition root: one factory per function. Imports are inside, so a function loads only what it runs."""

from __future__ import annotations

from opscopilot.entrypoints import Handler


def migrate_handler() -> Handler:
    """functions/migrate."""
    from opscopilot.entrypoints.migrate import migrate_handler as build

    return build()


def ingest_handler() -> Handler:
    """functions/ingest."""
    from opscopilot.entrypoints.ingest import ingest_handler as build

    return build()


def normalize_handler() -> Handler:
    """functions/normalize."""
    from opscopilot.entrypoints.normalize import normalize_handler as build

    return build()


def forecast_handler() -> Handler:
    """functions/forecast."""
    from opscopilot.entrypoints.forecast import forecast_handler as build

    return build()


def notify_handler() -> Handler:
    """functions/notify."""
    from opscopilot.entrypoints.notify import notify_handler as build

    return build()


def copilot_handler() -> Handler:
    """functions/copilot: the HTTP API."""
    from opscopilot.entrypoints.http import copilot_handler as build

    return build()
