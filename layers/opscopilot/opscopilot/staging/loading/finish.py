"""The end of a load: the counters of a part, of a job, of a job whose kept records loaded after all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import DependenciesPending, ValidationFailed
from opscopilot.staging.loading.model import Change, Counts

TERMINAL = ("completed", "partially_failed", "failed", "cancelled")
EXAMPLES = 5
BY_FIELD = ("price_changed", "due_date_moved")
KEYS_DAYS = 30
"""How long is kept which rows an extract left as they are; an older extract than that is not expected any more."""


@dataclass(frozen=True)
class Totals:
    """The counters of a job."""

    total: int
    successful: int
    failed: int
    duplicate: int

    @property
    def status(self) -> str:
        """What a job that ended with these is."""
        if self.failed == 0:
            return "completed"
        return "failed" if self.failed == self.total else "partially_failed"


def job(tx: Tx, job_id: UUID, *, lock: bool = False) -> Row:
    """The job's row; ValidationFailed when this tenant has no such job."""
    row = tx.one(
        """SELECT status, entity_type, total_records, successful_records, failed_records, duplicate_records, changes,
               mapping, created_at, completed_at, file_name FROM staging.ingestion_jobs WHERE id = :id"""
        + (" FOR UPDATE" if lock else ""),
        id=job_id,
    )  # fmt: skip
    if row is None:
        raise ValidationFailed(f"There is no ingestion job {job_id} of this tenant.", field="job_id", value=job_id)
    return row


def totals(row: Row, counts: Counts) -> Totals:
    """The counters of a job of one part, after its load."""
    return Totals(row["total_records"], counts.written, row["failed_records"] + counts.rejected, counts.duplicates)


def part_is_loaded(tx: Tx, job_id: UUID, part: int) -> bool:
    """Whether this part was loaded before; DependenciesPending while an earlier one is not."""
    rows = tx.rows(
        "SELECT part_no, status FROM staging.job_parts WHERE job_id = :job AND part_no <= :part ORDER BY part_no",
        job=job_id, part=part,
    )  # fmt: skip
    known = {row["part_no"]: row["status"] for row in rows}
    if part not in known:
        raise ValidationFailed(f"Job {job_id} has no part {part}.", field="part", value=part)
    if known[part] == "loaded":
        return True
    if waiting := [number for number, status in known.items() if number < part and status != "loaded"]:
        raise DependenciesPending(f"part {part} of job {job_id} waits for part {waiting[0]}")
    return False


def end_part(tx: Tx, job_id: UUID, part: int, counts: Counts) -> Totals:
    """Close a part; the job's counters so far."""
    tx.execute(
        """UPDATE staging.job_parts SET status = 'loaded', successful_records = :written,
               duplicate_records = :duplicates, failed_records = failed_records + :rejected, updated_at = now()
           WHERE job_id = :job AND part_no = :part""",
        job=job_id, part=part, written=counts.written, duplicates=counts.duplicates, rejected=counts.rejected,
    )  # fmt: skip
    row = tx.one(
        """SELECT sum(total_records)::integer AS total, sum(successful_records)::integer AS successful,
               sum(failed_records)::integer AS failed, sum(duplicate_records)::integer AS duplicate
           FROM staging.job_parts WHERE job_id = :job""",
        job=job_id,
    )
    return Totals(**(row or {}))


def write_counters(tx: Tx, job_id: UUID, now: Totals, counts: Counts, changes: list[dict[str, Any]]) -> None:
    """The job's counters and what changed, so far or in the end."""
    tx.execute(
        """UPDATE staging.ingestion_jobs SET total_records = :total, successful_records = :successful,
               failed_records = :failed, duplicate_records = :duplicate,
               inserted_records = inserted_records + :inserted, updated_records = updated_records + :updated,
               changes = CAST(:changes AS jsonb), updated_at = now(), row_version = row_version + 1
           WHERE id = :id""",
        id=job_id, total=now.total, successful=now.successful, failed=now.failed, duplicate=now.duplicate,
        inserted=counts.inserted, updated=counts.updated, changes=json.dumps(changes, default=str),
    )  # fmt: skip


def close(tx: Tx, job_id: UUID, now: Totals, *, again: bool = False) -> str:
    """Give the job its status; `again` when it had ended before (then when it ended stays)."""
    summary = None if not now.failed else f"{now.failed} of {now.total} records were not loaded; see the rejects."
    ended = "coalesce(completed_at, now())" if again else "now()"
    tx.execute(
        f"""UPDATE staging.ingestion_jobs SET status = :status, error_summary = :summary,
                error_code = CASE WHEN :status = 'failed' THEN 'all_records_rejected' END, completed_at = {ended}
            WHERE id = :id""",
        id=job_id, status=now.status, summary=summary,
    )  # fmt: skip
    return now.status


def merged(known: Iterable[dict[str, Any]], found: Iterable[Change]) -> list[dict[str, Any]]:
    """What changed by several loads of one job: the same thing is said once, with all of them counted."""
    by_key: dict[tuple[str, str, Any], Change] = {}
    for one in [*(Change.model_validate(row) for row in known), *found]:
        # Prices and dates are told field by field.
        key = (one.entity, one.what, one.examples[0].get("field") if one.what in BY_FIELD and one.examples else None)
        before = by_key.get(key)
        by_key[key] = one if before is None else before.model_copy(
            update={"count": before.count + one.count, "examples": (before.examples + one.examples)[:EXAMPLES]}
        )  # fmt: skip
    return [one.model_dump(mode="json") for one in by_key.values()]


def forget_old_keys(tx: Tx) -> None:
    """Drop what nobody will compare with any more."""
    tx.execute("DELETE FROM staging.job_keys WHERE created_at < now() - make_interval(days => :days)", days=KEYS_DAYS)
