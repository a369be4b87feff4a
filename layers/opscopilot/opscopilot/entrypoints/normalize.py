"""functions/normalize: a staged Parquet file becomes canonical rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import duckdb

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.entrypoints import Handler
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.settings import NormalizeSettings
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.loading.pipe import streamed
from opscopilot.staging.normalize import Normalizer


@contextmanager
def parquet_as_csv(parquet: Path, fields: list[str]) -> Iterator[tuple[BinaryIO, bool]]:
    """Yield record_no, source_row, source_id and `fields` as a stream of CSV for COPY, and whether there are ids.

    The records come in the order of the file: ingest writes them so, and one thread reads them so.
    """
    folder = parquet.parent
    with duckdb.connect(
        config={"threads": 1, "memory_limit": "256MB", "temp_directory": str(folder / "spill")}
    ) as engine:
        rows = engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(parquet)]).fetchall()
        has_source_id = any(row[0] == "source_id" for row in rows)
        columns = ", ".join(
            ["record_no", "source_row", "source_id" if has_source_id else "NULL", *(f'"{name}"' for name in fields)]
        )

        def write(target: Path) -> None:
            engine.execute(
                f"COPY (SELECT {columns} FROM read_parquet('{parquet}')) TO '{target}' "
                f"(FORMAT csv, HEADER false, USE_TMP_FILE false)"
            )

        with streamed(write, folder) as stream:
            yield stream, has_source_id


def normalize_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = NormalizeSettings()
    s3 = boto3.client("s3", region_name=settings.aws_region)
    bus = boto3.client("events", region_name=settings.aws_region)
    normalizer = Normalizer(
        database=open_database(settings),
        registry=registry(),
        clock=SystemClock(),
        publisher=EventBridgePublisher(bus, settings.event_bus_name),
        fetch=lambda key, path: s3.download_file(settings.staging_bucket, key, str(path)),
        as_csv=parquet_as_csv,
    )

    def handle(event: Any, _context: Any) -> dict[str, object]:
        with tempfile.TemporaryDirectory() as folder:
            return normalizer.run(StagedFile.model_validate(event), Path(folder))

    return handle
