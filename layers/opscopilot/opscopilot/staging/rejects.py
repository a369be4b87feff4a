"""Rejected records on their way to staging.staging_data: spooled to a file, then COPYed in one go."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from opscopilot.kernel.db import Tx


class Spool:
    """Writes rejected records as CSV for COPY: record_no, natural_key, raw_data, errors."""

    def __init__(self, stream: IO[str]) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")

    def add(
        self, number: int, raw: dict[str, Any], errors: list[dict[str, Any]], natural_key: str | None = None
    ) -> None:
        """Keep one record as it came, with what is wrong with it."""
        self._writer.writerow([number, natural_key, _json({"record_no": number, **raw}), _json(errors)])


def _json(value: Any) -> str:
    # A NUL is legal in JSON and impossible in Postgres.
    return json.dumps(value, ensure_ascii=False, default=str).replace("\\u0000", "")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            yield block


def read_spool(tx: Tx, spools: list[Path]) -> None:
    """Make the temporary table `spooled` of this transaction.

    It is needed because COPY into a table under row-level security is refused to non-owners.
    """
    tx.script(
        "CREATE TEMPORARY TABLE spooled (record_no integer, natural_key text, raw_data jsonb, errors jsonb) "
        "ON COMMIT DROP"
    )
    for spool in spools:
        if spool.stat().st_size:
            tx.copy_in("COPY spooled FROM STDIN (FORMAT csv)", _blocks(spool))


def store(tx: Tx, job_id: UUID, entity: str, spools: list[Path]) -> int:
    """Replace the job's kept records by those in the spools; how many there are."""
    tx.execute("DELETE FROM staging.staging_data WHERE job_id = :job", job=job_id)
    return add(tx, job_id, entity, spools)


def add(tx: Tx, job_id: UUID, entity: str, spools: list[Path]) -> int:
    """Keep the records in the spools with the job's others; how many there are."""
    read_spool(tx, spools)
    return tx.execute(
        """INSERT INTO staging.staging_data
               (tenant_id, job_id, record_no, entity_type, natural_key, raw_data, validation_status, errors)
           SELECT platform.current_tenant(), :job, record_no, :entity, natural_key, raw_data, 'invalid', errors
           FROM spooled ON CONFLICT (tenant_id, job_id, record_no) DO NOTHING""",
        job=job_id, entity=entity,
    )  # fmt: skip
