"""One migrated database for the tests of this folder; each test makes tenants of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.testing import ThrowawayDatabase, database
from opscopilot.kernel.db import Database
from tests.integration.notifications.world import World
from tests.support.api import open_database


@pytest.fixture(scope="session")
def notifications_db() -> Iterator[ThrowawayDatabase]:
    with database() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def roles(notifications_db: ThrowawayDatabase) -> Iterator[dict[str, Database]]:
    """The database as each role sees it."""
    names = ("ops_notify", "ops_copilot", "ops_forecast", "ops_ingest", "ops_normalize", "ops_migrate")
    opened = {name: open_database(notifications_db, name) for name in names}
    yield opened
    for one in opened.values():
        one.engine.dispose()


@pytest.fixture
def world(roles: dict[str, Database]) -> Iterator[World]:
    """A fresh notify function. Tenants of a test are closed at its end, so that no sweep of another visits them."""
    made = World(roles["ops_notify"], roles["ops_copilot"])
    yield made
    with roles["ops_notify"].system() as tx:
        left = [row["tenant_id"] for row in tx.rows("SELECT tenant_id FROM platform.tenants WHERE status = 'active'")]
    for tenant_id in left:
        with roles["ops_copilot"].tenant(tenant_id) as tx:
            tx.execute("UPDATE platform.tenants SET status = 'closed'")
