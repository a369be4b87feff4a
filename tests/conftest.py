"""What every test shares: connections of pools that nobody disposed of are closed instead of warned about.

A function keeps its pool for as long as its process lives, and many tests build functions. When such a pool is
garbage, its sockets would be reported in whatever test happens to run then. Here each connection is held until
its pool is gone and is then closed.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

_held: list[tuple[weakref.ref[Any], Any]] = []


@event.listens_for(Pool, "connect")
def _hold(connection: Any, record: Any) -> None:
    _held.append((weakref.ref(record), connection))


def _close(everything: bool) -> None:
    kept = []
    for record, connection in _held:
        if record() is not None and not everything:
            kept.append((record, connection))
            continue
        with suppress(Exception):  # most were closed by their pool already
            connection.close()
    _held[:] = kept


@pytest.fixture(autouse=True)
def _no_leaked_connections() -> Iterator[None]:
    yield
    _close(everything=False)


def pytest_sessionfinish() -> None:
    """Close what is still open."""
    _close(everything=True)
