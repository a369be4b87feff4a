"""How long a dropped file takes to become canonical rows, beside the least that Postgres itself could take.

A made-up export of sales order lines (12 columns, 1 % wrong records of ten kinds, 1 % repeated ones) is read,
judged, its wrong records kept and its right ones upserted under forced row-level security with all foreign keys:

  psql   `\\copy` of the right rows only into a temporary table and the same upsert, judging nothing (the floor)
  naive  pandas, pydantic row by row, SQLAlchemy bulk insert, on a tenth of the rows
  ours   the very functions that ingest/ and normalize/ run, one after the other, S3 replaced by files

Every load starts with a fresh database on the same durable server; each of the compared loads is run `--rounds`
times in turn and the best one counts. Then ours once more with ten times the rows. The last line is
RESULT {json}; `--quick` is for trying the script out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.loading import order_lines, psql
from benchmarks.loading.ours import load_masters
from benchmarks.loading.stand import Stand, checkpoint, child, server, stand
from opscopilot.manufacturing.entities import registry

GOALS = {"time_ratio_to_psql": "at most 1.5", "speedup_over_naive": "at least 30", "peak_rss_mb": "under 400",
         "scaling_10x": "at least 0.9"}  # fmt: skip


def ours(found: Stand, source: Path) -> dict[str, Any]:
    """Our load in a process of its own."""
    return child(
        "benchmarks.loading.ours", "--port", str(found.port), "--database", found.name, "--objects",
        str(found.folder), "--file", str(source),
    )  # fmt: skip


def check(load: dict[str, Any], truth: order_lines.Truth) -> None:
    """A load that lost or invented a record is no load."""
    wrong_orders = load["successful_records"] != truth.good or load["duplicate_records"] != truth.repeated
    if wrong_orders or load["failed_records"] != truth.failed or load["total_records"] != truth.rows:
        raise SystemExit(f"the load is wrong: {load} instead of {truth}")


class Bench:
    """The measurements, each in a fresh database."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder, self.count = port, folder, 0

    def run(self, work: Callable[[Stand], Any]) -> Any:
        """One load."""
        self.count += 1
        with stand(self.port, f"bench_{self.count}") as found:
            load_masters(found, registry())
            checkpoint(self.port)
            return work(found)

    def files(self, rows: int) -> tuple[Path, Path, order_lines.Truth]:
        """The export, its right rows, and what it holds."""
        source, clean = self.folder / f"lines_{rows}.csv", self.folder / f"clean_{rows}.csv"
        truth = order_lines.write(source, rows, clean)
        clean.chmod(0o644)
        return source, clean, truth

    def ours(self, source: Path, truth: order_lines.Truth) -> dict[str, Any]:
        """Our load, checked."""
        found: dict[str, Any] = self.run(lambda one: ours(one, source))
        check(found, truth)
        found["total"] = sum(found["seconds"].values())
        print(f"  ours   {truth.rows:>11,} rows {found['total']:8.2f} s  {found['seconds']}  {found['peak_rss_mb']} MB")
        return found

    def psql(self, clean: Path, rows: int) -> float:
        """The floor."""
        seconds: float = self.run(lambda one: psql.load(one, clean))
        print(f"  psql   {rows:>11,} rows {seconds:8.2f} s")
        return seconds

    def naive(self, source: Path, rows: int) -> float:
        """The plain Python load."""
        found = self.run(
            lambda one: child(
                "benchmarks.loading.naive", "--port", str(one.port), "--database", one.name, "--file", str(source)
            )
        )
        print(f"  naive  {rows:>11,} rows {found['seconds']:8.2f} s")
        return float(found["seconds"])


def main() -> None:
    """Measure, print, end with the result line."""
    asked = _options()
    with server() as port, tempfile.TemporaryDirectory(prefix="ops-bench-files-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        bench = Bench(port, folder)
        source, clean, truth = bench.files(asked.rows)
        floors, loads = [], []
        for _ in range(asked.rounds):
            floors.append(bench.psql(clean, truth.good))
            loads.append(bench.ours(source, truth))
        best = min(loads, key=lambda one: one["total"])
        tenth, _, _ = bench.files(asked.rows // 10)
        naive = bench.naive(tenth, asked.rows // 10) * 10
        source.unlink()
        clean.unlink()
        large, large_clean, large_truth = bench.files(asked.rows * asked.times)
        large_clean.unlink()
        ten = bench.ours(large, large_truth)
    rate, rate_10x = truth.rows / best["total"], large_truth.rows / ten["total"]
    figures = {
        "rows": truth.rows, "time_ratio_to_psql": round(best["total"] / min(floors), 3),
        "speedup_over_naive": round(naive / best["total"], 1),
        "peak_rss_mb": max(best["peak_rss_mb"], ten["peak_rss_mb"]), "rows_per_s": round(rate),
        "scaling_10x": round(rate_10x / rate, 3), "gb_s_per_million_rows": round(best["gb_s"] * 1e6 / truth.rows, 2),
        "psql_s": round(min(floors), 2), "ours_s": round(best["total"], 2), "rows_per_s_10x": round(rate_10x),
        "longest_call_s": round(ten["longest_call"], 1),
    }  # fmt: skip
    for key, value in figures.items():
        print(f"{key:>24}  {value}" + (f"   (goal: {GOALS[key]})" if key in GOALS else ""))
    print("RESULT " + json.dumps(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=10, help="how many times the rows the large file has")
    parser.add_argument("--rounds", type=int, default=2, help="how often the compared loads are run")
    parser.add_argument("--quick", action="store_true", help="20,000 rows, one round")
    asked = parser.parse_args()
    if asked.quick:
        asked.rows, asked.rounds = 20_000, 1
    return asked


if __name__ == "__main__":
    main()
