"""Rejected records as work to do: found, filtered, counted; of one job, or of all."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.staging.receipts import job_row

RejectStatus = Literal["open", "invalid", "pending", "healed", "all"]
_STATUSES: dict[RejectStatus, str] = {
    "open": "('invalid', 'pending')", "invalid": "('invalid')", "pending": "('pending')", "healed": "('valid')",
    "all": "('invalid', 'pending', 'valid')",
}  # fmt: skip


class Reject(BaseModel):
    """A record that was not loaded, as it came, with what is wrong with it."""

    record_no: int = Field(description="Number of the record in the file, from 1.")
    row: int | None = Field(description="Line or row of the file in which it starts.")
    entity_type: str
    validation_status: str = Field(description="invalid; pending while it waits for something else; valid once healed")
    natural_key: str | None
    raw_data: dict[str, Any]
    errors: list[dict[str, Any]] = Field(description="field, code, message, raw_value, expected")


class OpenReject(Reject):
    """A reject with the job it belongs to."""

    job_id: UUID
    file_name: str
    source_system: str
    job_created_at: datetime


class RejectFilter(BaseModel):
    """Which rejects. `search` looks into the values of the record, its key and its wrong values."""

    code: str | None = None
    field: str | None = None
    status: RejectStatus = "open"
    search: str | None = None

    def where(self, alias: str = "d") -> tuple[str, dict[str, Any]]:
        """The condition on staging_data and its parameters."""
        tests, params = [f"{alias}.validation_status IN {_STATUSES[self.status]}"], dict[str, Any]()
        wanted = {name: value for name, value in (("code", self.code), ("field", self.field)) if value is not None}
        if wanted:
            pairs = ", ".join(f"'{name}', CAST(:{name} AS text)" for name in wanted)
            tests.append(f"{alias}.errors @> jsonb_build_array(jsonb_build_object({pairs}))")
            params |= wanted
        if self.search:
            params["search"] = "%" + _escaped(self.search) + "%"
            tests.append(
                f"({alias}.natural_key ILIKE :search OR EXISTS (SELECT 1 FROM jsonb_each_text({alias}.raw_data) v "
                f"WHERE v.key NOT IN ('record_no', 'source_row') AND v.value ILIKE :search))"
            )
        return " AND ".join(tests), params


def _escaped(text: str) -> str:
    """The text for LIKE, meaning itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")


_REJECT = """d.record_no, d.entity_type, d.validation_status, d.natural_key, d.raw_data, d.errors,
    d.raw_data ->> 'source_row' AS row"""


def _read(row: Row) -> Row:
    found = row["row"]
    return {**row, "row": int(found) if found and found.isdigit() and len(found) < 10 else None}


def rejects(tx: Tx, job_id: UUID, wanted: RejectFilter, *, cursor: str | None, limit: int) -> Page[Reject]:
    """What the job did not load, in the order of the file."""
    job_row(tx, job_id, "id")
    where, params = wanted.where()
    total = tx.scalar(f"SELECT count(*) FROM staging.staging_data d WHERE d.job_id = :id AND {where}",
                      **params, id=job_id)  # fmt: skip
    after = _number(decode_cursor(cursor, 1)[0]) if cursor else 0
    rows = tx.rows(
        f"""SELECT {_REJECT} FROM staging.staging_data d WHERE d.job_id = :id AND {where} AND d.record_no > :after
            ORDER BY d.record_no LIMIT :rows""",
        **params, id=job_id, after=after, rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("record_no",), lambda row: Reject.model_validate(_read(row)))


def _number(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def over_all_jobs(
    tx: Tx, wanted: RejectFilter, *, source_system: str | None, entity: str | None, cursor: str | None, limit: int
) -> Page[OpenReject]:
    """Rejects of every job of the tenant: the latest job first, inside a job in the order of the file."""
    where, params = wanted.where()
    for column, name, value in (("j.source_system", "system", source_system), ("d.entity_type", "entity", entity)):
        if value is not None:
            where += f" AND {column} = :{name}"
            params[name] = value
    tables = "staging.staging_data d JOIN staging.ingestion_jobs j ON j.tenant_id = d.tenant_id AND j.id = d.job_id"
    total = tx.scalar(f"SELECT count(*) FROM {tables} WHERE {where}", **params)
    after = "true"
    if cursor is not None:
        at, job_id, record_no = decode_cursor(cursor, 3)
        after = """(j.created_at < CAST(:at AS timestamptz) OR j.created_at = CAST(:at AS timestamptz)
            AND (j.id, d.record_no) > (CAST(:last_job AS uuid), :last))"""
        params |= {"at": str(at), "last_job": str(job_id), "last": _number(record_no)}
    rows = tx.rows(
        f"""SELECT {_REJECT}, j.id AS job_id, j.file_name, j.source_system, j.created_at AS job_created_at
            FROM {tables} WHERE {where} AND {after}
            ORDER BY j.created_at DESC, j.id, d.record_no LIMIT :rows""",
        **params, rows=limit + 1,
    )  # fmt: skip
    keys = ("job_created_at", "job_id", "record_no")
    return page(rows, limit, total, keys, lambda row: OpenReject.model_validate(_read(row)))
