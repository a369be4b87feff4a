"""Our pipeline, as the state machine runs it: ingest, every part, every load."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.loading.order_lines import masters
from benchmarks.loading.stand import Files, Silent, Stand
from opscopilot.catalogue.declaration import Registry
from opscopilot.entrypoints.normalize import parquet_as_csv
from opscopilot.kernel.clock import SystemClock
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.ingest import Ingestor
from opscopilot.staging.limits import Limits
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.normalize import Normalizer
from opscopilot.staging.parts import PartReader, PartTask

GB = {"ingest": 2.0, "normalize": 2.0}
"""Memory of the functions in template.yaml, in GB."""


def load(stand: Stand, catalogue: Registry, source: Path, part_mb: int = 128) -> dict[str, Any]:
    """Take one file in; seconds per function and what became of the records."""
    files, limits = Files(stand.folder), Limits.of(8192, part_mb)
    ingestor = Ingestor(stand.database("ops_ingest"), catalogue, SystemClock(), files, "staging", limits)
    normalizer = Normalizer(
        stand.database("ops_normalize"), catalogue, SystemClock(), Silent(),
        lambda key, path: files.download("staging", key, path), parquet_as_csv,
    )  # fmt: skip
    landing, spent = stand.landed(source), {"ingest": 0.0, "normalize": 0.0, "longest_call": 0.0}
    answer = _timed(spent, "ingest", lambda folder: ingestor.run(landing, folder, "bench"))
    reader = PartReader(ingestor.database, catalogue, files, "staging", limits)
    for task in map(PartTask.model_validate, answer.get("read", [])):
        _timed(spent, "ingest", partial(reader.run, task))
    for one in map(StagedFile.model_validate, answer.get("load", [answer])):
        _timed(spent, "normalize", partial(normalizer.run, one))
    (job,) = stand.rows(
        f"SELECT status, total_records, successful_records, failed_records, duplicate_records "
        f"FROM staging.ingestion_jobs WHERE id = '{answer['job_id']}'"
    )
    longest = spent.pop("longest_call")
    return {
        **job,
        "seconds": spent,
        "longest_call": longest,
        "gb_s": sum(GB[name] * taken for name, taken in spent.items()),
    }


def load_masters(stand: Stand, catalogue: Registry) -> None:
    """The items and customers that the lines refer to."""
    for file_name, text in masters().items():
        path = stand.folder / file_name
        path.write_text(text)
        load(stand, catalogue, path)


def _timed(spent: dict[str, float], name: str, work: Any) -> Any:
    folder = Path(tempfile.mkdtemp(prefix="ops-bench-run-"))
    started = time.perf_counter()
    try:
        return work(folder)
    finally:
        took = time.perf_counter() - started
        spent[name] += took
        spent["longest_call"] = max(spent["longest_call"], took)
        shutil.rmtree(folder)


def main() -> None:
    """One load, measured with the memory of this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--part-mb", type=int, default=128)
    asked = parser.parse_args()
    found = load(Stand(asked.port, asked.database, asked.objects), registry(), asked.file, asked.part_mb)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "peak_rss_mb": round(peak, 1)}))


if __name__ == "__main__":
    main()
