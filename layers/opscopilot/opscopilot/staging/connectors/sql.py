"""Any SQL database through SQLAlchemy, read in pages by key: no row is lost or doubled while rows change.

With a change column the order is (change, key…): a row that is changed while we read moves ahead of us and comes
again. Within one pull we go on after the last (change, key) seen; the next pull begins at the change value itself,
less `overlap_s`, so that rows that were committed late with an earlier time are not lost either.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from opscopilot.staging.connectors import moments
from opscopilot.staging.connectors.base import (
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFailed,
    Stream,
    StreamConfig,
)
from opscopilot.staging.connectors.network import AddressRefused, is_public
from opscopilot.staging.connectors.sql_reading import check_select, escape_percent, plain, read_back, written

Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$# ]{0,126}$")]
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
    "postgresql": (f"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '{STATEMENT_S}s'",),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",), "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",), "sqlite": ("PRAGMA query_only = ON",),
}  # fmt: skip


class SqlStream(StreamConfig):
    """A table or a query, with the columns that identify a row and the one that says when it last changed."""

    table: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w$# ]*(\.[A-Za-z_][\w$# ]*)?$", max_length=200)
    query: str | None = Field(default=None, max_length=20_000, description="A single SELECT; its columns need names.")
    key: list[Column] = Field(min_length=1, max_length=4, description="Columns that identify a row, never empty.")
    watermark: Column | None = Field(default=None, description="Column that grows when a row changes.")
    batch_rows: int = Field(default=5000, ge=1, le=50_000)

    @field_validator("query")
    @classmethod
    def _reads_only(cls, query: str | None) -> str | None:
        return None if query is None else check_select(query)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give a table or a query, not both")
        return self


class SqlConfig(ConnectorConfig):
    """A database. The password is in the secret."""

    url: str = Field(max_length=1000, examples=["postgresql+pg8000://reader@db.example.com:5432/erp"])
    time_zone: str = Field(default="UTC", description="IANA zone of times that the database keeps without one.")
    tls: bool = Field(
        default=True, description="PostgreSQL: encrypted and verified. Off only inside a private network."
    )
    ca_certificate: str | None = Field(
        default=None, max_length=20_000, description="PEM of the server's own authority."
    )
    streams: list[SqlStream] = Field(min_length=1, max_length=200)

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        try:
            found = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise ValueError("not a database address such as postgresql+pg8000://user@host:5432/database") from error
        if found.password is not None:
            raise ValueError("a password belongs into the secret, not into the address")
        return url

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no IANA zone such as Europe/Copenhagen") from error
        return name


class SqlConnector(BaseConnector):
    """Pulls tables and queries. The secret has `password`."""

    type: ClassVar[str] = "sql"
    title: ClassVar[str] = "SQL database"
    Config = SqlConfig
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)
    _engine: sa.Engine | None = None

    def streams(self) -> list[Stream]:
        return [Stream(one.name, one.entity, one.watermark) for one in self.config.streams]

    def fetch_data(self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None) -> Iterator[Batch]:
        asked = next(one for one in self.config.streams if one.name == stream.name)
        if self._engine is None:
            self._engine = _engine(self)
        try:
            yield from _Pull(self._engine, self.config, asked, watermark).batches(resume)
        except SQLAlchemyError as error:
            raise _failed(error, self.config.url) from error

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


class _Pull:
    """One stream's pages, in the order of its change column and key."""

    def __init__(self, engine: sa.Engine, config: SqlConfig, asked: SqlStream, watermark: str | None) -> None:
        self.engine, self.asked, self.config = engine, asked, config
        self.zone = ZoneInfo(config.time_zone)
        self.order = [*([asked.watermark] if asked.watermark else []), *asked.key]
        self.start = moments.minus(watermark, "iso", config.overlap_s) if watermark and asked.watermark else None
        self.high = watermark

    def batches(self, resume: dict[str, Any] | None) -> Iterator[Batch]:
        """Pages until one is not full. Rows without a change value come first, and only when all is read."""
        after: list[str] | None = resume["after"] if resume else None
        nulls = bool(resume["nulls"]) if resume else self.start is None and self.asked.watermark is not None
        while True:
            rows = self._page(after, nulls)
            if rows:
                after = self._place(rows[-1], nulls)
                if not nulls and self.asked.watermark:
                    self.high = after[0]
                records = [{name: plain(name, value, self.zone) for name, value in row.items()} for row in rows]
                place = {"after": after, "nulls": nulls}
                # The place does not last: the next pull reads the edge again, for rows that were committed late.
                yield Batch(records, self.high, place, self._warnings(nulls))
            if len(rows) < self.asked.batch_rows:
                if not nulls:
                    return
                after, nulls = None, False

    def _warnings(self, nulls: bool) -> tuple[str, ...]:
        if not nulls:
            return ()
        return (f"Some rows have no {self.asked.watermark}: they were taken in, but changes to them are not noticed by "
                "the next incremental pull.",)  # fmt: skip

    def _place(self, row: dict[str, Any], nulls: bool) -> list[str]:
        names = self.asked.key if nulls else self.order
        values = [_value(row, name) for name in names]
        if any(value is None for value in values):
            raise ConnectorFailed(
                "empty_key", f"A row of '{self.asked.name}' has no value in its key ({', '.join(self.asked.key)}). Name "
                "columns that identify every row.",
            )  # fmt: skip
        return [written(value) for value in values]

    def _page(self, after: list[str] | None, nulls: bool) -> list[dict[str, Any]]:
        names = self.asked.key if nulls else self.order
        with _reading(self.engine) as connection:
            query = sa.select(sa.text("*")).select_from(self._source())
            if self.asked.watermark:
                change: sa.ColumnElement[Any] = sa.column(self.asked.watermark)
                query = query.where(change.is_(None) if nulls else change.is_not(None))
            if after is not None or (self.start is not None and not nulls):
                like = self._like(connection, names)
                if like is None:
                    return []
                if after is not None:
                    query = query.where(_beyond(names, [read_back(a, b) for a, b in zip(after, like, strict=True)]))
                else:
                    query = query.where(sa.column(names[0]) >= read_back(str(self.start), like[0]))
            query = query.order_by(*(sa.column(name) for name in names)).limit(self.asked.batch_rows)
            found = connection.execute(query)
            self._check_names(list(found.keys()))
            return [dict(row) for row in found.mappings()]

    def _like(self, connection: sa.Connection, names: Sequence[str]) -> list[Any] | None:
        """A value of each ordering column, to know their types; None when there is no row."""
        columns: list[sa.ColumnElement[Any]] = [sa.column(name) for name in names]
        query = sa.select(*columns).select_from(self._source()).where(*(one.is_not(None) for one in columns)).limit(1)
        row = connection.execute(query).first()
        return None if row is None else list(row)

    def _source(self) -> Any:
        if self.asked.table is not None:
            schema, _, name = self.asked.table.rpartition(".")
            return sa.table(name, schema=schema or None)
        query = (self.asked.query or "").replace(":", "\\:")  # to SQLAlchemy a colon begins a parameter
        if self.engine.dialect.paramstyle in ("format", "pyformat"):
            query = escape_percent(query, inside_quotes=self.engine.dialect.driver != "pg8000")
        return sa.text(f"({query}\n) opscopilot_source")

    def _check_names(self, names: list[str]) -> None:
        twice = sorted({name for name in names if names.count(name) > 1})
        lower = {name.lower() for name in names}
        missing = [name for name in self.order if name.lower() not in lower]
        if twice or missing:
            what = f"two columns named {', '.join(twice)}" if twice else f"no column {', '.join(missing)}"
            raise ConnectorFailed("wrong_columns", f"Stream '{self.asked.name}' gives {what}.")


def _value(row: dict[str, Any], name: str) -> Any:
    if name in row:
        return row[name]
    return next(value for key, value in row.items() if key.lower() == name.lower())


def _beyond(names: Sequence[str], values: Sequence[Any]) -> Any:
    """(a, b) > (x, y) in words every database knows: a > x OR (a = x AND b > y)."""
    parts = []
    for index, name in enumerate(names):
        same = [sa.column(names[before]) == values[before] for before in range(index)]
        parts.append(sa.and_(*same, sa.column(name) > values[index]))
    return sa.or_(*parts)


class _reading:
    """A connection in a transaction that can only read, where the database has such."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = engine.connect()

    def __enter__(self) -> sa.Connection:
        try:
            for several in _READ_ONLY.get(self._connection.dialect.name, ()):
                for statement in several.split("; "):
                    self._connection.exec_driver_sql(statement)
        except BaseException:
            self._connection.close()
            raise
        return self._connection

    def __exit__(self, *_error: object) -> None:
        self._connection.close()  # rolls back


def _engine(connector: SqlConnector) -> sa.Engine:
    """The engine: its address checked, its password from the secret. ConnectorFailed says what is missing."""
    config: SqlConfig = connector.config
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


def _postgres(config: SqlConfig, url: URL, address: str, port: int, password: str) -> sa.Engine:
    """PostgreSQL through pg8000: connected to the address that was checked, TLS for the name that was asked for."""
    if not config.tls and not _inside(address):
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


def _inside(address: str) -> bool:
    return not is_public(address)


_SECRETIVE = re.compile(r"password=\S+|://[^@\s]+@", re.IGNORECASE)


def _failed(error: SQLAlchemyError, url: str) -> ConnectorFailed:
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
