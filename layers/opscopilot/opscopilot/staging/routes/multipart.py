"""HTTP: a large file in parts, from the first link to the last part."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from opscopilot.staging import multipart
from opscopilot.staging.multipart import MAX_PARTS, Upload
from opscopilot.staging.receipts import JobStatus
from opscopilot.staging.routes.common import Loader
from opscopilot.staging.uploads import LandingArea
from opscopilot.web.params import Strict

Responses = dict[int | str, dict[str, Any]]


class PartLink(BaseModel):
    """Where to put one part: PUT exactly `size` bytes; the answer's ETag header goes into `complete`."""

    part_number: int
    size: int
    url: str


class PartLinks(BaseModel):
    """Links for some of the parts."""

    parts: list[PartLink]
    part_count: int
    expires_at: datetime


class PartsPlan(PartLinks):
    """How a file is cut: each part has `part_bytes`, the last one the rest."""

    upload_id: str
    part_bytes: int


class PartRange(Strict):
    """Which links to make: part numbers, both included."""

    first: int = Field(alias="from", ge=1, le=MAX_PARTS)
    last: int = Field(alias="to", ge=1, le=MAX_PARTS)

    @model_validator(mode="after")
    def _a_page(self) -> PartRange:
        if not 0 <= self.last - self.first < 1000:
            raise ValueError("'to' is at least 'from', and one call gives at most 1000 links")
        return self


class ArrivedPart(BaseModel):
    """A part that is there."""

    part_number: int
    etag: str
    size: int


class ArrivedParts(BaseModel):
    """What has arrived; send the others, then complete."""

    part_count: int
    part_bytes: int
    size_bytes: int
    parts: list[ArrivedPart]


class SentPart(Strict):
    """A part and the ETag that its PUT answered."""

    part_number: int = Field(ge=1, le=MAX_PARTS)
    etag: str = Field(min_length=1, max_length=200)


class Completion(Strict):
    """All parts of the file."""

    parts: list[SentPart] = Field(min_length=1, max_length=MAX_PARTS)


class Completed(BaseModel):
    """The file is whole; its job starts by itself."""

    job_id: UUID
    status: JobStatus
    status_url: str


def plan(area: LandingArea, upload: Upload, caller: Loader) -> PartsPlan:
    """How to send the announced file, with the first links."""
    some = _page(area, upload, 1, multipart.PAGE_OF_URLS, caller)
    return PartsPlan(**some.model_dump(), upload_id=upload.upload_id, part_bytes=upload.part_bytes)


def _page(area: LandingArea, upload: Upload, first: int, last: int, caller: Loader) -> PartLinks:
    made = multipart.links(area, upload, first, last, caller.clock)
    parts = [PartLink(part_number=one, size=upload.part_size(one), url=url) for one, url in made.urls.items()]
    return PartLinks(parts=parts, part_count=upload.part_count, expires_at=made.expires_at)


def multipart_routes(routes: APIRouter, area: LandingArea) -> None:
    over: Responses = {409: {"description": "The upload is over, or parts are missing."}}

    @routes.post("/ingest/uploads/{job_id}/parts", tags=["ingest"], summary="Get links for parts", responses=over)
    def links(job_id: UUID, body: PartRange, caller: Loader) -> PartLinks:
        """Links live for an hour: ask again for parts that come later."""
        return _page(area, multipart.find(caller.tx, job_id), body.first, body.last, caller)

    @routes.get("/ingest/uploads/{job_id}/parts", tags=["ingest"], summary="Parts that arrived", responses=over)
    def arrived(job_id: UUID, caller: Loader) -> ArrivedParts:
        """After a break: send only what is not listed here."""
        upload = multipart.find(caller.tx, job_id)
        parts = [ArrivedPart(part_number=n, etag=e, size=s) for n, e, s in multipart.arrived(area, upload)]
        return ArrivedParts(
            part_count=upload.part_count, part_bytes=upload.part_bytes, size_bytes=upload.size, parts=parts
        )

    @routes.post("/ingest/uploads/{job_id}/complete", tags=["ingest"], summary="All parts are sent", responses=over)
    def complete(job_id: UUID, body: Completion, caller: Loader) -> Completed:
        """Sizes and ETags are checked, then the file is whole and its job starts. Calling it again changes nothing."""
        upload = multipart.find(caller.tx, job_id)
        multipart.complete(area, upload, [(one.part_number, one.etag) for one in body.parts])
        url = f"/api/v1/sync/status/{job_id}"
        return Completed.model_validate({"job_id": job_id, "status": upload.status, "status_url": url})

    @routes.delete("/ingest/uploads/{job_id}", status_code=204, tags=["ingest"], summary="Give an upload up",
                   responses=over)  # fmt: skip
    def abort(job_id: UUID, caller: Loader) -> None:
        """The parts are deleted and the job is cancelled."""
        multipart.abort(caller.tx, area, multipart.find(caller.tx, job_id))
