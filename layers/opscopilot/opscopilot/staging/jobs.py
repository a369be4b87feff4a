"""The life of an ingestion job up to the hand-over: claimed, staged or failed. Every step may happen twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.ids import derived_id, uuid7
from opscopilot.staging.landing import Landing
from opscopilot.staging.refusal import NeedsMapping

TERMINAL = frozenset({"completed", "partially_failed", "failed", "cancelled"})


@dataclass(frozen=True)
class LogEntry:
    """One line of a job's log, for people. `level` is info, warning or error."""

    level: str
    code: str
    message: str
    field: str | None = None
    raw_value: str | None = None


@dataclass(frozen=True)
class Claim:
    """A job that is ours to work on. `entity` was asked for, `confirmed` is the mapping a person confirmed for
    this job only; `staged` is the hand-over of a work done before."""

    job_id: UUID
    entity: str | None
    staged: dict[str, Any] | None
    confirmed: dict[str, Any] | None = None


@dataclass(frozen=True)
class Staged:
    """What ends the ingest of a job."""

    entity: str
    score: float | None
    mapping: dict[str, Any]
    total: int
    failed: int
    staged_key: str
    sha256: str
    parts: int = 1


def claim(tx: Tx, landing: Landing) -> Claim | None:
    """Take the job of this object; None when it is over for this very version of the object."""
    for job_id in dict.fromkeys((landing.job_id, landing.another_job_id)):
        taken = _take(tx, landing, job_id)
        if taken is not None:
            return taken
        if _is_over(tx, job_id, landing.version):
            return None
    return None


def claim_table(tx: Tx, landing: Landing, parent: UUID, name: str) -> Claim | None:
    """Take the job of a further table of the object (a sheet, a member of an archive); None when it is over."""
    return _take(tx, landing, derived_id(str(parent), name), parent, name)


def has_open_tables(tx: Tx, landing: Landing) -> bool:
    """Whether a further table of this object still has work to do (a person has just said what it holds)."""
    return bool(
        tx.scalar(
            """SELECT EXISTS (SELECT 1 FROM staging.ingestion_jobs WHERE parent_job_id = ANY(CAST(:ids AS uuid[]))
                   AND object_version = :version AND status IN ('pending', 'running', 'needs_mapping'))""",
            ids=[str(landing.job_id), str(landing.another_job_id)],
            version=landing.version,
        )
    )


def parent_of(tx: Tx, landing: Landing) -> UUID:
    """The job of this version of the object, whose first table is done already."""
    known = tx.scalar(
        "SELECT id FROM staging.ingestion_jobs WHERE id = ANY(CAST(:ids AS uuid[])) AND object_version = :version",
        ids=[str(landing.job_id), str(landing.another_job_id)], version=landing.version,
    )  # fmt: skip
    return UUID(str(known)) if known else landing.job_id


def _take(tx: Tx, landing: Landing, job_id: UUID, parent: UUID | None = None, table: str | None = None) -> Claim | None:
    name = f"{landing.file_name} › {table}" if table else landing.file_name
    row = tx.one(
        """INSERT INTO staging.ingestion_jobs AS j (tenant_id, id, source_system, status, file_name, bucket, object_key,
               object_version, size_bytes, started_at, parent_job_id, table_name)
           VALUES (:tenant, :id, :system, 'running', :file, :bucket, :key, :version, :size, now(), :parent, :table)
           ON CONFLICT (tenant_id, id) DO UPDATE SET status = 'running', bucket = :bucket, object_key = :key,
               object_version = :version, size_bytes = :size, updated_at = now(),
               started_at = coalesce(j.started_at, now()), row_version = j.row_version + 1
           WHERE j.status IN ('pending', 'running', 'needs_mapping')
           RETURNING entity_type, mapping, staged_key""",
        tenant=landing.tenant_id, id=job_id, system=landing.source_system, file=name, bucket=landing.bucket,
        key=landing.key, version=landing.version, size=landing.size, parent=parent, table=table,
    )  # fmt: skip
    if row is None:
        return None
    mapping = row["mapping"] or {}
    done = mapping.get("hand_over") if row["staged_key"] else None
    return Claim(job_id, row["entity_type"], done, mapping.get("confirmed"))


def _is_over(tx: Tx, job_id: UUID, version: str) -> bool:
    known = tx.scalar("SELECT object_version FROM staging.ingestion_jobs WHERE id = :id", id=job_id)
    return known in (None, version)


def wait_for_mapping(tx: Tx, job_id: UUID, refusal: NeedsMapping, sha256: str) -> bool:
    """The job waits for a person to say what the file holds; False when it was over already."""
    changed = tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'needs_mapping', error_code = :code, error_summary = :message,
               mapping = coalesce(mapping, '{}') || jsonb_build_object('proposal', CAST(:proposal AS jsonb)),
               sha256 = :sha256, updated_at = now(), row_version = row_version + 1
           WHERE id = :id AND status IN ('pending', 'running')""",
        id=job_id, code=refusal.code, message=refusal.message, sha256=sha256,
        proposal=json.dumps(refusal.proposal),
    )  # fmt: skip
    if changed:
        add_log(tx, job_id, [LogEntry("warning", refusal.code, refusal.message)])
    return bool(changed)


def finish(tx: Tx, job_id: UUID, staged: Staged) -> bool:
    """The job is staged and waits for normalize; False when somebody else was faster."""
    changed = tx.execute(
        """UPDATE staging.ingestion_jobs SET entity_type = :entity, entity_score = :score,
               mapping = coalesce(mapping, '{}') || CAST(:mapping AS jsonb), total_records = :total,
               failed_records = :failed, parts = :parts, error_code = NULL, error_summary = NULL,
               staged_key = :staged_key, sha256 = :sha256, updated_at = now(), row_version = row_version + 1
           WHERE id = :id AND status = 'running' AND staged_key IS NULL""",
        id=job_id, entity=staged.entity, score=staged.score, mapping=json.dumps(staged.mapping),
        total=staged.total, failed=staged.failed, parts=staged.parts, staged_key=staged.staged_key, sha256=staged.sha256,
    )  # fmt: skip
    return bool(changed)


def give_up(tx: Tx, job_id: UUID, staged: Staged, code: str, message: str) -> bool:
    """End a job of which no record is right; False when it had ended already."""
    return fail(
        tx, job_id, code, message, entity=staged.entity, mapping=staged.mapping, score=staged.score,
        total=staged.total, sha256=staged.sha256,
    )  # fmt: skip


def fail(
    tx: Tx, job_id: UUID, code: str, message: str, *, entity: str | None = None, mapping: dict[str, Any] | None = None,
    score: float | None = None, total: int | None = None, sha256: str | None = None,
) -> bool:  # fmt: skip
    """End the job as failed with a message for people; False when it had ended already. `total` records failed."""
    changed = tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'failed', error_code = :code, error_summary = :message,
               entity_type = coalesce(:entity, entity_type), entity_score = coalesce(:score, entity_score),
               mapping = coalesce(mapping, '{}') || coalesce(CAST(:mapping AS jsonb), '{}'), sha256 = coalesce(:sha256, sha256),
               total_records = coalesce(:total, total_records), failed_records = coalesce(:total, failed_records),
               completed_at = now(), updated_at = now(), row_version = row_version + 1
           WHERE id = :id AND status IN ('pending', 'running')""",
        id=job_id, code=code, message=message, entity=entity, score=score, total=total, sha256=sha256,
        mapping=json.dumps(mapping) if mapping is not None else None,
    )  # fmt: skip
    if changed:
        add_log(tx, job_id, [LogEntry("error", code, message)])
    return bool(changed)


def clear(tx: Tx, job_id: UUID) -> None:
    """Forget what an earlier, broken run of this job left behind."""
    tx.execute("DELETE FROM staging.staging_data WHERE job_id = :job", job=job_id)
    tx.execute("DELETE FROM staging.ingestion_log_entries WHERE job_id = :job", job=job_id)
    tx.execute("DELETE FROM staging.job_parts WHERE job_id = :job", job=job_id)


def add_log(tx: Tx, job_id: UUID, entries: list[LogEntry]) -> None:
    """Write lines to the job's log, in order."""
    first = uuid7().int  # ids count up from here: the log is read in their order
    for number, one in enumerate(entries):
        tx.execute(
            """INSERT INTO staging.ingestion_log_entries (tenant_id, job_id, id, level, code, field, message, raw_value)
               VALUES (:tenant, :job, :id, :level, :code, :field, :message, :raw)""",
            tenant=tx.tenant_id, job=job_id, id=UUID(int=first + number), level=one.level, code=one.code,
            field=one.field, message=one.message, raw=one.raw_value,
        )  # fmt: skip
