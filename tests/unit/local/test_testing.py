"""database() and borrowed(): what one test does to its copy is invisible to the next."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from local.databases import admin
from local.testing import ThrowawayDatabase, borrowed, database


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


def _shop(port: int, name: str) -> None:
    with admin(port, name) as connection:
        connection.run("CREATE TABLE item (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE)")
        connection.run(
            "CREATE TABLE sold (item int NOT NULL REFERENCES item, twice int GENERATED ALWAYS AS (item * 2))"
        )
        connection.run("INSERT INTO item (code) VALUES ('A'), ('B')")
        connection.run("INSERT INTO sold (item) VALUES (1), (2)")


def _stock(db: ThrowawayDatabase) -> list[Any]:
    with admin(db.port, db.name) as connection:
        return list(
            connection.run("SELECT i.id, i.code, s.twice FROM item i LEFT JOIN sold s ON s.item = i.id ORDER BY 1")
        )


def test_a_borrowed_database_is_handed_on_with_the_rows_and_numbers_it_had() -> None:
    with borrowed(_shop) as db:
        first, found = db.name, _stock(db)
        with admin(db.port, db.name) as connection:
            connection.run("DELETE FROM sold WHERE item = 2")
            connection.run("UPDATE item SET code = 'changed' WHERE id = 1")
            connection.run("INSERT INTO item (code) VALUES ('C')")
            connection.run("INSERT INTO sold (item) VALUES (3)")
    with borrowed(_shop) as db:
        assert db.name == first
        assert _stock(db) == found == [[1, "A", 2], [2, "B", 4]]
        with admin(db.port, db.name) as connection:
            assert connection.run("INSERT INTO item (code) VALUES ('D') RETURNING id") == [[3]]


def test_what_the_planner_learnt_of_rows_goes_with_them() -> None:
    """The product counts tables it knows nothing of: each test starts where nothing was counted."""
    seen = []
    for _ in range(2):
        with borrowed(_shop) as db, admin(db.port, db.name) as connection:
            seen += connection.run("SELECT reltuples, relpages FROM pg_class WHERE relname IN ('item', 'item_pkey')")
            seen += connection.run("SELECT count(*) FROM pg_stats WHERE tablename = 'item'")
            connection.run("INSERT INTO item (code) SELECT 'X' || n FROM generate_series(1, 500) n")
            connection.run("ANALYZE item")
    assert seen[:3] == seen[3:]


def test_who_left_a_transaction_open_is_hung_up_on_and_two_at_once_never_share() -> None:
    with ExitStack() as lent, suppress(InterfaceError):
        db = lent.enter_context(borrowed(_shop))
        with db.connect("postgres") as left:
            left.cursor().execute("UPDATE item SET code = 'held' WHERE id = 1")
            with borrowed(_shop) as other:
                assert other.name != db.name
            lent.close()
            with borrowed(_shop) as again:
                assert again.name == db.name
                assert _stock(again)[0] == [1, "A", 2]
            with pytest.raises((DatabaseError, InterfaceError)):
                left.cursor().execute("SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE sold DROP CONSTRAINT sold_item_fkey", "ALTER TABLE item ADD note text", "CREATE TABLE more ()",
        "GRANT SELECT ON item TO ops_migrate", "ALTER TABLE item ENABLE ROW LEVEL SECURITY", "CREATE SCHEMA annex",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE POLICY p ON item USING (true)",
        "ALTER TABLE sold DISABLE TRIGGER ALL",
    ],
)  # fmt: skip
def test_a_borrowed_database_whose_schema_was_changed_is_not_handed_on(change: str) -> None:
    with borrowed(_shop) as db, admin(db.port, db.name) as connection:
        connection.run(change)
    with admin(db.port) as connection:
        assert connection.run("SELECT 1 FROM pg_database WHERE datname = :n", n=db.name) == []
