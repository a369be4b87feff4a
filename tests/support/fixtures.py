"""Fixtures of the tests that call the API: one migrated database and one app per session, a fresh plant per test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from local.testing import ThrowawayDatabase, database
from opscopilot.entrypoints.parts import Outside, context_routers
from opscopilot.kernel.ids import tenant_id_for
from tests.support.api import Api, create_tenant, make_api, open_database
from tests.support.outside import memory_outside
from tests.support.plant import Plant

_numbers = itertools.count(1)
Tenant = Callable[..., str]
NewPlant = Callable[..., Plant]


@pytest.fixture(scope="session")
def db() -> Iterator[ThrowawayDatabase]:
    """The database of the session."""
    with database() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def around() -> Outside:
    """What lies beyond the database, in memory."""
    return memory_outside()


@pytest.fixture(scope="session")
def api(db: ThrowawayDatabase, around: Outside) -> Iterator[Api]:
    """The whole app on it, as role ops_copilot."""
    opened = open_database(db)
    yield make_api(opened, context_routers(around))
    opened.engine.dispose()


@pytest.fixture
def tenant(api: Api) -> Tenant:
    """Make a tenant with a code nobody else has; gives its code."""
    return lambda **settings: create_tenant(api, f"plant-{next(_numbers)}", **settings)


@pytest.fixture
def new_plant(db: ThrowawayDatabase, tenant: Tenant) -> NewPlant:
    """Make a tenant and a Plant to load rows into; settings as for `tenant`."""
    return lambda **settings: Plant(db, tenant(**{"default_time_zone": "Europe/Copenhagen", **settings}))


@pytest.fixture
def owner_sql(db: ThrowawayDatabase) -> Callable[..., None]:
    """Run SQL as the owner of the schemas, inside one tenant."""

    def run(code: str, sql: str) -> None:
        opened = open_database(db, "ops_migrate")
        with opened.tenant(tenant_id_for(code)) as tx:
            tx.execute(sql)
        opened.engine.dispose()

    return run
