"""A large table is cut in parts; what is loaded, rejected and counted is what one piece would have given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.loading import order_lines
from opscopilot.entrypoints.normalize import parquet_as_csv
from opscopilot.kernel.clock import FixedClock
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.limits import Limits
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.normalize import Normalizer
from opscopilot.staging.parts import PartReader, PartTask
from tests.support.dropping import NOW, STAGING, Yard, yard


class Nobody:
    """Takes every event."""

    def publish(self, rows: Any) -> list[Any]:
        """All of them."""
        return [row.event_id for row in rows]


@pytest.fixture
def small() -> Iterator[Yard]:
    """A plant whose tables are cut at some 20 kB."""
    with yard() as drops:
        for name, text in order_lines.masters().items():
            load(drops, drops.drop(name, text))
        drops.limits = Limits(part_bytes=20_000)
        yield drops


def load(drops: Yard, answer: dict[str, Any]) -> None:
    """What the state machine does with a hand-over, part by part."""
    reader = PartReader(drops.plant.db("ops_ingest"), registry(), drops.store, STAGING, drops.limits)
    normalizer = Normalizer(
        drops.plant.db("ops_normalize"), registry(), FixedClock(NOW), Nobody(),
        lambda key, path: drops.store.download(STAGING, key, path), parquet_as_csv,
    )  # fmt: skip
    for task in answer.get("read", []):
        with tempfile.TemporaryDirectory() as folder:
            reader.run(PartTask.model_validate(task), Path(folder))
    for one in answer.get("load", [answer]):
        with tempfile.TemporaryDirectory() as folder:
            normalizer.run(StagedFile.model_validate(one), Path(folder))


def export(tmp_path: Path, rows: int) -> tuple[bytes, order_lines.Truth]:
    """The bytes of a made-up export and what it holds."""
    truth = order_lines.write(tmp_path / "lines.csv", rows)
    return (tmp_path / "lines.csv").read_bytes(), truth


def test_counts_of_parts_are_the_counts_of_the_file(small: Yard, tmp_path: Path) -> None:
    body, truth = export(tmp_path, 2000)
    answer = small.drop("lines.csv", body)
    assert answer["status"] == "parts"
    assert len(answer["read"]) > 5
    load(small, answer)
    job = small.job(answer["job_id"])
    assert (job["status"], job["total_records"], job["successful_records"]) == ("partially_failed", 2000, truth.good)
    assert (job["failed_records"], job["duplicate_records"]) == (truth.failed, truth.repeated)
    assert len(small.rejects(answer["job_id"])) == truth.failed
    rows = small.plant.rows("SELECT count(*) AS n, min(source_row) AS lo FROM manufacturing.sales_order_lines")
    assert rows == [{"n": truth.good, "lo": 2}]


def test_p82_parts_delivered_twice_change_nothing(small: Yard, tmp_path: Path) -> None:
    body, truth = export(tmp_path, 800)
    landing = small.put("lines.csv", body)
    answer = small.run(landing)
    assert small.run(landing) == answer, "asked again before anything was judged: the same hand-over"
    load(small, answer)
    before = small.job(answer["job_id"])
    load(small, answer)
    assert small.job(answer["job_id"]) == before
    assert small.run(landing)["status"] == "unchanged"
    assert before["successful_records"] == truth.good


def test_rejects_of_a_part_keep_the_row_of_the_file(small: Yard, tmp_path: Path) -> None:
    body, _ = export(tmp_path, 1200)
    answer = small.drop("lines.csv", body)
    load(small, answer)
    lines = body.decode().split("\n")
    for reject in small.rejects(answer["job_id"]):
        raw = reject["raw_data"]
        line = lines[raw["source_row"] - 1]
        known = raw.get("line") or raw.get("Order Number") or raw["order_number"]
        assert known in line
        assert reject["record_no"] == raw["source_row"] - 1


def test_p84_formats_are_settled_for_the_whole_file_not_for_a_part(small: Yard) -> None:
    """Days above 12 stand in the last part only; the first parts alone could be read either way."""
    head = "Order Number,Line No,Customer Code,Order Date,SKU,Ordered Qty\n"
    early = "".join(f"SO{n:05d},10,C00001,04/05/2026,00100200,1\n" for n in range(1500))
    answer = small.drop("lines.csv", head + early + "SO99999,10,C00001,25/05/2026,00100200,1\n")
    assert len(answer["read"]) > 1
    load(small, answer)
    days = small.plant.rows("SELECT DISTINCT order_date::text AS day FROM manufacturing.sales_orders ORDER BY 1")
    assert days == [{"day": "2026-05-04"}, {"day": "2026-05-25"}]


def test_lines_that_hang_on_those_above_are_never_cut_apart(small: Yard) -> None:
    """No line numbers in the file: they are the position in the document, so the table stays in one piece."""
    head = "Order Number,Customer Code,Order Date,SKU,Ordered Qty\n"
    rows = "".join(f"SO{n // 7:05d},C00001,2026-05-04,00100{200 + n % 7},1\n" for n in range(2000))
    answer = small.drop("lines.csv", head + rows)
    assert answer["status"] == "staged"
    load(small, answer)
    rows_per = small.plant.rows("SELECT max(line_no::int) AS top, count(*) AS n FROM manufacturing.sales_order_lines")
    assert rows_per == [{"top": 7, "n": 2000}]


def test_progress_is_visible_while_parts_are_judged(small: Yard, tmp_path: Path) -> None:
    body, _ = export(tmp_path, 2000)
    answer = small.drop("lines.csv", body)
    reader = PartReader(small.plant.db("ops_ingest"), registry(), small.store, STAGING, small.limits)
    with tempfile.TemporaryDirectory() as folder:
        reader.run(PartTask.model_validate(answer["read"][0]), Path(folder))
    job = small.job(answer["job_id"])
    assert job["status"] == "running"
    assert 0 < job["total_records"] < 2000
    done = small.plant.rows("SELECT status, count(*) AS n FROM staging.job_parts GROUP BY 1 ORDER BY 1")
    assert {one["status"]: one["n"] for one in done} == {"cut": len(answer["read"]) - 1, "loaded": 1, "staged": 1}
