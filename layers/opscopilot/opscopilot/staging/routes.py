"""HTTP: bring files and records in, follow the jobs, keep the connectors."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, Field, JsonValue

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.pagination import Page
from opscopilot.staging import connectors, receipts, uploads
from opscopilot.staging.connectors import Connector
from opscopilot.staging.receipts import Job, JobStatus, Receipt, Reject
from opscopilot.staging.uploads import LandingArea, Origin
from opscopilot.web import PROBLEM_RESPONSES, Caller, CurrentCaller, PageQuery, require
from opscopilot.web.params import Strict

SourceType = Literal["erp", "accounting", "inventory", "sales", "quality", "production", "pos", "external_api"]
Loader = Annotated[Caller, require("planner", "plant_manager", "operator", "buyer", "fsq_manager")]
Keeper = Annotated[Caller, require("planner", "plant_manager")]
System = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="Short name.", examples=["sap"])]
Entity = Annotated[str | None, Field(description="What it is; leave out to let the header decide.", examples=["sku"])]
ConnectorName = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", examples=["sap"])]
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


class SyncRequest(Strict):
    """Which connector to pull from."""

    connector: str = Field(max_length=40, examples=["sap"])


class ConnectorEntry(Strict):
    """What to remember about a source."""

    connector_type: str = Field(default="file_drop", examples=["file_drop"])
    config: dict[str, Any] = Field(
        description="For file_drop: how files are read (`files` with pattern, entity, columns).",
        examples=[{"files": [{"pattern": "Product*.csv*", "entity": "sku",
                              "columns": {"sku_code": "ProductNumber", "description": "Name"}}]}],
    )  # fmt: skip
    is_active: bool = True


def _ingest_routes(routes: APIRouter, registry: Registry, area: LandingArea) -> None:
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


def _job_routes(routes: APIRouter, registry: Registry) -> None:
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

    @routes.get("/jobs/{job_id}/rejects", tags=["jobs"], summary="Records a job did not load, and why")
    def rejects(
        job_id: UUID, caller: CurrentCaller, page: PageQuery,
        code: Annotated[str | None, Query(max_length=64, description="Only this fault.")] = None,
    ) -> Page[Reject]:  # fmt: skip
        return receipts.rejects(caller.tx, job_id, code=code, cursor=page.cursor, limit=page.limit)


def _connector_routes(routes: APIRouter, registry: Registry) -> None:
    @routes.post("/sync/run", status_code=202, tags=["ingest"], summary="Pull from a connector",
                 responses={409: {"description": "This connector's files are pushed."}})  # fmt: skip
    def run(body: SyncRequest, caller: Loader) -> None:
        """Connectors of type file_drop, the only type there is, are pushed: the answer says how."""
        connectors.refuse_pull(connectors.one(caller.tx, body.connector))

    @routes.get("/connectors", tags=["connectors"], summary="What is remembered about every source")
    def every(caller: CurrentCaller) -> list[Connector]:
        return connectors.every(caller.tx)

    @routes.get("/connectors/{name}", tags=["connectors"], summary="What is remembered about a source")
    def read(name: ConnectorName, caller: CurrentCaller) -> Connector:
        return connectors.one(caller.tx, name)

    @routes.put("/connectors/{name}", tags=["connectors"], summary="Remember how a source's files are read")
    def save(name: ConnectorName, body: ConnectorEntry, caller: Keeper) -> Connector:
        connectors.check(registry, body.connector_type, body.config)
        return connectors.save(
            caller.tx, name, body.connector_type, body.config, is_active=body.is_active, by=caller.principal.user_id
        )


def router(registry: Registry, area: LandingArea) -> APIRouter:
    """All routes of the staging context."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    _ingest_routes(routes, registry, area)
    _job_routes(routes, registry)
    _connector_routes(routes, registry)
    return routes
