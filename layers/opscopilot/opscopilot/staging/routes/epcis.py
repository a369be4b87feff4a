"""HTTP: the capture interface of EPCIS 2.0."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from opscopilot.kernel.errors import OpsError
from opscopilot.staging import uploads
from opscopilot.staging.epcis import capture as captures
from opscopilot.staging.epcis.capture import Behaviour, CaptureJob
from opscopilot.staging.routes.common import Loader, System
from opscopilot.staging.uploads import LandingArea
from opscopilot.web import CurrentCaller, raw_body

_TYPES = ("application/json", "application/ld+json")
_BODY = {
    "requestBody": {"required": True, "content": {
        kind: {"schema": {"type": "object", "description": "An EPCISDocument, or a single event."}} for kind in _TYPES
    }},
}  # fmt: skip


class UnsupportedMedia(OpsError):
    """A body in a form this call does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class Captured(BaseModel):
    """The document is on its way; follow its capture."""

    captureID: UUID


def _document(request: Request, body: Annotated[bytes, Depends(raw_body)]) -> bytes:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in _TYPES:
        raise UnsupportedMedia(
            f"A capture in '{kind}' cannot be read.", field="content-type", value=kind,
            expected=" or ".join(_TYPES) + "; XML goes in as a file: POST /api/v1/ingest/uploads",
        )  # fmt: skip
    return body


Document = Annotated[bytes, Depends(_document)]
ErrorBehaviour = Annotated[
    Behaviour, Header(alias="GS1-EPCIS-Capture-Error-Behaviour", description="rollback: all events or none.")
]
Key = Annotated[str | None, Header(max_length=200, description="Same key, same capture.")]


def epcis_routes(routes: APIRouter, area: LandingArea) -> None:
    refused: dict[int | str, dict[str, Any]] = {
        413: {"description": "Too large for a call."},
        415: {"description": "Neither JSON nor JSON-LD."},
    }

    @routes.post("/epcis/capture", status_code=202, tags=["epcis"], summary="Capture EPCIS events",
                 responses=refused, openapi_extra=_BODY)  # fmt: skip
    def capture(
        document: Document, caller: Loader, response: Response, behaviour: ErrorBehaviour = "rollback",
        idempotency_key: Key = None, source_system: System = "epcis",
    ) -> Captured:  # fmt: skip
        """A document or a single event, up to 5 MB. The same events twice change nothing."""
        checked = captures.check(document)
        job_id = uploads.push_id(caller.principal, f"epcis/{idempotency_key}" if idempotency_key else None)
        key = captures.announce(
            caller.tx, area, caller.principal, source_system, job_id, checked, behaviour, len(document)
        )
        if key is not None:
            caller.after_commit(lambda: _put(area, key, document))
        response.headers["Location"] = f"/api/v1/epcis/capture/{job_id}"
        response.headers["GS1-EPCIS-Version"] = "2.0.0"
        return Captured(captureID=job_id)

    @routes.get("/epcis/capture", tags=["epcis"], summary="Captures, latest first")
    def every(
        caller: CurrentCaller, response: Response,
        per_page: Annotated[int, Query(alias="perPage", ge=1, le=500)] = 30,
        token: Annotated[str | None, Query(alias="nextPageToken", max_length=1000)] = None,
    ) -> list[CaptureJob]:  # fmt: skip
        """Paged as the standard has it: a `Link` header with rel="next" while there is more."""
        found, more = captures.page(caller.tx, per_page, token)
        if more:
            address = f"/api/v1/epcis/capture?perPage={per_page}&nextPageToken={more}"
            response.headers["Link"] = f'<{address}>; rel="next"'
        return found

    @routes.get("/epcis/capture/{capture_id}", tags=["epcis"], summary="How a capture goes")
    def one(capture_id: UUID, caller: CurrentCaller) -> CaptureJob:
        """`success` is true when every event of the document was taken."""
        return captures.one(caller.tx, capture_id)


def _put(area: LandingArea, key: str, document: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.jsonld"
        path.write_bytes(document)
        area.store.upload(path, area.bucket, key)
