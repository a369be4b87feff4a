"""What a load is given and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class StagedFile(BaseModel):
    """The state machine's hand-over from ingest: a table, one part of it, or corrections of its kept records."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tenant_id: UUID
    job_id: UUID
    entity: str
    staged_key: str
    fields: list[str]
    by_source_id: list[str] = []
    source_system: str
    correlation_id: str
    part: int | None = None
    last: bool = True
    replay: str | None = None
    as_of: datetime | None = None
    """When the extract was made; null where nobody knows."""
    full_extract: bool = False
    """The table holds everything there is: what it lacks is gone."""


class Change(BaseModel):
    """Something a planner would want to know: `what` is a key ready for a sentence."""

    what: str
    entity: str
    count: int
    examples: list[dict[str, Any]] = []


class Counts(BaseModel):
    """What became of the records that normalize was given. written = inserted + updated."""

    written: int
    duplicates: int
    rejected: int
    inserted: int = 0
    updated: int = 0
    older: int = 0
    """Of the duplicates: records older than what is stored."""
