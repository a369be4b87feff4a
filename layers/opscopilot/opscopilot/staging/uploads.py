"""Announcing files and pushing records: a job row first, then an object in the landing bucket."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import TooLarge, ValidationFailed
from opscopilot.kernel.ids import derived_id, uuid7
from opscopilot.kernel.tenancy import Principal
from opscopilot.staging.landing import PREFIX
from opscopilot.staging.ports import PartStore

LINK_LIVES_S = 3600
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True)
class LandingArea:
    """The landing bucket. `signer` makes links as clients reach the store, `store` writes from inside."""

    bucket: str
    store: PartStore
    signer: PartStore
    max_file_mb: int = 5120

    def check_size(self, file_name: str, size: int) -> None:
        """TooLarge for a file that ingest would refuse: said before it travels."""
        if size > self.max_file_mb << 20:
            raise TooLarge(
                f"'{file_name}' has {size >> 20:,} MB; the limit is {self.max_file_mb:,} MB.", code="file_too_large",
                field="size_bytes", value=size, expected=f"at most {self.max_file_mb << 20} bytes; split the export",
            )  # fmt: skip


@dataclass(frozen=True)
class Announced:
    """A job that waits for its file."""

    job_id: UUID
    file_name: str
    key: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Origin:
    """Where records come from."""

    source_system: str
    source_type: str
    entity: str | None


def check_entity(registry: Registry, name: str | None) -> None:
    """ValidationFailed unless the catalogue has that entity (or none is named)."""
    if name is not None and registry.get(name) is None:
        raise ValidationFailed(
            f"There is no entity '{name}'.", field="entity", value=name,
            expected="one of: " + ", ".join(registry.names()) + "; or leave it out and let the header decide",
        )  # fmt: skip


def check_file_name(name: str) -> None:
    """ValidationFailed for a name that could leave its folder or hide."""
    if not _FILE_NAME.fullmatch(name) or name.strip(". ") == "":
        raise ValidationFailed(
            f"'{name}' cannot be a file name here.", field="file_name", value=name,
            expected="a plain name without folders, at most 200 characters",
        )  # fmt: skip


def announce(tx: Tx, area: LandingArea, who: Principal, origin: Origin, file_name: str, clock: Clock) -> Announced:
    """Make the job of a file to come, and the link to put the file to."""
    check_file_name(file_name)
    job_id = uuid7()
    key = landing_key(who, origin, job_id, file_name)
    insert_job(tx, area, who, origin, job_id, file_name, key)
    url = area.signer.presign_put(area.bucket, key, LINK_LIVES_S, {})
    return Announced(job_id, file_name, key, url, clock.now() + timedelta(seconds=LINK_LIVES_S))


def push_id(who: Principal, idempotency_key: str | None) -> UUID:
    """The job id of a batch: the same idempotency key names the same job, so a repeated call adds nothing."""
    return derived_id("push", str(who.tenant_id), idempotency_key) if idempotency_key else uuid7()


def push(tx: Tx, area: LandingArea, who: Principal, origin: Origin, job_id: UUID) -> tuple[str, bool]:
    """Make the job of a batch of records; its object's key, and whether the job is new."""
    file_name = f"records-{job_id}.csv"
    key = landing_key(who, origin, job_id, file_name)
    return key, insert_job(tx, area, who, origin, job_id, file_name, key)


def put_records(area: LandingArea, key: str, records: list[dict[str, Any]]) -> None:
    """Write the records as the CSV that the job will read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        path.write_text(as_csv(records), encoding="utf-8", newline="")
        area.store.upload(path, area.bucket, key)


def as_csv(records: list[Mapping[str, Any]] | list[dict[str, Any]]) -> str:
    """Records as CSV; columns in the order in which they first occur, null as an empty cell."""
    columns = list(dict.fromkeys(name for one in records for name in one))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(one.get(name)) for name in columns] for one in records])
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def landing_key(who: Principal, origin: Origin, job_id: UUID, file_name: str) -> str:
    """Where the file of a job lands."""
    return f"{PREFIX}/{who.tenant_code}/{origin.source_system}/{job_id}/{file_name}"


def insert_job(
    tx: Tx, area: LandingArea, who: Principal, origin: Origin, job_id: UUID, file_name: str, key: str,
    size: int | None = None, mapping: Mapping[str, Any] | None = None,
) -> bool:  # fmt: skip
    """Make the job of a file to come; False when there is one of that id already."""
    made = tx.execute(
        """INSERT INTO staging.ingestion_jobs (tenant_id, id, source_type, source_system, mode, entity_type, status,
               file_name, bucket, object_key, requested_by, size_bytes, mapping)
           VALUES (:tenant, :id, :type, :system, 'push', :entity, 'pending', :file, :bucket, :key, :who, :size,
               CAST(:mapping AS jsonb))
           ON CONFLICT (tenant_id, id) DO NOTHING""",
        tenant=who.tenant_id, id=job_id, type=origin.source_type, system=origin.source_system, entity=origin.entity,
        file=file_name, bucket=area.bucket, key=key, who=who.user_id, size=size,
        mapping=json.dumps(mapping) if mapping is not None else None,
    )  # fmt: skip
    return bool(made)
