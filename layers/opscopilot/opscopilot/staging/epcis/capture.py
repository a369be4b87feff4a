"""The capture interface: a document is checked when it comes, lands like any file, and is followed by its capture id.

`rollback` takes all events of a document or none, so they are checked before anything lands; `proceed` takes the
right ones and keeps the others with their faults. The behaviour is part of the file's name: nothing else of a job
outlives its ingest unchanged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound, TooLarge, ValidationFailed
from opscopilot.kernel.pagination import cut, decode_cursor
from opscopilot.kernel.tenancy import Principal
from opscopilot.staging.epcis.documents import HEAD, events, is_epcis
from opscopilot.staging.epcis.rows import Wrong, convert
from opscopilot.staging.refusal import Refused
from opscopilot.staging.uploads import LandingArea, Origin, insert_job, landing_key

Behaviour = Literal["rollback", "proceed"]
MAX_INLINE_BYTES = 5 << 20
"""What an API call can carry to a function; larger documents are uploaded as files."""
MAX_ERRORS = 100
_NAMES = {"rollback": "capture-rollback.jsonld", "proceed": "capture-proceed.jsonld"}
_BEHAVIOURS: dict[str, Behaviour] = {"capture-rollback.jsonld": "rollback", "capture-proceed.jsonld": "proceed"}
_OVER = ("completed", "partially_failed", "failed", "cancelled")


class CaptureError(BaseModel):
    """Why an event, or the whole document, was not taken (RFC 7807 as the standard has it)."""

    type: str
    title: str
    status: int = 422
    detail: str | None = None
    instance: str | None = Field(default=None, description="The eventID, where the event has one.")


class CaptureJob(BaseModel):
    """An EPCISCaptureJob as the standard describes it. Its id is also the id of our job."""

    captureID: UUID
    createdAt: datetime
    finishedAt: datetime | None
    running: bool
    success: bool
    captureErrorBehaviour: Behaviour
    errors: list[CaptureError]


@dataclass(frozen=True)
class Checked:
    """A document before it lands: how many events it has, and the wrong ones by their number."""

    events: int
    wrong: dict[int, Wrong]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The first faults, one per event, as kept with the job."""
        return [
            {"event": number, "event_id": one.event_id, **one.errors[0]}
            for number, one in list(self.wrong.items())[:MAX_ERRORS]
        ]  # fmt: skip


def check(body: bytes) -> Checked:
    """Read a document whole; TooLarge or ValidationFailed when it is none."""
    if len(body) > MAX_INLINE_BYTES:
        raise TooLarge(
            f"The document has {len(body):,} bytes; a call takes {MAX_INLINE_BYTES:,}.", code="capture_too_large",
            expected="POST /api/v1/ingest/uploads for a file of any size, which is read the same way",
        )  # fmt: skip
    if not is_epcis(body[:HEAD]) or body.lstrip()[:1] == b"<":
        raise _no_document("The body is no EPCIS 2.0 document.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture"
        path.write_bytes(body)
        wrong, number = {}, 0
        try:
            for number, given in enumerate(events(path), 1):
                found = convert(given)
                if isinstance(found, Wrong):
                    wrong[number] = found
        except Refused as error:
            raise _no_document(error.message) from error
    if number == 0:
        raise _no_document("The document holds no event.")
    return Checked(number, wrong)


def _no_document(why: str) -> ValidationFailed:
    return ValidationFailed(
        why, code="bad_epcis", field="body",
        expected="JSON-LD of type EPCISDocument with epcisBody.eventList, or a single event",
    )  # fmt: skip


def announce(
    tx: Tx, area: LandingArea, who: Principal, source_system: str, job_id: UUID, checked: Checked,
    behaviour: Behaviour, size: int,
) -> str | None:  # fmt: skip
    """Make the job; the key its document is to be put to, None where nothing is to be put."""
    origin, name = Origin(source_system, "external_api", None), _NAMES[behaviour]
    key = landing_key(who, origin, job_id, name)
    refused = checked.wrong and (behaviour == "rollback" or len(checked.wrong) == checked.events)
    kept = {"capture": {"events": checked.events, "errors": checked.errors}} if refused else None
    if not insert_job(tx, area, who, origin, job_id, name, key, size, kept):
        return None
    if not refused:
        return key
    tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'failed', error_code = 'capture_rejected',
               error_summary = :why, completed_at = now(), updated_at = now() WHERE id = :id""",
        id=job_id, why=f"{len(checked.wrong)} of {checked.events} events are wrong; none was taken.",
    )  # fmt: skip
    return None


def one(tx: Tx, capture_id: UUID) -> CaptureJob:
    """A capture; NotFound for anything else."""
    row = tx.one(f"{_SELECT} AND id = :id", names=list(_BEHAVIOURS), id=capture_id)
    if row is None:
        raise NotFound(f"There is no capture {capture_id}.", field="captureID", value=capture_id)
    return _described(tx, [row])[0]


def page(tx: Tx, limit: int, token: str | None) -> tuple[list[CaptureJob], str | None]:
    """Captures, latest first, and the token of the next page."""
    after = decode_cursor(token, 1)[0] if token else None
    rows = tx.rows(
        f"{_SELECT} AND (CAST(:after AS text) IS NULL OR id < CAST(:after AS uuid)) ORDER BY id DESC LIMIT :limit",
        names=list(_BEHAVIOURS), after=str(after) if after else None, limit=limit + 1,
    )  # fmt: skip
    kept, more = cut(rows, limit, "id")
    return _described(tx, kept), more


_SELECT = """SELECT id, file_name, created_at, mapping FROM staging.ingestion_jobs
    WHERE parent_job_id IS NULL AND mode = 'push' AND file_name = ANY(CAST(:names AS text[]))"""


def _described(tx: Tx, rows: Iterable[Row]) -> list[CaptureJob]:
    """Each capture with the jobs of all its tables."""
    ids = [str(row["id"]) for row in rows]
    tables: dict[str, list[Row]] = {}
    for job in tx.rows(
        """SELECT id, coalesce(parent_job_id, id) AS capture, status, completed_at, error_code, error_summary
           FROM staging.ingestion_jobs
           WHERE id = ANY(CAST(:ids AS uuid[])) OR parent_job_id = ANY(CAST(:ids AS uuid[])) ORDER BY id""",
        ids=ids,
    ):
        tables.setdefault(str(job["capture"]), []).append(job)
    return [_capture(tx, row, tables[str(row["id"])]) for row in rows]


def _capture(tx: Tx, row: Row, tables: list[Row]) -> CaptureJob:
    running = any(table["status"] not in _OVER for table in tables)
    ended = [table["completed_at"] for table in tables if table["completed_at"]]
    success = all(table["status"] == "completed" for table in tables)
    return CaptureJob(
        captureID=row["id"], createdAt=row["created_at"], finishedAt=None if running else max(ended, default=None),
        running=running, success=success, captureErrorBehaviour=_BEHAVIOURS[row["file_name"]],
        errors=[] if success else _errors(tx, row, tables),
    )  # fmt: skip


def _errors(tx: Tx, row: Row, tables: list[Row]) -> list[CaptureError]:
    early = ((row["mapping"] or {}).get("capture") or {}).get("errors", [])
    if early:
        return [_error(one["code"], one["message"], one["expected"], one["event_id"]) for one in early]
    kept = tx.rows(
        """SELECT natural_key, errors FROM staging.staging_data WHERE job_id = ANY(CAST(:ids AS uuid[]))
               AND validation_status IN ('invalid', 'pending') ORDER BY job_id, record_no LIMIT :limit""",
        ids=[str(table["id"]) for table in tables], limit=MAX_ERRORS,
    )  # fmt: skip
    found = [
        _error(one["code"], one["message"], one.get("expected"), kept_row["natural_key"])
        for kept_row in kept for one in kept_row["errors"][:1]
    ]  # fmt: skip
    whole = [_error(t["error_code"], t["error_summary"], None, None) for t in tables if t["error_code"]]
    return [*whole, *found]


def _error(code: str, message: str | None, expected: str | None, event_id: str | None) -> CaptureError:
    detail = f"{message or ''} Right would be: {expected}." if expected else message
    return CaptureError(
        type="epcisException:ValidationException", title=code, detail=detail, instance=event_id
    )  # fmt: skip
