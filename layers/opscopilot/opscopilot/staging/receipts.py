"""Reading jobs: the list, the receipt of one, what it did not load and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, encode_cursor

JobStatus = Literal["pending", "running", "needs_mapping", "completed", "partially_failed", "failed", "cancelled"]
_COLUMNS = """id, file_name, entity_type, entity_score, status, source_system, source_type, mode, total_records,
    successful_records, failed_records, duplicate_records, error_code, error_summary, requested_by, size_bytes,
    created_at, started_at, completed_at"""


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


class LogLine(BaseModel):
    """A line of a job's log."""

    level: Literal["info", "warning", "error"]
    code: str
    message: str
    field: str | None
    raw_value: str | None
    created_at: datetime


class Receipt(Job):
    """A job with everything a planner wants to know about the file."""

    entity_title: str | None
    rejects_by_code: dict[str, int] = Field(description="Records not loaded, by their first fault.")
    waiting_records: int = Field(description="Of those, records that only wait for a reference or a unit factor.")
    read_as: dict[str, Any] | None = Field(description="Encoding, header row, and which column became which field.")
    log: list[LogLine]


class Reject(BaseModel):
    """A record that was not loaded, as it came, with what is wrong with it."""

    record_no: int = Field(description="Number of the record in the file, from 1.")
    entity_type: str
    validation_status: str = Field(description="invalid, or pending while it waits for something else")
    natural_key: str | None
    raw_data: dict[str, Any]
    errors: list[dict[str, Any]] = Field(description="field, code, message, raw_value, expected")


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
    page = rows[:limit]
    more = encode_cursor([page[-1]["created_at"].isoformat(), page[-1]["id"]]) if len(rows) > limit else None
    return Page[Job](items=[Job.model_validate(row) for row in page], next_cursor=more, total=total)


def _row(tx: Tx, job_id: UUID, columns: str = _COLUMNS) -> dict[str, Any]:
    row = tx.one(f"SELECT {columns} FROM staging.ingestion_jobs WHERE id = :id", id=job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.", field="job_id", value=job_id)
    return row


def job(tx: Tx, job_id: UUID) -> Job:
    """The job; NotFound otherwise."""
    return Job.model_validate(_row(tx, job_id))


def receipt(tx: Tx, registry: Registry | None, job_id: UUID) -> Receipt:
    """The job with its rejects by code and its log."""
    row = _row(tx, job_id, f"{_COLUMNS}, mapping")
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
    entity = registry.get(row["entity_type"] or "") if registry else None
    mapping = row["mapping"] or None
    return Receipt.model_validate({
        **row, "entity_title": entity.title if entity else None,
        "rejects_by_code": {one["code"]: one["n"] for one in counted},
        "waiting_records": sum(one["waiting"] for one in counted), "log": log,
        "read_as": {name: value for name, value in mapping.items() if name != "hand_over"} if mapping else None,
    })  # fmt: skip


def rejects(tx: Tx, job_id: UUID, *, code: str | None, cursor: str | None, limit: int) -> Page[Reject]:
    """What the job did not load, in the order of the file."""
    _row(tx, job_id, "id")
    where = "job_id = :id AND validation_status IN ('invalid', 'pending')"
    params: dict[str, Any] = {"id": job_id}
    if code is not None:
        where += " AND errors @> jsonb_build_array(jsonb_build_object('code', CAST(:code AS text)))"
        params["code"] = code
    total = tx.scalar(f"SELECT count(*) FROM staging.staging_data WHERE {where}", **params)
    after = int(decode_cursor(cursor, 1)[0]) if cursor else 0
    rows = tx.rows(
        f"""SELECT record_no, entity_type, validation_status, natural_key, raw_data, errors
            FROM staging.staging_data WHERE {where} AND record_no > :after ORDER BY record_no LIMIT :rows""",
        **params, after=after, rows=limit + 1,
    )  # fmt: skip
    page = [Reject.model_validate(row) for row in rows[:limit]]
    more = encode_cursor([page[-1].record_no]) if len(rows) > limit else None
    return Page[Reject](items=page, next_cursor=more, total=total)
