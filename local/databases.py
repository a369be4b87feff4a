"""Create the product's database inside a running server, the way the deployed one starts out.

On AWS the master user ``ops_migrate`` owns the database and makes every other role in the migrations. Here it
is an ordinary role with CREATEROLE, never a superuser, so that what works locally works there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pg8000.native

from local.constants import REGION, REPOSITORY
from local.functions import FunctionSpec, LambdaContext, load_handler
from local.postgres import ADMIN

OWNER = "ops_migrate"
NAME = "opscopilot"


@contextmanager
def admin(port: int, database: str = "postgres") -> Iterator[Any]:
    """A superuser connection on 127.0.0.1, outside any transaction."""
    connection = pg8000.native.Connection(ADMIN, host="127.0.0.1", port=port, database=database, ssl_context=False)
    try:
        yield connection
    finally:
        connection.close()


def identifier(name: str) -> str:
    """``name`` quoted for SQL."""
    return str(pg8000.native.identifier(name))


def ensure_database(port: int, name: str = NAME, owner: str = OWNER) -> None:
    """Create the owner role and the database when they are missing."""
    with admin(port) as connection:
        if not connection.run("SELECT 1 FROM pg_roles WHERE rolname = :n", n=owner):
            connection.run(f"CREATE ROLE {identifier(owner)} LOGIN CREATEROLE")
        if not connection.run("SELECT 1 FROM pg_database WHERE datname = :n", n=name):
            connection.run(f"CREATE DATABASE {identifier(name)} OWNER {identifier(owner)}")


def database_environment(port: int, user: str, name: str = NAME) -> dict[str, str]:
    """The settings every function reads to reach this database as ``user``."""
    return {
        "STAGE": "local",
        "LOG_LEVEL": "WARNING",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(port),
        "DB_NAME": name,
        "DB_USER": user,
        "DB_AUTH": "trust",
        "AWS_REGION": REGION,
    }


def migrate(port: int, name: str = NAME, repository: Path = REPOSITORY) -> Any:
    """Run functions/migrate against the database as its owner; what the function returned."""
    spec = FunctionSpec(
        "MigrateFunction",
        repository / "functions" / "migrate",
        "app.handler",
        database_environment(port, OWNER, name),
        timeout=300,
    )
    return load_handler(spec)({"task": "migrate"}, LambdaContext(spec.name, timeout_seconds=spec.timeout))
