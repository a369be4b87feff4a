"""One load: COPY, resolve, match, write, keep what is not right. The caller's transaction decides whether it happened.

tenant set → advisory lock per tenant and entity (concurrent loads of one entity queue up instead of deadlocking) →
temporary table of texts → resolve references and units → history of what changes, updates, inserts → rejects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from opscopilot.catalogue import rules, upsert, writing
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.kernel.db import Tx
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.staging.loading import changes, extract, kept
from opscopilot.staging.loading.model import Change, Counts, StagedFile

ANALYZE_FROM_SHARE = 0.05
WORK_MEM = "96MB"


@dataclass
class Written:
    """What one set of resolved rows did to its table."""

    inserted: int = 0
    updated: int = 0
    older: int = 0
    conflicts: bool = False


@dataclass
class Loading:
    """A load under way. `not_after` protects rows that changed after the record was kept; see writing."""

    tx: Tx
    registry: Registry
    staged: StagedFile
    plant: PlantSettings
    has_source_id: bool
    not_after: datetime | None = None
    changes: list[Change] = field(default_factory=list)
    wrote: set[str] = field(default_factory=set)
    """Entities whose rows were inserted or updated."""

    def __post_init__(self) -> None:
        one = self.staged
        self.plan = LoadPlan(
            self.registry[one.entity], self.registry, frozenset(one.fields), frozenset(one.by_source_id),
            self.has_source_id,
        )  # fmt: skip
        self.parent = upsert.parent_plan(self.plan)

    def begin(self) -> None:
        """Set what the statements read, take the locks (always in the same order), make the table of texts."""
        one = self.staged
        self.tx.execute(
            """SELECT set_config('ops.job_id', :job, true), set_config('ops.source_system', :system, true),
                   set_config('ops.time_zone', :zone, true), set_config('ops.day_start', :start, true),
                   set_config('ops.as_of', :as_of, true), set_config('ops.not_after', :not_after, true),
                   set_config('work_mem', :memory, true)""",
            job=str(one.job_id), system=one.source_system, zone=self.plant.default_time_zone,
            start=self.plant.day_start.isoformat(), as_of=one.as_of.isoformat() if one.as_of else "",
            not_after=self.not_after.isoformat() if self.not_after else "", memory=WORK_MEM,
        )  # fmt: skip
        for name in sorted({self.plan.entity.name, *([self.parent.entity.name] if self.parent else [])}):
            self.tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(:key, 7))", key=f"{one.tenant_id}/{name}")
        self.tx.script(upsert.create_staged(one.fields))

    def write(self, total: int, *, again: bool = False) -> Counts:
        """Write the `total` staged records; `again` for records that were kept before."""
        self._analyze_staged()
        if self.parent:
            self._write(self.parent)
        done = self._write(self.plan)
        if self.parent:
            kept.explain_missing_parents(self.tx, self.plan, self.parent)
        rejected = kept.keep(self.tx, self.plan, conflicts=done.conflicts)
        if again:
            kept.promote(self.tx, self.plan)
        written = done.inserted + done.updated
        return Counts(
            written=written, rejected=rejected, duplicates=total - written - rejected, inserted=done.inserted,
            updated=done.updated, older=done.older,
        )  # fmt: skip

    def _analyze_staged(self) -> None:
        """Tell the planner about the columns that are joined on; the others do not matter."""
        joined = {name for ref in self.plan.entity.refs for name in ref.fields}
        if self.parent:
            joined |= {*self.parent.entity.key, *(name for ref in self.parent.entity.refs for name in ref.fields)}
        columns = [name for name in self.staged.fields if name in joined] or ["record_no"]
        self.tx.script(f"ANALYZE staged ({', '.join(columns)})")

    def _write(self, plan: LoadPlan) -> Written:
        tx, done = self.tx, Written()
        rows = tx.script(upsert.resolve(plan)).rowcount
        tx.script(writing.number_rows(plan))
        if tx.script(writing.find_repeats(plan)).rowcount:
            done.conflicts = bool(tx.script(writing.mark_repeats(plan)).rowcount)
        known = bool(tx.scalar(f"SELECT EXISTS (SELECT 1 FROM {plan.entity.full_table})"))
        met = tx.script(writing.match(plan, late=self.not_after is not None)).rowcount if known else 0
        changed = bool(met) and self._settle(plan, done)
        checks = rules.statements(plan, self.parent if plan.own_rows else None)
        for statement in checks:
            tx.script(statement)
        if changed and checks:
            tx.script(writing.pardon(plan))
        if met:
            self._update(plan, done, changed=changed)
        if met < rows:
            done.inserted = int(tx.script(writing.insert(plan, some_exist=known)).rowcount)
        if done.inserted:
            self.changes += changes.after_insert(tx, plan, done.inserted, some_exist=known)
        if done.inserted or done.updated:
            self.wrote.add(plan.entity.name)
            self._refresh_statistics(plan.entity.full_table, done.inserted + done.updated)
        return done

    def _settle(self, plan: LoadPlan, done: Written) -> bool:
        """Find out which of the rows that differ are this file's to change; whether any differ."""
        tx, one = self.tx, self.staged
        changed = f"SELECT count(*) FROM {writing.matched(plan)} WHERE changed"
        if not tx.scalar(changed):
            return False
        if one.part is not None:
            tx.script(writing.seen_before(plan))
        if one.as_of is not None and plan.entity.semantics == "upsert":
            tx.script(writing.confirmed_later(plan))
        if plan.own_rows and tx.script(writing.conflicts(plan)).rowcount:
            done.conflicts = True
        done.older = int(tx.scalar(f"{changed} AND newer AND NOT own"))
        return True

    def _update(self, plan: LoadPlan, done: Written, *, changed: bool) -> None:
        tx, one = self.tx, self.staged
        if changed and tx.script(f"SELECT 1 {writing.of_changed(plan)} LIMIT 1").rowcount:
            self.changes += changes.before_update(tx, plan)
            tx.script(writing.history(plan))
            done.updated = int(tx.script(writing.update(plan)).rowcount)
        if one.full_extract:
            done.updated += extract.bring_back(tx, plan)
        if one.part is not None or one.full_extract or one.as_of is not None:
            tx.script(writing.remember(plan))

    def _refresh_statistics(self, table: str, written: int) -> None:
        """ANALYZE a table that a load changed much.

        Autovacuum comes a minute late, and never to a table of less than 50 rows. Until then the planner takes a
        thousand items for one, and a question about them takes seconds instead of milliseconds.
        """
        changed_much = self.tx.scalar(
            """SELECT current_setting('server_version_num')::int >= 170000  -- before that only the owner may
                   AND :written > :share * greatest(reltuples, 0)
               FROM pg_class WHERE oid = CAST(:table AS regclass)""",
            written=written, share=ANALYZE_FROM_SHARE, table=table,
        )  # fmt: skip
        if changed_much:
            self.tx.script(f"ANALYZE {table}")


def load(
    tx: Tx, registry: Registry, staged: StagedFile, plant: PlantSettings, stream: IO[Any] | Iterable[bytes],
    has_source_id: bool,
) -> Counts:  # fmt: skip
    """Load one staged file from its CSV."""
    return run(Loading(tx, registry, staged, plant, has_source_id), stream)


def run(loading: Loading, stream: IO[Any] | Iterable[bytes]) -> Counts:
    """COPY the CSV and load it."""
    loading.begin()
    total = loading.tx.copy_in("COPY staged FROM STDIN (FORMAT csv)", stream)
    if loading.staged.replay is None:
        return loading.write(total)
    return loading.write(kept.only_open(loading.tx), again=True)
