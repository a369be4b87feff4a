"""Connectors over a test's server: no waiting, everything fetched collected."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors.base import Around, BaseConnector, Batch, ConnectorFactory
from opscopilot.staging.connectors.http import HttpClient

_open: list[HttpClient] = []


@dataclass
class Fetched:
    """What a stream gave."""

    records: list[dict[str, Any]] = field(default_factory=list)
    watermark: str | None = None
    warnings: list[str] = field(default_factory=list)
    resumes: list[dict[str, Any] | None] = field(default_factory=list)

    def ids(self, name: str = "id") -> list[Any]:
        """That field of every record."""
        return [one[name] for one in self.records]


def client(**options: Any) -> HttpClient:
    """A client that may call 127.0.0.1 and never sleeps; `naps` collects how long it would have."""
    naps: list[float] = options.pop("naps", [])
    made = HttpClient(options.pop("guard", AddressGuard(local=True)), sleep=naps.append, **options)
    _open.append(made)
    return made


def close_clients() -> None:
    """Close the connections of every client that was made here."""
    while _open:
        _open.pop().close()


def connector(kind: str, config: dict[str, Any], secret: dict[str, str] | None = None, **options: Any) -> BaseConnector:
    """A connector as the puller makes it."""
    http = client(**options)
    made = ConnectorFactory.create_connector(kind, config, secret, Around(http, AddressGuard(local=True), Path()))
    http.limit_rate(made.config.requests_per_minute)
    return made


def fetch(
    made: BaseConnector, stream: str | None = None, watermark: str | None = None,
    resume: dict[str, Any] | None = None, batches: int | None = None,
) -> Fetched:  # fmt: skip
    """Everything of a stream (the first when none is named), or its first batches."""
    wanted = next(one for one in made.streams() if stream in (None, one.name))
    found = Fetched(watermark=watermark)
    for number, batch in enumerate(made.fetch_data(wanted, watermark, resume), 1):
        assert isinstance(batch, Batch)
        found.records += batch.records
        found.watermark = batch.watermark
        found.warnings += batch.warnings
        found.resumes.append(batch.resume)
        if number == batches:
            break
    return found
