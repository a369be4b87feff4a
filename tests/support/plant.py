"""A small plant for tests: a tenant, jobs, and rows loaded through the very normalize service."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine

from local.testing import ThrowawayDatabase, borrowed
from opscopilot.kernel.db import Database, without_delay
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.kernel.tenancy import plant_settings
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.loading.load import load
from opscopilot.staging.loading.model import Counts, StagedFile

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


@dataclass
class Plant:
    """A tenant in a throw-away database."""

    fresh: ThrowawayDatabase
    code: str = "fjord"

    def __post_init__(self) -> None:
        self.tenant_id: UUID = tenant_id_for(self.code)
        with self.db("ops_copilot").tenant(self.tenant_id) as tx:
            tx.execute(
                """INSERT INTO platform.tenants (tenant_id, code, name, default_currency, default_time_zone)
                   VALUES (:id, :code, :code, 'EUR', 'Europe/Copenhagen') ON CONFLICT DO NOTHING""",
                id=self.tenant_id, code=self.code,
            )  # fmt: skip

    def db(self, role: str) -> Database:
        """A database handle as that role; one for all plants of a database, for connecting costs more than asking."""
        key = (self.fresh.name, role)
        if key not in _opened:
            engine = create_engine(self.fresh.url(role), connect_args={"ssl_context": False}, max_overflow=20)
            _opened[key] = Database(without_delay(engine))
        return _opened[key]

    def load(self, entity: str, rows: list[dict[str, Any]], *, by: tuple[str, ...] = (), **source: Any) -> Counts:
        """Load rows of texts as one staged file of that entity."""
        fields = [name for name in dict.fromkeys(key for row in rows for key in row) if name != "source_id"]
        text = io.StringIO()
        writer = csv.writer(text)
        for number, row in enumerate(rows, 1):
            writer.writerow([number, number + 1, row.get("source_id"), *(row.get(name) for name in fields)])
        job = uuid7()
        staged = StagedFile(
            tenant_id=self.tenant_id, job_id=job, entity=entity, staged_key="", fields=fields,
            by_source_id=list(by), source_system=source.get("system", "sap"), correlation_id="test",
        )  # fmt: skip
        with self.db("ops_normalize").tenant(self.tenant_id) as tx:
            tx.execute(
                """INSERT INTO staging.ingestion_jobs (tenant_id, id, source_system, status, file_name, total_records)
                   VALUES (:t, :id, 'sap', 'running', 'test.csv', :n)""",
                t=self.tenant_id, id=job, n=len(rows),
            )  # fmt: skip
            return load(
                tx, registry(), staged, plant_settings(tx), io.BytesIO(text.getvalue().encode()),
                any("source_id" in row for row in rows),
            )  # fmt: skip

    def point_recipe_at(self, assembly: str, component: str) -> None:
        """Change what the assembly's recipe is made of past the loader, which refuses loops: an old database."""
        with self.db("ops_normalize").tenant(self.tenant_id) as tx:
            assert tx.execute(
                """UPDATE manufacturing.bom_components c SET component_sku_id = part.id
                   FROM manufacturing.boms b, manufacturing.skus made, manufacturing.skus part
                   WHERE b.id = c.bom_id AND made.id = b.sku_id AND made.sku_code = :made AND part.sku_code = :part""",
                made=assembly, part=component,
            )  # fmt: skip

    def rows(self, sql: str, role: str = "ops_copilot", **params: Any) -> list[dict[str, Any]]:
        """Query as a reader."""
        with self.db(role).tenant(self.tenant_id) as tx:
            return tx.rows(sql, **params)


_opened: dict[tuple[str, str], Database] = {}


def _hang_up(name: str) -> None:
    """Close the pools of a database that is about to be taken away; the next test's are filled anew."""
    for (database, _), one in _opened.items():
        if database == name:
            one.engine.dispose()


@contextmanager
def plant(code: str = "fjord") -> Iterator[Plant]:
    """A plant in a database that is its own for as long."""
    with borrowed() as fresh:
        try:
            yield Plant(fresh, code)
        finally:
            _hang_up(fresh.name)
