"""One table of a dropped object is taken in: chosen, read, its formats settled, judged at once or cut into parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.messages import not_taken
from opscopilot.kernel.db import Database
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.staging import choosing, drifting, jobs, parts, receipt, rejects
from opscopilot.staging.binding import Binding
from opscopilot.staging.checking import Checker, Outcome, workbench
from opscopilot.staging.choosing import Choice
from opscopilot.staging.doubts import doubted
from opscopilot.staging.evidence import Evidence, Told, columns
from opscopilot.staging.finished import finished
from opscopilot.staging.jobs import Claim, LogEntry, Staged
from opscopilot.staging.landing import Landing
from opscopilot.staging.limits import Limits
from opscopilot.staging.mapping import FileMapping, SourceMapping
from opscopilot.staging.parts import PartTask
from opscopilot.staging.ports import ObjectStore
from opscopilot.staging.reading import parts as reading
from opscopilot.staging.reading.table import Prepared, Table
from opscopilot.staging.recipe import ColumnFormat, Recipe
from opscopilot.staging.refusal import Refused


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
        told = Told(choice.dates or work.known.dates, choice.decimal or work.known.decimal)
        with workbench(work.folder, self.limits.memory_mb, self.limits.threads) as db:
            one = _Table(self, work, table, choice, recipe, binding, told, db)
            return one.take(None if binding.needs_neighbours else self.limits.part_bytes)


@dataclass
class _Table:
    """A table under way, with everything known about it."""

    taker: Taker
    work: Work
    table: Table
    choice: Choice
    recipe: Recipe
    binding: Binding
    told: Told
    db: duckdb.DuckDBPyConnection
    evidence: Evidence = field(default_factory=Evidence)
    waiting: reading.Part | None = None
    made: list[parts.Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        plant = self.work.plant
        self.checker = Checker(self.db, len(self.table.headers), self.binding, plant.default_time_zone, plant.day_start)

    def take(self, part_bytes: int | None) -> Taken:
        """Read the table; one of a single part is judged at once, a larger one part by part, elsewhere."""
        if part_bytes is None:
            return self.whole(self.table.prepare(self.work.folder))
        self.prepared = self.table.prepare(self.work.folder, reading.Cut.at(part_bytes, self._finished))
        if not self.made:
            return self.whole(self.prepared)
        assert self.waiting is not None
        self._carry_away(self.waiting, last=True)
        formats = self.evidence.formats(self.table.delimiter, self.told)
        formats = self._settle(formats, fill_down=False)
        outcome = self.checker.outcome(formats)
        if self.evidence.fill_down(self.binding) or outcome.refused:
            # A record's meaning hangs on those above it, or no record is taken: the table is read in one piece.
            self.made.clear()
            return self.take(None)
        return self._commit(outcome, [self.prepared.spool], self.made)

    def _settle(self, formats: dict[str, ColumnFormat], *, fill_down: bool) -> dict[str, ColumnFormat]:
        """Fix how the file is read: its formats, rules that cannot be meant, units that stand behind numbers."""
        plant = self.work.plant
        settled = doubted(self.db, self.binding, formats, plant.default_time_zone, plant.day_start)
        self.recipe = self.recipe.settled(settled, fill_down=fill_down)
        self.binding = self.checker.binding = self.recipe.binding(self.taker.registry, plant)
        return settled

    def _finished(self, part: reading.Part) -> None:
        """A part is written. The one before it is not the last, so it can go."""
        if self.waiting is not None:
            self._carry_away(self.waiting, last=False)
        self.waiting = part

    def _carry_away(self, part: reading.Part, *, last: bool) -> None:
        """Hear what the part says about the file's formats, store it, make room on the disk."""
        # The last part stays loaded whole: rules that may not be meant are tried on it.
        self.checker.load(
            [part.path], part.delimiter, multiline=part.multiline, untidy=getattr(self.table, "untidy", True), last=last,
            only=None if last else columns(self.binding),
        )  # fmt: skip
        self.evidence.add(Evidence.of(self.db, self.binding))
        number = len(self.made) + 1
        key = parts.part_key(self.work.landing.tenant_id, self.work.claim.job_id, number)
        self.taker.store.upload(part.path, self.taker.staging_bucket, key)
        part.path.unlink()
        self.made.append(parts.Part(number, key))

    def whole(self, prepared: Prepared) -> Taken:
        """Judge all records here and now."""
        self.prepared, checker = prepared, self.checker
        checker.load(prepared.parts, prepared.delimiter, multiline=prepared.multiline, untidy=prepared.untidy)
        evidence = Evidence.of(self.db, self.binding)
        formats = evidence.formats(self.table.delimiter, self.told)
        formats = self._settle(formats, fill_down=evidence.fill_down(self.binding))
        outcome = checker.judge(formats, fill_down=self.recipe.fill_down)
        if outcome.good + outcome.bad + prepared.rejected == 0:
            raise _no_rows(self.work.file_name)
        good, bad = self.work.folder / "good.parquet", self.work.folder / "bad.csv"
        checker.write_bad(bad, self.table.headers)
        if outcome.good:
            checker.write_good(good)
            self.taker.store.upload(good, self.taker.staging_bucket, self.staged_key())
        return self._commit(outcome, [prepared.spool, bad], [])

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
        return not_taken(outcome.refused)
    return "all_records_rejected", (
        f"None of the {staged.total:,} records could be taken; see the rejected records for the reason of each."
    )


def _no_rows(file_name: str) -> Refused:
    return Refused(
        "no_rows", f"'{file_name}' has a header line but no records under it. Check the filter of the export and "
        "export it again.",
    )  # fmt: skip
