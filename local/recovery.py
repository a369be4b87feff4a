"""After a start: finish what the last run left. Queues and executions lived in memory; files and rows did not.

A file in landing/ whose job never ended gets its event again, and the notify function relays the outbox.
Every consumer is idempotent, so once too often is harmless and once too few would lose rows.
"""

from __future__ import annotations

import logging
from typing import Any

from moto.s3.models import FakeKey

from local.aws import LocalAws
from local.databases import NAME, admin
from local.forecast_recovery import recover_forecasts
from local.seams.s3_requests import object_event

log = logging.getLogger(__name__)

PREFIX = "landing/"
OPEN = ("pending", "running")
SWEEP = {"task": "sweep", "recover": True}


def recover(aws: LocalAws, pg_port: int, database: str = NAME) -> int:
    """Redeliver unfinished files and kick the sweep; the number of files redelivered."""
    bucket = aws.names.get("LandingBucket")
    waiting = unfinished(aws, finished_jobs(pg_port, database), bucket) if bucket else []
    for key in waiting:
        event = object_event(str(bucket), key, "ObjectCreated:Put")
        if event is not None:
            log.info("redelivering %s", key.name)
            aws.publish(event)
    pulls = open_pulls(pg_port, database)
    if pulls and "SyncStateMachine" in aws.names:
        aws.deliver(aws.names["SyncStateMachine"], {"task": "pull_all", "pulls": pulls})
    if "ForecastingStateMachine" in aws.names:
        recover_forecasts(aws, pg_port, database)
    if "NotifyFunction" in aws.host.specs:
        aws.call_later(aws.names["NotifyFunction"], SWEEP)
    return len(waiting)


def unfinished(aws: LocalAws, done: set[tuple[str, str | None]], bucket: str) -> list[FakeKey]:
    """Landing objects of which no job in ``done`` is, oldest first. A job without a version stands for all."""
    found: list[FakeKey] = []
    for key in aws.store.created(bucket, PREFIX):
        versions = {None, "", key._version_id, key.etag.strip('"'), key.etag}
        if not any((key.name, version) in done for version in versions):
            found.append(key)
    return found


def open_pulls(pg_port: int, database: str) -> list[dict[str, Any]]:
    """Pulls that the last run left, one item per connector: they go on where they stood."""
    with admin(pg_port, database) as connection:
        if not connection.run("SELECT to_regclass('staging.connector_state') IS NOT NULL")[0][0]:
            return []
        rows = connection.run(
            "SELECT tenant_id::text, json_agg(id ORDER BY id) FROM staging.ingestion_jobs "
            "WHERE mode = 'pull' AND parent_job_id IS NULL AND mapping->'pull' IS NOT NULL AND status = ANY(:open) "
            "GROUP BY tenant_id, source_system",
            open=list(OPEN),
        )
    return [{"task": "pull", "tenant_id": tenant, "jobs": jobs} for tenant, jobs in rows]


def finished_jobs(pg_port: int, database: str) -> set[tuple[str, str | None]]:
    """(object key, version) of every job that has ended, over all tenants; empty before the first migration."""
    with admin(pg_port, database) as connection:
        if not connection.run("SELECT to_regclass('staging.ingestion_jobs') IS NOT NULL")[0][0]:
            return set()
        rows = connection.run(
            "SELECT object_key, object_version FROM staging.ingestion_jobs "
            "WHERE object_key IS NOT NULL AND NOT (status = ANY(:open))",
            open=list(OPEN),
        )
    return {(str(key), version) for key, version in rows}
