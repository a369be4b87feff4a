"""One table of a dropped object is taken in: chosen, read, its formats settled, judged at once or cut into parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Database
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.staging import choosing, drifting, jobs, parts, receipt, rejects
from opscopilot.staging.binding import Binding
from opscopilot.staging.checking import Checker, Outcome, workbench
from opscopilot.staging.choosing import Choice
from opscopilot.staging.evidence import Evidence, Told
from opscopilot.staging.finished import finished
from opscopilot.staging.jobs import Claim, LogEntry, Staged
from opscopilot.staging.landing import Landing
from opscopilot.staging.limits import Limits
from opscopilot.staging.mapping import FileMapping, SourceMapping
from opscopilot.staging.parts import PartTask
from opscopilot.staging.ports import ObjectStore
from opscopilot.staging.reading.table import Prepared, Table
from opscopilot.staging.recipe import Recipe
from opscopilot.staging.refusal import Refused

PART_FROM = 1.5
"""A table is cut when it is larger than that many parts; less is not worth the hand-overs."""


@dataclass
class Work:
    """One claimed job on its way."""

    landing: Landing
    claim: Claim
    plant: PlantSettings
    folder: Path
    correlation_id: str
    sha256: str
    landed_at: datetime
    now: datetime
    as_of: datetime | None
    known: SourceMapping
    asked_for: str | None
    file_name: str
    today: str
    log: list[LogEntry] = field(default_factory=list)


@dataclass(frozen=True)
class Taken:
    """What the state machine is to do for one table: parts still to be read, staged files to be loaded."""

    status: str
    job_id: str
    read: list[dict[str, Any]] = field(default_factory=list)
    load: list[dict[str, Any]] = field(default_factory=list)
    error_code: str | None = None


@dataclass
class Taker:
    """Takes tables. `store` and `staging_bucket` are where staged files go."""

    database: Database
    registry: Registry
    store: ObjectStore
    staging_bucket: str
    limits: Limits

    def take(self, work: Work, table: Table) -> Taken:
        """Take one table; raises Refused (NeedsMapping where a person must say what it holds)."""
        own = getattr(table, "mapping", None)  # a standard says itself what its tables hold
        choice = Choice(own.entity, "by its standard", None, own) if own else choosing.choose(
            self.registry, work.known, table.headers, work.file_name, work.asked_for, sample=table.sample,
            confirmed=FileMapping.model_validate(work.claim.confirmed) if work.claim.confirmed else None,
        )  # fmt: skip
        recipe = Recipe(headers=list(table.headers), mapping=choice.mapping, today=work.today, landed_at=work.landed_at)
        binding = recipe.binding(self.registry, work.plant)
        prepared = table.prepare(work.folder, self.limits.part_bytes)
        told = Told(choice.dates or work.known.dates, choice.decimal or work.known.decimal)
        with workbench(work.folder, self.limits.memory_mb, self.limits.threads) as db:
            one = _Table(self, work, table, choice, recipe, binding, prepared, db)
            return one.cut(told) if len(prepared.parts) > PART_FROM else one.whole(told)


@dataclass
class _Table:
    """A table under way, with everything known about it."""

    taker: Taker
    work: Work
    table: Table
    choice: Choice
    recipe: Recipe
    binding: Binding
    prepared: Prepared
    db: duckdb.DuckDBPyConnection

    @property
    def checker(self) -> Checker:
        plant = self.work.plant
        return Checker(self.db, len(self.table.headers), self.binding, plant.default_time_zone, plant.day_start)

    def load(self, checker: Checker, files: list[Path], *, last: bool = True) -> None:
        found = self.prepared
        checker.load(files, found.delimiter, multiline=found.multiline, untidy=found.untidy, last=last)

    def whole(self, told: Told) -> Taken:
        """Judge all records here and now."""
        checker = self.checker
        self.load(checker, self.prepared.parts)
        evidence = Evidence.of(self.db, self.binding)
        formats = evidence.formats(self.table.delimiter, told)
        self.recipe = self.recipe.settled(formats, fill_down=evidence.fill_down(self.binding))
        outcome = checker.judge(formats, fill_down=self.recipe.fill_down)
        if outcome.good + outcome.bad + self.prepared.rejected == 0:
            raise _no_rows(self.work.file_name)
        good, bad = self.work.folder / "good.parquet", self.work.folder / "bad.csv"
        checker.write_bad(bad, self.table.headers)
        if outcome.good:
            checker.write_good(good)
            self.taker.store.upload(good, self.taker.staging_bucket, self.staged_key())
        return self._commit(outcome, [self.prepared.spool, bad], [])

    def cut(self, told: Told) -> Taken:
        """Settle the formats with every value of the file, then hand the judging out part by part."""
        checker, evidence = self.checker, Evidence()
        for number, path in enumerate(self.prepared.parts, 1):
            self.load(checker, [path], last=number == len(self.prepared.parts))
            evidence.add(Evidence.of(self.db, self.binding))
        if self.binding.needs_neighbours or evidence.fill_down(self.binding):
            return self.whole(told)  # a record's meaning hangs on those above it: parts would lose it
        self.recipe = self.recipe.settled(evidence.formats(self.table.delimiter, told), fill_down=False)
        outcome = checker.outcome(self.recipe.formats)
        if outcome.refused:
            return self.whole(told)  # no record is taken, and each of them says why
        made = [
            parts.Part(number, parts.part_key(self.work.landing.tenant_id, self.work.claim.job_id, number))
            for number in range(1, len(self.prepared.parts) + 1)
        ]
        for part, path in zip(made, self.prepared.parts, strict=True):
            self.taker.store.upload(path, self.taker.staging_bucket, part.key)
            path.unlink()
        return self._commit(outcome, [self.prepared.spool], made)

    def staged_key(self, part: int | None = None) -> str:
        """Where the right records of the table, or of one part of it, are staged."""
        return parts.staged_key(self.work.landing.tenant_id, self.work.claim.job_id, part)

    def _hand_over(self, outcome: Outcome, part: int | None, *, last: bool) -> dict[str, Any]:
        work = self.work
        return {
            "status": "staged", "tenant_id": str(work.landing.tenant_id), "job_id": str(work.claim.job_id),
            "entity": self.choice.entity, "staged_key": self.staged_key(part),
            "fields": [check.field.name for check in outcome.checks],
            "by_source_id": [check.field.name for check in outcome.checks if check.foreign_id],
            "source_system": work.landing.source_system, "correlation_id": work.correlation_id,
            "part": part, "last": last, "replay": None, "full_extract": self.recipe.mapping.full_extract,
            "as_of": work.as_of.isoformat() if work.as_of else None,
        }  # fmt: skip

    def _tasks(self, made: list[parts.Part]) -> list[dict[str, Any]]:
        found, work = self.prepared, self.work
        return [
            PartTask(
                tenant_id=work.landing.tenant_id, job_id=work.claim.job_id, part=part.number, last=part is made[-1],
                delimiter=found.delimiter, multiline=found.multiline, untidy=found.untidy,
                correlation_id=work.correlation_id,
            ).model_dump(mode="json")
            for part in made
        ]  # fmt: skip

    def _mapping(self, outcome: Outcome, read: list[dict[str, Any]], load: list[dict[str, Any]]) -> dict[str, Any]:
        """What is kept with the job: how it was read, the recipe, and the hand-over, should it be asked for again."""
        told = receipt.describe(self.table, outcome, self.binding, self.choice)
        return {**told, "recipe": self.recipe.model_dump(mode="json"), "hand_over": {"read": read, "load": load}}

    def _commit(self, outcome: Outcome, spools: list[Path], made: list[parts.Part]) -> Taken:
        work, job_id, rejected = self.work, self.work.claim.job_id, self.prepared.rejected
        failed = outcome.bad + rejected
        total = outcome.good + failed
        read = self._tasks(made)
        load = [self._hand_over(outcome, part.number, last=part is made[-1]) for part in made]
        if not made:
            load = [{**self._hand_over(outcome, None, last=True), "total_records": total, "failed_records": failed}]
        staged = Staged(
            self.choice.entity, self.choice.score, self._mapping(outcome, read, load), total, failed,
            load[0]["staged_key"], work.sha256, max(len(made), 1),
        )  # fmt: skip
        log = [
            *work.log,
            *self.choice.notes,
            *receipt.entries(self.table, self.prepared, outcome, self.binding, self.choice),
        ]
        with self.taker.database.tenant(work.landing.tenant_id) as tx:
            tx.execute("SELECT 1 FROM staging.ingestion_jobs WHERE id = :id FOR UPDATE", id=job_id)
            nothing = not made and not outcome.good
            code, message = _nothing_good(staged, outcome) if nothing else ("", "")
            if not (jobs.give_up(tx, job_id, staged, code, message) if nothing else jobs.finish(tx, job_id, staged)):
                return Taken("unchanged", str(job_id))
            rejects.store(tx, job_id, staged.entity, spools)
            jobs.add_log(tx, job_id, log)
            if self.choice.drift:
                drifting.remember(tx, work.landing.source_system, job_id, self.choice.drift.as_dict)
            if made:
                parts.announce(tx, job_id, made, rejected)
            if nothing:
                finished(tx, job_id, work.correlation_id, work.now)
                return Taken("failed", str(job_id), error_code=code)
        return Taken("staged", str(job_id), read, load)


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


def _no_rows(file_name: str) -> Refused:
    return Refused(
        "no_rows", f"'{file_name}' has a header line but no records under it. Check the filter of the export and "
        "export it again.",
    )  # fmt: skip
