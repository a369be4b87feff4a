"""What the routes of pulls take and answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.web.params import Strict


class SyncRequest(Strict):
    """Which connector to pull from."""

    connector: str = Field(max_length=40, examples=["sap"])
    streams: list[str] | None = Field(default=None, min_length=1, max_length=100, description="Leave out for all.")
    full: bool = Field(default=False, description="Read everything again instead of what changed.")


class StreamPull(BaseModel):
    """The job of one stream."""

    stream: str
    job_id: UUID
    status_url: str


class PullStarted(BaseModel):
    """The pull is on its way; follow its jobs."""

    run_id: UUID
    connector: str
    job_id: UUID = Field(description="The first stream's job.")
    status_url: str
    jobs: list[StreamPull]


class StreamTrial(BaseModel):
    """What was seen of one stream."""

    stream: str
    ok: bool
    entity: str | None = None
    records: int | None = Field(default=None, description="Records of the first page.")
    fields: list[str] = []
    example: dict[str, Any] | None = None
    file: str | None = None
    bytes: int | None = None
    error_code: str | None = None
    message: str | None = None


class Trial(BaseModel):
    """Whether a connector works."""

    ok: bool
    error_code: str | None = None
    message: str | None = None
    streams: list[StreamTrial] = []


def started(run_id: UUID, connector: str, jobs: list[tuple[str, UUID]]) -> PullStarted:
    """The answer for a pull that was just asked for."""
    made = [StreamPull(stream=name, job_id=job, status_url=_url(job)) for name, job in jobs]
    return PullStarted(
        run_id=run_id, connector=connector, job_id=made[0].job_id, status_url=made[0].status_url, jobs=made
    )


def _url(job_id: UUID) -> str:
    return f"/api/v1/sync/status/{job_id}"
