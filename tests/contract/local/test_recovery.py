"""After a crash every unfinished file is delivered again, and no finished one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from local.aws import LocalAws
from local.databases import admin
from local.recovery import finished_jobs, open_pulls, recover
from local.testing import ThrowawayDatabase, database
from tests.contract.local.support import Journal, landed, wait_for


@pytest.fixture
def db() -> Iterator[ThrowawayDatabase]:
    with database() as fresh:
        yield fresh


def job(db: ThrowawayDatabase, key: str, version: str | None, status: str) -> None:
    """A job as ingest leaves it, written past the row policies as the superuser."""
    with admin(db.port, db.name) as connection:
        connection.run("SET session_replication_role = replica")  # its tenant need not exist
        connection.run(
            "INSERT INTO staging.ingestion_jobs (tenant_id, source_system, status, file_name, object_key, "
            "object_version) VALUES (CAST(:t AS uuid), 'sap', :s, 'f.csv', :k, :v)",
            t=str(uuid.uuid4()),
            s=status,
            k=key,
            v=version,
        )


def drop(aws: LocalAws, key: str) -> str:
    put = aws.client("s3").put_object(Bucket=aws.names["LandingBucket"], Key=key, Body=key.encode())
    return str(put["VersionId"])


def test_unfinished_files_come_again_and_the_sweep_is_told(
    aws: LocalAws, journal: Journal, db: ThrowawayDatabase
) -> None:
    keys = [f"landing/skip-{state}.csv" for state in ("none", "running", "done", "failed", "newer", "bare")]
    versions = {key: drop(aws, key) for key in keys}
    none, running, done, failed, newer, bare = keys
    job(db, running, versions[running], "running")
    job(db, done, versions[done], "completed")
    job(db, failed, versions[failed], "failed")
    job(db, newer, "the version before", "completed")
    job(db, bare, None, "partially_failed")
    wait_for(lambda: all(len(landed(journal, key)) == 1 for key in keys))
    assert recover(aws, db.port, db.name) >= 3
    wait_for(lambda: all(len(landed(journal, key)) == 2 for key in (none, running, newer)))
    wait_for(lambda: {"task": "sweep", "recover": True} in journal.events("NotifyFunction"))
    assert [len(landed(journal, key)) for key in (done, failed, bare)] == [1, 1, 1]
    first, again = landed(journal, none)
    assert first["detail"]["object"]["version-id"] == again["detail"]["object"]["version-id"]


def test_pulls_that_were_broken_off_go_on_one_item_per_connector(db: ThrowawayDatabase) -> None:
    tenant = str(uuid.uuid4())
    with admin(db.port, db.name) as connection:
        connection.run("SET session_replication_role = replica")
        for source, status, stream in (
            ("odoo", "running", "a"), ("odoo", "pending", "b"), ("odoo", "completed", "c"), ("sap", "running", "d"),
        ):  # fmt: skip
            connection.run(
                "INSERT INTO staging.ingestion_jobs (tenant_id, source_system, status, file_name, mode, mapping) "
                "VALUES (CAST(:t AS uuid), :source, :status, :name, 'pull', CAST('{\"pull\": {}}' AS jsonb))",
                t=tenant, source=source, status=status, name=stream,
            )  # fmt: skip
    found = open_pulls(db.port, db.name)
    assert {(one["task"], one["tenant_id"]) for one in found} == {("pull", tenant)}
    assert sorted(len(one["jobs"]) for one in found) == [1, 2]


def test_a_database_before_its_first_migration_has_no_finished_job() -> None:
    with database(None) as empty:
        assert finished_jobs(empty.port, empty.name) == set()
        assert open_pulls(empty.port, empty.name) == []
