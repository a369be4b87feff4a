"""Who may write what: tried, not read. Each schema has its writer; the exceptions are listed here and in ADR 0003."""

from __future__ import annotations

from collections.abc import Iterator

import pg8000.dbapi
import pytest

from local.testing import ThrowawayDatabase
from tests.integration.migrations.catalog import ROLES, SCHEMAS, Query, Table, only_rights

WRITERS = {
    "staging": {"ops_ingest", "ops_normalize"}, "manufacturing": {"ops_normalize"}, "forecast": {"ops_forecast"},
    "notification": {"ops_notify"}, "copilot": {"ops_copilot"}, "plantops": {"ops_copilot"}, "fsq": {"ops_copilot"},
    "planning": {"ops_copilot"}, "brand": {"ops_copilot"}, "retail": {"ops_copilot"}, "platform": set(),
}  # fmt: skip
READERS = {
    "platform": set(ROLES), "staging": {"ops_ingest", "ops_normalize"},
    "manufacturing": {"ops_ingest", "ops_normalize", "ops_forecast"}, "forecast": {"ops_forecast"},
    "notification": {"ops_notify"},
}  # fmt: skip
# Beyond "the writer of the schema writes, the API reads everything".
GRANTED = {
    ("ops_copilot", "platform.tenants"): {"INSERT", "UPDATE"},
    ("ops_copilot", "platform.users"): {"INSERT", "UPDATE"},
    **{(role, "platform.outbox"): {"INSERT", "UPDATE"} for role in ROLES},
    ("ops_copilot", "staging.ingestion_jobs"): {"INSERT"},
    ("ops_copilot", "staging.replays"): {"INSERT"},
    ("ops_copilot", "staging.data_connector_configs"): {"INSERT", "UPDATE"},
    ("ops_copilot", "notification.notification_preferences"): {"INSERT", "UPDATE"},
    ("ops_copilot", "notification.alert_acknowledgments"): {"INSERT"},
    **{
        ("ops_copilot", f"notification.{table}"): {"INSERT", "UPDATE", "DELETE"}
        for table in ("addresses", "workspace_preferences")
    },
    **{
        ("ops_copilot", f"notification.{table}"): {"INSERT", "UPDATE"}
        for table in (
            "notification_channel_configs", "silences", "oncall_schedules", "oncall_overrides", "escalation_policies",
        )
    },
    **{
        ("ops_copilot", f"notification.{table}"): {"INSERT"}
        for table in ("alert_history", "notification_templates", "used_links")
    },
    **{("ops_notify", f"manufacturing.{table}"): {"SELECT"} for table in ("shifts", "calendar_days", "locations")},
    ("ops_forecast", "staging.ingestion_jobs"): {"SELECT"},  # some columns: whether files are being loaded
    ("ops_forecast", "planning.forecast_settings"): {"SELECT"},
    ("ops_forecast", "planning.forecast_overrides"): {"SELECT"},
    ("ops_forecast", "planning.demand_adjustments"): {"SELECT"},
    ("ops_forecast", "planning.chart_approvals"): {"SELECT"},
    ("ops_forecast", "planning.safety_stocks"): {"SELECT"},
}  # fmt: skip
REVOKED = {
    ("ops_notify", "notification.alert_acknowledgments"): {"UPDATE", "DELETE"},
    ("ops_notify", "notification.alert_history"): {"UPDATE", "DELETE"},
    ("ops_notify", "notification.used_links"): {"INSERT", "UPDATE", "DELETE"},  # only people follow links
    ("ops_normalize", "manufacturing.row_history"): {"UPDATE", "DELETE"},
}
COLUMNS = {
    *(
        ("ops_copilot", "staging.ingestion_jobs", name)
        for name in ("status", "error_code", "error_summary", "completed_at", "updated_at", "row_version", "mapping")
    ),
    *(("ops_copilot", "staging.connector_state", name) for name in ("paused_at", "failures_in_row", "updated_at")),
    ("ops_copilot", "notification.notifications", "retry_requested_at"),
    ("ops_copilot", "notification.notifications", "retry_requested_by"),
    *(
        ("ops_copilot", "notification.alerts", name)
        for name in (
            "status",
            "acknowledged_at",
            "acknowledged_by",
            "snoozed_until",
            "snoozed_by",
            "resolved_at",
            "resolved_by",
            "closed_at",
            "all_clear_at",
            "next_step_at",
            "updated_at",
            "row_version",
        )
    ),
    *(("ops_copilot", "notification.suppressed_addresses", name) for name in ("lifted_at", "lifted_by", "updated_at")),
    *(
        ("ops_copilot", "notification.notification_templates", name)
        for name in ("is_active", "updated_at", "row_version")
    ),
}
READ_COLUMNS = {
    ("ops_forecast", "staging.ingestion_jobs", name)
    for name in ("tenant_id", "id", "status", "created_at", "updated_at")
}
ID, AT = "0193d2c0-0000-7000-8000-000000000001", "2026-01-14T11:00:00+00:00"
STATEMENTS = {
    "SELECT": "SELECT 1 FROM {t}", "INSERT": "INSERT INTO {t} (tenant_id) SELECT NULL WHERE false",
    "UPDATE": "UPDATE {t} SET tenant_id = DEFAULT WHERE false", "DELETE": "DELETE FROM {t} WHERE false",
    "TRUNCATE": "TRUNCATE {t}", "LOCK": "LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE",
    "DROP": "DROP TABLE {t}", "DISABLE": "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
}  # fmt: skip
DDL = [
    *(f"CREATE TABLE {schema}.mine (x integer)" for schema in (*SCHEMAS, "public")), "CREATE SCHEMA mine",
    "CREATE ROLE mine", "SET ROLE ops_migrate", "SET SESSION AUTHORIZATION ops_migrate", "SET row_security = off",
    "CREATE POLICY mine ON platform.tenants USING (true)", "ALTER FUNCTION platform.current_tenant() RENAME TO theirs",
    "CREATE OR REPLACE FUNCTION platform.current_tenant() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "SELECT version_num FROM public.alembic_version", "UPDATE public.alembic_version SET version_num = '0000'",
]  # fmt: skip


def allowed(role: str, table: Table) -> set[str]:
    """What the rules give a role on a table."""
    rights = {"SELECT"} if role in READERS.get(table.schema, set()) | {"ops_copilot"} else set()
    if role in WRITERS[table.schema]:
        rights |= {"INSERT", "UPDATE", "DELETE"}
    rights |= GRANTED.get((role, table.name), set())
    return rights - REVOKED.get((role, table.name), set())


@pytest.fixture(scope="module", params=ROLES)
def session(request: pytest.FixtureRequest, db: ThrowawayDatabase) -> Iterator[tuple[str, pg8000.dbapi.Connection]]:
    """A role and a connection of it."""
    with db.connect(request.param) as connection:
        yield request.param, connection


def refused(connection: pg8000.dbapi.Connection, statement: str) -> bool:
    """Whether Postgres refuses the statement for want of rights; any other error is a broken test."""
    try:
        connection.cursor().execute(statement)
    except pg8000.dbapi.DatabaseError as error:
        only_rights(error)
        return True
    finally:
        connection.rollback()
    return False


def test_every_role_can_do_on_every_table_what_the_rules_say_and_nothing_else(
    session: tuple[str, pg8000.dbapi.Connection], tables: list[Table]
) -> None:
    role, connection = session
    for table in tables:
        done = {verb for verb, sql in STATEMENTS.items() if not refused(connection, sql.format(t=table.name))}
        # Postgres lets whoever may write lock a table; that is no right of its own.
        assert done - {"LOCK"} == allowed(role, table), f"{role} on {table.name}"


def test_no_role_can_change_the_shape_of_the_database_or_become_somebody_else(
    session: tuple[str, pg8000.dbapi.Connection],
) -> None:
    _, connection = session
    for statement in DDL:
        if statement == "SET row_security = off":
            connection.cursor().execute(statement)  # allowed to everybody; it turns a filter into an error
            assert refused(connection, "SET LOCAL row_security = off; SELECT * FROM platform.tenants")
            continue
        assert refused(connection, statement), statement


def test_single_columns_are_granted_where_the_list_says_and_nowhere_else(query: Query) -> None:
    found = query(
        """SELECT x.grantee::regrole::text AS role, a.attrelid::regclass::text AS name, a.attname,
                  x.privilege_type AS verb FROM pg_attribute a, LATERAL aclexplode(a.attacl) x
           WHERE a.attacl IS NOT NULL AND x.grantee::regrole::text = ANY(:roles)""",
        roles=list(ROLES),
    )
    by_verb = {
        verb: {(one["role"], one["name"], one["attname"]) for one in found if one["verb"] == verb}
        for verb in {one["verb"] for one in found}
    }
    assert by_verb == {"UPDATE": COLUMNS, "SELECT": READ_COLUMNS}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("alert_acknowledgments", {"alert_id": ID, "user_id": "anna", "acknowledged_at": AT}),
        ("alert_history", {"alert_id": ID, "at": AT, "kind": "opened", "actor": "notify"}),
        ("used_links", {"link_id": ID, "alert_id": ID, "user_id": "anna", "action": "snooze", "used_at": AT}),
    ],
)
@pytest.mark.parametrize("change", ["UPDATE {t} SET user_id = 'x'", "DELETE FROM {t}", "TRUNCATE {t}"])
def test_what_people_did_cannot_be_edited_not_even_by_the_owner(
    db: ThrowawayDatabase, table: str, row: dict[str, str], change: str
) -> None:
    statement = change.format(t=f"notification.{table}")
    if table == "alert_history":
        statement = statement.replace("user_id", "actor")
    with db.connect("ops_migrate") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT set_config('app.tenant', %s, true)", (ID,))
        names = ", ".join(("tenant_id", *row))
        values = ", ".join(["%s"] * (len(row) + 1))
        cursor.execute(f"INSERT INTO notification.{table} ({names}) VALUES ({values})", (ID, *row.values()))
        with pytest.raises(pg8000.dbapi.DatabaseError, match="is an audit trail"):
            cursor.execute(statement)
        connection.rollback()


def test_nobody_outside_the_list_has_any_right(query: Query) -> None:
    grantees = query(
        "SELECT DISTINCT grantee FROM information_schema.table_privileges WHERE table_schema = ANY(:s)", s=list(SCHEMAS)
    )
    assert {one["grantee"] for one in grantees} <= {*ROLES, "ops_migrate"}


def test_rights_cannot_be_passed_on(query: Query) -> None:
    found = query(
        """SELECT grantee FROM information_schema.table_privileges
           WHERE table_schema = ANY(:s) AND is_grantable = 'YES' AND grantee <> 'ops_migrate'""",
        s=list(SCHEMAS),
    )
    assert found == []


def test_roles_are_plain_logins(query: Query) -> None:
    found = query(
        """SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin
           FROM pg_roles WHERE rolname = ANY(:roles)""",
        roles=list(ROLES),
    )
    assert {one.pop("rolname") for one in found} == set(ROLES)
    for one in found:
        assert one.pop("rolcanlogin")
        assert not any(one.values())


def test_the_owner_of_the_schemas_is_bound_by_the_policies_too(query: Query) -> None:
    (owner,) = query("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'ops_migrate'")
    assert owner == {"rolsuper": False, "rolbypassrls": False}
    others = query(
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = ANY(:s) AND pg_get_userbyid(c.relowner) <> 'ops_migrate'""",
        s=list(SCHEMAS),
    )
    assert others == []


def test_no_function_role_is_a_member_of_another_role(query: Query) -> None:
    found = query(
        "SELECT member::regrole::text AS name FROM pg_auth_members WHERE member::regrole::text = ANY(:roles)",
        roles=list(ROLES),
    )
    assert found == []
