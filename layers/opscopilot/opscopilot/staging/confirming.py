"""A person says how a file is read: checked against the catalogue and the file's columns, kept, and run again."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.recognition import carried, needed
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.kernel.ids import derived_id
from opscopilot.staging import drifting, remembering
from opscopilot.staging.mapping import ColumnSource, FileMapping

_ETAG = re.compile(r"[0-9a-f]{32}(-\d+)?")
_COLUMNS = """id, status, file_name, source_system, entity_type, mapping, bucket, object_key, object_version, size_bytes,
    created_at"""


class JobMapping(BaseModel):
    """How a job's file is read: proposed, while a person has to say, or used."""

    job_id: UUID
    status: str
    file_name: str
    source_system: str
    entity: str | None
    how: str | None = Field(description="confirmed, remembered, asked for, recognised; none while it waits.")
    proposal: dict[str, Any] | None = Field(
        description="headers, sample, candidates (entity, title, score, columns, missing, unknown), reason"
    )
    mapping: FileMapping | None = Field(description="The mapping that was used, or confirmed and is about to be.")
    pattern: str = Field(description="The pattern under which a confirmed mapping is remembered.")


def job_of(tx: Tx, job_id: UUID, *, lock: bool = False) -> dict[str, Any]:
    """The job's row; NotFound where the tenant has none."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM staging.ingestion_jobs WHERE id = :id" + (" FOR UPDATE" if lock else ""), id=job_id
    )
    if row is None:
        raise NotFound(f"There is no job '{job_id}'.", field="job_id", value=str(job_id))
    return row


def shown(row: dict[str, Any]) -> JobMapping:
    """What is known about how a job's file is read."""
    told = row["mapping"] or {}
    waits = row["status"] == "needs_mapping"
    used = told.get("confirmed") if waits else (told.get("recipe") or {}).get("mapping") or told.get("confirmed")
    return JobMapping(
        job_id=row["id"], status=row["status"], file_name=row["file_name"], source_system=row["source_system"],
        entity=row["entity_type"], how=None if waits else told.get("how"), proposal=told.get("proposal"),
        mapping=FileMapping.model_validate(used) if used else None, pattern=remembering.pattern_of(row["file_name"]),
    )  # fmt: skip


def check(registry: Registry, mapping: FileMapping, headers: list[str]) -> None:
    """ValidationFailed, with every fault, for a mapping that the catalogue or the file's columns do not bear out."""
    entity = registry.get(mapping.entity)
    if entity is None:
        raise ValidationFailed(
            f"There is no entity '{mapping.entity}'.", field="entity", value=mapping.entity,
            expected="one of: " + ", ".join(registry.names()),
        )  # fmt: skip
    fields = carried(entity, registry)
    errors: list[dict[str, Any]] = [
        {"field": f"columns.{name}", "value": name, "expected": "one of: " + ", ".join(fields)}
        for name in mapping.columns if name not in fields
    ]  # fmt: skip
    absent = set(drifting.absent(mapping, headers))
    has = "one of the file's columns: " + ", ".join(name for name in headers if name)
    for name in mapping.columns:
        errors += [
            {"field": f"columns.{name}", "value": column, "expected": has}
            for column in _columns_of(mapping.source(name)) if column in absent
        ]  # fmt: skip
    errors += [
        {"field": "skip_when", "value": rule.column, "expected": has}
        for rule in mapping.skip_when if rule.column in absent
    ]  # fmt: skip
    if mapping.source_id in absent:
        errors.append({"field": "source_id", "value": mapping.source_id, "expected": has})
    errors += [
        {"field": f"columns.{name}", "value": None,
         "expected": f"{fields[name].label}: a column of the file, or a fixed value, with {fields[name].expected}"}
        for name in needed(entity, registry) if name not in mapping.columns
    ]  # fmt: skip
    if errors:
        first = errors[0]
        raise ValidationFailed(
            "The mapping does not fit.", field=first["field"], value=first["value"], expected=first["expected"],
            errors=errors,
        )  # fmt: skip


def _columns_of(source: ColumnSource) -> list[str]:
    found = [source.column] if source.column else re.findall(r"\{([^{}]+)\}", source.template or "")
    return [*found, *([source.per] if source.per else [])]


def confirm(
    tx: Tx, registry: Registry, job_id: UUID, mapping: FileMapping, *, remember: bool, by: str
) -> tuple[UUID, dict[str, Any]]:
    """Keep the confirmed mapping; the id and the event to run the job's object again with.

    The same mapping again has the same id, so it runs once. Conflict when the job no longer waits for a mapping.
    """
    row = job_of(tx, job_id, lock=True)
    told = row["mapping"] or {}
    headers = (told.get("proposal") or {}).get("headers")
    chosen = mapping.model_copy(update={"headers": [name for name in headers or [] if name]})
    document = chosen.model_dump(mode="json", exclude_defaults=True)
    said_before = told.get("confirmed") == document
    if row["status"] != "needs_mapping" and not said_before:
        raise Conflict(
            f"Job '{job_id}' does not wait for a mapping: it is {row['status']}.", code="not_waiting", field="job_id",
            value=str(job_id), expected="a job with status needs_mapping",
        )  # fmt: skip
    if headers is None:
        raise Conflict(f"Job '{job_id}' has no proposal.", code="not_waiting", field="job_id", value=str(job_id),
                       expected="a job whose file could be read")  # fmt: skip
    check(registry, chosen, headers)
    if not said_before:
        tx.execute(
            """UPDATE staging.ingestion_jobs SET mapping = mapping || jsonb_build_object('confirmed',
                   CAST(:confirmed AS jsonb)), updated_at = now(), row_version = row_version + 1 WHERE id = :id""",
            id=job_id, confirmed=json.dumps(document),
        )  # fmt: skip
        if remember:
            remembering.save(tx, row["source_system"], chosen, by)
    return derived_id("confirmed", str(job_id), json.dumps(document, sort_keys=True)), event_of(row)


def event_of(row: dict[str, Any]) -> dict[str, Any]:
    """The event of the job's object, as S3 sends it."""
    version = row["object_version"] or ""
    known = {"etag": version} if _ETAG.fullmatch(version) else {"version-id": version}
    created: datetime = row["created_at"]
    return {
        "version": "0", "id": str(derived_id("again", str(row["id"]))), "source": "aws.s3",
        "detail-type": "Object Created", "time": created.isoformat(),
        "detail": {
            "bucket": {"name": row["bucket"]},
            "object": {"key": row["object_key"], "size": row["size_bytes"] or 0, **known},
            "reason": "MappingConfirmed",
        },
    }  # fmt: skip
