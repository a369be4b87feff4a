"""A plant with its buckets, for everything that is dropped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.dropping import Yard, yard


@pytest.fixture
def drops() -> Iterator[Yard]:
    """A fresh plant, landing and staging buckets, and ingest over them."""
    with yard() as fresh:
        yield fresh
