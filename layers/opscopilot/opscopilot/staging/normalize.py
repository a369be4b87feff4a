"""Normalize: a staged file becomes canonical rows, each part of it in one transaction.

A part that was loaded is not loaded again; running a job twice changes nothing. What waited for the rows that came in
is loaded after the commit, under its own job. See staging/loading for the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import DependenciesPending
from opscopilot.kernel.events import EventPublisher, relay
from opscopilot.kernel.tenancy import plant_settings
from opscopilot.staging import jobs
from opscopilot.staging.finished import finished
from opscopilot.staging.jobs import LogEntry
from opscopilot.staging.loading import extract, finish, heal, load
from opscopilot.staging.loading.heal import Healer
from opscopilot.staging.loading.load import Loading
from opscopilot.staging.loading.model import Change, Counts, StagedFile

WAIT_FOR_UPLOADS_S = 120
"""A file that was announced, or whose kind is still unknown, may be the one we need; after this long we stop
waiting for it. One that never arrives must not hold up the others for ever."""
WAIT_FOR_RUNNING_S = 2 * 3600
"""A job that has not moved for as long as its state machine may run (TimeoutSeconds) is dead, whatever its status
says, and must not hold up the others either. A delivery that starts it again makes it count again."""
AsCsv = Callable[[Path, list[str]], AbstractContextManager[tuple[BinaryIO, bool]]]


@dataclass
class Normalizer:
    """The service behind functions/normalize."""

    database: Database
    registry: Registry
    clock: Clock
    publisher: EventPublisher
    fetch: Callable[[str, Path], None]
    """Download the staged object of that key to a file."""
    as_csv: AsCsv
    """Stream record_no, source_row, source_id and the fields as CSV; whether the file has source ids."""

    def run(self, staged: StagedFile, workdir: Path) -> dict[str, object]:
        """Load one staged file; raises DependenciesPending while files it refers to are still coming in."""
        with self.database.tenant(staged.tenant_id) as tx:
            done = self._is_done(tx, staged)
            if not done and staged.replay is None and staged.part in (None, 1):
                self._wait_for_dependencies(tx, staged)
        outcome: dict[str, object] = {"status": "unchanged", "job_id": str(staged.job_id)}
        entity = self.registry[staged.entity]
        wrote = {entity.name, *([entity.parent] if entity.parent else [])}
        if not done:
            parquet = workdir / "staged.parquet"
            self.fetch(staged.staged_key, parquet)
            with (
                self.database.tenant(staged.tenant_id) as tx,
                self.as_csv(parquet, staged.fields) as (stream, has_source_id),
            ):
                outcome, wrote = self._load(tx, staged, stream, has_source_id)
        # Also when the load was done before: whoever did it may have died before this.
        healer = Healer(self.database, self.registry, self.clock)
        with self.database.tenant(staged.tenant_id) as tx:
            wrote |= healer.missed(tx, staged.job_id) if staged.last else set()
        outcome["healed"] = healer.heal(staged.tenant_id, wrote)
        with self.database.tenant(staged.tenant_id) as tx:
            relay(tx, self.publisher)
        return outcome

    def _is_done(self, tx: Tx, staged: StagedFile, *, lock: bool = False) -> bool:
        """Whether this load was done before, or its job was called off."""
        status = finish.job(tx, staged.job_id, lock=lock)["status"]
        if staged.replay is not None:
            known = tx.scalar(
                "SELECT status FROM staging.replays WHERE job_id = :job AND id = :id",
                job=staged.job_id, id=staged.replay,
            )  # fmt: skip
            return bool(status == "cancelled" or known == "done")
        if status in finish.TERMINAL:
            return True
        return staged.part is not None and finish.part_is_loaded(tx, staged.job_id, staged.part)

    def _wait_for_dependencies(self, tx: Tx, staged: StagedFile) -> None:
        needed = sorted(self.registry.dependencies(staged.entity))
        if not needed:
            return
        waiting = tx.rows(
            """SELECT file_name FROM staging.ingestion_jobs
               WHERE status IN ('pending', 'running') AND id <> :job
                 AND (status = 'running' AND entity_type = ANY(CAST(:needed AS text[]))
                          AND updated_at > now() - make_interval(secs => :alive)
                      OR (staged_key IS NULL AND created_at > now() - make_interval(secs => :patience)
                          AND (entity_type IS NULL OR entity_type = ANY(CAST(:needed AS text[])))))
               LIMIT 5""",
            job=staged.job_id, needed=needed, patience=WAIT_FOR_UPLOADS_S, alive=WAIT_FOR_RUNNING_S,
        )  # fmt: skip
        if waiting:
            names = ", ".join(row["file_name"] for row in waiting)
            raise DependenciesPending(f"{staged.entity} waits for: {names}")

    def _load(
        self, tx: Tx, staged: StagedFile, stream: BinaryIO, has_source_id: bool
    ) -> tuple[dict[str, object], set[str]]:
        if self._is_done(tx, staged, lock=True):
            return {"status": "unchanged", "job_id": str(staged.job_id)}, set()
        row = finish.job(tx, staged.job_id)
        replay = staged.replay is not None
        loading = Loading(
            tx, self.registry, staged, plant_settings(tx), has_source_id,
            not_after=(row["completed_at"] or row["created_at"]) if replay else None,
        )  # fmt: skip
        counts = load.run(loading, stream)
        log = _said(counts)
        end = self._end_replay if replay else self._end
        status = end(loading, row, counts, log)
        jobs.add_log(tx, staged.job_id, log)
        answer: dict[str, object] = {
            "status": status, "job_id": str(staged.job_id), "entity": staged.entity, "part": staged.part,
            **counts.model_dump(),
        }  # fmt: skip
        return answer, set(loading.wrote)

    def _end(self, loading: Loading, row: dict[str, Any], counts: Counts, log: list[LogEntry]) -> str:
        tx, staged = loading.tx, loading.staged
        if staged.part is None:
            totals = finish.totals(row, counts)
        else:
            totals = finish.end_part(tx, staged.job_id, staged.part, counts)
        if staged.full_extract and staged.last:
            self._deactivate(loading, log)
        finish.write_counters(tx, staged.job_id, totals, counts, finish.merged(row["changes"], loading.changes))
        if not staged.last:
            return "running"
        finish.forget_old_keys(tx)
        status = finish.close(tx, staged.job_id, totals)
        heal.announce(tx, staged, self.clock.now)
        finished(tx, staged.job_id, staged.correlation_id, self.clock.now())
        return status

    def _end_replay(self, loading: Loading, row: dict[str, Any], counts: Counts, log: list[LogEntry]) -> str:
        tx, staged = loading.tx, loading.staged
        loaded = counts.written + counts.duplicates
        tx.execute(
            """UPDATE staging.replays SET status = 'done', loaded_records = :loaded,
                   failed_records = failed_records + :failed, updated_at = now() WHERE job_id = :job AND id = :id""",
            job=staged.job_id, id=staged.replay, loaded=loaded, failed=counts.rejected,
        )  # fmt: skip
        if not loaded:
            return str(row["status"])
        totals = heal.adjust(tx, staged.job_id, row, loaded, counts, loading)
        log.append(LogEntry("info", "replayed", f"{loaded:,} records that had not been loaded were loaded again."))
        heal.announce(tx, staged, self.clock.now)
        return totals.status

    def _deactivate(self, loading: Loading, log: list[LogEntry]) -> None:
        tx, staged = loading.tx, loading.staged
        for plan in (loading.plan, *([loading.parent] if loading.parent else [])):
            gone, said = extract.deactivate(tx, self.registry, staged, plan)
            log += said
            if gone:
                loading.changes.append(Change(what="deactivated", entity=plan.entity.name, count=gone))
                tx.execute(
                    """UPDATE staging.ingestion_jobs SET deactivated_records = deactivated_records + :gone
                       WHERE id = :id""", id=staged.job_id, gone=gone,
                )  # fmt: skip


def _said(counts: Counts) -> list[LogEntry]:
    if not counts.older:
        return []
    return [LogEntry("info", "older_than_stored", f"{counts.older:,} records are older than what is stored; the newer "
                     "values stay.")]  # fmt: skip
