"""One local AWS over the small stack in ``app/`` for the whole module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.pump import pumps
from tests.contract.local.support import Journal, small_template


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    return Journal(tmp_path_factory.mktemp("journal") / "journal.jsonl")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s3")


@pytest.fixture(scope="module")
def aws(journal: Journal, store: Path) -> Iterator[LocalAws]:
    local = LocalAws(small_template(), store, lambda _: {"JOURNAL": str(journal.path), "STAGE": "local"})
    local.start()
    try:
        yield local
    finally:
        local.stop()


@pytest.fixture(scope="module")
def pumped(aws: LocalAws) -> Iterator[LocalAws]:
    """The same AWS with its queues being polled."""
    running = pumps(aws)
    for pump in running:
        pump.start()
    try:
        yield aws
    finally:
        for pump in running:
            pump.stop()
