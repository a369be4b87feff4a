"""Where the pulls of a tenant's connectors stand. Every function works inside the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.ids import uuid7
from opscopilot.staging.connectors import moments
from opscopilot.staging.connectors.base import Stream

PAUSE_AFTER = 5
HOPELESS_AFTER = "2 days"
LOST_AFTER = "1 hour"  # a pull that is alive touches its job at least every quarter of one
_LIVE = "status IN ('pending', 'running')"


class StreamState(BaseModel):
    """One stream of a connector. `watermark` is where its next pull begins."""

    stream: str
    watermark: str | None
    job_id: UUID | None = Field(description="The last pull's job.")
    last_started_at: datetime | None
    last_success_at: datetime | None
    last_error_code: str | None
    last_error: str | None
    failures_in_row: int
    paused_at: datetime | None = Field(description="Set after five failures in a row; save the connector to go on.")


@dataclass(frozen=True)
class Pull:
    """A pull on its way, as its job and its stream's state say it."""

    job_id: UUID
    connector: str
    connector_type: str
    config: dict[str, Any]
    secret_ref: str | None
    is_active: bool
    source_type: str
    requested_by: str | None
    stream: str
    full: bool
    watermark: str | None
    resume: dict[str, Any] | None
    sequence: int
    high: str | None
    fetched: int
    waits: int
    lasts: bool = False


def request(
    tx: Tx, name: str, source_type: str, streams: list[Stream], *, full: bool, by: str | None
) -> list[tuple[Stream, UUID]]:
    """A pending job for each of the streams."""
    made = []
    for stream in streams:
        job_id = uuid7()
        mapping = {"pull": {"connector": name, "stream": stream.name, "full": full}}
        tx.execute(
            """INSERT INTO staging.ingestion_jobs (tenant_id, id, source_type, source_system, mode, entity_type, status,
                   file_name, mapping, requested_by)
               VALUES (:tenant, :id, :type, :name, 'pull', :entity, 'pending', :file, CAST(:mapping AS jsonb), :by)""",
            tenant=tx.tenant_id, id=job_id, type=source_type, name=name, entity=stream.entity,
            file=f"{name}: {stream.name}", mapping=json.dumps(mapping), by=by,
        )  # fmt: skip
        made.append((stream, job_id))
    return made


def under_way(tx: Tx, name: str) -> dict[str, UUID]:
    """Streams of the connector whose pull is not over, with its job."""
    rows = tx.rows(
        f"""SELECT id, mapping->'pull'->>'stream' AS stream FROM staging.ingestion_jobs
            WHERE source_system = :name AND mode = 'pull' AND parent_job_id IS NULL AND {_LIVE}
              AND mapping->'pull'->>'stream' IS NOT NULL""",
        name=name,
    )  # fmt: skip
    return {row["stream"]: row["id"] for row in rows}


def paused(tx: Tx, name: str) -> set[str]:
    """Streams the schedule leaves out."""
    rows = tx.rows(
        "SELECT stream FROM staging.connector_state WHERE connector = :name AND paused_at IS NOT NULL", name=name
    )
    return {row["stream"] for row in rows}


def streams(tx: Tx, name: str) -> list[StreamState]:
    """What is known about the connector's streams, by name."""
    rows = tx.rows("SELECT * FROM staging.connector_state WHERE connector = :name ORDER BY stream", name=name)
    return [StreamState.model_validate(row) for row in rows]


def begin(tx: Tx, job_id: UUID) -> Pull | None:
    """Take up the pull of a job, from where it stands; None when there is no such pull, or it is over.

    Tenant, connector and stream come from the job's own row (P-61, P-63). Another pull's place in the middle of a
    stream is kept only where it stays right however much time passed.
    """
    job = tx.one(
        f"""SELECT mapping->'pull' AS pull, requested_by FROM staging.ingestion_jobs
            WHERE id = :id AND mode = 'pull' AND parent_job_id IS NULL AND {_LIVE} FOR UPDATE""",
        id=job_id,
    )  # fmt: skip
    if job is None or not job["pull"]:
        return None
    asked = job["pull"]
    config = tx.one(
        """SELECT name, connector_type, config_json, secret_ref, is_active, source_type
           FROM staging.data_connector_configs WHERE name = :name""", name=asked["connector"],
    )  # fmt: skip
    if config is None:
        return None
    tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'running', updated_at = now(),
               started_at = coalesce(started_at, now()) WHERE id = :id""", id=job_id,
    )  # fmt: skip
    row = _place(tx, config["name"], asked["stream"], job_id, full=bool(asked["full"]))
    full = bool(asked["full"])
    return Pull(
        job_id=job_id, connector=config["name"], connector_type=config["connector_type"],
        config=config["config_json"], secret_ref=config["secret_ref"], is_active=config["is_active"],
        source_type=config["source_type"], requested_by=job["requested_by"], stream=asked["stream"], full=full,
        watermark=None if full else row["watermark"], resume=row["resume"], sequence=row["sequence"],
        high=row["high"], fetched=row["fetched"], waits=row["waits"], lasts=row["resume_lasts"],
    )  # fmt: skip


def _place(tx: Tx, connector: str, stream: str, job_id: UUID, *, full: bool) -> Row:
    """Where the stream stands, from now on for this job."""
    row = tx.one(
        """INSERT INTO staging.connector_state AS s (tenant_id, connector, stream, job_id, last_started_at)
           VALUES (:tenant, :connector, :stream, :job, now())
           ON CONFLICT (tenant_id, connector, stream) DO UPDATE SET job_id = :job, updated_at = now(),
               last_started_at = CASE WHEN s.job_id = :job THEN s.last_started_at ELSE now() END,
               sequence = CASE WHEN s.job_id = :job THEN s.sequence ELSE 0 END,
               fetched = CASE WHEN s.job_id = :job THEN s.fetched ELSE 0 END,
               waits = CASE WHEN s.job_id = :job THEN s.waits ELSE 0 END,
               high = CASE WHEN s.job_id = :job OR (s.resume_lasts AND NOT :full) THEN s.high END,
               resume = CASE WHEN s.job_id = :job OR (s.resume_lasts AND NOT :full) THEN s.resume END
           RETURNING watermark, resume, resume_lasts, sequence, high, fetched, waits""",
        tenant=tx.tenant_id, connector=connector, stream=stream, job=job_id, full=full,
    )  # fmt: skip
    assert row is not None
    return row


def announce(tx: Tx, pull: Pull, child: UUID, file_name: str, entity: str | None, bucket: str, key: str) -> bool:
    """The job of an object that is about to land; False when it has landed before."""
    tx.execute(
        """INSERT INTO staging.ingestion_jobs (tenant_id, id, source_type, source_system, mode, entity_type, status,
               file_name, bucket, object_key, parent_job_id, requested_by)
           VALUES (:tenant, :id, :type, :system, 'pull', :entity, 'pending', :file, :bucket, :key, :parent, :by)
           ON CONFLICT (tenant_id, id) DO NOTHING""",
        tenant=tx.tenant_id, id=child, type=pull.source_type, system=pull.connector, entity=entity, file=file_name,
        bucket=bucket, key=key, parent=pull.job_id, by=pull.requested_by,
    )  # fmt: skip
    return tx.scalar("SELECT size_bytes FROM staging.ingestion_jobs WHERE id = :id", id=child) is None


def landed(
    tx: Tx, pull: Pull, *, child: UUID | None, size: int, records: int, high: str | None,
    resume: dict[str, Any] | None, lasts: bool,
) -> bool:  # fmt: skip
    """What was fetched is in the bucket: move the place forward. False when another run was faster."""
    moved = tx.execute(
        """UPDATE staging.connector_state SET sequence = sequence + 1, fetched = fetched + :records, waits = 0,
               high = :high, resume = CAST(:resume AS jsonb), resume_lasts = :lasts, updated_at = now()
           WHERE connector = :connector AND stream = :stream AND job_id = :job AND sequence = :sequence""",
        records=records, high=high, resume=json.dumps(resume) if resume is not None else None, lasts=lasts,
        connector=pull.connector, stream=pull.stream, job=pull.job_id, sequence=pull.sequence,
    )  # fmt: skip
    if moved:
        tx.execute(
            """UPDATE staging.ingestion_jobs SET total_records = total_records + :records, updated_at = now()
               WHERE id = :id""", id=pull.job_id, records=records,
        )  # fmt: skip
    if moved and child is not None:
        tx.execute(
            "UPDATE staging.ingestion_jobs SET size_bytes = coalesce(size_bytes, :size) WHERE id = :id",
            id=child, size=size,
        )  # fmt: skip
    return bool(moved)


def complete(tx: Tx, pull: Pull, high: str | None, place: dict[str, Any] | None) -> None:
    """The stream is read to its end: the watermark moves, forward only, and the job is done.

    `place` is what the next pull begins with beside the watermark: it then leaves out the records of the watermark's
    own moment that came already.
    """
    before = tx.scalar(
        "SELECT watermark FROM staging.connector_state WHERE connector = :c AND stream = :s FOR UPDATE",
        c=pull.connector, s=pull.stream,
    )  # fmt: skip
    tx.execute(
        """UPDATE staging.connector_state SET watermark = :mark, high = NULL,
               resume = CAST(:place AS jsonb), resume_lasts = CAST(:place AS jsonb) IS NOT NULL,
               waits = 0, failures_in_row = 0, paused_at = NULL, last_error_code = NULL, last_error = NULL,
               last_success_at = now(), updated_at = now()
           WHERE connector = :c AND stream = :s AND job_id = :job""",
        c=pull.connector, s=pull.stream, job=pull.job_id, mark=moments.forward(before, high), place=json.dumps(place) if place is not None else None,
    )  # fmt: skip
    tx.execute("UPDATE staging.data_connector_configs SET last_success_at = now() WHERE name = :c", c=pull.connector)
    tx.execute(
        f"""UPDATE staging.ingestion_jobs SET status = 'completed', successful_records = total_records,
                completed_at = now(), updated_at = now(), row_version = row_version + 1
            WHERE id = :id AND {_LIVE}""", id=pull.job_id,
    )  # fmt: skip
    cancel_unlanded(tx, pull.job_id)
    next_in_line(tx, pull.connector)


def cancel_unlanded(tx: Tx, job_id: UUID) -> None:
    """Objects that were announced and never landed (a crash came between) leave no job waiting."""
    tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'cancelled', completed_at = now(), updated_at = now()
           WHERE parent_job_id = :id AND status = 'pending' AND size_bytes IS NULL AND mode = 'pull'""", id=job_id,
    )  # fmt: skip


def failed(tx: Tx, connector: str, stream: str, job_id: UUID, code: str, message: str) -> bool:
    """Count the failure; True when this one makes the schedule leave the stream out."""
    row = tx.one(
        """UPDATE staging.connector_state SET failures_in_row = failures_in_row + 1, last_failed_at = now(),
               last_error_code = :code, last_error = :message, waits = 0, updated_at = now(),
               paused_at = CASE WHEN failures_in_row + 1 >= :limit THEN coalesce(paused_at, now()) END
           WHERE connector = :connector AND stream = :stream AND job_id = :job
           RETURNING failures_in_row""",
        connector=connector, stream=stream, job=job_id, code=code, message=message[:2000], limit=PAUSE_AFTER,
    )  # fmt: skip
    return row is not None and row["failures_in_row"] == PAUSE_AFTER


def waited(tx: Tx, pull: Pull) -> int:
    """Count a pause without progress."""
    tx.execute("UPDATE staging.ingestion_jobs SET updated_at = now() WHERE id = :id", id=pull.job_id)
    return int(tx.scalar(
        """UPDATE staging.connector_state SET waits = waits + 1, updated_at = now()
           WHERE connector = :c AND stream = :s AND job_id = :job RETURNING waits""",
        c=pull.connector, s=pull.stream, job=pull.job_id,
    ) or 0)  # fmt: skip


def unloaded(tx: Tx, connector: str) -> int:
    """Objects of the connector that have landed or will and are not loaded yet."""
    return int(tx.scalar(
        f"""SELECT count(*) FROM staging.ingestion_jobs
            WHERE source_system = :name AND mode = 'pull' AND parent_job_id IS NOT NULL AND {_LIVE}
              AND created_at > now() - interval '1 day'""", name=connector,
    ))  # fmt: skip


class Stranded(NamedTuple):
    """A pull that nobody works on. `hopeless`: it has been tried for too long."""

    job_id: UUID
    connector: str
    hopeless: bool


def stranded(tx: Tx) -> list[Stranded]:
    """Pulls whose state machine is gone or never came: not those that wait for their turn behind another stream."""
    rows = tx.rows(
        f"""SELECT id, source_system, created_at < now() - interval '{HOPELESS_AFTER}' AS hopeless
            FROM staging.ingestion_jobs AS j
            WHERE mode = 'pull' AND parent_job_id IS NULL AND {_LIVE} AND mapping->'pull' IS NOT NULL
              AND updated_at < now() - CASE status WHEN 'pending' THEN interval '10 minutes'
                                                   ELSE interval '{LOST_AFTER}' END
              AND NOT EXISTS (SELECT 1 FROM staging.ingestion_jobs AS o
                  WHERE o.source_system = j.source_system AND o.mode = 'pull' AND o.parent_job_id IS NULL
                    AND o.status = 'running' AND o.updated_at > now() - interval '{LOST_AFTER}')
            ORDER BY id"""
    )
    return [Stranded(row["id"], row["source_system"], row["hopeless"]) for row in rows]


def next_in_line(tx: Tx, connector: str) -> None:
    """A stream is over: those behind it are about to be taken up, and are not stranded."""
    tx.execute(
        """UPDATE staging.ingestion_jobs SET updated_at = now()
           WHERE source_system = :name AND mode = 'pull' AND parent_job_id IS NULL AND status = 'pending'
             AND mapping->'pull' IS NOT NULL""", name=connector,
    )  # fmt: skip


def wake(tx: Tx, name: str) -> None:
    """Somebody looked after the connector: streams that the schedule left out are pulled again."""
    tx.execute(
        """UPDATE staging.connector_state SET paused_at = NULL, failures_in_row = 0, updated_at = now()
           WHERE connector = :name AND paused_at IS NOT NULL""", name=name,
    )  # fmt: skip
