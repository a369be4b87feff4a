"""database(): what one test does to its copy is invisible to the next."""

from __future__ import annotations

from typing import Any

import pytest

from local.databases import admin
from local.testing import database


def test_a_database_is_empty_and_owned_by_the_migration_role() -> None:
    with database(None) as db, db.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ["ops_migrate"]
        cursor.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == [False, True]


def test_the_template_is_migrated_once_and_each_copy_stands_alone() -> None:
    calls: list[str] = []

    def migration(port: int, name: str) -> None:
        calls.append(name)
        with admin(port, name) as connection:
            connection.run("CREATE TABLE thing (id int)")
            connection.run("GRANT ALL ON thing TO ops_migrate")

    for _ in range(2):
        with database(migration) as db, db.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT count(*) FROM thing")
            assert cursor.fetchone() == [0]
            cursor.execute("INSERT INTO thing VALUES (1)")
            connection.commit()
    assert len(calls) == 1


def test_a_database_is_gone_afterwards() -> None:
    with database(None) as db:
        port, name = db.port, db.name
    with admin(port) as connection:
        assert connection.run("SELECT 1 FROM pg_database WHERE datname = :n", n=name) == []


def test_the_environment_names_every_database_setting() -> None:
    with database(None) as db:
        values: dict[str, Any] = db.environment("ops_ingest")
    assert values["DB_USER"] == "ops_ingest"
    assert values["DB_AUTH"] == "trust"
    assert values["DB_NAME"] == db.name


def test_a_failing_test_still_drops_its_database() -> None:
    with pytest.raises(RuntimeError, match="boom"), database(None) as db:
        raise RuntimeError("boom")
    with admin(db.port) as connection:
        assert connection.run("SELECT 1 FROM pg_database WHERE datname = :n", n=db.name) == []
