"""Reaching a database: its address checked, its password from the secret, its transactions read-only."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from opscopilot.kernel.addresses import is_public
from opscopilot.outbound.guard import AddressRefused
from opscopilot.staging.connectors.base import BaseConnector, ConnectorFailed

STATEMENT_S = 300
_CONNECT_S = 15
# What to install where a driver does not come with us, and how its address looks.
_DRIVERS = {
    "mysql": ("pymysql", "mysql+pymysql://user@host:3306/database"),
    "mariadb": ("pymysql", "mariadb+pymysql://user@host:3306/database"),
    "mssql": ("pymssql", "mssql+pymssql://user@host:1433/database"),
    "oracle": ("oracledb", "oracle+oracledb://user@host:1521/?service_name=name"),
    "db2": ("ibm_db_sa", "db2+ibm_db://user@host:50000/database"),
    "hana": ("sqlalchemy-hana", "hana://user@host:30015"),
}  # fmt: skip
_READ_ONLY = {
    "postgresql": ("SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = '{STATEMENT_S}s'"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",), "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",), "sqlite": ("PRAGMA query_only = ON",),
}  # fmt: skip


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in a transaction that can only read, where the database has such; rolled back at the end."""
    with engine.connect() as connection:
        for statement in _READ_ONLY.get(connection.dialect.name, ()):
            connection.exec_driver_sql(statement)
        yield connection


def open_engine(connector: BaseConnector) -> sa.Engine:
    """The engine: its address checked, its password from the secret. ConnectorFailed says what is missing."""
    config: Any = connector.config
    url = make_url(config.url)
    name, local = url.get_backend_name(), connector.around.guard.local
    if name == "sqlite":
        if not local or not url.database:
            raise ConnectorFailed("driver_missing", "SQLite files are read on this machine only, by their path.")
        return sa.create_engine(f"sqlite:///file:{url.database}?mode=ro&uri=true", poolclass=sa.NullPool)
    port = url.port or {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}.get(name, 0)
    if not url.host or not port:
        raise ConnectorFailed("bad_address", "The address needs a host and a port: dialect+driver://user@host:port/db.")
    try:
        address = connector.around.guard.check(url.host, port)
    except AddressRefused as error:
        raise ConnectorFailed(error.code, error.message) from error
    password = connector.need("password")
    if name == "postgresql":
        return _postgres(config, url, address, port, password)
    try:
        return sa.create_engine(url.set(host=address, port=port, password=password), poolclass=sa.NullPool)
    except (NoSuchModuleError, ImportError) as error:
        package, example = _DRIVERS.get(
            name, (url.get_driver_name() or name, f"{name}+driver://user@host:port/database")
        )
        raise ConnectorFailed(
            "driver_missing", f"Reading {name} needs the package '{package}', which is not installed here: add it to "
            f"layers/analytics/requirements.txt and requirements.txt. The address then looks like {example}.",
        ) from error  # fmt: skip


def _postgres(config: Any, url: URL, address: str, port: int, password: str) -> sa.Engine:
    """PostgreSQL through pg8000: connected to the address that was checked, TLS for the name that was asked for."""
    if not config.tls and is_public(address):
        raise ConnectorFailed("tls_required", f"{url.host} is reached over the internet: leave `tls` on.")
    pg8000 = import_module("pg8000.dbapi")

    def connect() -> Any:
        context = ssl.create_default_context(cadata=config.ca_certificate or None) if config.tls else False
        try:
            sock = socket.create_connection((address, port), _CONNECT_S)
        except OSError as error:
            raise ConnectorFailed(
                "unreachable", f"{url.host}:{port} does not answer ({error.strerror or error}).", retryable=True
            ) from error
        sock.settimeout(STATEMENT_S + 10)
        try:
            return pg8000.connect(
                user=url.username or "", password=password, database=url.database, host=url.host, port=port,
                ssl_context=context, sock=sock,
            )  # fmt: skip
        except BaseException:
            sock.close()
            raise

    return sa.create_engine("postgresql+pg8000://", creator=connect, poolclass=sa.NullPool)


_SECRETIVE = re.compile(r"password=\S+|://[^@\s]+@", re.IGNORECASE)


def failed(error: SQLAlchemyError, url: str) -> ConnectorFailed:
    """The database's own words, without the statement and its values."""
    host = make_url(url).host or "the file"
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    told = cause.args[0] if cause.args else cause
    code = str(told.get("C", "")) if isinstance(told, dict) else ""
    said = _SECRETIVE.sub("…", str(told.get("M") if isinstance(told, dict) else told).splitlines()[0])[:300]
    if code.startswith("28"):
        return ConnectorFailed("auth_failed", f"{host} does not take the login: {said}")
    if code in ("42501", "25006"):
        return ConnectorFailed("forbidden", f"{host} does not allow this login to read that: {said}")
    lost = isinstance(error, DBAPIError) and (error.connection_invalidated or code[:2] in ("08", "40", "53", "57"))
    return ConnectorFailed("sql_failed", f"{host} answered: {said}", retryable=lost or "network" in said.lower())
