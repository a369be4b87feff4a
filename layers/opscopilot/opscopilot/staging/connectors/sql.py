"""Any SQL database through SQLAlchemy, read in pages by key: no row is lost or doubled while rows change.

With a change column the order is (change, key…): a row that is changed while we read moves ahead of us and comes
again. Within one pull we go on after the last (change, key) seen; the next pull begins at the change value itself,
less `overlap_s`, so that rows that were committed late with an earlier time are not lost either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from opscopilot.staging.connectors import moments
from opscopilot.staging.connectors.base import (
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFailed,
    Stream,
    StreamConfig,
)
from opscopilot.staging.connectors.sql_engine import failed, open_engine, reading
from opscopilot.staging.connectors.sql_reading import check_select, escape_percent, plain, read_back, written

Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$# ]{0,126}$")]


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
            self._engine = open_engine(self)
        try:
            yield from _Pull(self._engine, self.config, asked, watermark).batches(resume)
        except SQLAlchemyError as error:
            raise failed(error, self.config.url) from error

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
        with reading(self.engine) as connection:
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
