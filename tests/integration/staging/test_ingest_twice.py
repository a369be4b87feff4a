"""Events that come twice, runs that break off, runs at the same time: the result of one run, never more."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from opscopilot.kernel.ids import uuid7
from opscopilot.staging import rejects
from opscopilot.staging.landing import Landing
from tests.support.dropping import Yard

BODY = b"sku_code,description\n1,a\n2,\n3,c\n4\n"


def state(drops: Yard, job_id: str) -> tuple[Any, ...]:
    """What may not be doubled."""
    job = drops.job(job_id)
    return job["total_records"], job["failed_records"], len(drops.rejects(job_id)), len(drops.log(job_id))


def end(drops: Yard, job_id: str) -> None:
    """Normalize is done with the job."""
    with drops.plant.db("ops_normalize").tenant(drops.plant.tenant_id) as tx:
        tx.execute("UPDATE staging.ingestion_jobs SET status = 'completed', total_records = 0, failed_records = 0")


def test_the_same_event_again_hands_over_the_same_and_after_the_end_changes_nothing(drops: Yard) -> None:
    landing = drops.put("items.csv", BODY)
    first = drops.run(landing)
    before = state(drops, first["job_id"])
    assert drops.run(landing) == first
    assert state(drops, first["job_id"]) == before == (4, 2, 2, 1)
    end(drops, first["job_id"])
    assert drops.run(landing) == {"status": "unchanged", "job_id": first["job_id"]}


def test_a_failed_file_dropped_again_by_the_same_event_stays_failed(drops: Yard) -> None:
    landing = drops.put("items.csv", b"")
    assert drops.run(landing)["status"] == "failed"
    assert drops.run(landing)["status"] == "unchanged"


def test_a_crash_in_the_middle_and_a_second_run_end_like_one_run(drops: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = drops.put("items.csv", BODY)
    with monkeypatch.context() as patch:
        patch.setattr(rejects, "store", _crash)
        with pytest.raises(RuntimeError):
            drops.run(landing)
    assert drops.job(landing.job_id)["status"] == "running"
    answer = drops.run(landing)
    assert answer["status"] == "staged"
    assert state(drops, answer["job_id"]) == (4, 2, 2, 1)


def _crash(*_: Any) -> int:
    raise RuntimeError("the machine is gone")


def test_two_runs_at_once_make_one_result(drops: Yard) -> None:
    landing = drops.put("items.csv", BODY)
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(drops.run(landing))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "staged" in {answer["status"] for answer in answers} <= {"staged", "unchanged"}
    assert state(drops, str(landing.job_id)) == (4, 2, 2, 1)


def test_a_new_version_of_an_object_is_a_new_job(drops: Yard) -> None:
    first = drops.drop("items.csv", BODY)
    second = drops.drop("items.csv", BODY + b"5,e\n")
    assert first["job_id"] != second["job_id"]
    assert drops.job(second["job_id"])["total_records"] == 5


def announced(drops: Yard, **columns: Any) -> tuple[str, Landing]:
    """An upload the API announced, and its object once it is there."""
    job_id = uuid7()
    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.ingestion_jobs (tenant_id, id, source_system, status, file_name, entity_type)
               VALUES (:t, :id, 'sheet', 'pending', 'export.csv', :entity)""",
            t=drops.plant.tenant_id, id=job_id, entity=columns.get("entity"),
        )  # fmt: skip
    return str(job_id), drops.put(f"{job_id}/export.csv", columns.get("body", BODY))


def test_an_announced_job_is_taken_over_with_the_entity_it_asks_for(drops: Yard) -> None:
    job_id, landing = announced(drops, entity="supplier", body=b"No.,Name\n1,Nord\n")
    answer = drops.run(landing)
    assert (answer["job_id"], answer["entity"]) == (job_id, "supplier")


def test_an_upload_over_a_finished_upload_is_a_job_of_its_own(drops: Yard) -> None:
    job_id, landing = announced(drops)
    drops.run(landing)
    end(drops, job_id)
    again = drops.run(drops.put(f"{job_id}/export.csv", BODY + b"5,e\n"))
    assert again["status"] == "staged"
    assert again["job_id"] != job_id


def test_a_cancelled_job_is_left_alone(drops: Yard) -> None:
    job_id, landing = announced(drops)
    with drops.plant.db("ops_ingest").tenant(drops.plant.tenant_id) as tx:
        tx.execute("UPDATE staging.ingestion_jobs SET status = 'cancelled'")
    assert drops.run(landing) == {"status": "unchanged", "job_id": job_id}


def test_another_tenants_same_file_is_another_job(drops: Yard) -> None:
    mine = drops.put("items.csv", BODY)
    theirs = drops.put("items.csv", BODY, tenant="other")
    assert mine.job_id != theirs.job_id
    assert mine.tenant_id != theirs.tenant_id
