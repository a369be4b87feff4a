"""Fixtures of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers.pulls import close_clients


@pytest.fixture(autouse=True)
def closed_clients() -> Iterator[None]:
    """No connection outlives its test."""
    yield
    close_clients()
