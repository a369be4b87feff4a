"""Our pipeline, as the state machine runs it: ingest, every part, every load, each in a warm process of its own."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.loading.order_lines import masters
from benchmarks.loading.stand import Files, Silent, Stand
from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.synonyms import known
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
    known()  # a warm sandbox has the headers of the world in memory
    spent = Spent()
    landing = stand.landed(source)
    answer = spent.on("ingest", lambda folder: ingestor.run(landing, folder, "bench"))
    reader = PartReader(ingestor.database, catalogue, files, "staging", limits)
    for task in map(PartTask.model_validate, answer.get("read", [])):
        spent.on("ingest", partial(reader.run, task))
    for one in map(StagedFile.model_validate, answer.get("load", [answer])):
        spent.on("normalize", partial(normalizer.run, one))
    (job,) = stand.rows(
        f"SELECT status, total_records, successful_records, failed_records, duplicate_records "
        f"FROM staging.ingestion_jobs WHERE id = '{answer['job_id']}'"
    )
    return {
        **job, "seconds": spent.seconds, "longest_call": spent.longest, "peak_rss_mb": round(spent.peak_mb, 1),
        "gb_s": sum(GB[name] * taken for name, taken in spent.seconds.items()),
    }  # fmt: skip


def load_masters(stand: Stand, catalogue: Registry) -> None:
    """The items and customers that the lines refer to."""
    for file_name, text in masters().items():
        path = stand.folder / file_name
        path.write_text(text)
        load(stand, catalogue, path)


@dataclass
class Spent:
    """Seconds by function, the longest call, and the most memory any call took."""

    seconds: dict[str, float] = field(default_factory=lambda: {"ingest": 0.0, "normalize": 0.0})
    longest: float = 0.0
    peak_mb: float = 0.0

    def on(self, name: str, work: Callable[[Path], Any]) -> Any:
        """Do `work` in a process of its own, as a function has its own sandbox; its answer."""
        folder = Path(tempfile.mkdtemp(prefix="ops-bench-run-"))
        reading, writing = os.pipe()
        started = time.perf_counter()
        child = os.fork()
        if child == 0:
            _in_sandbox(partial(work, folder), reading, writing)
        os.close(writing)
        with os.fdopen(reading) as stream:
            said = stream.read()
        _, status, used = os.wait4(child, 0)
        took = time.perf_counter() - started
        shutil.rmtree(folder)
        if status:
            raise RuntimeError(said)
        self.seconds[name] += took
        self.longest = max(self.longest, took)
        self.peak_mb = max(self.peak_mb, used.ru_maxrss / 1024)
        return json.loads(said)


def _in_sandbox(work: Callable[[], Any], reading: int, writing: int) -> None:
    """Answer through the pipe and end, without anything of the parent's being tidied up twice."""
    os.close(reading)
    failed = 0
    try:
        said = json.dumps(work(), default=str)
    except BaseException:
        said, failed = traceback.format_exc(), 1
    with os.fdopen(writing, "w") as stream:
        stream.write(said)
    os._exit(failed)


def main() -> None:
    """One load."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--part-mb", type=int, default=128)
    asked = parser.parse_args()
    print(json.dumps(load(Stand(asked.port, asked.database, asked.objects), registry(), asked.file, asked.part_mb)))


if __name__ == "__main__":
    main()
