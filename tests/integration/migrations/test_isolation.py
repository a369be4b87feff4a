"""Every table belongs to a tenant and Postgres itself says whose rows are whose (P-60, P-61)."""

from __future__ import annotations

import pg8000.dbapi
import pytest

from local.testing import ThrowawayDatabase
from tests.integration.migrations.catalog import MINE, ROLES, SCHEMAS, THEIRS, Query, Table, only_rights

# The registry of tenants: its key is the tenant itself, and a code must be unique among all tenants.
REGISTRY = "platform.tenants"
REGISTRY_INDEXES = {"tenants_code_key"}
REGISTRY_READERS = {"ops_forecast", "ops_notify", "ops_ingest"}


def test_there_are_tables_in_every_schema_that_has_begun(tables: list[Table]) -> None:
    begun = {"platform", "staging", "manufacturing", "forecast", "notification", "copilot"}
    assert begun <= {table.schema for table in tables}


def test_p60_every_table_is_under_forced_row_level_security(query: Query) -> None:
    open_tables = query(
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(:s)
             AND NOT (c.relrowsecurity AND c.relforcerowsecurity)""",
        s=list(SCHEMAS),
    )
    assert open_tables == []


def test_p60_the_policy_is_the_same_everywhere_and_there_is_no_other(query: Query) -> None:
    policies = query(
        """SELECT schemaname || '.' || tablename AS name, policyname, permissive, cmd, qual, with_check,
                  array_to_string(roles, ',') AS roles FROM pg_policies"""
    )
    mine = "(tenant_id = platform.current_tenant())"
    for one in policies:
        if (one["name"], one["policyname"]) == (REGISTRY, "registry"):
            assert (one["cmd"], one["qual"]) == ("SELECT", "(platform.current_tenant() IS NULL)")
            assert set(one["roles"].split(",")) == REGISTRY_READERS
            continue
        shape = (one["policyname"], one["permissive"], one["cmd"], one["qual"], one["with_check"], one["roles"])
        assert shape == ("tenant_isolation", "PERMISSIVE", "ALL", mine, mine, "public"), one["name"]


def test_p60_every_table_has_its_policy(query: Query, tables: list[Table]) -> None:
    named = query("SELECT DISTINCT schemaname || '.' || tablename AS name FROM pg_policies")
    assert {one["name"] for one in named} == {table.name for table in tables}


def test_p60_no_table_hides_outside_the_products_schemas(query: Query) -> None:
    found = query(
        """SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT n.nspname = ANY(:s)
             AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'""",
        s=list(SCHEMAS),
    )
    assert [one["name"] for one in found] == ["public.alembic_version"]


def test_p60_nothing_runs_with_the_rights_of_its_owner(query: Query) -> None:
    """A SECURITY DEFINER function or a plain view would read past the policies of whoever asks."""
    found = query(
        """SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE p.prosecdef AND n.nspname = ANY(:s)
           UNION ALL SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = ANY(:s) AND c.relkind IN ('v', 'm')
             AND NOT coalesce(c.reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on']""",
        s=list(SCHEMAS),
    )
    assert found == []


def test_p60_the_tenant_leads_every_index_and_every_primary_key(query: Query) -> None:
    found = query(
        """SELECT i.indexrelid::regclass::text AS name, c.relname AS index, i.indisprimary,
                  pg_get_indexdef(i.indexrelid, 1, true) AS first
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(:s)""",
        s=list(SCHEMAS),
    )
    wrong = {one["index"] for one in found if one["first"] != "tenant_id"}
    assert wrong == REGISTRY_INDEXES


def test_p60_the_tenant_is_a_uuid_that_is_never_missing(query: Query, tables: list[Table]) -> None:
    found = query(
        """SELECT table_schema || '.' || table_name AS name FROM information_schema.columns
           WHERE column_name = 'tenant_id' AND data_type = 'uuid' AND is_nullable = 'NO'
             AND column_default IS NULL"""
    )
    assert {one["name"] for one in found} == {table.name for table in tables}


def test_p60_no_foreign_key_crosses_a_tenant(query: Query) -> None:
    """The tenant is part of every reference, so a row of one tenant cannot point at a row of another."""
    found = query(
        """SELECT k.conname, a.attname AS mine, b.attname AS theirs FROM pg_constraint k
           JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
           JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
           JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.contype = 'f' AND n.nspname = ANY(:s)""",
        s=list(SCHEMAS),
    )
    assert len(found) > 20
    assert [one["conname"] for one in found if (one["mine"], one["theirs"]) != ("tenant_id", "tenant_id")] == []


@pytest.mark.parametrize("role", [*ROLES, "ops_migrate"])
def test_p60_without_a_tenant_there_is_no_row_in_any_table(
    filled: ThrowawayDatabase, tables: list[Table], role: str
) -> None:
    seen = visible(filled, tables, role, "")
    registry = seen.pop(REGISTRY, 0)
    assert set(seen.values()) <= {0}
    assert registry == (2 if role in REGISTRY_READERS else 0)


@pytest.mark.parametrize("role", [*ROLES, "ops_migrate"])
def test_p60_with_a_tenant_there_are_its_rows_only(filled: ThrowawayDatabase, tables: list[Table], role: str) -> None:
    seen = visible(filled, tables, role, str(MINE))
    assert set(seen.values()) == {1}
    assert (role != "ops_migrate") or len(seen) == len(tables)


def visible(db: ThrowawayDatabase, tables: list[Table], role: str, tenant: str) -> dict[str, int]:
    """Rows a role sees per table it may read; with a tenant it must never meet one of somebody else."""
    seen = {}
    with db.connect(role) as connection:
        cursor = connection.cursor()
        for table in tables:
            try:
                cursor.execute("SELECT set_config('app.tenant', %s, true)", (tenant,))
                cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE tenant_id = %s) FROM {table.name}", (THEIRS,))
                rows, foreign = cursor.fetchone()
                assert not (tenant and foreign), table.name
                seen[table.name] = int(rows)
            except pg8000.dbapi.DatabaseError as error:
                only_rights(error)
            connection.rollback()
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_p61_no_role_can_write_a_row_of_another_tenant(
    filled: ThrowawayDatabase, tables: list[Table], role: str
) -> None:
    """Refused by the policy where the role may write at all, and by the grants where it may not."""
    with filled.connect(role) as connection:
        cursor = connection.cursor()
        for table in tables:
            cursor.execute("SELECT set_config('app.tenant', %s, true)", (str(MINE),))
            with pytest.raises(pg8000.dbapi.DatabaseError) as caught:
                cursor.execute(table.insert(str(THEIRS)))
            assert caught.value.args[0]["C"] == "42501", table.name
            connection.rollback()


@pytest.mark.parametrize("role", ROLES)
def test_p61_no_role_can_touch_rows_of_another_tenant(
    filled: ThrowawayDatabase, tables: list[Table], role: str
) -> None:
    with filled.connect(role) as connection:
        cursor = connection.cursor()
        for table in tables:
            for statement in (f"DELETE FROM {table.name}", f"UPDATE {table.name} SET tenant_id = tenant_id"):
                try:
                    cursor.execute("SELECT set_config('app.tenant', %s, true)", (str(MINE),))
                    cursor.execute(statement)
                    assert cursor.rowcount == 1, statement
                except pg8000.dbapi.DatabaseError as error:
                    only_rights(error)
                connection.rollback()
