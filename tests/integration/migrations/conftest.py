"""A migrated database, and one whose tables hold a row of each of two tenants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.databases import admin
from local.testing import ThrowawayDatabase, database
from tests.integration.migrations.catalog import MINE, THEIRS, Query, Table, product_tables


@pytest.fixture(scope="session")
def db() -> Iterator[ThrowawayDatabase]:
    """Migrated, empty."""
    with database() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def query(db: ThrowawayDatabase) -> Query:
    """Ask the system catalogue, as somebody who sees everything."""

    def ask(sql: str, **params: Any) -> list[dict[str, Any]]:
        with admin(db.port, db.name) as connection:
            rows = connection.run(sql, **params)
            return [dict(zip([one["name"] for one in connection.columns], row, strict=True)) for row in rows]

    return ask


@pytest.fixture(scope="session")
def tables(db: ThrowawayDatabase) -> list[Table]:
    """Every table of the product."""
    with admin(db.port, db.name) as connection:
        return product_tables(connection)


@pytest.fixture(scope="session")
def filled(tables: list[Table]) -> Iterator[ThrowawayDatabase]:
    """A copy in which every table has one row of MINE and one of THEIRS.

    Checks, foreign keys and triggers are taken away first, so that any values make a row; keys, rights and
    policies stay, and they are what is tested.
    """
    with database() as fresh:
        with admin(fresh.port, fresh.name) as connection:
            for table in tables:
                for kind, name in table.obstacles(connection):
                    connection.run(f"ALTER TABLE {table.name} DROP CONSTRAINT {name} CASCADE" if kind == "constraint"
                                   else f"DROP TRIGGER {name} ON {table.name}")  # fmt: skip
                for tenant in (MINE, THEIRS):
                    connection.run(table.insert(str(tenant)))
        yield fresh
