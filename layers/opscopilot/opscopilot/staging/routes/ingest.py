"""HTTP: bring files and records in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field, JsonValue

from opscopilot.catalogue.declaration import Registry
from opscopilot.staging import receipts, uploads
from opscopilot.staging.receipts import JobStatus
from opscopilot.staging.routes.common import Entity, Loader, SourceType, System
from opscopilot.staging.uploads import LandingArea, Origin
from opscopilot.web.params import Strict

MAX_RECORDS = 10_000


class FileToCome(Strict):
    """A file that will be uploaded."""

    file_name: str = Field(min_length=1, max_length=200, examples=["MARA_materials.csv.gz"])
    entity: Entity = None
    size_bytes: int | None = Field(default=None, ge=0)


class UploadRequest(Strict):
    """Files of one source system."""

    source_system: System
    source_type: SourceType = "erp"
    files: list[FileToCome] = Field(min_length=1, max_length=100)


class Upload(BaseModel):
    """Where to put one file: send it as the body of a PUT to `url` with these headers."""

    job_id: UUID
    file_name: str
    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    key: str
    expires_at: datetime


class Uploads(BaseModel):
    """One link per file, in the order of the request."""

    uploads: list[Upload]


class RecordBatch(Strict):
    """Records to take in, as if they were the rows of a file."""

    source_system: System = "api"
    source_type: SourceType = "external_api"
    entity: Entity = None
    records: list[dict[str, JsonValue]] = Field(
        min_length=1, max_length=MAX_RECORDS,
        examples=[[{"sku_code": "00100234", "description": "Strawberry jam 340 g", "base_uom": "EA"}]],
    )  # fmt: skip


class Accepted(BaseModel):
    """The batch is on its way; follow the job."""

    job_id: UUID
    status: JobStatus
    records: int
    status_url: str


def ingest_routes(routes: APIRouter, registry: Registry, area: LandingArea) -> None:
    @routes.post("/ingest/uploads", status_code=201, tags=["ingest"], summary="Announce files, get links for them")
    def announce(body: UploadRequest, caller: Loader) -> Uploads:
        """Each file becomes a job. It starts by itself when the file arrives; nothing else needs to be called."""
        made = []
        for one in body.files:
            uploads.check_entity(registry, one.entity)
            origin = Origin(body.source_system, body.source_type, one.entity)
            told = uploads.announce(caller.tx, area, caller.principal, origin, one.file_name, caller.clock)
            made.append(Upload(job_id=told.job_id, file_name=told.file_name, url=told.url, headers={}, key=told.key,
                               expires_at=told.expires_at))  # fmt: skip
        return Uploads(uploads=made)

    @routes.post("/ingest", status_code=202, tags=["ingest"], summary="Push a batch of records")
    def push(
        body: RecordBatch, caller: Loader,
        idempotency_key: Annotated[str | None, Header(max_length=200, description="Same key, same job.")] = None,
    ) -> Accepted:  # fmt: skip
        """The same records twice change nothing: rows are matched by their business key."""
        uploads.check_entity(registry, body.entity)
        origin = Origin(body.source_system, body.source_type, body.entity)
        job_id = uploads.push_id(caller.principal, idempotency_key)
        key, new = uploads.push(caller.tx, area, caller.principal, origin, job_id)
        if new:
            # After the commit: the file's arrival starts the job, which must find its row.
            caller.after_commit(lambda: uploads.put_records(area, key, body.records))
        status = "pending" if new else receipts.job(caller.tx, job_id).status
        url = f"/api/v1/sync/status/{job_id}"
        return Accepted(job_id=job_id, status=status, records=len(body.records), status_url=url)
