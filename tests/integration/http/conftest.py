"""One migrated database and one app for the tests of this folder; each test makes tenants of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from local.testing import ThrowawayDatabase, database
from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import tenant_id_for
from tests.support.api import Api, create_tenant, make_api, open_database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def db() -> Iterator[ThrowawayDatabase]:
    with database() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def api(db: ThrowawayDatabase) -> Iterator[Api]:
    opened = open_database(db)
    yield make_api(opened)
    opened.engine.dispose()


@pytest.fixture
def tenant(api: Api) -> Callable[..., str]:
    """Make a tenant with a code nobody else has; gives its code."""
    return lambda **settings: create_tenant(api, f"plant-{next(_numbers)}", **settings)


@pytest.fixture
def owner_sql(db: ThrowawayDatabase) -> Callable[..., None]:
    """Run SQL as the owner of the schemas, inside one tenant."""

    def run(code: str, sql: str) -> None:
        with open_for_owner(db) as opened, opened.tenant(tenant_id_for(code)) as tx:
            tx.execute(sql)

    return run


@contextmanager
def open_for_owner(db: ThrowawayDatabase) -> Iterator[Database]:
    opened = open_database(db, "ops_migrate")
    yield opened
    opened.engine.dispose()
