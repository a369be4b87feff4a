"""HTTP: follow the jobs, read their receipts and rejects."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.pagination import Page
from opscopilot.staging import receipt_parts, receipts
from opscopilot.staging.receipt_parts import Freshness
from opscopilot.staging.receipts import Job, JobStatus, Receipt
from opscopilot.web import CurrentCaller, PageQuery


def job_routes(routes: APIRouter, registry: Registry) -> None:
    @routes.get("/jobs", tags=["jobs"], summary="Jobs, latest first")
    def jobs(
        caller: CurrentCaller, page: PageQuery, status: Annotated[JobStatus | None, Query()] = None,
        entity: Annotated[str | None, Query(max_length=64)] = None,
        source_system: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Page[Job]:  # fmt: skip
        return receipts.jobs(
            caller.tx, status=status, entity=entity, source_system=source_system, cursor=page.cursor, limit=page.limit
        )

    @routes.get("/jobs/{job_id}", tags=["jobs"], summary="The receipt of a job")
    @routes.get("/sync/job/{job_id}", tags=["jobs"], summary="The receipt of a job (alias)")
    def receipt(job_id: UUID, caller: CurrentCaller) -> Receipt:
        return receipts.receipt(caller.tx, registry, job_id)

    @routes.get("/sync/status/{job_id}", tags=["jobs"], summary="Status and counters of a job")
    def status(job_id: UUID, caller: CurrentCaller) -> Job:
        return receipts.job(caller.tx, job_id)

    @routes.get("/freshness", tags=["jobs"], summary="When each kind of data was last loaded, and from which file")
    def freshness(caller: CurrentCaller) -> list[Freshness]:
        return receipt_parts.freshness(caller.tx, registry)
