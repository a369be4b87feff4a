"""After a crash every unfinished file is delivered again, and no finished one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from local.aws import LocalAws
from local.databases import admin
from local.forecast_recovery import recover_forecasts
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


def test_forecasts_that_were_broken_off_go_on_and_unseen_data_get_their_event_again(
    aws: LocalAws, db: ThrowawayDatabase
) -> None:
    tenants = {name: str(uuid.uuid4()) for name in ("broken", "ended", "waiting", "done")}
    run = str(uuid.uuid4())
    with admin(db.port, db.name) as connection:
        connection.run("SET session_replication_role = replica")
        for name, status in (("broken", "running"), ("ended", "completed")):
            connection.run(
                "INSERT INTO forecast.forecast_runs (tenant_id, id, started_by, execution, status, periods) "
                "VALUES (CAST(:t AS uuid), CAST(:r AS uuid), 'request', 'e', :s, ARRAY['weekly'])",
                t=tenants[name], r=run, s=status,
            )  # fmt: skip
        for name in ("waiting", "done"):
            connection.run(
                "INSERT INTO platform.outbox (tenant_id, event_id, source, detail_type, detail, occurred_at) "
                "VALUES (CAST(:t AS uuid), uuidv7(), 'opscopilot.manufacturing', 'DataNormalized', "
                "CAST(:d AS jsonb), now() - interval '1 minute')",
                t=tenants[name], d=json.dumps({"tenant_id": tenants[name]}),
            )  # fmt: skip
        connection.run(
            "INSERT INTO forecast.forecast_versions (tenant_id, code, name, period, as_of, history_end, horizon_start, "
            "horizon_end, horizon_periods, input_fingerprint, model_id) VALUES (CAST(:t AS uuid), 'V', 'V', 'weekly', "
            "'2026-01-05', '2026-01-04', '2026-01-05', '2026-02-01', 4, 'f', CAST(:t AS uuid))",
            t=tenants["done"],
        )
    assert recover_forecasts(aws, db.port, db.name) == 2
    states = aws.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=aws.names["ForecastingStateMachine"])["executions"]
    asked = [
        json.loads(states.describe_execution(executionArn=one["executionArn"])["input"])
        for one in listed if one["name"] == f"{tenants['broken']}_{run}" or len(one["name"]) == len(run)
    ]  # fmt: skip
    assert {"tenant_id": tenants["broken"], "run_id": run, "periods": ["weekly"]} in asked
    again = [one["detail"] for one in asked if "detail" in one]
    assert again == [{"tenant_id": tenants["waiting"]}]
