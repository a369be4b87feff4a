"""Bring a database to the newest schema: make the roles, then run Alembic as the owner of the schemas."""

from __future__ import annotations

from importlib import resources

from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection, Engine

from opscopilot.kernel.errors import Unavailable

FUNCTION_ROLES = ("ops_ingest", "ops_normalize", "ops_forecast", "ops_notify", "ops_copilot")
# Two deploys at once must not migrate at once; the number is arbitrary and only has to be ours.
_LOCK = 7_021_118


def run_sql(name: str) -> None:
    """Run a frozen SQL file of this package; called by the migration of the same name."""
    text = (resources.files("opscopilot.migrations") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    cursor = op.get_bind().connection.cursor()
    for statement in _statements(text):
        cursor.execute(statement)


def _statements(text: str) -> list[str]:
    """Split at semicolons that end a line, except inside $$ bodies."""
    found: list[str] = []
    current: list[str] = []
    inside = False
    for line in text.splitlines():
        if not inside and line.strip().startswith("--"):
            continue
        current.append(line)
        if line.count("$$") % 2:
            inside = not inside
        if line.rstrip().endswith(";") and not inside:
            found.append("\n".join(current))
            current = []
    rest = "\n".join(current).strip()
    return [*found, rest] if rest else found


def create_roles(engine: Engine, *, iam: bool) -> None:
    """Create one login role per function (idempotent). With `iam` they may log in by IAM token.

    The owner itself (the RDS master user, or the owner of the local database) exists before any migration.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        for role in FUNCTION_ROLES:
            _create_role(connection, role, iam=iam)
            connection.exec_driver_sql(f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO {role}')


def _create_role(connection: Connection, role: str, *, iam: bool) -> None:
    if not connection.exec_driver_sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'").scalar():
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
    if iam:
        connection.exec_driver_sql(f"GRANT rds_iam TO {role}")


def upgrade(engine: Engine) -> str:
    """Run every pending migration in one transaction as the owner; the revision reached."""
    config = Config()
    config.set_main_option("script_location", "opscopilot:migrations")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        revision = connection.exec_driver_sql("SELECT version_num FROM public.alembic_version").scalar()
    if revision is None:
        raise Unavailable("The database has no schema version after migrating; see the log of functions/migrate.")
    return str(revision)
