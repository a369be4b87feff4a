"""Replay: records that were not loaded are tried again, corrected or as they are.

The replay's object and the job's kept records make corrected records; they are checked with the job's own recipe;
right ones are staged and handed over to normalize, wrong ones stay with their new errors. The job's status and
counters change only when normalize has loaded. Doing it twice changes nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Database, Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.kernel.tenancy import PLANT_COLUMNS, PlantSettings
from opscopilot.staging import jobs, replays
from opscopilot.staging.binding import Binding, literal
from opscopilot.staging.checking import Checker, workbench
from opscopilot.staging.corrections import Corrected, replayable
from opscopilot.staging.evidence import Evidence, Told
from opscopilot.staging.jobs import LogEntry
from opscopilot.staging.kept_rows import LINE, Kept, RowLayout
from opscopilot.staging.landing import Landing
from opscopilot.staging.limits import Limits
from opscopilot.staging.mapping import ColumnSource, FileMapping, SourceMapping, remembered
from opscopilot.staging.ports import ObjectMissing, ObjectStore
from opscopilot.staging.recipe import ColumnFormat, Recipe
from opscopilot.staging.rejects import read_spool

_BATCH = 5000


@dataclass
class _Group:
    """Records that are read alike: cells of the file, or canonical texts of fields."""

    name: str
    recipe: Recipe
    binding: Binding
    path: Path
    rows: int = 0
    good: int = 0
    bad: int = 0


@dataclass
class Replayer:
    """The replay of one object. `limits` bound memory and threads of the checks."""

    database: Database
    registry: Registry
    store: ObjectStore
    staging_bucket: str
    limits: Limits

    def run(self, landing: Landing, folder: Path, correlation_id: str) -> dict[str, Any]:
        """Try the records of the object again; the hand-over to normalize, or why there is none."""
        unchanged = {"status": "unchanged", "job_id": str(landing.job_id)}
        with self.database.tenant(landing.tenant_id) as tx:
            plant = tx.one(f"SELECT {PLANT_COLUMNS} FROM platform.tenants WHERE status = 'active'")
            if plant is None:
                return {"status": "ignored", "reason": "unknown_tenant", "key": landing.key}
            try:
                job = replayable(tx, landing.job_id)
            except (NotFound, Conflict) as error:
                replays.fail(tx, landing.job_id, str(landing.replay), error.detail)
                return unchanged
            known = replays.begin(tx, landing.job_id, str(landing.replay))
            told = remembered(tx, landing.source_system)
        if known["status"] == "done":
            return unchanged
        if known["hand_over"]:
            return dict(known["hand_over"])
        run = _Run(self, landing, job, PlantSettings.model_validate(plant), told, folder, correlation_id)
        try:
            return run.go()
        except (ValidationFailed, ObjectMissing) as error:
            with self.database.tenant(landing.tenant_id) as tx:
                said = error.detail if isinstance(error, ValidationFailed) else "The corrections are gone."
                replays.fail(tx, landing.job_id, str(landing.replay), said)
            return {"status": "failed", "job_id": str(landing.job_id), "error_code": "replay_unreadable"}


@dataclass
class _Run:
    """One replay under way."""

    service: Replayer
    landing: Landing
    job: Row
    plant: PlantSettings
    told: SourceMapping
    folder: Path
    correlation_id: str
    groups: list[_Group] = field(default_factory=list)
    tried: int = 0

    def go(self) -> dict[str, Any]:
        """Overlay, check, stage, and write down what came out."""
        self.recipe = Recipe.model_validate(self.job["mapping"]["recipe"])
        self.layout = RowLayout.of_recipe(self.job["mapping"]["recipe"])
        self.groups = [self._cells(), self._fields()]
        self._overlay()
        limits = self.service.limits
        with workbench(self.folder, limits.memory_mb, limits.threads) as db:
            for group in self.groups:
                if group.rows:
                    self._check(db, group)
            answer = self._stage(db)
        with self.service.database.tenant(self.landing.tenant_id) as tx:
            self._keep(tx, answer)
        return answer or {"status": "replayed", "job_id": str(self.landing.job_id)}

    def _cells(self) -> _Group:
        """Records kept as cells: read as the file was. Values told by position come along in a column of their own."""
        binding = self.recipe.binding(self.service.registry, self.plant)
        extra = {one.field.name: f"_{one.field.name}" for one in binding.bounds if one.derived}
        mapping = self.recipe.mapping.model_copy(
            update={"skip_when": [], "columns": {**self.recipe.mapping.columns, **extra}}
        )
        recipe = self.recipe.model_copy(
            update={"headers": [*self.recipe.headers, *extra.values()], "mapping": mapping, "fill_down": False}
        )
        return _Group("cells", recipe, recipe.binding(self.service.registry, self.plant), self.folder / "cells.csv")

    def _fields(self) -> _Group:
        """Records kept as canonical texts: each field is its own column, in the plain format."""
        bounds = self.recipe.binding(self.service.registry, self.plant).bounds
        own_id = {"source_id": "source_id"} if self.recipe.mapping.source_id else {}
        mapping = FileMapping(
            pattern="*", entity=self.recipe.mapping.entity, fill_down=False, **own_id,
            columns={one.field.name: ColumnSource(column=one.field.name, by="source_id" if one.foreign_id else "code")
                     for one in bounds},
        )  # fmt: skip
        recipe = Recipe(
            headers=[*(one.field.name for one in bounds), *own_id], mapping=mapping, today=self.recipe.today,
            landed_at=self.recipe.landed_at,
        )  # fmt: skip
        return _Group("fields", recipe, recipe.binding(self.service.registry, self.plant), self.folder / "fields.csv")

    def _overlay(self) -> None:
        """Write every record to try into its group's file, and each changed one beside it."""
        cells, fields = self.groups
        with (
            cells.path.open("w", encoding="utf-8", newline="") as first,
            fields.path.open("w", encoding="utf-8", newline="") as second,
            (self.folder / "changed.csv").open("w", encoding="utf-8", newline="") as changes,
        ):
            out = {one.name: csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
                   for one, stream in ((cells, first), (fields, second))}  # fmt: skip
            changed = csv.writer(changes, lineterminator="\n")
            for kept, values in self._asked():
                self.tried += 1
                name, raw = self._corrected(kept, values)
                if name is None:
                    continue
                group = cells if name == "cells" else fields
                group.rows += 1
                row = [raw.get(column) for column in self._columns(group)]
                out[name].writerow(
                    [kept.record_no, kept.source_row or kept.record_no, *row, *self._by_position(group, kept)]
                )
                if raw != {key: one for key, one in kept.raw.items() if key not in ("record_no", "source_row")}:
                    whole = {"record_no": kept.record_no, "source_row": kept.source_row, **raw}
                    changed.writerow([kept.record_no, json.dumps(whole, ensure_ascii=False).replace("\\u0000", "")])

    def _columns(self, group: _Group) -> list[str]:
        return list(self.layout.names) if group.name == "cells" else list(group.recipe.headers)

    def _by_position(self, group: _Group, kept: Kept) -> list[str]:
        """Values of the columns that stand for the record's place in the file: they are part of its key."""
        extra = group.recipe.headers[len(self.layout.names) :] if group.name == "cells" else []
        names = [name for name in group.binding.entity.key if group.binding.bound(name)]
        parts = (kept.natural_key or "").rsplit("/", max(len(names) - 1, 0))
        given = dict(zip(names, parts, strict=False)) if len(parts) == len(names) else {}
        return [given.get(header.removeprefix("_"), "") for header in extra]

    def _asked(self) -> Iterator[tuple[Kept, dict[str, str]]]:
        """The open records that the object names, each with its new values; all of them if it names none."""
        path = self.folder / "replay.csv"
        self.service.store.download(self.landing.bucket, self.landing.key, path, self.landing.version_id)
        with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as stream:
            corrected = Corrected(stream)
            corrected.check(self.layout)
            found = False
            batch: dict[int, dict[str, str]] = {}
            for number, values in corrected.rows():
                found = True
                batch[number] = values
                if len(batch) == _BATCH:
                    yield from self._open(batch)
                    batch = {}
            if batch or not found:
                yield from self._open(batch if found else None)

    def _open(self, batch: Mapping[int, dict[str, str]] | None) -> Iterator[tuple[Kept, dict[str, str]]]:
        after, which, params = 0, "true", dict[str, Any]()
        if batch is not None:
            which, params = "record_no = ANY(CAST(:numbers AS integer[]))", {"numbers": sorted(batch)}
        while True:
            with self.service.database.tenant(self.landing.tenant_id) as tx:
                rows = tx.rows(
                    f"""SELECT record_no, raw_data, errors, validation_status, natural_key FROM staging.staging_data
                        WHERE job_id = :job AND validation_status IN ('invalid', 'pending') AND record_no > :after
                            AND {which} ORDER BY record_no LIMIT {_BATCH}""",
                    job=self.landing.job_id, after=after, **params,
                )  # fmt: skip
            for row in rows:
                yield Kept.of(row), (batch or {}).get(row["record_no"], {})
            if len(rows) < _BATCH:
                return
            after = rows[-1]["record_no"]

    def _corrected(self, kept: Kept, values: Mapping[str, str]) -> tuple[str | None, dict[str, Any]]:
        """How the record is read, and its cells or fields; no reading for a line that nobody took apart."""
        kind = self.layout.kind(kept)
        before = dict(zip(self.layout.names, self.layout.cells(kept), strict=True))
        new = {name: text for name, text in values.items() if name != LINE and text != before.get(name)}
        if kind == "fields":
            raw = {name: one for name, one in kept.raw.items() if name not in ("record_no", "source_row")}
            for name, text in new.items():
                raw |= dict.fromkeys(self.layout.fields_of.get(name, ()), text or None)
            return "fields", {name: one for name, one in raw.items() if one is not None}
        if kind == "cells":
            raw = {name: kept.raw.get(name) for name in self.layout.names}
            return "cells", raw | {name: text or None for name, text in new.items()}
        if not any(new.values()):
            new = self._taken_apart(values.get(LINE) or self.layout.line(kept))
        return ("cells", {name: new.get(name) or None for name in self.layout.names}) if new else (None, {})

    def _taken_apart(self, line: str) -> dict[str, str]:
        """A line that has as many cells as the file has columns by now; otherwise nothing."""
        delimiter = str(self.job["mapping"].get("delimiter") or ",")
        row = next(csv.reader([line], delimiter=delimiter), []) if len(delimiter) == 1 else []
        return dict(zip(self.layout.names, row, strict=True)) if len(row) == len(self.layout.names) else {}

    def _check(self, db: duckdb.DuckDBPyConnection, group: _Group) -> None:
        checker = Checker(
            db, len(group.recipe.headers), group.binding, self.plant.default_time_zone, self.plant.day_start
        )
        checker.load([group.path], ",", multiline=True, untidy=group.name == "cells", last=False)
        outcome = checker.judge(self._formats(db, group))
        group.good, group.bad = outcome.good, outcome.bad
        checker.write_bad(self.folder / f"bad-{group.name}.csv", tuple(group.recipe.headers))
        if outcome.good:
            checker.write_good(self.folder / f"good-{group.name}.parquet")

    def _formats(self, db: duckdb.DuckDBPyConnection, group: _Group) -> dict[str, ColumnFormat]:
        """The file's formats; where nobody could tell them, what the corrected values or a person say by now."""
        formats = dict(group.recipe.formats)
        doubtful = [name for name, one in formats.items() if one.problem]
        if doubtful:
            found = Evidence.of(db, group.binding).formats(",", Told(self.told.dates, self.told.decimal))
            formats |= {name: found[name] for name in doubtful if name in found}
        return formats

    def _stage(self, db: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
        """Upload the right records; the hand-over, or None when there are none."""
        right = [one for one in self.groups if one.good]
        if not right:
            return None
        landing, target = self.landing, self.folder / "replay.parquet"
        parts = " UNION ALL BY NAME ".join(
            f"SELECT * FROM read_parquet({literal(str(self.folder / f'good-{one.name}.parquet'))})" for one in right
        )
        db.execute(f"COPY (SELECT * FROM ({parts}) ORDER BY record_no) TO {literal(str(target))} (FORMAT parquet)")
        key = f"staged/{landing.tenant_id}/{landing.job_id}/replay-{landing.replay}.parquet"
        self.service.store.upload(target, self.service.staging_bucket, key)
        bounds, first = self.groups[1].binding.bounds, (self.job["mapping"].get("hand_over") or {}).get("load") or [{}]
        return {
            "status": "staged", "tenant_id": str(landing.tenant_id), "job_id": str(landing.job_id),
            "entity": self.recipe.mapping.entity, "staged_key": key, "fields": [one.field.name for one in bounds],
            "by_source_id": [one.field.name for one in bounds if one.foreign_id],
            "source_system": self.job["source_system"], "correlation_id": self.correlation_id, "part": None,
            "last": True, "replay": landing.replay, "full_extract": False, "as_of": first[0].get("as_of"),
            "total_records": sum(one.good for one in right), "failed_records": 0,
        }  # fmt: skip

    def _keep(self, tx: Tx, answer: dict[str, Any] | None) -> None:
        """Corrected records keep their corrections, wrong ones their new errors; the log says what was tried."""
        job_id, good = self.landing.job_id, sum(one.good for one in self.groups)
        tx.execute("SELECT 1 FROM staging.ingestion_jobs WHERE id = :id FOR UPDATE", id=job_id)
        bad = [self.folder / f"bad-{one.name}.csv" for one in self.groups if one.bad]
        _write_back(tx, self.landing, self.folder / "changed.csv", bad)
        if replays.staged(tx, job_id, str(self.landing.replay), self.tried, good, answer):
            jobs.add_log(tx, job_id, [LogEntry(
                "info", "replayed", f"{self.tried:,} rejected records were tried again: {good:,} are right now and are "
                f"being loaded, {self.tried - good:,} are still wrong.",
            )])  # fmt: skip


def _write_back(tx: Tx, landing: Landing, changed: Path, bad: list[Path]) -> None:
    open_row = "d.job_id = :job AND d.record_no = n.record_no AND d.validation_status IN ('invalid', 'pending')"
    tx.script("CREATE TEMPORARY TABLE changed (record_no integer, raw_data jsonb) ON COMMIT DROP")
    with changed.open("rb") as stream:
        tx.copy_in("COPY changed FROM STDIN (FORMAT csv)", stream)
    # Without statistics the planner may read one side once for each row of the other; an index makes that cheap.
    tx.script("CREATE INDEX ON changed (record_no)")
    tx.execute(
        f"""UPDATE staging.staging_data d SET original_data = coalesce(d.original_data, d.raw_data),
               raw_data = n.raw_data, updated_at = now()
           FROM changed n WHERE {open_row} AND d.raw_data IS DISTINCT FROM n.raw_data""", job=landing.job_id,
    )  # fmt: skip
    read_spool(tx, bad)
    tx.script("CREATE INDEX ON spooled (record_no)")
    tx.execute(
        f"""UPDATE staging.staging_data d SET errors = n.errors, validation_status = 'invalid', waits_for = NULL,
               natural_key = n.natural_key, updated_at = now()
           FROM spooled n WHERE {open_row} AND (d.errors, d.validation_status) IS DISTINCT FROM (n.errors, 'invalid')""",
        job=landing.job_id,
    )  # fmt: skip
