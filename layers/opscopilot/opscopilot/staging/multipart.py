"""Large files in parts: announced, sent in any order, resumed after a break, put together once.

The store's upload id lives with the job (`mapping.upload`) until ingest begins; nothing else has to be remembered,
because the store itself knows which parts have arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.tenancy import Principal
from opscopilot.staging.ports import ObjectMissing, Part, PartsRefused, UploadMissing
from opscopilot.staging.uploads import LINK_LIVES_S, LandingArea, Origin, check_file_name, insert_job, landing_key

MB = 1 << 20
MULTIPART_ABOVE = 100 * MB
"""Files larger than this come in parts unless the caller wants a single PUT."""
PART_MB = 16
MIN_PART_MB, MAX_PART_MB = 5, 5120
MAX_PARTS = 10_000
PAGE_OF_URLS = 100


@dataclass(frozen=True)
class Upload:
    """A file on its way in parts."""

    job_id: UUID
    file_name: str
    bucket: str
    key: str
    upload_id: str
    part_bytes: int
    size: int
    status: str

    @property
    def part_count(self) -> int:
        """How many parts the file has; all but the last have `part_bytes`."""
        return -(-self.size // self.part_bytes)

    def part_size(self, number: int) -> int:
        """The bytes of one part."""
        return min(self.part_bytes, self.size - (number - 1) * self.part_bytes)


@dataclass(frozen=True)
class Links:
    """Where to PUT parts, by number, and how long that works."""

    urls: dict[int, str]
    expires_at: datetime


def part_bytes(size: int, wanted_mb: int | None) -> int:
    """The size of a part: what was asked for, else 16 MB, and more where the store's limit on parts needs it."""
    least = -(-size // MAX_PARTS)
    if wanted_mb is not None and wanted_mb * MB < least:
        raise ValidationFailed(
            f"{size:,} bytes in parts of {wanted_mb} MB are more than {MAX_PARTS:,} parts.", field="part_mb",
            value=wanted_mb, expected=f"at least {-(-least // MB)}",
        )  # fmt: skip
    return max((wanted_mb or PART_MB) * MB, -(-least // MB) * MB)


def announce(
    tx: Tx, area: LandingArea, who: Principal, origin: Origin, file_name: str, size: int, part_mb: int | None = None
) -> Upload:
    """Make the job of a file to come in parts."""
    check_file_name(file_name)
    area.check_size(file_name, size)
    if size == 0:
        raise ValidationFailed(
            f"'{file_name}' is empty.", field="size_bytes", value=0, expected="the number of bytes of the file"
        )
    job_id, each = uuid7(), part_bytes(size, part_mb)
    key = landing_key(who, origin, job_id, file_name)
    upload_id = area.store.begin(area.bucket, key)
    kept = {"upload": {"id": upload_id, "part_bytes": each, "size": size}}
    insert_job(tx, area, who, origin, job_id, file_name, key, size, kept)
    return Upload(job_id, file_name, area.bucket, key, upload_id, each, size, "pending")


def find(tx: Tx, job_id: UUID) -> Upload:
    """The upload of a job; NotFound or Conflict. Empty `upload_id`: its file has arrived and is being read."""
    row = tx.one(
        "SELECT file_name, bucket, object_key, size_bytes, status, mapping FROM staging.ingestion_jobs WHERE id = :id",
        id=job_id,
    )
    if row is None:
        raise NotFound(f"There is no job {job_id}.", field="job_id", value=job_id)
    kept: dict[str, Any] = (row["mapping"] or {}).get("upload") or {}
    return Upload(
        job_id, row["file_name"], row["bucket"] or "", row["object_key"] or "", kept.get("id", ""),
        kept.get("part_bytes", PART_MB * MB), int(kept.get("size") or row["size_bytes"] or 0), row["status"],
    )  # fmt: skip


def links(area: LandingArea, upload: Upload, first: int, last: int, clock: Clock) -> Links:
    """Links for the parts `first` to `last`, both included; beyond the last part there is nothing."""
    _open(upload)
    numbers = range(first, min(last, upload.part_count) + 1)
    sign = area.signer.presign_part
    urls = {one: sign(upload.bucket, upload.key, upload.upload_id, one, LINK_LIVES_S) for one in numbers}
    return Links(urls, clock.now() + timedelta(seconds=LINK_LIVES_S))


def arrived(area: LandingArea, upload: Upload) -> list[Part]:
    """The parts that arrived; Conflict when the upload is over."""
    _open(upload)
    try:
        return area.store.parts(upload.bucket, upload.key, upload.upload_id)
    except UploadMissing as error:
        raise _over(upload) from error


def complete(area: LandingArea, upload: Upload, told: Sequence[tuple[int, str]]) -> None:
    """Put the parts together, which starts the job; done before is fine."""
    if upload.status == "cancelled":
        raise _over(upload)
    if not upload.upload_id:
        _completed(area, upload)
        return
    try:
        there = area.store.parts(upload.bucket, upload.key, upload.upload_id)
        area.store.complete(upload.bucket, upload.key, upload.upload_id, _checked(upload, there, told))
    except UploadMissing:
        _completed(area, upload)
    except PartsRefused as error:
        raise Conflict(
            f"The store did not put the parts of '{upload.file_name}' together ({error}). Send the parts again.",
            code="parts_refused", field="parts",
        ) from error  # fmt: skip


def abort(tx: Tx, area: LandingArea, upload: Upload) -> None:
    """Give the upload up and cancel its job; twice is fine. Conflict when the file has arrived already."""
    if upload.status == "cancelled":
        return
    cancelled = tx.execute(
        """UPDATE staging.ingestion_jobs SET status = 'cancelled', error_code = 'upload_aborted',
               error_summary = 'The upload was given up before the file was complete.', completed_at = now(),
               updated_at = now(), row_version = row_version + 1
           WHERE id = :id AND status = 'pending'""",
        id=upload.job_id,
    )  # fmt: skip
    if not cancelled or not upload.upload_id:
        raise _over(upload)
    area.store.abort(upload.bucket, upload.key, upload.upload_id)


def _checked(upload: Upload, there: list[Part], told: Sequence[tuple[int, str]]) -> list[Part]:
    """The parts as the store has them, once they are all there and are what the caller sent."""
    by_number, said = {one.number: one for one in there}, dict(told)
    wanted = range(1, upload.part_count + 1)
    missing = [one for one in wanted if one not in by_number or one not in said]
    if missing or set(said) - set(wanted):
        raise Conflict(
            f"'{upload.file_name}' has {upload.part_count} parts; missing: {_some(missing) or 'none'}; "
            f"unknown: {_some(sorted(set(said) - set(wanted))) or 'none'}.", code="parts_missing", field="parts",
            value=_some(missing), expected=f"each part from 1 to {upload.part_count} sent and listed once",
        )  # fmt: skip
    for number in wanted:
        part, etag = by_number[number], said[number].strip('"')
        if part.etag != etag:
            raise ValidationFailed(
                f"Part {number} of '{upload.file_name}' arrived with another ETag.", code="part_mismatch",
                field=f"parts.{number}.etag", value=etag, expected=f"{part.etag}; send the part again if it is not yours",
            )  # fmt: skip
        if part.size != upload.part_size(number):
            raise ValidationFailed(
                f"Part {number} of '{upload.file_name}' has {part.size:,} bytes.", code="part_mismatch",
                field=f"parts.{number}", value=part.size, expected=f"{upload.part_size(number)} bytes",
            )  # fmt: skip
    return [by_number[number] for number in wanted]


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")


def _completed(area: LandingArea, upload: Upload) -> None:
    """Fine when the object is there: somebody completed it before. Conflict otherwise."""
    try:
        area.store.head(upload.bucket, upload.key)
    except ObjectMissing as error:
        raise _over(upload) from error


def _open(upload: Upload) -> None:
    if not upload.upload_id or upload.status != "pending":
        raise _over(upload)


def _over(upload: Upload) -> Conflict:
    return Conflict(
        f"The upload of '{upload.file_name}' takes no parts (any more); its job is {upload.status}.",
        code="upload_over", field="job_id", value=upload.job_id, expected="a job announced with multipart that waits",
    )  # fmt: skip
