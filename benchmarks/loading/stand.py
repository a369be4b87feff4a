"""Where the loads are measured: one durable Postgres server, a fresh migrated database per load, files as objects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import NullPool, create_engine

from local.databases import admin, ensure_database, identifier, migrate
from local.postgres import PostgresServer
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import FileLanded, OutboxRow
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.staging.landing import Landing, parse
from opscopilot.staging.ports import ObjectInfo

TENANT = "bench"
ROOT = Path(__file__).resolve().parents[2]


class Files:
    """Objects as files: S3 without the network, for both sides the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def head(self, bucket: str, key: str, version_id: str | None = None) -> ObjectInfo:
        """Size and name; there is no metadata."""
        del version_id
        path = self.folder / bucket / key
        return ObjectInfo(path.stat().st_size, key, None, datetime(2026, 9, 30, tzinfo=UTC), {})

    def download(self, bucket: str, key: str, target: Path, version_id: str | None = None) -> None:
        """Copy the object to a file."""
        del version_id
        shutil.copyfile(self.folder / bucket / key, target)

    def upload(self, source: Path, bucket: str, key: str) -> None:
        """Copy a file to an object."""
        target = self.folder / bucket / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def presign_put(self, bucket: str, key: str, expires_s: int, metadata: Mapping[str, str]) -> str:
        """Nobody uploads here."""
        raise NotImplementedError


class Silent:
    """Nobody listens: every event is taken."""

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        """All of them."""
        return [row.event_id for row in rows]


@dataclass
class Stand:
    """One database and one folder of objects."""

    port: int
    name: str
    folder: Path

    @property
    def tenant_id(self) -> UUID:
        """The tenant that loads."""
        return tenant_id_for(TENANT)

    def database(self, role: str) -> Database:
        """A handle as that role."""
        url = f"postgresql+pg8000://{role}@127.0.0.1:{self.port}/{self.name}"
        return Database(create_engine(url, connect_args={"ssl_context": False}, poolclass=NullPool))

    def landed(self, source: Path) -> Landing:
        """The landing of a file that is put into the landing bucket."""
        key = f"landing/{TENANT}/bench/{source.name}"
        Files(self.folder).upload(source, "landing", key)
        found = parse(FileLanded(bucket="landing", key=key, etag=source.name, size=source.stat().st_size))
        assert found is not None
        return found

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask as the normalize role."""
        with self.database("ops_normalize").tenant(self.tenant_id) as tx:
            return tx.rows(sql)


@contextmanager
def server() -> Iterator[int]:
    """The port of a durable server (fsync on, as a plant's) that is thrown away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ops-bench-"))
    folder.chmod(0o755)
    running = PostgresServer(folder / "pg", durable=True, throwaway=True)
    running.start()
    try:
        yield running.port
    finally:
        running.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stand(port: int, name: str) -> Iterator[Stand]:
    """A fresh database with the plant in it, and nothing else."""
    ensure_database(port, name)
    migrate(port, name)
    folder = Path(tempfile.mkdtemp(prefix="ops-bench-objects-"))
    found = Stand(port, name, folder)
    try:
        with found.database("ops_copilot").tenant(found.tenant_id) as tx:
            tx.execute(
                """INSERT INTO platform.tenants (tenant_id, code, name, default_currency, default_time_zone)
                   VALUES (:id, :code, :code, 'EUR', 'Europe/Copenhagen')""",
                id=found.tenant_id, code=TENANT,
            )  # fmt: skip
        yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with admin(port) as connection:
            connection.run(f"DROP DATABASE {identifier(name)} WITH (FORCE)")


def checkpoint(port: int) -> None:
    """Let every load start with clean buffers."""
    with admin(port) as connection:
        connection.run("CHECKPOINT")


def child(*arguments: str) -> dict[str, Any]:
    """Run a load in a process of its own, for its memory; what it says in its last line."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "opscopilot")])}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
