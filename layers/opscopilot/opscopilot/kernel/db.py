"""The database: one engine per function, one transaction per piece of work, the tenant set inside it.

`SET LOCAL` (set_config with is_local) is used because a session-level SET would outlive the transaction on a
pooled connection and pin RDS Proxy. Without a tenant the policies show no rows at all.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event, text

Row = dict[str, Any]


class DatabaseSettings(Protocol):
    """What an engine needs to know."""

    @property
    def db_host(self) -> str: ...
    @property
    def db_port(self) -> int: ...
    @property
    def db_name(self) -> str: ...
    @property
    def db_user(self) -> str: ...
    @property
    def db_ca_bundle(self) -> str | None: ...
    @property
    def db_pool_size(self) -> int: ...


class Tx:
    """An open transaction of one tenant. SQL takes :named parameters; commit and rollback are not its own."""

    def __init__(self, connection: Connection, tenant_id: UUID | None) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    def execute(self, sql: str, **params: Any) -> int:
        """Run `sql`; the number of rows it touched (-1 where the driver does not know)."""
        return int(self.connection.execute(text(sql), params).rowcount)

    def rows(self, sql: str, **params: Any) -> list[Row]:
        """All rows of `sql` as dicts."""
        return [dict(row) for row in self.connection.execute(text(sql), params).mappings()]

    def one(self, sql: str, **params: Any) -> Row | None:
        """The first row of `sql`, or None."""
        row = self.connection.execute(text(sql), params).mappings().first()
        return None if row is None else dict(row)

    def scalar(self, sql: str, **params: Any) -> Any:
        """The first column of the first row of `sql`, or None."""
        return self.connection.execute(text(sql), params).scalar()

    def script(self, sql: str, params: Iterable[Any] = ()) -> Any:
        """Run SQL verbatim with the driver's own placeholders (for generated statements with colons)."""
        cursor = self._cursor()
        cursor.execute(sql, tuple(params))
        return cursor

    def copy_in(self, sql: str, stream: IO[Any] | Iterable[bytes]) -> int:
        """`COPY … FROM STDIN`; the number of rows loaded. Bulk rows travel this way only."""
        cursor = self._cursor()
        cursor.execute(sql, stream=stream)
        return int(cursor.rowcount)

    def copy_out(self, sql: str, stream: IO[Any]) -> None:
        """`COPY … TO STDOUT` into `stream`."""
        self._cursor().execute(sql, stream=stream)

    def _cursor(self) -> Any:
        return self.connection.connection.cursor()


class Database:
    """Opens transactions. Safe to share between threads; a Tx is not."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[Tx]:
        """One transaction that sees and writes exactly this tenant's rows."""
        with self.engine.begin() as connection:
            connection.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": str(tenant_id)})
            yield Tx(connection, tenant_id)

    @contextmanager
    def system(self) -> Iterator[Tx]:
        """One transaction without a tenant: health checks and the tenant registry only."""
        with self.engine.begin() as connection:
            yield Tx(connection, None)


def make_engine(
    settings: DatabaseSettings,
    password: Callable[[], str] | None = None,
    application: str = "opscopilot",
    patience_s: int = 30,
) -> Engine:
    """An engine for pg8000. `password` is asked at every connect (an IAM token lives 15 minutes). A statement that
    says nothing for `patience_s` seconds is given up.

    With a CA bundle TLS is verified, host name included; without one there is no TLS (loopback only).
    """
    context: ssl.SSLContext | bool = False
    if settings.db_ca_bundle:
        context = ssl.create_default_context(cafile=settings.db_ca_bundle)
    engine = create_engine(
        f"postgresql+pg8000://{settings.db_user}@{settings.db_host}:{settings.db_port}/{settings.db_name}",
        connect_args={"ssl_context": context, "application_name": application, "timeout": patience_s},
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_pool_size,
        pool_pre_ping=True,
        pool_recycle=600,
    )
    if password is not None:

        @event.listens_for(engine, "do_connect")
        def _give_password(_dialect: Any, _record: Any, _args: Any, params: dict[str, Any]) -> None:
            params["password"] = password()

    return without_delay(engine)


def without_delay(engine: Engine) -> Engine:
    """The engine, its connections sending at once what they have to say.

    A COPY says several small things without waiting for an answer. TCP would hold the second back until the server
    acknowledges the first, which servers put off for 40 ms (Nagle's algorithm against delayed acknowledgements).
    """

    @event.listens_for(engine, "connect")
    def _at_once(connection: Any, _record: Any) -> None:
        connection._usock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    return engine
