"""HTTP: bring files and records in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field, JsonValue, model_validator

from opscopilot.catalogue.declaration import Registry
from opscopilot.staging import multipart as in_parts
from opscopilot.staging import receipts, uploads
from opscopilot.staging.receipts import JobStatus
from opscopilot.staging.routes.common import Entity, Loader, SourceType, System
from opscopilot.staging.routes.multipart import PartsPlan, plan
from opscopilot.staging.uploads import LandingArea, Origin
from opscopilot.web.params import Strict

MAX_RECORDS = 10_000


class FileToCome(Strict):
    """A file that will be uploaded."""

    file_name: str = Field(min_length=1, max_length=200, examples=["MARA_materials.csv.gz"])
    entity: Entity = None
    size_bytes: int | None = Field(default=None, ge=0, description="Above 100 MB the file comes in parts.")
    multipart: bool | None = Field(default=None, description="In parts or not, whatever the size.")
    part_mb: int | None = Field(default=None, ge=in_parts.MIN_PART_MB, le=in_parts.MAX_PART_MB)

    @model_validator(mode="after")
    def _size_of_parts(self) -> FileToCome:
        if self.multipart and self.size_bytes is None:
            raise ValueError("a file in parts needs size_bytes")
        return self

    @property
    def comes_in_parts(self) -> bool:
        """Whether it comes in parts."""
        large = (self.size_bytes or 0) > in_parts.MULTIPART_ABOVE
        return large if self.multipart is None else self.multipart


class UploadRequest(Strict):
    """Files of one source system."""

    source_system: System
    source_type: SourceType = "erp"
    files: list[FileToCome] = Field(min_length=1, max_length=100)


class Upload(BaseModel):
    """Where to put one file: send it as the body of a PUT to `url` with these headers.

    A file in parts has no `url` but `multipart`: PUT each part to its own, then complete.
    """

    job_id: UUID
    file_name: str
    method: Literal["PUT"] = "PUT"
    url: str | None
    headers: dict[str, str]
    key: str
    expires_at: datetime
    multipart: PartsPlan | None = None


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


def _in_parts(area: LandingArea, one: FileToCome, origin: Origin, caller: Loader) -> Upload:
    assert one.size_bytes is not None
    upload = in_parts.announce(
        caller.tx, area, caller.principal, origin, one.file_name, one.size_bytes, one.part_mb
    )  # fmt: skip
    made = plan(area, upload, caller)
    return Upload(
        job_id=upload.job_id, file_name=upload.file_name, url=None, headers={}, key=upload.key,
        expires_at=made.expires_at, multipart=made,
    )  # fmt: skip


def ingest_routes(routes: APIRouter, registry: Registry, area: LandingArea) -> None:
    @routes.post("/ingest/uploads", status_code=201, tags=["ingest"], summary="Announce files, get links for them")
    def announce(body: UploadRequest, caller: Loader) -> Uploads:
        """Each file becomes a job. It starts by itself when the file arrives; nothing else needs to be called,
        except `complete` for a file in parts."""
        made = []
        for one in body.files:
            uploads.check_entity(registry, one.entity)
            origin = Origin(body.source_system, body.source_type, one.entity)
            if one.comes_in_parts:
                made.append(_in_parts(area, one, origin, caller))
                continue
            area.check_size(one.file_name, one.size_bytes or 0)
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
