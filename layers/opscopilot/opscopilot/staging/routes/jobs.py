"""HTTP: follow the jobs, read their receipts and rejects."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.pagination import Page
from opscopilot.staging import receipt_page, receipt_parts, receipts, wording
from opscopilot.staging.receipt_parts import Freshness
from opscopilot.staging.receipts import Job, JobStatus, Receipt
from opscopilot.web import CurrentCaller, PageQuery

Shape = Literal["json", "html", "text"]
_SHAPES: dict[str, Any] = {
    "model": Receipt, "description": "The receipt in the asked shape.",
    "content": {"text/html": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}},
}  # fmt: skip
_SAFE = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
_PAGE_HEADERS = {**_SAFE, "content-security-policy": receipt_page.CONTENT_SECURITY_POLICY}


def job_routes(routes: APIRouter, registry: Registry) -> None:
    """The list of jobs, their receipts, how fresh the data are."""
    _list_routes(routes, registry)
    _receipt_routes(routes, registry)


def _list_routes(routes: APIRouter, registry: Registry) -> None:
    @routes.get("/jobs", tags=["jobs"], summary="Jobs, latest first")
    def jobs(
        caller: CurrentCaller, page: PageQuery, status: Annotated[JobStatus | None, Query()] = None,
        entity: Annotated[str | None, Query(max_length=64)] = None,
        source_system: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Page[Job]:  # fmt: skip
        return receipts.jobs(
            caller.tx, status=status, entity=entity, source_system=source_system, cursor=page.cursor, limit=page.limit
        )

    @routes.get("/freshness", tags=["jobs"], summary="When each kind of data was last loaded, and from which file")
    def freshness(caller: CurrentCaller) -> list[Freshness]:
        return receipt_parts.freshness(caller.tx, registry)


def _receipt_routes(routes: APIRouter, registry: Registry) -> None:
    @routes.get("/jobs/{job_id}", tags=["jobs"], summary="The receipt of a job")
    @routes.get("/sync/job/{job_id}", tags=["jobs"], summary="The receipt of a job (alias)")
    def receipt(job_id: UUID, caller: CurrentCaller) -> Receipt:
        told = receipts.receipt(caller.tx, registry, job_id)
        return told.model_copy(update={"headline": wording.headline(told)})

    @routes.get("/jobs/{job_id}/receipt", tags=["jobs"], summary="The receipt as data, as a page or as text",
                response_model=None, responses={200: _SHAPES})  # fmt: skip
    def shaped(
        job_id: UUID, caller: CurrentCaller,
        format: Annotated[Shape | None, Query(description="Left out: what Accept asks for, else json.")] = None,
        accept: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:  # fmt: skip
        told = receipts.receipt(caller.tx, registry, job_id)
        told = told.model_copy(update={"headline": wording.headline(told)})
        shape = format or ("html" if "text/html" in accept else "text" if "text/plain" in accept else "json")
        if shape == "html":
            return Response(receipt_page.page(told), media_type="text/html; charset=utf-8", headers=_PAGE_HEADERS)
        if shape == "text":
            text = f"{told.headline}\n\n{wording.as_text(told)}\n"
            return Response(text, media_type="text/plain; charset=utf-8", headers=_SAFE)
        return Response(told.model_dump_json(), media_type="application/json")

    @routes.get("/sync/status/{job_id}", tags=["jobs"], summary="Status and counters of a job")
    def status(job_id: UUID, caller: CurrentCaller) -> Job:
        return receipts.job(caller.tx, job_id)
