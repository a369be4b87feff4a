"""Parts of a large table: cut at record boundaries, judged by functions of their own, loaded in order.

A part is made by the reader that reads the whole file once, so it starts and ends between two records, also where
records go on over several lines. Its records are judged by the file's recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.tenancy import PLANT_COLUMNS, PlantSettings
from opscopilot.staging import rejects
from opscopilot.staging.checking import Checker, workbench
from opscopilot.staging.limits import Limits
from opscopilot.staging.ports import ObjectStore
from opscopilot.staging.recipe import Recipe


class Part(NamedTuple):
    """A part of a table and the object that holds its records."""

    number: int
    key: str


class PartTask(BaseModel):
    """The state machine's order to judge one part."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str = "part"
    tenant_id: UUID
    job_id: UUID
    part: int
    last: bool
    delimiter: str
    multiline: bool
    untidy: bool
    correlation_id: str


def part_key(tenant_id: UUID, job_id: UUID, number: int) -> str:
    """Where the cut records of a part lie."""
    return f"staged/{tenant_id}/{job_id}/part-{number:05d}.csv"


def staged_key(tenant_id: UUID, job_id: UUID, part: int | None) -> str:
    """Where the right records of a table, or of one part of it, are staged."""
    return f"staged/{tenant_id}/{job_id}" + ("" if part is None else f"/part-{part:05d}") + ".parquet"


def announce(tx: Tx, job_id: UUID, made: list[Part], rejected: int) -> None:
    """Write down the parts of a job; from now on its counters are theirs.

    Part 0 stands for the `rejected` records that the reading set aside before anything was cut.
    """
    tx.execute(
        """INSERT INTO staging.job_parts (tenant_id, job_id, part_no, status, part_key, total_records, failed_records)
           SELECT platform.current_tenant(), :job, number, CASE number WHEN 0 THEN 'loaded' ELSE 'cut' END, key,
               CASE number WHEN 0 THEN :rejected ELSE 0 END, CASE number WHEN 0 THEN :rejected ELSE 0 END
           FROM unnest(CAST(:numbers AS integer[]), CAST(:keys AS text[])) AS made (number, key)""",
        job=job_id, rejected=rejected, numbers=[0, *(one.number for one in made)],
        keys=["", *(one.key for one in made)],
    )  # fmt: skip


@dataclass
class PartReader:
    """Judges one part. Doing it twice changes nothing."""

    database: Database
    registry: Registry
    store: ObjectStore
    staging_bucket: str
    limits: Limits

    def run(self, task: PartTask, folder: Path) -> dict[str, Any]:
        """Stage the part's right records and keep the wrong ones."""
        with self.database.tenant(task.tenant_id) as tx:
            row = tx.one(
                """SELECT p.status, p.part_key, j.status AS job, j.entity_type, j.mapping -> 'recipe' AS recipe
                   FROM staging.job_parts p JOIN staging.ingestion_jobs j ON j.tenant_id = p.tenant_id AND j.id = p.job_id
                   WHERE p.job_id = :job AND p.part_no = :part""", job=task.job_id, part=task.part,
            )  # fmt: skip
            plant = tx.one(f"SELECT {PLANT_COLUMNS} FROM platform.tenants")
        if row is None or plant is None:
            raise NotFound(f"There is no part {task.part} of job {task.job_id}.", field="part", value=task.part)
        answer = {"status": "staged", "job_id": str(task.job_id), "part": task.part}
        if row["status"] != "cut" or row["job"] != "running":
            return {**answer, "status": "unchanged"}
        recipe = Recipe.model_validate(row["recipe"])
        outcome = self._judge(task, row["part_key"], recipe, PlantSettings.model_validate(plant), folder)
        key = staged_key(task.tenant_id, task.job_id, task.part)
        self.store.upload(folder / "good.parquet", self.staging_bucket, key)
        with self.database.tenant(task.tenant_id) as tx:
            changed = tx.execute(
                """UPDATE staging.job_parts SET status = 'staged', staged_key = :key, total_records = :total,
                       failed_records = :failed, updated_at = now()
                   WHERE job_id = :job AND part_no = :part AND status = 'cut'""",
                key=key, total=sum(outcome), failed=outcome[1], job=task.job_id, part=task.part,
            )  # fmt: skip
            if changed:
                rejects.add(tx, task.job_id, row["entity_type"], [folder / "bad.csv"])
                self._progress(tx, task.job_id)
        return {**answer, "total_records": sum(outcome), "failed_records": outcome[1]}

    def _judge(self, task: PartTask, key: str, recipe: Recipe, plant: PlantSettings, folder: Path) -> tuple[int, int]:
        """Right and wrong records of the part."""
        self.store.download(self.staging_bucket, key, folder / "part.csv")
        binding = recipe.binding(self.registry, plant)
        with workbench(folder, self.limits.memory_mb, self.limits.threads) as db:
            checker = Checker(db, len(recipe.headers), binding, plant.default_time_zone, plant.day_start)
            checker.load(
                [folder / "part.csv"], task.delimiter, multiline=task.multiline, untidy=task.untidy, last=task.last
            )
            outcome = checker.judge(recipe.formats)
            checker.write_bad(folder / "bad.csv", tuple(recipe.headers))
            checker.write_good(folder / "good.parquet")
        return outcome.good, outcome.bad

    def _progress(self, tx: Tx, job_id: UUID) -> None:
        """The job's counters so far."""
        tx.execute(
            """UPDATE staging.ingestion_jobs j SET total_records = p.total, failed_records = p.failed, updated_at = now()
               FROM (SELECT sum(total_records) AS total, sum(failed_records) AS failed
                     FROM staging.job_parts WHERE job_id = :job) p
               WHERE j.id = :job AND j.status = 'running'""", job=job_id,
        )  # fmt: skip
