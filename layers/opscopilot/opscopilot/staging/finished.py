"""The end of a job is an event: whoever asked for it hears what became of the file.

Ingest and normalize call `finished` in the transaction that ends a job or leaves it to a person, and relay the
outbox after their commit.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.events import FileProcessed, FileStatus, Severity, record
from opscopilot.staging import receipts, wording

SEVERITY: dict[FileStatus, Severity] = {
    "failed": "medium", "needs_mapping": "medium", "partially_failed": "low", "completed": "info",
}  # fmt: skip


def finished(tx: Tx, job_id: UUID, correlation_id: str, now: datetime) -> None:
    """Record FileProcessed for a job that has just ended or waits for a person; nothing for any other status."""
    told = receipts.receipt(tx, None, job_id)
    if told.status == "pending" or told.status == "running" or told.status == "cancelled":
        return
    record(tx, FileProcessed(
        tenant_id=tx.tenant_id, occurred_at=now, correlation_id=correlation_id, job_id=job_id,
        file_name=told.file_name, source_system=told.source_system, status=told.status,
        severity=SEVERITY[told.status], entity_type=told.entity_type, total_records=told.total_records,
        successful_records=told.successful_records, failed_records=told.failed_records,
        duplicate_records=told.duplicate_records, headline=wording.headline(told), message=wording.as_text(told),
        requested_by=told.requested_by,
    ))  # fmt: skip
