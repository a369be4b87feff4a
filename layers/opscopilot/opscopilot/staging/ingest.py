"""Ingest: a dropped file becomes a staged file of right records, and a list of wrong ones with their reasons.

claim the job → download → unpack → find encoding, delimiter and header → bind columns to fields → check whole
columns → upload the right records → keep the wrong ones and end the step, in one transaction. Delivered twice,
crashed and run again, or run twice at once: the result is that of one run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.tenancy import PLANT_COLUMNS, PlantSettings
from opscopilot.staging import choosing, jobs, rejects
from opscopilot.staging.binding import Binder, Binding
from opscopilot.staging.checking import Checker, Outcome, Told, workbench
from opscopilot.staging.choosing import Choice
from opscopilot.staging.jobs import Claim, LogEntry, Staged
from opscopilot.staging.landing import Landing
from opscopilot.staging.mapping import remembered
from opscopilot.staging.ports import ObjectInfo, ObjectMissing, ObjectStore
from opscopilot.staging.reading.dialect import Dialect, detect
from opscopilot.staging.reading.prepass import Prepared, Prepass
from opscopilot.staging.reading.unpack import TextFile, probe, sha256, unpack
from opscopilot.staging.receipt import describe, entries
from opscopilot.staging.refusal import Refused


@dataclass(frozen=True)
class Limits:
    """Bounds of one run: bytes of the object and of its text, and memory and threads of the checks."""

    max_object_bytes: int = 2 << 30
    max_text_bytes: int = 8 << 30
    memory_mb: int = 256
    threads: int = 2

    @classmethod
    def of(cls, max_file_mb: int) -> Limits:
        """Limits for objects of at most that many MB; unpacked they may have four times as many."""
        return cls(max_file_mb << 20, max_file_mb << 22)


@dataclass
class Work:
    """One claimed job on its way."""

    landing: Landing
    claim: Claim
    plant: PlantSettings
    folder: Path
    correlation_id: str
    log: list[LogEntry] = field(default_factory=list)
    sha256: str = ""


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
        """Ingest one object; the answer is the hand-over to normalize, or says why there is none."""
        with self.database.tenant(landing.tenant_id) as tx:
            row = tx.one(f"SELECT {PLANT_COLUMNS} FROM platform.tenants WHERE status = 'active'")
            if row is None:
                return {"status": "ignored", "reason": "unknown_tenant", "key": landing.key}
            claim = jobs.claim(tx, landing)
            if claim is None:
                return {"status": "unchanged", "job_id": str(landing.job_id)}
            if claim.staged is None:
                jobs.clear(tx, claim.job_id)
        if claim.staged is not None:
            return claim.staged
        work = Work(landing, claim, PlantSettings.model_validate(row), folder, correlation_id)
        try:
            return self._ingest(work)
        except Refused as refusal:
            return self._fail(work, refusal)

    def fail(self, landing: Landing, code: str, message: str) -> dict[str, Any]:
        """End the object's job as failed, unless it has ended; an object nobody claimed gets a job to say so."""
        with self.database.tenant(landing.tenant_id) as tx:
            if tx.scalar("SELECT 1 FROM platform.tenants") is None:
                return {"status": "ignored", "reason": "unknown_tenant", "key": landing.key}
            claim = jobs.claim(tx, landing)
            if claim is None:
                return {"status": "unchanged", "job_id": str(landing.job_id)}
            jobs.fail(tx, claim.job_id, code, message)
        return {"status": "failed", "job_id": str(claim.job_id), "error_code": code}

    def _fail(self, work: Work, refusal: Refused) -> dict[str, Any]:
        job_id = work.claim.job_id
        with self.database.tenant(work.landing.tenant_id) as tx:
            jobs.fail(tx, job_id, refusal.code, refusal.message, sha256=work.sha256 or None)
            jobs.add_log(tx, job_id, work.log)
        return {"status": "failed", "job_id": str(job_id), "error_code": refusal.code}

    def _ingest(self, work: Work) -> dict[str, Any]:
        text, info = self._fetch(work)
        with self.database.tenant(work.landing.tenant_id) as tx:
            known = remembered(tx, work.landing.source_system)
        dialect = detect(text, work.landing.file_name, choosing.wanted(known, work.landing.file_name))
        choice = choosing.choose(
            self.registry, known, dialect.headers, work.landing.file_name, self._asked_for(work, info)
        )
        binding = self._bind(work, choice, dialect, info)
        prepared = Prepass(dialect, work.folder / "clean.csv", work.folder / "widths.csv").run(text)
        text.path.unlink()
        with workbench(work.folder, self.limits.memory_mb, self.limits.threads) as db:
            told = Told(choice.dates or known.dates, choice.decimal or known.decimal)
            checker = Checker(
                db, prepared, dialect.width, binding, work.plant.default_time_zone, work.plant.day_start, told
            )
            outcome = checker.run()
            if outcome.good + outcome.bad + prepared.rejected == 0:
                raise Refused(
                    "no_rows", f"'{work.landing.file_name}' has a header line but no records under it. "
                    "Check the filter of the export and export it again.",
                )  # fmt: skip
            good, bad = work.folder / "good.parquet", work.folder / "bad.csv"
            checker.write_bad(bad, dialect.headers)
            if outcome.good:
                checker.write_good(good)
        work.log += entries(text, dialect, prepared, outcome, binding, choice)
        return self._hand_over(work, choice, describe(text, dialect, outcome, binding, choice), outcome, prepared)

    def _fetch(self, work: Work) -> tuple[TextFile, ObjectInfo]:
        landing, name = work.landing, work.landing.file_name
        source = work.folder / "object"
        try:
            info = self.store.head(landing.bucket, landing.key, landing.version_id)
            if info.size > self.limits.max_object_bytes:
                raise Refused(
                    "too_large", f"'{name}' has {info.size >> 20:,} MB; the limit is "
                    f"{self.limits.max_object_bytes >> 20:,} MB. Split the export.",
                )  # fmt: skip
            self.store.download(landing.bucket, landing.key, source, landing.version_id)
        except ObjectMissing as error:
            raise Refused("object_missing", f"'{name}' was deleted before it could be read. Drop it again.") from error
        work.sha256 = sha256(source)
        plain = unpack(source, work.folder / "text", name, self.limits.max_text_bytes)
        return probe(plain, name), info

    def _asked_for(self, work: Work, info: ObjectInfo) -> str | None:
        asked = info.metadata.get("entity") or work.claim.entity
        if asked and self.registry.get(asked) is None:
            raise Refused(
                "unknown_entity",
                f"'{asked}' is not a kind of data we know. Choose one of: {', '.join(self.registry.names())}.",
            )
        return asked or None

    def _bind(self, work: Work, choice: Choice, dialect: Dialect, info: ObjectInfo) -> Binding:
        binder = Binder(
            self.registry, dialect.headers, work.plant, work.plant.today(self.clock).isoformat(), info.last_modified
        )
        return binder.from_mapping(choice.mapping)

    def _hand_over(
        self, work: Work, choice: Choice, mapping: dict[str, Any], outcome: Outcome, prepared: Prepared
    ) -> dict[str, Any]:
        job_id, tenant_id = work.claim.job_id, work.landing.tenant_id
        failed = outcome.bad + prepared.rejected
        staged_key = f"staged/{tenant_id}/{job_id}.parquet"
        answer = {
            "status": "staged", "tenant_id": str(tenant_id), "job_id": str(job_id), "entity": choice.entity,
            "staged_key": staged_key, "fields": [check.field.name for check in outcome.checks],
            "by_source_id": [check.field.name for check in outcome.checks if check.foreign_id],
            "source_system": work.landing.source_system, "correlation_id": work.correlation_id,
            "total_records": outcome.good + failed, "failed_records": failed,
        }  # fmt: skip
        if outcome.good:
            self.store.upload(work.folder / "good.parquet", self.staging_bucket, staged_key)
        staged = Staged(
            choice.entity, choice.score, {**mapping, "hand_over": answer}, outcome.good + failed, failed, staged_key,
            work.sha256,
        )  # fmt: skip
        with self.database.tenant(tenant_id) as tx:
            return self._commit(tx, work, staged, outcome, prepared, answer)

    def _commit(
        self, tx: Tx, work: Work, staged: Staged, outcome: Outcome, prepared: Prepared, answer: dict[str, Any]
    ) -> dict[str, Any]:
        job_id = work.claim.job_id
        tx.execute("SELECT 1 FROM staging.ingestion_jobs WHERE id = :id FOR UPDATE", id=job_id)
        if outcome.good:
            done = jobs.finish(tx, job_id, staged)
        else:
            code, message = _nothing_good(staged, outcome)
            done = jobs.fail(
                tx, job_id, code, message, entity=staged.entity, mapping=staged.mapping, score=staged.score,
                total=staged.total, sha256=staged.sha256,
            )  # fmt: skip
            answer = {"status": "failed", "job_id": str(job_id), "error_code": code}
        if not done:
            return {"status": "unchanged", "job_id": str(job_id)}
        rejects.store(tx, job_id, staged.entity, [prepared.spool, work.folder / "bad.csv"])
        jobs.add_log(tx, job_id, work.log)
        return answer


def _nothing_good(staged: Staged, outcome: Outcome) -> tuple[str, str]:
    if outcome.refused:
        columns = "; ".join(
            f"{check.field.label}: {', '.join(check.day.samples)}" for check in outcome.refused if check.day.samples
        )
        return "ambiguous_date", (
            f"The file was not taken: it does not say whether its dates put the day or the month first, or it does "
            f"both ({columns}). Export the dates as YYYY-MM-DD, or state the order in the mapping of this source "
            f"(dates: dmy or mdy)."
        )
    return "all_records_rejected", (
        f"None of the {staged.total:,} records could be taken; see the rejected records for the reason of each."
    )
