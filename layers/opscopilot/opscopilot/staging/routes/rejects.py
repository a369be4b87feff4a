"""HTTP: rejected records: list, count, download, correct, replay."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from opscopilot.kernel.pagination import Page
from opscopilot.staging import receipt_parts, rejected
from opscopilot.staging.receipt_parts import Fault
from opscopilot.staging.receipts import job_row
from opscopilot.staging.rejected import OpenReject, Reject, RejectFilter, RejectStatus
from opscopilot.web import CurrentCaller, PageQuery

_MAX_KINDS = 500


def _filter(
    code: Annotated[str | None, Query(max_length=64, description="Only this fault.")] = None,
    field: Annotated[str | None, Query(max_length=64, description="Only faults of this field.")] = None,
    status: Annotated[RejectStatus, Query(description="open = invalid or pending; healed = loaded later.")] = "open",
    search: Annotated[str | None, Query(max_length=200, description="Text in a value or the key.")] = None,
) -> RejectFilter:
    return RejectFilter(code=code, field=field, status=status, search=search)


Wanted = Annotated[RejectFilter, Depends(_filter)]


def reject_routes(routes: APIRouter) -> None:
    @routes.get("/rejects", tags=["jobs"], summary="Records of any job that are not loaded, latest job first")
    def over_all(
        caller: CurrentCaller, page: PageQuery, wanted: Wanted,
        source_system: Annotated[str | None, Query(max_length=40)] = None,
        entity: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Page[OpenReject]:  # fmt: skip
        return rejected.over_all_jobs(
            caller.tx, wanted, source_system=source_system, entity=entity, cursor=page.cursor, limit=page.limit
        )

    @routes.get("/jobs/{job_id}/rejects", tags=["jobs"], summary="Records a job did not load, and why")
    def of_job(job_id: UUID, caller: CurrentCaller, page: PageQuery, wanted: Wanted) -> Page[Reject]:
        return rejected.rejects(caller.tx, job_id, wanted, cursor=page.cursor, limit=page.limit)

    @routes.get("/jobs/{job_id}/rejects/summary", tags=["jobs"], summary="How often what is wrong, with examples")
    def summary(job_id: UUID, caller: CurrentCaller) -> list[Fault]:
        job_row(caller.tx, job_id, "id")
        return receipt_parts.faults(caller.tx, job_id, _MAX_KINDS)
