"""Normalize: a staged file becomes canonical rows, in one transaction.

tenant set → advisory lock per tenant and entity (concurrent loads of one entity queue up instead of
deadlocking) → COPY into a temporary table → resolve references and units → write what is right, keep what is
not as a waiting or rejected record, count everything. Running it again for the same job changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Row, Tx
from opscopilot.kernel.errors import DependenciesPending, ValidationFailed
from opscopilot.kernel.events import DataNormalized, EventPublisher, record, relay
from opscopilot.kernel.tenancy import plant_settings
from opscopilot.staging.loading.load import load
from opscopilot.staging.loading.model import Counts, StagedFile

TERMINAL = ("completed", "partially_failed", "failed", "cancelled")
WAIT_FOR_UPLOADS_S = 120
"""A file that was announced, or whose kind is still unknown, may be the one we need; after this long we stop
waiting for it. One that never arrives must not hold up the others for ever."""
WAIT_FOR_RUNNING_S = 2 * 3600
"""A job that has not moved for as long as its state machine may run (TimeoutSeconds) is dead, whatever its status
says, and must not hold up the others either. A delivery that starts it again makes it count again."""


@dataclass
class Normalizer:
    """The service behind functions/normalize."""

    database: Database
    registry: Registry
    clock: Clock
    publisher: EventPublisher
    fetch: Callable[[str, Path], None]
    """Download the staged object of that key to a file."""
    to_csv: Callable[[Path, list[str], Path], bool]
    """Write record_no, source_row, source_id and the fields as CSV; whether the file had source ids."""

    def run(self, staged: StagedFile, workdir: Path) -> dict[str, object]:
        """Load one staged file; raises DependenciesPending while files it refers to are still coming in."""
        with self.database.tenant(staged.tenant_id) as tx:
            job = _job(tx, staged.job_id)
            if job["status"] in TERMINAL:
                return {"status": "unchanged", "job_id": str(staged.job_id)}
            self._wait_for_dependencies(tx, staged)
        parquet, csv = workdir / "staged.parquet", workdir / "staged.csv"
        self.fetch(staged.staged_key, parquet)
        has_source_id = self.to_csv(parquet, staged.fields, csv)
        with self.database.tenant(staged.tenant_id) as tx, csv.open("rb") as stream:
            outcome = self._load(tx, staged, stream, has_source_id)
        with self.database.tenant(staged.tenant_id) as tx:
            relay(tx, self.publisher)
        return outcome

    def _wait_for_dependencies(self, tx: Tx, staged: StagedFile) -> None:
        needed = sorted(self.registry.dependencies(staged.entity))
        if not needed:
            return
        waiting = tx.rows(
            """SELECT file_name FROM staging.ingestion_jobs
               WHERE status IN ('pending', 'running') AND id <> :job
                 AND (status = 'running' AND entity_type = ANY(CAST(:needed AS text[]))
                          AND updated_at > now() - make_interval(secs => :alive)
                      OR (staged_key IS NULL AND created_at > now() - make_interval(secs => :patience)
                          AND (entity_type IS NULL OR entity_type = ANY(CAST(:needed AS text[])))))
               LIMIT 5""",
            job=staged.job_id, needed=needed, patience=WAIT_FOR_UPLOADS_S, alive=WAIT_FOR_RUNNING_S,
        )  # fmt: skip
        if waiting:
            names = ", ".join(row["file_name"] for row in waiting)
            raise DependenciesPending(f"{staged.entity} waits for: {names}")

    def _load(self, tx: Tx, staged: StagedFile, stream: BinaryIO, has_source_id: bool) -> dict[str, object]:
        job = _job(tx, staged.job_id, lock=True)
        if job["status"] in TERMINAL:
            return {"status": "unchanged", "job_id": str(staged.job_id)}
        plant = plant_settings(tx)
        counts = load(tx, self.registry, staged, plant, stream, has_source_id)
        event = DataNormalized(
            tenant_id=staged.tenant_id, occurred_at=self.clock.now(), correlation_id=staged.correlation_id,
            job_id=staged.job_id, entity_type=staged.entity, successful_records=counts.written,
            failed_records=job["failed_records"] + counts.rejected, duplicate_records=counts.duplicates,
        )  # fmt: skip
        status = _finish(tx, staged.job_id, job, counts)
        record(tx, event)
        return {"status": status, "job_id": str(staged.job_id), "entity": staged.entity, **counts.model_dump()}


def _job(tx: Tx, job_id: UUID, *, lock: bool = False) -> Row:
    row = tx.one(
        "SELECT status, total_records, failed_records FROM staging.ingestion_jobs WHERE id = :id"
        + (" FOR UPDATE" if lock else ""),
        id=job_id,
    )
    if row is None:
        raise ValidationFailed(f"There is no ingestion job {job_id} of this tenant.", field="job_id", value=job_id)
    return row


def _finish(tx: Tx, job_id: UUID, job: Row, counts: Counts) -> str:
    failed = job["failed_records"] + counts.rejected
    total = job["total_records"]
    status = "completed" if failed == 0 else "failed" if failed == total else "partially_failed"
    summary = None if status == "completed" else f"{failed} of {total} records were not loaded; see the rejects."
    tx.execute(
        """UPDATE staging.ingestion_jobs SET status = :status, successful_records = :written,
               duplicate_records = :duplicates, failed_records = :failed, error_summary = :summary,
               error_code = CASE WHEN :status = 'failed' THEN 'all_records_rejected' END,
               completed_at = now(), updated_at = now(), row_version = row_version + 1
           WHERE id = :id""",
        id=job_id, status=status, written=counts.written, duplicates=counts.duplicates, failed=failed,
        summary=summary,
    )  # fmt: skip
    return status
