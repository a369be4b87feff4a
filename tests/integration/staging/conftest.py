"""A plant with its buckets, for everything that is dropped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.testing import database
from tests.support.dropping import Yard, yard
from tests.support.loading import Dock, Docks


@pytest.fixture
def drops() -> Iterator[Yard]:
    """A fresh plant, landing and staging buckets, and ingest over them."""
    with yard() as fresh:
        yield fresh


@pytest.fixture(scope="package")
def harbour() -> Iterator[Docks]:
    """One database for all docks: each is a tenant of its own, which is cheaper and shows that they stay apart."""
    with database() as fresh, Docks(fresh) as docks:
        yield docks


@pytest.fixture
def dock(harbour: Docks) -> Dock:
    """A plant whose staged files are loaded by the normalize service itself."""
    return harbour.new()
