"""Staged files for normalize: rows of texts become the Parquet that ingest would stage, jobs and parts as it keeps them."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from local.testing import ThrowawayDatabase
from opscopilot.entrypoints.normalize import parquet_as_csv
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.ids import uuid7
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.normalize import Normalizer
from tests.support.plant import Plant

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)
Rows = list[dict[str, Any]]


class Nowhere:
    """A bus that takes everything."""

    def publish(self, rows: Any) -> list[UUID]:
        return [row.event_id for row in rows]


@dataclass
class Dock:
    """A plant whose jobs are loaded by the normalize service itself."""

    plant: Plant
    folder: Path
    staged: dict[str, Path] = field(default_factory=dict)

    @property
    def normalizer(self) -> Normalizer:
        return Normalizer(
            self.plant.db("ops_normalize"), registry(), FixedClock(NOW), Nowhere(),
            lambda key, target: shutil.copy(self.staged[key], target), parquet_as_csv,  # type: ignore[arg-type]
        )  # fmt: skip

    def stage(self, entity: str, rows: Rows, *, first: int = 1, **more: Any) -> StagedFile:
        """Stage rows under a key of their own; record numbers count from `first`, or are `record_no` of each row."""
        fields = [n for n in dict.fromkeys(key for row in rows for key in row) if n not in ("source_id", "record_no")]
        more = {"job_id": uuid7(), "source_system": "sap", "fields": fields, **more}
        file = StagedFile(
            tenant_id=self.plant.tenant_id, entity=entity, staged_key=str(uuid7()), correlation_id="test", **more
        )
        text, target = self.folder / f"{file.staged_key}.csv", self.folder / f"{file.staged_key}.parquet"
        own = ["source_id"] if any("source_id" in row for row in rows) else []
        names = ["record_no", "source_row", *own, *file.fields]
        with text.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            for number, row in enumerate(rows, first):
                record = row.get("record_no", number)
                writer.writerow([record, record + 1, *(row.get(name) for name in names[2:])])
        types = {name: "INTEGER" if name in ("record_no", "source_row") else "VARCHAR" for name in names}
        duckdb.connect().execute(
            f"COPY (SELECT * FROM read_csv('{text}', header=true, columns={types})) TO '{target}' (FORMAT parquet)"
        )
        self.staged[file.staged_key] = target
        return file

    def job(self, file: StagedFile, total: int, failed: int = 0, parts: tuple[int, ...] = ()) -> None:
        """The job as ingest leaves it; `parts` are the records of each."""
        mapping = {"hand_over": {"load": [file.model_dump(mode="json")]}}
        with self.plant.db("ops_ingest").tenant(self.plant.tenant_id) as tx:
            tx.execute(
                """INSERT INTO staging.ingestion_jobs (tenant_id, id, source_system, status, file_name, entity_type,
                       total_records, failed_records, mapping, staged_key, parts)
                   VALUES (:t, :id, :system, 'running', :name, :entity, :n, :failed, CAST(:mapping AS jsonb), 'k', :p)""",
                t=self.plant.tenant_id, id=file.job_id, system=file.source_system, name=f"{file.entity}.csv",
                entity=file.entity, n=total, failed=failed, mapping=json.dumps(mapping), p=max(len(parts), 1),
            )  # fmt: skip
            for number, rows in enumerate(parts, 1):
                tx.execute(
                    """INSERT INTO staging.job_parts (tenant_id, job_id, part_no, status, part_key, total_records)
                       VALUES (:t, :job, :no, 'staged', 'k', :n)""",
                    t=self.plant.tenant_id, job=file.job_id, no=number, n=rows,
                )  # fmt: skip

    def run(self, file: StagedFile) -> dict[str, Any]:
        """Run normalize on a hand-over."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            return dict(self.normalizer.run(file, Path(folder)))

    def load(self, entity: str, rows: Rows, **more: Any) -> dict[str, Any]:
        """One job of one part, from its hand-over to its end: the job's row afterwards."""
        file = self.stage(entity, rows, **more)
        self.job(file, len(rows))
        self.run(file)
        return self.of(file)

    def of(self, file: StagedFile) -> dict[str, Any]:
        """The job's row."""
        (row,) = self.plant.rows("SELECT * FROM staging.ingestion_jobs WHERE id = :id", id=file.job_id)
        return row

    def counters(self, job: dict[str, Any] | StagedFile) -> tuple[Any, ...]:
        """Status, total, successful, failed and duplicate records of a job as it is now."""
        job_id = job.job_id if isinstance(job, StagedFile) else job["id"]
        (row,) = self.plant.rows("SELECT * FROM staging.ingestion_jobs WHERE id = :id", id=job_id)
        return tuple(
            row[name] for name in
            ("status", "total_records", "successful_records", "failed_records", "duplicate_records")
        )  # fmt: skip

    def log(self, job: dict[str, Any]) -> set[str]:
        """Codes of the job's log."""
        rows = self.plant.rows("SELECT code FROM staging.ingestion_log_entries WHERE job_id = :id", id=job["id"])
        return {row["code"] for row in rows}


class Docks:
    """Docks of new tenants in one database."""

    def __init__(self, fresh: ThrowawayDatabase) -> None:
        self.fresh = fresh
        self.made = 0

    def __enter__(self) -> Docks:
        self._folder = tempfile.TemporaryDirectory(prefix="dock-")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def new(self) -> Dock:
        """A dock of a tenant that nobody used before."""
        self.made += 1
        folder = Path(self._folder.name) / str(self.made)
        folder.mkdir()
        return Dock(Plant(self.fresh, f"plant-{self.made}"), folder)
