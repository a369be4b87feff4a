"""Ingest: a dropped file becomes staged files of right records, and lists of wrong ones with their reasons.

claim the job → download → find the tables in it → for each: bind columns to fields → settle its formats → check
whole columns → stage the right records, keep the wrong ones and end the step, in one transaction. A large table is
cut into parts that other functions check. Delivered twice, crashed and run again, or run twice at once: the result
is that of one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database
from opscopilot.kernel.tenancy import PLANT_COLUMNS, PlantSettings
from opscopilot.staging import choosing, drifting, jobs, reading, replays
from opscopilot.staging.extract_time import stated
from opscopilot.staging.finished import finished
from opscopilot.staging.jobs import Claim, LogEntry
from opscopilot.staging.landing import Landing
from opscopilot.staging.limits import Limits
from opscopilot.staging.mapping import remembered
from opscopilot.staging.ports import ObjectInfo, ObjectMissing, ObjectStore
from opscopilot.staging.reading.table import Table
from opscopilot.staging.reading.unpack import sha256
from opscopilot.staging.refusal import NeedsMapping, Refused
from opscopilot.staging.replay import Replayer
from opscopilot.staging.taking import Taken, Taker, Work

__all__ = ["Ingestor", "Limits"]


@dataclass
class Ingestor:
    """The service behind functions/ingest."""

    database: Database
    registry: Registry
    clock: Clock
    store: ObjectStore
    staging_bucket: str
    limits: Limits = field(default_factory=Limits)

    def run(self, landing: Landing, folder: Path, correlation_id: str) -> dict[str, Any]:
        """Ingest one object; the answer is the hand-over to the next steps, or says why there is none."""
        if landing.replay:
            replayer = Replayer(self.database, self.registry, self.store, self.staging_bucket, self.limits)
            return replayer.run(landing, folder, correlation_id)
        with self.database.tenant(landing.tenant_id) as tx:
            row = tx.one(f"SELECT {PLANT_COLUMNS} FROM platform.tenants WHERE status = 'active'")
            if row is None:
                return {"status": "ignored", "reason": "unknown_tenant", "key": landing.key}
            claim = jobs.claim(tx, landing)
            further = jobs.has_open_tables(tx, landing)
            if claim is None and not further:
                return {"status": "unchanged", "job_id": str(landing.job_id)}
            if claim is not None and claim.staged is None:
                jobs.clear(tx, claim.job_id)
        if claim is not None and claim.staged is not None and not further:
            return _answer([_again(claim)])
        return _Run(self, landing, claim, PlantSettings.model_validate(row), folder, correlation_id).go()

    def fail(self, landing: Landing, code: str, message: str, correlation_id: str) -> dict[str, Any]:
        """End the object's job as failed, unless it has ended; an object nobody claimed gets a job to say so."""
        with self.database.tenant(landing.tenant_id) as tx:
            if tx.scalar("SELECT 1 FROM platform.tenants") is None:
                return {"status": "ignored", "reason": "unknown_tenant", "key": landing.key}
            if landing.replay:
                replays.fail(tx, landing.job_id, landing.replay, message)
                return {"status": "failed", "job_id": str(landing.job_id), "error_code": code}
            claim = jobs.claim(tx, landing)
            if claim is None:
                return {"status": "unchanged", "job_id": str(landing.job_id)}
            jobs.fail(tx, claim.job_id, code, message)
            finished(tx, claim.job_id, correlation_id, self.clock.now())
        return {"status": "failed", "job_id": str(claim.job_id), "error_code": code}

    def fail_job(self, tenant_id: UUID, job_id: UUID, message: str, correlation_id: str) -> dict[str, Any]:
        """End one table's job as failed, unless it has ended."""
        with self.database.tenant(tenant_id) as tx:
            if not jobs.fail(tx, job_id, "processing_failed", message):
                replays.fail_staged(tx, job_id, message)
                return {"status": "unchanged", "job_id": str(job_id)}
            finished(tx, job_id, correlation_id, self.clock.now())
        return {"status": "failed", "job_id": str(job_id), "error_code": "processing_failed"}


@dataclass
class _Run:
    """One object under way. `claim` is None when its first table is done and only further ones are open."""

    service: Ingestor
    landing: Landing
    claim: Claim | None
    plant: PlantSettings
    folder: Path
    correlation_id: str
    sha256: str = ""

    def go(self) -> dict[str, Any]:
        """Fetch the object and take every table of it."""
        try:
            info = self._fetch()
            wanted = self._wanted()
            tables = reading.open_tables(
                self.folder / "object", self.landing.file_name, self.folder, self.service.limits.reading, wanted
            )
            same = self._same_file()
        except Refused as refusal:
            return self._refuse(refusal)
        taken = [self._one(number, table, tables, info, same) for number, table in enumerate(tables)]
        order = self.service.registry.names()
        return _answer(sorted(taken, key=lambda one: order.index(one.load[0]["entity"]) if one.load else -1))

    def _refuse(self, refusal: Refused) -> dict[str, Any]:
        """Nothing of the object can be taken."""
        if self.claim is None:
            return {"status": "unchanged", "job_id": str(self.landing.job_id)}
        return _answer([self._end(self.claim, refusal)])

    def _fetch(self) -> ObjectInfo:
        landing, name, limits = self.landing, self.landing.file_name, self.service.limits
        source = self.folder / "object"
        try:
            info = self.service.store.head(landing.bucket, landing.key, landing.version_id)
            if info.size > limits.max_object_bytes:
                raise Refused(
                    "too_large", f"'{name}' has {info.size >> 20:,} MB; the limit is "
                    f"{limits.max_object_bytes >> 20:,} MB. Split the export.",
                )  # fmt: skip
            self.service.store.download(landing.bucket, landing.key, source, landing.version_id)
        except ObjectMissing as error:
            raise Refused("object_missing", f"'{name}' was deleted before it could be read. Drop it again.") from error
        self.sha256 = sha256(source)
        return info

    def _wanted(self) -> frozenset[str]:
        """Keys of the headers that a mapping of the source, or a person, expects in this file."""
        with self.service.database.tenant(self.landing.tenant_id) as tx:
            self.known = remembered(tx, self.landing.source_system)
        return choosing.wanted(self.known, self.landing.file_name)

    def _same_file(self) -> LogEntry | None:
        """Whether the very same bytes were taken in before; they are read again, and change nothing."""
        with self.service.database.tenant(self.landing.tenant_id) as tx:
            row = tx.one(
                """SELECT file_name, completed_at FROM staging.ingestion_jobs WHERE sha256 = :sha256
                       AND source_system = :system AND status IN ('completed', 'partially_failed') AND id <> :id
                   ORDER BY completed_at DESC LIMIT 1""",
                sha256=self.sha256, system=self.landing.source_system,
                id=self.claim.job_id if self.claim else self.landing.job_id,
            )  # fmt: skip
        if row is None:
            return None
        return LogEntry("info", "same_file", f"The same bytes were taken in as '{row['file_name']}' on "
                        f"{row['completed_at']:%Y-%m-%d %H:%M} UTC; records already known change nothing.")  # fmt: skip

    def _one(
        self, number: int, table: Table, tables: Sequence[Table], info: ObjectInfo, same: LogEntry | None
    ) -> Taken:
        claim = self._claim(number, table)
        if claim is None:
            return Taken("unchanged", str(self.landing.job_id))
        if claim.staged is not None:
            return _again(claim)
        name = self.landing.file_name if len(tables) == 1 else f"{self.landing.file_name} › {table.name}"
        folder = self.folder / f"table-{number}"
        folder.mkdir()
        service, now = self.service, self.service.clock.now()
        try:
            work = Work(
                self.landing, claim, self.plant, folder, self.correlation_id, self.sha256, info.last_modified, now,
                stated(info.metadata, self.landing.file_name, self.plant), self.known, self._asked_for(claim, info), name,
                self.plant.today(service.clock).isoformat(), [same] if same else [],
            )  # fmt: skip
            return Taker(
                service.database, service.registry, service.store, service.staging_bucket, service.limits
            ).take(work, table)
        except Refused as refusal:
            return self._end(claim, refusal)

    def _claim(self, number: int, table: Table) -> Claim | None:
        """The job of the table: the object's own for the first, one of its own for every further one."""
        if number == 0:
            return self.claim
        with self.service.database.tenant(self.landing.tenant_id) as tx:
            parent = self.claim.job_id if self.claim else jobs.parent_of(tx, self.landing)
            claim = jobs.claim_table(tx, self.landing, parent, table.name)
            if claim is not None and claim.staged is None:
                jobs.clear(tx, claim.job_id)
        return claim

    def _asked_for(self, claim: Claim, info: ObjectInfo) -> str | None:
        asked = info.metadata.get("entity") or claim.entity
        if asked and self.service.registry.get(asked) is None:
            raise Refused(
                "unknown_entity", f"'{asked}' is not a kind of data we know. Choose one of: "
                f"{', '.join(self.service.registry.names())}.",
            )  # fmt: skip
        return asked or None

    def _end(self, claim: Claim, refusal: Refused) -> Taken:
        """The table cannot be taken, or not without a person."""
        job_id = claim.job_id
        with self.service.database.tenant(self.landing.tenant_id) as tx:
            if isinstance(refusal, NeedsMapping):
                done = jobs.wait_for_mapping(tx, job_id, refusal, self.sha256)
                if drift := refusal.proposal.get("drift"):
                    drifting.remember(tx, self.landing.source_system, job_id, drift)
            else:
                done = jobs.fail(tx, job_id, refusal.code, refusal.message, sha256=self.sha256 or None)
            if done:
                finished(tx, job_id, self.correlation_id, self.service.clock.now())
        status = "needs_mapping" if isinstance(refusal, NeedsMapping) else "failed"
        return Taken(status, str(job_id), error_code=refusal.code)


def _again(claim: Claim) -> Taken:
    """What was handed over when this job was staged before."""
    staged = claim.staged or {}
    return Taken("staged", str(claim.job_id), staged.get("read", []), staged.get("load", []))


def _answer(taken: list[Taken]) -> dict[str, Any]:
    """The hand-over to the state machine: one staged file, or what is to be read and loaded, or why nothing is."""
    read = [task for one in taken for task in one.read]
    load = [task for one in taken for task in one.load]
    if len(load) == 1 and not read:
        return load[0]
    if load:
        return {"status": "parts", "job_id": taken[0].job_id, "read": read, "load": load}
    first = next((one for one in taken if one.status != "unchanged"), taken[0])
    answer = {"status": first.status, "job_id": first.job_id}
    return {**answer, "error_code": first.error_code} if first.error_code else answer
