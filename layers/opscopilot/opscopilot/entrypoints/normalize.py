"""functions/normalize: a staged Parquet file becomes canonical rows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import boto3
import duckdb

from opscopilot.adapters.database import open_database
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.entrypoints import Handler
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.settings import NormalizeSettings
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.normalize import Normalizer, StagedFile


def parquet_to_csv(parquet: Path, fields: list[str], target: Path) -> bool:
    """Write record_no, source_row, source_id and `fields` as CSV for COPY; whether there are source ids."""
    with duckdb.connect(
        config={"threads": 2, "memory_limit": "512MB", "temp_directory": str(target.parent / "spill")}
    ) as engine:
        rows = engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(parquet)]).fetchall()
        has_source_id = any(row[0] == "source_id" for row in rows)
        columns = ", ".join(
            ["record_no", "source_row", "source_id" if has_source_id else "NULL", *(f'"{name}"' for name in fields)]
        )
        engine.execute(
            f"COPY (SELECT {columns} FROM read_parquet('{parquet}') ORDER BY record_no) "
            f"TO '{target}' (FORMAT csv, HEADER false)"
        )
    return has_source_id


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
        to_csv=parquet_to_csv,
    )

    def handle(event: Any, _context: Any) -> dict[str, object]:
        with tempfile.TemporaryDirectory() as folder:
            return normalizer.run(StagedFile.model_validate(event), Path(folder))

    return handle
