"""The parts of a receipt: what was recognised, what is wrong, what waits, how fresh an entity is, how far it got."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Row, Tx

EXAMPLES = 3
MAX_FAULTS = 12
MAX_WAITS = 12


class ReadColumn(BaseModel):
    """A field and where its values come from."""

    field: str
    label: str
    source: str | None = Field(description="The file's column; null for a constant or a setting.")
    notes: list[str] = Field(description="How its values were read: layout of dates, decimal sign, percent.")


class Recognised(BaseModel):
    """What the file was taken for, and why."""

    entity: str
    title: str
    how: str | None = Field(description="recognised, remembered, confirmed, asked for …", examples=["recognised"])
    why: list[str] = Field(description="Why it was taken for this.", examples=[["12 of 14 columns are known for skus"]])
    system: str | None = Field(description="The system whose headers these are.", examples=["sap"])
    score: float | None
    columns: list[ReadColumn]
    unmapped: list[str] = Field(description="Columns of the file that were not kept.")


class Example(BaseModel):
    """One wrong value, as it came."""

    record_no: int
    row: int | None = Field(description="Line or row of the file in which the record starts.")
    raw_value: str | None
    message: str
    expected: str | None = Field(description="What would be right.")


class Fault(BaseModel):
    """A kind of error, how often it occurred, and a few examples."""

    code: str
    field: str | None
    records: int
    waiting: int = Field(description="Of those, records that load by themselves once what they refer to is there.")
    examples: list[Example]


class Wait(BaseModel):
    """What waiting records wait for."""

    code: str
    field: str | None
    value: str | None = Field(description="The code that is not known yet.")
    records: int


class Freshness(BaseModel):
    """When an entity was last loaded, and from what. `loaded_at` null = never."""

    entity: str
    title: str
    loaded_at: datetime | None
    job_id: UUID | None
    file_name: str | None
    source_system: str | None
    records: int | None = Field(description="Records of that load, new, changed or known.")


class Progress(BaseModel):
    """How far a running job is. A large file is cut into parts that are checked and then loaded in order."""

    parts: int
    parts_checked: int
    parts_loaded: int
    records: int = Field(description="Records read so far.")


class Child(BaseModel):
    """Another table of the same file: a sheet, a member of an archive."""

    job_id: UUID
    table_name: str | None
    file_name: str
    entity_type: str | None
    status: str
    total_records: int
    failed_records: int


class Replay(BaseModel):
    """Corrections that were sent in. `done`: loaded, or nothing of it could be."""

    id: str
    status: Literal["pending", "staged", "done", "failed"]
    records: int = Field(description="Records that were tried again.")
    corrected: int = Field(description="Of these, records with new values.")
    staged_records: int = Field(description="Records that passed the checks and went on to be loaded.")
    loaded_records: int
    failed_records: int
    error_summary: str | None
    requested_by: str | None
    created_at: datetime


def recognised(registry: Registry | None, row: Row) -> Recognised | None:
    """What ingest noted about the file; None while nothing is known."""
    mapping, name = row["mapping"] or {}, row["entity_type"]
    if not name or "columns" not in mapping:
        return None
    entity = registry.get(name) if registry else None
    labels = {one.name: one.label for one in entity.fields} if entity else {}
    columns = [
        ReadColumn(field=field, label=labels.get(field) or field.replace("_", " "), source=one.get("from"),
                   notes=_notes(one))
        for field, one in mapping["columns"].items()
    ]  # fmt: skip
    return Recognised(
        entity=name, title=entity.title if entity else name.replace("_", " "), how=mapping.get("how"),
        why=mapping.get("why") or [], system=mapping.get("system"), score=row["entity_score"], columns=columns,
        unmapped=mapping.get("unmapped") or [],
    )  # fmt: skip


def _notes(one: dict[str, Any]) -> list[str]:
    notes = []
    if one.get("by") == "source_id":
        notes.append("the other system's own id")
    if one.get("dates"):
        notes.append(f"dates {one['dates']}")
    if one.get("decimal"):
        notes.append(f"decimal '{one['decimal']}'")
    if one.get("percent"):
        notes.append("percent")
    return notes


def faults(tx: Tx, job_id: UUID, kinds: int = MAX_FAULTS) -> list[Fault]:
    """The kinds of errors of the job's open rejects, the most frequent first, each with its first examples."""
    rows = tx.rows(
        f"""WITH faults AS (
                SELECT d.record_no, d.validation_status, d.raw_data ->> 'source_row' AS source_row, e.value AS error
                FROM staging.staging_data d CROSS JOIN LATERAL jsonb_array_elements(d.errors) e
                WHERE d.job_id = :id AND d.validation_status IN ('invalid', 'pending')
            ), ranked AS (
                SELECT *, row_number() OVER (PARTITION BY error ->> 'code', error ->> 'field' ORDER BY record_no) AS nth
                FROM faults
            )
            SELECT error ->> 'code' AS code, error ->> 'field' AS field, count(DISTINCT record_no) AS records,
                count(DISTINCT record_no) FILTER (WHERE validation_status = 'pending') AS waiting,
                jsonb_agg(error || jsonb_build_object('record_no', record_no, 'row', source_row) ORDER BY record_no)
                    FILTER (WHERE nth <= {EXAMPLES}) AS examples
            FROM ranked GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :kinds""",
        id=job_id,
        kinds=kinds,
    )
    return [
        Fault(code=row["code"] or "unknown", field=row["field"], records=row["records"], waiting=row["waiting"],
              examples=[_example(one) for one in row["examples"]])
        for row in rows
    ]  # fmt: skip


def _example(error: dict[str, Any]) -> Example:
    row = error.get("row")
    return Example(
        record_no=error["record_no"], row=int(row) if row and str(row).isdigit() else None,
        raw_value=_text(error.get("raw_value")), message=str(error.get("message") or ""),
        expected=_text(error.get("expected")),
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:500]


def waits(tx: Tx, job_id: UUID) -> list[Wait]:
    """What the job's waiting records wait for, the most wanted first."""
    rows = tx.rows(
        f"""SELECT e.value ->> 'code' AS code, e.value ->> 'field' AS field, e.value ->> 'raw_value' AS value,
                count(DISTINCT d.record_no) AS records
            FROM staging.staging_data d CROSS JOIN LATERAL jsonb_array_elements(d.errors) e
            WHERE d.job_id = :id AND d.validation_status = 'pending'
            GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT {MAX_WAITS}""",
        id=job_id,
    )
    return [Wait.model_validate(row) for row in rows]


_LOADED = """SELECT DISTINCT ON (entity_type) entity_type AS entity, completed_at AS loaded_at, id AS job_id, file_name,
        source_system, successful_records + duplicate_records AS records
    FROM staging.ingestion_jobs
    WHERE status IN ('completed', 'partially_failed') AND entity_type IS NOT NULL AND {where}
    ORDER BY entity_type, completed_at DESC"""


def freshness(tx: Tx, registry: Registry | None, entity: str | None = None) -> list[Freshness]:
    """When each entity (or one) was last loaded, in the catalogue's order; entities never loaded included."""
    where = "entity_type = :entity" if entity else "true"
    found = {
        row["entity"]: row for row in tx.rows(_LOADED.format(where=where), **({"entity": entity} if entity else {}))
    }
    names = [entity] if entity else list(registry.names()) if registry else sorted(found)
    never = {"loaded_at": None, "job_id": None, "file_name": None, "source_system": None, "records": None}
    return [
        Freshness.model_validate({"entity": name, **never, **found.get(name, {}), "title": _title(registry, name)})
        for name in names
    ]


def _title(registry: Registry | None, name: str) -> str:
    entity = registry.get(name) if registry else None
    return entity.title if entity else name.replace("_", " ")


def progress(tx: Tx, row: Row) -> Progress | None:
    """How far the job is; None unless it runs."""
    if row["status"] != "running":
        return None
    done = tx.one(
        """SELECT count(*) FILTER (WHERE status IN ('staged', 'loaded')) AS checked,
               count(*) FILTER (WHERE status = 'loaded') AS loaded, coalesce(sum(total_records), 0) AS records
           FROM staging.job_parts WHERE job_id = :id""",
        id=row["id"],
    )  # fmt: skip
    assert done is not None
    return Progress(
        parts=row["parts"], parts_checked=done["checked"], parts_loaded=done["loaded"],
        records=max(int(done["records"]), row["total_records"]),
    )  # fmt: skip


def children(tx: Tx, job_id: UUID) -> list[Child]:
    """The jobs of the other tables of the job's file."""
    rows = tx.rows(
        """SELECT id AS job_id, table_name, file_name, entity_type, status, total_records, failed_records
           FROM staging.ingestion_jobs WHERE parent_job_id = :id ORDER BY created_at, id LIMIT 200""", id=job_id,
    )  # fmt: skip
    return [Child.model_validate(row) for row in rows]


_REPLAY = """SELECT id, status, records, corrected, staged_records, loaded_records, failed_records, error_summary,
    requested_by, created_at FROM staging.replays WHERE job_id = :job"""


def replays(tx: Tx, job_id: UUID) -> list[Replay]:
    """What was sent in to correct the job's rejects, latest first."""
    return [
        Replay.model_validate(row) for row in tx.rows(f"{_REPLAY} ORDER BY created_at DESC, id LIMIT 50", job=job_id)
    ]


def replay(tx: Tx, job_id: UUID, replay_id: str) -> Replay | None:
    """One replay of the job."""
    row = tx.one(f"{_REPLAY} AND id = :id", job=job_id, id=replay_id.replace("\0", ""))
    return Replay.model_validate(row) if row else None
