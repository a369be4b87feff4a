"""What is told about where a row came from and what it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class FileRow(BaseModel):
    """A line of a file that a job took in."""

    job_id: UUID
    file_name: str | None = Field(description="Null when the job is no longer kept.")
    table_name: str | None = Field(description="The sheet, or the member of an archive.")
    source_system: str | None
    source_id: str | None = Field(default=None, description="The other system's own id of the row.")
    source_row: int | None = Field(description="The line in the file; null when the file had none (it lacked the row).")
    requested_by: str | None = Field(description="Who brought the file.")
    loaded_at: datetime | None
    object_key: str | None = Field(description="Where the file lies.")
    record: dict[str, Any] | None = Field(default=None, description="The record as it came, where it was kept.")


class ValueChange(BaseModel):
    """One field that changed."""

    field: str
    was: str | None
    became: str | None


class Step(BaseModel):
    """One change of the row: what, when, by which file, and whose values it replaced."""

    at: datetime
    kind: Literal["updated", "deactivated"]
    reason: str | None = Field(description="missing_in_full_extract, back_in_full_extract; null for a changed record.")
    changes: list[ValueChange]
    before: FileRow
    after: FileRow


class Reference(BaseModel):
    """Something the row refers to, with its own source."""

    field: str
    entity: str
    key: str
    id: UUID
    source: FileRow


class Attempt(BaseModel):
    """A record with this key that was not loaded, or only later (status valid)."""

    job_id: UUID
    file_name: str
    record_no: int
    source_row: int | None
    status: str
    errors: list[dict[str, Any]]
    raw_data: dict[str, Any]
    created_at: datetime
    promoted_at: datetime | None


class Lineage(BaseModel):
    """From a row to the line of the file it came from. `id` is null when no file ever got it in."""

    entity: str
    title: str
    key: str
    id: UUID | None = None
    version: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    values: dict[str, Any] = {}
    source: FileRow | None = None
    history: list[Step] = Field(default=[], description="Newest first.")
    references: list[Reference] = []
    attempts: list[Attempt] = Field(default=[], description="Rejected or waiting records of this key, latest first.")
