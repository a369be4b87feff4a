"""What a file waits for before it is loaded: files it refers to that are on their way, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.errors import DependenciesPending
from opscopilot.kernel.ids import uuid7
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.normalize import WAIT_FOR_RUNNING_S, WAIT_FOR_UPLOADS_S, Normalizer
from tests.support.plant import Plant
from tests.support.plant import plant as make_plant


class GotPast(Exception):
    """Nothing was waited for: the staged file is fetched."""


@pytest.fixture
def plant() -> Iterator[Plant]:
    with make_plant() as made:
        yield made


def job(plant: Plant, entity: str | None, status: str, age_s: int = 0, still_s: int = 0) -> Any:
    """A job made `age_s` seconds ago that last moved `still_s` seconds ago."""
    job_id = uuid7()
    with plant.db("ops_ingest").tenant(plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.ingestion_jobs
                   (tenant_id, id, source_system, status, file_name, entity_type, created_at, updated_at)
               VALUES (:t, :id, 'sap', :status, :name, :entity, now() - CAST(:age AS interval),
                       now() - CAST(:still AS interval))""",
            t=plant.tenant_id, id=job_id, status=status, name=f"{entity}.csv", entity=entity,
            age=timedelta(seconds=age_s), still=timedelta(seconds=still_s),
        )  # fmt: skip
    return job_id


def run(plant: Plant, entity: str) -> None:
    def fetch(_key: str, _target: Path) -> None:
        raise GotPast

    nobody: Any = None
    normalizer = Normalizer(plant.db("ops_normalize"), registry(), SystemClock(), nobody, fetch, nobody)
    normalizer.run(
        StagedFile(tenant_id=plant.tenant_id, job_id=job(plant, entity, "running"), entity=entity, staged_key="k",
                   fields=[], source_system="sap", correlation_id="c"), Path()
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "status", "age_s"),
    [("sku", "running", 9999), ("sku", "pending", 0), (None, "pending", 0), (None, "running", 0)],
)
def test_files_on_their_way_are_waited_for(plant: Plant, entity: str | None, status: str, age_s: int) -> None:
    job(plant, entity, status, age_s)
    with pytest.raises(DependenciesPending, match=f"{entity}.csv"):
        run(plant, "sku_uom")


@pytest.mark.parametrize(
    ("entity", "status", "age_s"),
    [("sku", "pending", WAIT_FOR_UPLOADS_S + 1), (None, "running", WAIT_FOR_UPLOADS_S + 1), ("sku", "completed", 0),
     ("customer", "running", WAIT_FOR_UPLOADS_S + 1)],
)  # fmt: skip
def test_an_upload_that_never_came_holds_up_nobody(plant: Plant, entity: str | None, status: str, age_s: int) -> None:
    job(plant, entity, status, age_s)
    with pytest.raises(GotPast):
        run(plant, "sku_uom")


def test_a_job_that_died_holds_up_nobody_and_one_that_moves_does(plant: Plant) -> None:
    dead = job(plant, "sku", "running", age_s=WAIT_FOR_RUNNING_S + 60, still_s=WAIT_FOR_RUNNING_S + 1)
    with pytest.raises(GotPast):
        run(plant, "sku_uom")
    with plant.db("ops_ingest").tenant(plant.tenant_id) as tx:  # delivered again
        tx.execute("UPDATE staging.ingestion_jobs SET updated_at = now() WHERE id = :id", id=dead)
    with pytest.raises(DependenciesPending, match=r"sku\.csv"):
        run(plant, "sku_uom")


def test_the_limit_is_the_state_machines_own() -> None:
    machine = json.loads(Path("statemachines/ingestion.asl.json").read_text(encoding="utf-8"))
    assert machine["TimeoutSeconds"] == WAIT_FOR_RUNNING_S


@pytest.mark.parametrize(("entity", "status"), [(None, "pending"), (None, "running"), ("sku_uom", "running")])
def test_a_file_that_refers_to_nothing_waits_for_nothing(plant: Plant, entity: str | None, status: str) -> None:
    job(plant, entity, status)
    with pytest.raises(GotPast):
        run(plant, "sku")


@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_file_that_is_said_to_be_something_else_holds_up_nobody(plant: Plant, status: str) -> None:
    job(plant, "customer", status)
    with pytest.raises(GotPast):
        run(plant, "sku_uom")
