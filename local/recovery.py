"""After a start: finish what the last run left. Queues and executions lived in memory; files and rows did not.

A file in landing/ whose job never ended gets its event again, and the notify function relays the outbox.
Every consumer is idempotent, so once too often is harmless and once too few would lose rows.
"""

from __future__ import annotations

import logging

from moto.s3.models import FakeKey

from local.aws import LocalAws
from local.databases import NAME, admin
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
