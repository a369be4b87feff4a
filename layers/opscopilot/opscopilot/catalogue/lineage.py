"""Where rows came from: files and jobs, and whether an entity was ever loaded at all.

'There are none' and 'we never got the file' are different answers; only the job records can tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from opscopilot.catalogue.declaration import Entity
from opscopilot.kernel.db import Tx
from opscopilot.kernel.tools import Source


def ever_loaded(tx: Tx, entity: Entity) -> bool:
    """Whether rows of the entity exist, or a file of it was taken in (even if it brought no row)."""
    return bool(
        tx.scalar(
            f"""SELECT EXISTS (SELECT 1 FROM {entity.full_table}) OR EXISTS (
                SELECT 1 FROM staging.ingestion_jobs
                WHERE entity_type = :name AND status IN ('completed', 'partially_failed'))""",
            name=entity.name,
        )
    )


def last_loaded(tx: Tx, *entities: Entity) -> datetime | None:
    """When the newest file of any of the entities was taken in."""
    found: datetime | None = tx.scalar(
        """SELECT max(completed_at) FROM staging.ingestion_jobs
           WHERE entity_type = ANY(CAST(:names AS text[])) AND status IN ('completed', 'partially_failed')""",
        names=[one.name for one in entities],
    )
    return found


def files(tx: Tx, job_ids: Iterable[UUID | str | None]) -> dict[str, str]:
    """File names by job id."""
    wanted = sorted({str(one) for one in job_ids if one is not None})
    if not wanted:
        return {}
    rows = tx.rows("SELECT id, file_name FROM staging.ingestion_jobs WHERE id = ANY(CAST(:ids AS uuid[]))", ids=wanted)
    return {str(row["id"]): row["file_name"] for row in rows}


def row_source(entity: Entity, row: dict[str, Any], names: dict[str, str]) -> Source:
    """The source of one row that carries its lineage columns."""
    job = str(row["ingestion_job_id"]) if row.get("ingestion_job_id") else None
    return Source(
        entity=entity.name, label=entity.title, rows=1, file=names.get(job or ""), row=row.get("source_row"), job_id=job
    )


def table_source(tx: Tx, entity: Entity, rows: int) -> Source:
    """The source of a figure over many rows: how many, and the newest file they came from."""
    newest = tx.one(
        """SELECT id, file_name FROM staging.ingestion_jobs WHERE entity_type = :name
           AND status IN ('completed', 'partially_failed') ORDER BY completed_at DESC, id DESC LIMIT 1""",
        name=entity.name,
    )
    return Source(
        entity=entity.name, label=entity.title, rows=rows, file=newest["file_name"] if newest else None,
        job_id=str(newest["id"]) if newest else None,
    )  # fmt: skip
