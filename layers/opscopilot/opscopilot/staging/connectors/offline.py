"""What a config alone says, without its secret and without the system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opscopilot.outbound.guard import AddressGuard, AddressRefused
from opscopilot.staging.connectors.base import Around, ConnectorFactory, Stream
from opscopilot.staging.connectors.http import HttpClient


def _nowhere(host: str, _port: int) -> list[str]:
    raise AddressRefused("address_refused", f"{host} is not called while a config is checked.")


def streams_of(connector_type: str, config: Mapping[str, Any]) -> list[Stream]:
    """The streams a config names; ValidationFailed when it does not fit its type."""
    guard = AddressGuard(resolver=_nowhere)
    http = HttpClient(guard)
    try:
        made = ConnectorFactory.create_connector(connector_type, config, None, Around(http, guard, Path()))
        return made.streams()
    finally:
        http.close()
