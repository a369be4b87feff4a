"""Records that wait are loaded by themselves once what they wait for has come in, by the very code of every load.

An order heals, then its lines do: what a round wrote is what the next one looks for. Each job heals under its own
name: its fields, its source, its counters; rows that a later file brought are not overwritten by an older record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.events import DataNormalized, record
from opscopilot.kernel.tenancy import plant_settings
from opscopilot.staging import jobs
from opscopilot.staging.jobs import LogEntry
from opscopilot.staging.loading import finish
from opscopilot.staging.loading.finish import Totals
from opscopilot.staging.loading.load import Loading
from opscopilot.staging.loading.model import Counts, StagedFile

MAX_ROUNDS = 20
"""Deeper than any chain of references; a chain that is longer goes on with the next load."""
BATCH = 20_000
ENDED = "('completed', 'partially_failed', 'failed')"


def hand_over(tenant_id: UUID, job_id: UUID, entity: str, mapping: dict[str, Any] | None) -> StagedFile | None:
    """What ingest handed over for the job; None for a job of before that was kept."""
    kept = (mapping or {}).get("hand_over") or {}
    found = (kept.get("load") or [None])[0] if "load" in kept else kept
    if not found or "fields" not in found:
        return None
    return StagedFile.model_validate(
        {"correlation_id": str(job_id), "staged_key": "", **found, "tenant_id": tenant_id, "job_id": job_id,
         "entity": entity, "part": None, "last": True, "replay": None, "full_extract": False}
    )  # fmt: skip


@dataclass
class Healer:
    """Loads waiting records; every job and batch in a transaction of its own."""

    database: Database
    registry: Registry
    clock: Clock

    def heal(self, tenant_id: UUID, wrote: set[str]) -> int:
        """Load what waits for rows of the entities in `wrote`; how many records are no longer waiting."""
        healed = 0
        for _ in range(MAX_ROUNDS):
            if not wrote:
                break
            with self.database.tenant(tenant_id) as tx:
                waiting = self._waiting(tx, wrote)
            written: set[str] = set()
            for job_id in waiting:
                healed += self._heal_job(tenant_id, job_id, wrote, written)
            wrote = written
        return healed

    def missed(self, tx: Tx, job_id: UUID) -> set[str]:
        """Entities this job's records wait for that were loaded at about the same time: neither saw the other."""
        names = set(tx.scalar(
            """SELECT array_agg(DISTINCT w) FROM staging.staging_data d, unnest(d.waits_for) w
               WHERE d.job_id = :job AND d.validation_status = 'pending'""", job=job_id,
        ) or ())  # fmt: skip
        if not names:
            return set()
        recent = set(tx.scalar(
            f"""SELECT array_agg(DISTINCT entity_type) FROM staging.ingestion_jobs
                WHERE id <> :job AND status IN {ENDED} AND updated_at > now() - interval '20 minutes'""", job=job_id,
        ) or ())  # fmt: skip
        parents = {one.parent for one in self.registry if one.name in recent and one.parent}
        return names & (recent | parents)

    def _waiting(self, tx: Tx, wrote: set[str]) -> list[UUID]:
        """Jobs with records that wait for one of these, in the order in which their entities load, oldest first."""
        rows = tx.rows(
            f"""SELECT d.job_id, d.entity_type FROM staging.staging_data d
                JOIN staging.ingestion_jobs j ON j.tenant_id = d.tenant_id AND j.id = d.job_id
                WHERE d.validation_status = 'pending' AND d.waits_for && CAST(:names AS text[]) AND j.status IN {ENDED}
                GROUP BY d.job_id, d.entity_type, j.completed_at, j.created_at
                ORDER BY j.completed_at, j.created_at, d.job_id""",
            names=sorted(wrote),
        )
        order = {name: number for number, name in enumerate(self.registry.names())}
        return [row["job_id"] for row in sorted(rows, key=lambda row: order.get(row["entity_type"], len(order)))]

    def _heal_job(self, tenant_id: UUID, job_id: UUID, wrote: set[str], written: set[str]) -> int:
        healed, after = 0, 0
        while after >= 0:
            with self.database.tenant(tenant_id) as tx:
                count, after = self._batch(tx, job_id, wrote, after, written)
                healed += count
        return healed

    def _batch(self, tx: Tx, job_id: UUID, wrote: set[str], after: int, written: set[str]) -> tuple[int, int]:
        """One batch of a job's waiting records: how many healed, and where to go on (-1: nowhere)."""
        row = finish.job(tx, job_id, lock=True)
        assert tx.tenant_id is not None
        staged = hand_over(tx.tenant_id, job_id, row["entity_type"], row["mapping"])
        if staged is None or row["status"] not in ENDED or self.registry.get(staged.entity) is None:
            return 0, -1
        loading = Loading(
            tx, self.registry, staged, plant_settings(tx), _has_source_id(tx, job_id),
            not_after=row["completed_at"] or row["created_at"],
        )  # fmt: skip
        loading.begin()
        total, last = _stage(tx, staged, wrote, after)
        if not total:
            return 0, -1
        counts = loading.write(total, again=True)
        if count := total - counts.rejected:
            adjust(tx, job_id, row, count, counts, loading)
            names = ", ".join(sorted(self.registry[name].title for name in wrote if self.registry.get(name)))
            jobs.add_log(tx, job_id, [LogEntry(
                "info", "healed", f"{count:,} records that had waited were loaded after all; new since then: {names}."
            )])  # fmt: skip
            announce(tx, staged, self.clock.now)
        written |= loading.wrote
        return count, last if total == BATCH else -1


def _has_source_id(tx: Tx, job_id: UUID) -> bool:
    """Whether the job's file told the other system's ids; if not, those that are stored stay."""
    return bool(tx.scalar(
        """SELECT EXISTS (SELECT 1 FROM staging.staging_data WHERE job_id = :job AND validation_status = 'pending'
               AND coalesce(transformed_data, raw_data) -> 'source_id' IS NOT NULL)""", job=job_id,
    ))  # fmt: skip


def _stage(tx: Tx, staged: StagedFile, wrote: set[str], after: int) -> tuple[int, int]:
    """Put waiting records into the temporary table of texts: how many, and the last one's number."""
    fields = "".join(f", r ->> '{name}'" for name in staged.fields)
    total = tx.execute(
        f"""INSERT INTO staged SELECT record_no, (r ->> 'source_row')::integer, r ->> 'source_id'{fields} FROM (
                SELECT record_no, coalesce(transformed_data, raw_data) AS r FROM staging.staging_data
                WHERE job_id = :job AND validation_status = 'pending' AND waits_for && CAST(:names AS text[])
                  AND record_no > :after ORDER BY record_no LIMIT :rows) waiting""",
        job=staged.job_id, names=sorted(wrote), after=after, rows=BATCH,
    )  # fmt: skip
    return total, int(tx.scalar("SELECT max(record_no) FROM staged") or 0)


def adjust(tx: Tx, job_id: UUID, row: dict[str, Any], loaded: int, counts: Counts, loading: Loading) -> Totals:
    """`loaded` of a job's kept records are loaded now: its counters and status follow."""
    now = Totals(
        row["total_records"], row["successful_records"] + counts.written, row["failed_records"] - loaded,
        row["duplicate_records"] + counts.duplicates,
    )  # fmt: skip
    finish.write_counters(tx, job_id, now, counts, finish.merged(row["changes"], loading.changes))
    finish.close(tx, job_id, now, again=True)
    return now


def announce(tx: Tx, staged: StagedFile, clock: Callable[[], datetime]) -> None:
    """Tell the others that the job's rows are in the canonical tables, with its counters as they are now."""
    row = finish.job(tx, staged.job_id)
    record(tx, DataNormalized(
        tenant_id=staged.tenant_id, occurred_at=clock(), correlation_id=staged.correlation_id, job_id=staged.job_id,
        entity_type=staged.entity, successful_records=row["successful_records"], failed_records=row["failed_records"],
        duplicate_records=row["duplicate_records"],
    ))  # fmt: skip
