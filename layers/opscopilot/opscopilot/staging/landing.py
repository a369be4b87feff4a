"""Where a dropped file lies, and which job it is.

landing/{tenant}/{source system}/{job id}/{file name}     an upload the API handed out a URL for
landing/{tenant}/{source system}/{file name}              a bare drop; the job's id follows from the object
landing/{tenant}/{source system}/{job id}/replay/{id}.csv corrections of that job's rejected records
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import FileLanded
from opscopilot.kernel.ids import derived_id, tenant_id_for

PREFIX = "landing"
_REPLAY = re.compile(r"([0-9a-f]{32})\.csv")


@dataclass(frozen=True)
class Landing:
    """A dropped object: whose it is, from which system, and the job it makes."""

    tenant_code: str
    tenant_id: UUID
    source_system: str
    file_name: str
    job_id: UUID
    bucket: str
    key: str
    version_id: str | None
    version: str
    size: int
    replay: str | None = None
    """The replay's id, where the object corrects a job instead of making one."""

    @property
    def another_job_id(self) -> UUID:
        """The id for a new version of an object whose first job is over."""
        return derived_id(self.bucket, self.key, self.version)


def parse(landed: FileLanded) -> Landing | None:
    """The landing behind an event; None for an object that is none of ours."""
    parts = landed.key.split("/")
    if len(parts) < 4 or parts[0] != PREFIX or not parts[-1] or not parts[2]:
        return None
    try:
        tenant_id = tenant_id_for(parts[1])
    except ValidationFailed:
        return None
    version = landed.version_id or landed.etag
    job_id = _uuid(parts[3]) if len(parts) > 4 else None
    return Landing(
        tenant_code=parts[1].lower(), tenant_id=tenant_id, source_system=parts[2], file_name=parts[-1],
        job_id=job_id or derived_id(landed.bucket, landed.key, version), bucket=landed.bucket, key=landed.key,
        version_id=landed.version_id, version=version, size=landed.size, replay=_replay(parts) if job_id else None,
    )  # fmt: skip


def replay_key(tenant_code: str, source_system: str, job_id: UUID, replay_id: str) -> str:
    """Where the corrections of a job land."""
    return f"{PREFIX}/{tenant_code}/{source_system}/{job_id}/replay/{replay_id}.csv"


def _replay(parts: list[str]) -> str | None:
    found = _REPLAY.fullmatch(parts[5]) if len(parts) == 6 and parts[4] == "replay" else None
    return found.group(1) if found else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
