"""Reading jobs: the list, and the receipt of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.staging import receipt_parts as parts
from opscopilot.staging.change_words import sentence

JobStatus = Literal["pending", "running", "needs_mapping", "completed", "partially_failed", "failed", "cancelled"]
_COLUMNS = """id, file_name, entity_type, entity_score, status, source_system, source_type, mode, total_records,
    successful_records, failed_records, duplicate_records, error_code, error_summary, requested_by, size_bytes,
    created_at, started_at, completed_at, table_name, parent_job_id"""
_ASIDE = ("hand_over", "recipe", "proposal", "confirmed")
"""Parts of a job's mapping that are for machines, or shown elsewhere."""


class Job(BaseModel):
    """The work on one file. When it is over: total = successful + failed + duplicate."""

    id: UUID
    file_name: str = Field(examples=["MARA_materials.csv.gz"])
    entity_type: str | None = Field(description="What the file was taken for; null while unknown.", examples=["sku"])
    entity_score: float | None = Field(description="How sure the recognition was, 0-1; null when it was told.")
    status: JobStatus
    source_system: str
    source_type: str
    mode: str
    total_records: int
    successful_records: int
    failed_records: int
    duplicate_records: int
    error_code: str | None
    error_summary: str | None
    requested_by: str | None
    size_bytes: int | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    table_name: str | None = Field(description="The sheet or member of the file, where it has several.")
    parent_job_id: UUID | None = Field(description="The job of the first table of the same file.")


class LogLine(BaseModel):
    """A line of a job's log."""

    level: Literal["info", "warning", "error"]
    code: str
    message: str
    field: str | None
    raw_value: str | None
    created_at: datetime


class Counts(BaseModel):
    """What became of the records: total = loaded + duplicates + failed; loaded = inserted + updated + unchanged."""

    total: int
    loaded: int
    inserted: int
    updated: int
    unchanged: int
    duplicates: int
    failed: int
    waiting: int = Field(description="Of the failed ones, those that only wait for a reference or a unit factor.")
    deactivated: int = Field(description="Rows that a full extract no longer has.")


class Receipt(Job):
    """A job with everything a planner wants to know about the file."""

    headline: str = Field(default="", description="What became of the file, in one line.")
    entity_title: str | None
    recognised: parts.Recognised | None
    counts: Counts
    rejects_by_code: dict[str, int] = Field(description="Records not loaded, by their first fault.")
    waiting_records: int = Field(description="Of those, records that only wait for a reference or a unit factor.")
    faults: list[parts.Fault] = Field(description="Kinds of errors, the most frequent first, with examples.")
    waits_for: list[parts.Wait]
    changes: list[dict[str, Any]] = Field(
        description="What the load changed downstream: what, entity, count, examples, and the sentence."
    )
    freshness: parts.Freshness | None = Field(description="When this entity was last loaded.")
    progress: parts.Progress | None = Field(description="While it runs.")
    children: list[parts.Child] = Field(description="Jobs of the other tables of this file.")
    replays: list[parts.Replay]
    proposal: dict[str, Any] | None = Field(description="When it waits for a mapping: what we would take it for.")
    read_as: dict[str, Any] | None = Field(description="Encoding, header row, and which column became which field.")
    log: list[LogLine]
    links: dict[str, str]


def jobs(
    tx: Tx, *, status: str | None, entity: str | None, source_system: str | None, cursor: str | None, limit: int
) -> Page[Job]:
    """Jobs, latest first."""
    tests, params = ["true"], dict[str, Any]()
    for name, value in (("status", status), ("entity_type", entity), ("source_system", source_system)):
        if value is not None:
            tests.append(f"{name} = :{name}")
            params[name] = value
    where = " AND ".join(tests)
    total = tx.scalar(f"SELECT count(*) FROM staging.ingestion_jobs WHERE {where}", **params)
    after = "true"
    if cursor is not None:
        at, last = decode_cursor(cursor, 2)
        after = "(created_at, id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))"
        params |= {"at": str(at), "last": str(last)}
    rows = tx.rows(
        f"SELECT {_COLUMNS} FROM staging.ingestion_jobs WHERE {where} AND {after} "
        f"ORDER BY created_at DESC, id DESC LIMIT :rows", **params, rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("created_at", "id"), Job.model_validate)


def job_row(tx: Tx, job_id: UUID, columns: str = _COLUMNS, *, lock: bool = False) -> Row:
    """Columns of a job; NotFound when the tenant has no such job."""
    row = tx.one(
        f"SELECT {columns} FROM staging.ingestion_jobs WHERE id = :id" + (" FOR UPDATE" if lock else ""), id=job_id
    )
    if row is None:
        raise NotFound(f"There is no job {job_id}.", field="job_id", value=job_id)
    return row


def job(tx: Tx, job_id: UUID) -> Job:
    """The job; NotFound otherwise."""
    return Job.model_validate(job_row(tx, job_id))


def receipt(tx: Tx, registry: Registry | None, job_id: UUID) -> Receipt:
    """The job with all that is known about it. Without a registry names stand where titles would."""
    row = job_row(
        tx, job_id, f"{_COLUMNS}, mapping, parts, inserted_records, updated_records, deactivated_records, changes"
    )
    counted = tx.rows(
        """SELECT coalesce(errors -> 0 ->> 'code', 'unknown') AS code, count(*) AS n,
               count(*) FILTER (WHERE validation_status = 'pending') AS waiting
           FROM staging.staging_data WHERE job_id = :id AND validation_status IN ('invalid', 'pending')
           GROUP BY 1 ORDER BY 2 DESC, 1""", id=job_id,
    )  # fmt: skip
    log = tx.rows(
        """SELECT level, code, message, field, raw_value, created_at FROM staging.ingestion_log_entries
           WHERE job_id = :id ORDER BY id LIMIT 200""", id=job_id,
    )  # fmt: skip
    mapping, waiting = row["mapping"] or None, sum(one["waiting"] for one in counted)
    entity = registry.get(row["entity_type"] or "") if registry else None
    return Receipt.model_validate({
        **row, "entity_title": entity.title if entity else None, "recognised": parts.recognised(registry, row),
        "counts": _counts(row, waiting), "rejects_by_code": {one["code"]: one["n"] for one in counted},
        "waiting_records": waiting, "faults": parts.faults(tx, job_id) if counted else [],
        "waits_for": parts.waits(tx, job_id) if waiting else [], "changes": [{**one, "sentence": sentence(one)} for one in row["changes"] or []],
        "freshness": _fresh(tx, registry, row["entity_type"]), "progress": parts.progress(tx, row),
        "children": parts.children(tx, job_id), "replays": parts.replays(tx, job_id), "log": log,
        "proposal": (mapping or {}).get("proposal") if row["status"] == "needs_mapping" else None,
        "read_as": {name: one for name, one in mapping.items() if name not in _ASIDE} if mapping else None,
        "links": _links(job_id, row["entity_type"]),
    })  # fmt: skip


def _fresh(tx: Tx, registry: Registry | None, entity: str | None) -> parts.Freshness | None:
    return parts.freshness(tx, registry, entity)[0] if entity else None


def _counts(row: Row, waiting: int) -> Counts:
    loaded, inserted, updated = row["successful_records"], row["inserted_records"], row["updated_records"]
    return Counts(
        total=row["total_records"], loaded=loaded, inserted=inserted, updated=updated,
        unchanged=max(loaded - inserted - updated, 0), duplicates=row["duplicate_records"],
        failed=row["failed_records"], waiting=waiting, deactivated=row["deactivated_records"],
    )  # fmt: skip


def _links(job_id: UUID, entity: str | None) -> dict[str, str]:
    base = f"/api/v1/jobs/{job_id}"
    return {
        "self": base, "page": f"{base}/receipt?format=html", "text": f"{base}/receipt?format=text",
        "rejects": f"{base}/rejects", "rejects_file": f"{base}/rejects/file?format=csv", "replay": f"{base}/replay",
        **({"lineage": f"/api/v1/lineage/{entity}/{{key}}"} if entity else {}),
    }  # fmt: skip


def cancel(tx: Tx, job_id: UUID, by: str) -> Job:
    """Call the job off; NotFound, or Conflict when it has ended. Ingest and normalize find it over and stop."""
    row = job_row(tx, job_id, lock=True)
    if row["status"] not in ("pending", "running", "needs_mapping"):
        raise Conflict(
            f"The job is {row['status']} already.", field="status", value=row["status"],
            expected="a job that is pending, running or waits for a mapping",
        )  # fmt: skip
    tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'cancelled', error_code = 'cancelled', error_summary = :said,
               completed_at = now(), updated_at = now(), row_version = row_version + 1 WHERE id = :id""",
        id=job_id, said=f"Called off by {by}.",
    )  # fmt: skip
    return job(tx, job_id)
