"""HTTP: see how a file is read, and say it where recognition was not sure."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.errors import Conflict
from opscopilot.staging import confirming, remembering
from opscopilot.staging.confirming import JobMapping
from opscopilot.staging.mapping import ColumnSource, FileMapping, SkipRule
from opscopilot.staging.ports import Redriver
from opscopilot.staging.preview import Preview, preview
from opscopilot.staging.routes.common import Keeper
from opscopilot.web import CurrentCaller
from opscopilot.web.params import Strict

_WAITS: dict[int | str, dict[str, Any]] = {409: {"description": "The job does not wait for a mapping (any more)."}}


class MappingEntry(Strict):
    """How the file is read, as a person says it."""

    entity: str = Field(max_length=64, examples=["sku"])
    columns: dict[str, str | ColumnSource] = Field(
        min_length=1, max_length=200, examples=[{"sku_code": "Artikel-Nr.", "description": "Bezeichnung"}],
        description="Field → a column of the file, or {column|const|setting|template, values, by, percent, per}.",
    )  # fmt: skip
    source_id: str | None = Field(default=None, max_length=200)
    skip_when: list[SkipRule] = Field(default=[], max_length=20)
    dates: Literal["dmy", "mdy"] | None = None
    decimal: Literal[".", ","] | None = None
    fill_down: bool | None = None
    full_extract: bool = False

    def mapping(self, pattern: str) -> FileMapping:
        """The mapping for files of that name."""
        return FileMapping(
            pattern=pattern, entity=self.entity, columns=self.columns, source_id=self.source_id,
            skip_when=self.skip_when, dates=self.dates, decimal=self.decimal, fill_down=self.fill_down,
            full_extract=self.full_extract,
        )  # fmt: skip


class Confirmation(MappingEntry):
    """A confirmed mapping, and whether it is for the source's next files too."""

    remember: bool = Field(default=True, description="Use it for the next files of this source, without asking.")
    pattern: str | None = Field(
        default=None, min_length=1, max_length=200, examples=["orders_*.csv*"],
        description="Names of the files it is for; left out: this file's, whatever the numbers in it.",
    )  # fmt: skip


class Confirmed(BaseModel):
    """The mapping is kept and the file is on its way again; follow the job."""

    job_id: UUID
    entity: str
    remembered: bool
    pattern: str
    status_url: str


def mapping_routes(routes: APIRouter, registry: Registry, redriver: Redriver) -> None:
    @routes.get("/jobs/{job_id}/mapping", tags=["jobs"], summary="How a file is read: proposed or used")
    def show(job_id: UUID, caller: CurrentCaller) -> JobMapping:
        """While the job waits (needs_mapping): what we propose and why we ask. Afterwards: the mapping used."""
        return confirming.shown(confirming.job_of(caller.tx, job_id))

    @routes.post("/jobs/{job_id}/mapping", status_code=202, tags=["jobs"], responses=_WAITS,
                 summary="Say how a file is read")  # fmt: skip
    def confirm(job_id: UUID, body: Confirmation, caller: Keeper) -> Confirmed:
        """Confirm the proposal or correct it. The file is then read again; saying the same twice changes nothing."""
        pattern = body.pattern or remembering.pattern_of(confirming.job_of(caller.tx, job_id)["file_name"])
        run_id, event = confirming.confirm(
            caller.tx, registry, job_id, body.mapping(pattern), remember=body.remember, by=caller.principal.user_id
        )
        # After the commit: the run must find what was confirmed.
        caller.after_commit(lambda: redriver.start(caller.principal.tenant_id, run_id, event))
        return Confirmed(job_id=job_id, entity=body.entity, remembered=body.remember, pattern=pattern,
                         status_url=f"/api/v1/sync/status/{job_id}")  # fmt: skip

    @routes.post("/jobs/{job_id}/mapping/preview", tags=["jobs"], responses=_WAITS,
                 summary="What the first rows become under a mapping")  # fmt: skip
    def dry_run(job_id: UUID, body: MappingEntry, caller: Keeper) -> Preview:
        """Nothing is kept and nothing is run. Errors are those of the confirmation."""
        row = confirming.job_of(caller.tx, job_id)
        proposal = (row["mapping"] or {}).get("proposal")
        if proposal is None:
            raise Conflict(f"Job '{job_id}' has no rows to show: its file was recognised without asking.",
                           code="not_waiting", field="job_id", value=str(job_id),
                           expected="a job with status needs_mapping")  # fmt: skip
        mapping = body.mapping(remembering.pattern_of(row["file_name"]))
        confirming.check(registry, mapping, proposal["headers"])
        return preview(registry, mapping, proposal["headers"], proposal["sample"], caller.plant)
