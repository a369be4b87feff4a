"""The frozen SQL against the declarations, and migrating again."""

from __future__ import annotations

import threading
from importlib import resources
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine

from local.databases import admin, migrate
from local.testing import ThrowawayDatabase, database
from opscopilot.catalogue.declaration import Entity
from opscopilot.catalogue.tables import columns, create_tables
from opscopilot.manufacturing.entities import ENTITIES, registry
from opscopilot.migrations.run import create_roles, upgrade
from tests.integration.migrations.catalog import SCHEMAS, Query

_SHAPE = {
    "columns": """SELECT c.oid::regclass::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(:s) ORDER BY 1, 2""",
    "constraints": """SELECT k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = ANY(:s) ORDER BY 1, 2""",
    "indexes": """SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = ANY(:s)
        ORDER BY 1, 2, 3""",
    "policies": "SELECT p.* FROM pg_policies p WHERE schemaname = ANY(:s) ORDER BY 1, 2, 3",
    "triggers": """SELECT t.tgrelid::regclass::text, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND n.nspname = ANY(:s) ORDER BY 1, 2""",
    "rights": """SELECT grantee, table_schema, table_name, privilege_type FROM information_schema.table_privileges
        WHERE table_schema = ANY(:s) ORDER BY 1, 2, 3, 4""",
}


def shape(db: ThrowawayDatabase, *schemas: str) -> dict[str, list[Any]]:
    """Everything Postgres knows about the tables of some schemas."""
    with admin(db.port, db.name) as connection:
        return {what: connection.run(sql, s=list(schemas)) for what, sql in _SHAPE.items()}


def owner(db: ThrowawayDatabase) -> Engine:
    """An engine as the owner of the schemas."""
    return create_engine(db.url(), connect_args={"ssl_context": False}, poolclass=NullPool)


def test_the_canonical_tables_are_exactly_what_the_declarations_ask_for(db: ThrowawayDatabase) -> None:
    """Make them again from the catalogue beside the frozen ones: columns, keys, checks, indexes, policies, rights.

    A column that a later migration added stands last in its table; what a table has counts, not in which order. When this fails after a change of a declaration, write the next migration; never edit the frozen one.
    """
    with database() as scratch:
        with owner(scratch).begin() as connection:
            grants = connection.exec_driver_sql(
                "SELECT nspacl::text FROM pg_namespace WHERE nspname = 'manufacturing'"
            ).scalar()
            connection.exec_driver_sql("DROP SCHEMA manufacturing CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA manufacturing")
            cursor = connection.connection.cursor()
            for statement in create_tables(registry()).split(";\n"):
                cursor.execute(statement)
        assert grants
        declared, frozen = shape(scratch, "manufacturing"), shape(db, "manufacturing")
    tables = {one for entity in ENTITIES for one in (entity.full_table, entity.table)}
    for shown in (declared, frozen):
        shown["columns"] = sorted([table, *rest] for table, _, *rest in shown["columns"])
    for what in _SHAPE:  # what functions/notify may read beside is in test_rights.py
        rows = [row for row in frozen[what] if tables & set(map(str, row[:3])) and "ops_notify" not in row]
        assert rows == declared[what], what


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_every_declared_column_is_there_with_its_type_and_nullability(entity: Entity, query: Query) -> None:
    found = query(
        """SELECT column_name, is_nullable FROM information_schema.columns
           WHERE table_schema = :s AND table_name = :t ORDER BY column_name""",
        s=entity.schema, t=entity.table,
    )  # fmt: skip
    expected = sorted((name, "NO" if "NOT NULL" in text else "YES") for name, text in columns(entity))
    assert sorted((one["column_name"], one["is_nullable"]) for one in found) == expected


def test_p19_no_amount_price_cost_or_stored_quantity_is_a_float(query: Query) -> None:
    found = query(
        """SELECT table_schema || '.' || table_name || '.' || column_name AS name FROM information_schema.columns
           WHERE table_schema = ANY(:s) AND data_type IN ('real', 'double precision', 'money')
             AND (table_schema IN ('manufacturing', 'staging', 'notification')
                  OR column_name ~ '(amount|price|cost|value|qty|quantity|stake)$')""",
        s=list(SCHEMAS),
    )
    assert found == []


def test_instants_always_carry_their_zone(query: Query) -> None:
    found = query(
        """SELECT table_name, column_name FROM information_schema.columns
           WHERE table_schema = ANY(:s) AND data_type = 'timestamp without time zone'""",
        s=list(SCHEMAS),
    )
    assert found == []


def test_migrating_again_changes_nothing() -> None:
    with database() as fresh:
        before = shape(fresh, *SCHEMAS)
        answer = migrate(fresh.port, fresh.name)
        assert answer["status"] == "ok"
        assert answer["revision"] == ScriptDirectory.from_config(_config()).get_current_head()
        assert shape(fresh, *SCHEMAS) == before


def test_two_deploys_at_once_migrate_once() -> None:
    reached: list[str] = []
    with database(migration=None) as empty:

        def deploy() -> None:
            engine = owner(empty)
            create_roles(engine, iam=False)
            reached.append(upgrade(engine))

        threads = [threading.Thread(target=deploy) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database() as migrated:
            assert shape(empty, *SCHEMAS) == shape(migrated, *SCHEMAS)
    assert len(reached) == 2
    assert len(set(reached)) == 1


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "opscopilot:migrations")
    return config


def test_migrations_are_one_line_and_each_runs_the_frozen_sql_of_its_name() -> None:
    script = ScriptDirectory.from_config(_config())
    assert len(script.get_heads()) == 1
    frozen = resources.files("opscopilot.migrations") / "sql"
    names = {one.name.removesuffix(".sql") for one in frozen.iterdir() if one.name.endswith(".sql")}
    revisions = list(script.walk_revisions())
    assert {revision.path.rsplit("/", 1)[-1].removesuffix(".py") for revision in revisions} == names
    for revision in revisions:
        assert not hasattr(revision.module, "downgrade"), "a deploy goes forward; a mistake is the next migration"
