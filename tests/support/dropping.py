"""Drop files into an in-memory S3 and run ingest (and normalize) on them, as the state machine would."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import duckdb
from moto import mock_aws

from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.events import FileLanded
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.ingest import Ingestor, Limits
from opscopilot.staging.landing import Landing, parse
from tests.support import plant as support

LANDING, STAGING = "landing-bucket", "staging-bucket"
NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


@dataclass
class Yard:
    """A plant, its buckets and the ingest service."""

    plant: support.Plant
    client: Any
    store: S3ObjectStore
    limits: Limits = field(default_factory=Limits)

    @property
    def ingestor(self) -> Ingestor:
        """The service as functions/ingest builds it, over this plant's database."""
        return Ingestor(
            self.plant.db("ops_ingest"), registry(), FixedClock(NOW), self.store, STAGING, limits=self.limits
        )

    def put(
        self, name: str, body: bytes, *, system: str = "sheet", tenant: str | None = None, **metadata: str
    ) -> Landing:
        """Put an object into the landing bucket; what its event says."""
        key = f"landing/{tenant or self.plant.code}/{system}/{name}"
        answer = self.client.put_object(Bucket=LANDING, Key=key, Body=body, Metadata=metadata)
        landed = FileLanded(bucket=LANDING, key=key, etag=answer["ETag"].strip('"'), size=len(body))
        found = parse(landed)
        assert found is not None
        return found

    def run(self, landing: Landing) -> dict[str, Any]:
        """Ingest the object once."""
        with tempfile.TemporaryDirectory() as folder:
            return self.ingestor.run(landing, Path(folder), "test")

    def drop(self, name: str, body: bytes | str, **options: str) -> dict[str, Any]:
        """Put and ingest; the answer of ingest."""
        data = body.encode() if isinstance(body, str) else body
        return self.run(self.put(name, data, **options))

    def job(self, job_id: str | UUID) -> dict[str, Any]:
        """The job's row."""
        (row,) = self.plant.rows("SELECT * FROM staging.ingestion_jobs WHERE id = :id", id=UUID(str(job_id)))
        return row

    def rejects(self, job_id: str | UUID) -> list[dict[str, Any]]:
        """The job's kept records, in order."""
        return self.plant.rows(
            "SELECT * FROM staging.staging_data WHERE job_id = :id ORDER BY record_no", id=UUID(str(job_id))
        )

    def log(self, job_id: str | UUID) -> dict[str, dict[str, Any]]:
        """The job's log entries by code."""
        rows = self.plant.rows(
            "SELECT * FROM staging.ingestion_log_entries WHERE job_id = :id ORDER BY id", id=UUID(str(job_id))
        )
        return {row["code"]: row for row in rows}

    def staged(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """The staged records of an answer, as dicts."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "staged.parquet"
            self.store.download(STAGING, answer["staged_key"], target)
            found = duckdb.connect().execute(f"SELECT * FROM '{target}' ORDER BY record_no")
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def _client() -> Any:
    """Made once, in some test's pretended AWS: it costs more than most tests, and holds nothing of a test."""
    return boto3.client("s3", region_name="eu-west-1")


@contextmanager
def yard(**settings: Any) -> Iterator[Yard]:
    """A fresh plant with its buckets."""
    with mock_aws(), support.plant() as plant:
        client = _client()
        for bucket in (LANDING, STAGING):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield Yard(plant, client, S3ObjectStore(client), **settings)
