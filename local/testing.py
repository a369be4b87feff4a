"""Helpers for tests: throw-away migrated databases and whole running stacks.

``database()`` costs about 1.5 s the first time in a process (server start and migrations) and some 300 ms
after that, because each database is a copy of a migrated template. ``borrowed()`` costs 15 ms: what the test before
wrote is taken out again. Everything is deleted at the end, also when the test process is killed.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pg8000.dbapi

from local.databases import OWNER, admin, database_environment, ensure_database, identifier, migrate
from local.postgres import PostgresServer
from local.wiping import Wiper

if TYPE_CHECKING:
    import pytest

    from local.stack import Stack

Migration = Callable[[int, str], Any]
MOST_LOANS = 100  # dead rows add up


@dataclass(frozen=True)
class ThrowawayDatabase:
    """A database of one test. Users: ``ops_migrate`` (owner), ``ops_ingest``, ``ops_copilot`` and so on."""

    port: int
    name: str
    host: str = "127.0.0.1"

    def environment(self, user: str = OWNER) -> dict[str, str]:
        """The DB_* variables (and STAGE, LOG_LEVEL, AWS_REGION) of a function connecting as ``user``."""
        return database_environment(self.port, user, self.name)

    def url(self, user: str = OWNER) -> str:
        """A SQLAlchemy URL; pass ``connect_args={"ssl_context": False}`` with it."""
        return f"postgresql+pg8000://{user}@{self.host}:{self.port}/{self.name}"

    @contextmanager
    def connect(self, user: str = OWNER) -> Iterator[Any]:
        """A pg8000 DB-API connection; nothing is committed unless the caller commits."""
        connection = pg8000.dbapi.connect(
            user=user, host=self.host, port=self.port, database=self.name, ssl_context=False
        )
        try:
            yield connection
        finally:
            connection.close()


@dataclass
class _Lent:
    """A database that is lent to one test after the other."""

    database: ThrowawayDatabase
    wiper: Wiper
    times: int = 0


class _Server:
    """One server for the process; a migrated template per migration; clones on demand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: PostgresServer | None = None
        self._templates: dict[Migration | None, str] = {}
        self._numbers = itertools.count(1)
        self._idle: dict[Migration | None, list[_Lent]] = {}

    def server(self) -> PostgresServer:
        with self._lock:
            if self._server is None:
                self._server = start_throwaway_server()
            return self._server

    def template(self, migration: Migration | None) -> str:
        server = self.server()
        with self._lock:
            if migration not in self._templates:
                name = f"template_{len(self._templates)}"
                ensure_database(server.port, name)
                if migration is not None:
                    migration(server.port, name)
                self._templates[migration] = name
            return self._templates[migration]

    def clone(self, migration: Migration | None) -> ThrowawayDatabase:
        template, server = self.template(migration), self.server()
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with self._lock, admin(server.port) as connection:
            connection.run(f"CREATE DATABASE {identifier(name)} TEMPLATE {identifier(template)} OWNER {OWNER}")
        return ThrowawayDatabase(server.port, name)

    def lend(self, migration: Migration | None) -> _Lent:
        if idle := self._idle.get(migration):
            return idle.pop()
        fresh = self.clone(migration)
        wiper = Wiper(fresh.port, fresh.name)
        atexit.register(wiper.close)
        return _Lent(fresh, wiper)

    def take_back(self, lent: _Lent, migration: Migration | None) -> None:
        lent.times += 1
        if lent.wiper.wipe() and lent.times < MOST_LOANS:
            self._idle.setdefault(migration, []).append(lent)
            return
        atexit.unregister(lent.wiper.close)
        lent.wiper.close()
        self.drop(lent.database)

    def drop(self, database: ThrowawayDatabase) -> None:
        with admin(database.port) as connection:
            connection.run(f"DROP DATABASE {identifier(database.name)} WITH (FORCE)")


_SHARED = _Server()


def start_throwaway_server() -> PostgresServer:
    """A started server in a temporary folder with fsync off; deleted when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="ops-test-pg-"))
    folder.chmod(0o755)  # the server's user must be able to walk through it
    server = PostgresServer(folder / "pg", durable=False, throwaway=True)
    server.start()

    def dispose() -> None:
        server.destroy()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(dispose)
    return server


@contextmanager
def database(migration: Migration | None = migrate) -> Iterator[ThrowawayDatabase]:
    """A fresh, migrated database, dropped at the end. ``migration=None`` gives an empty one.

    Typical use, in a conftest.py::

        @pytest.fixture
        def db() -> Iterator[ThrowawayDatabase]:
            with database() as fresh:
                yield fresh
    """
    fresh = _SHARED.clone(migration)
    try:
        yield fresh
    finally:
        _SHARED.drop(fresh)


@contextmanager
def borrowed(migration: Migration | None = migrate) -> Iterator[ThrowawayDatabase]:
    """As ``database()``, but lent: at the end its rows are put back and the next test gets it.

    Whoever is still connected then is hung up on. A test that changes the schema may do so: its database is dropped.
    """
    lent = _SHARED.lend(migration)
    try:
        yield lent.database
    finally:
        _SHARED.take_back(lent, migration)


@contextmanager
def stack(tmp_path_factory: pytest.TempPathFactory, *, background: bool = True) -> Iterator[Stack]:
    """A whole running stack in this process over a folder of its own; everything is deleted at the end.

    It takes some 6 s to start, so share one per session or module. ``background=False`` keeps schedules from
    firing by themselves. Use ``stack.info.api_url``, ``stack.identity.issue(tenant, role)``,
    ``stack.aws.client("s3")`` and ``stack.aws.names["LandingBucket"]``.
    """
    from local.stack import Stack

    running = Stack(tmp_path_factory.mktemp("stack"), durable=False, background=background)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        _close_pools()  # what was under way while it stopped has opened connections as well
        running.postgres.destroy()


def _close_pools() -> None:
    """Functions keep their connection pools for life; a test process outlives its functions."""
    import gc

    from sqlalchemy import Engine

    for thing in gc.get_objects():
        if isinstance(thing, Engine):
            thing.dispose()
