"""Files that cannot be taken: each ends as a failed job that says what was found and what to do about it."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.client import OpsClient
from tests.support.e2e import drop, live, ops, total, write

SUPPLIERS = "supplier_code;name;status\n0001;Møller Mælk;active\n0002;Stone Mill;active\n"
SKUS = "sku_code;description;base_uom\n00100234;Strawberry jam;EA\n00200001;Sugar;KG\n"


@dataclass(frozen=True)
class Bad:
    """A file, what it is said to be, and what its job says."""

    name: str
    body: bytes
    code: str
    says: tuple[str, ...]
    entity: str | None = None


def cut_gzip() -> bytes:
    whole = gzip.compress((SKUS * 400 + str(random.Random(1).random())).encode(), mtime=0)
    return whole[: len(whole) // 2]


BAD = (
    Bad("garbage.csv", random.Random(7).randbytes(40_000), "not_a_table", ("does not hold text", "CSV")),
    Bad("workbook.csv", b"PK\x03\x04" + bytes(400), "damaged_file", ("end is missing", "Transfer it again")),
    Bad("empty.csv", b"", "empty_file", ("is empty (0 bytes)", "Export it again")),
    Bad("empty.csv.gz", b"", "empty_file", ("is empty (0 bytes)", "Export it again")),
    Bad("of-nothing.csv.gz", gzip.compress(b"", mtime=0), "empty_file", ("gzip of nothing", "Export it again")),
    Bad("cut.csv.gz", cut_gzip(), "damaged_gzip", ("cannot be unpacked", "Transfer it again")),
    Bad("only-header.csv", b"sku_code;description;base_uom\n", "no_rows", ("header line but no records", "export it again")),
    Bad("suppliers.csv", SUPPLIERS.encode(), "wrong_entity", ("Suppliers", "supplier", "--entity supplier"), "work_order"),
    Bad("riddle.csv", b"alpha;beta\n1;2\n3;4\n", "needs_mapping", ("alpha, beta", "--entity", "ops template")),
)  # fmt: skip
by_name = pytest.mark.parametrize("bad", BAD, ids=[one.name for one in BAD])


@dataclass
class Place:
    """A running stack, its tenant's planner, where its state lies."""

    api: OpsClient
    state: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with live(tmp_path_factory) as (one, stack):
        yield Place(one.tenant("fjord"), stack.folder.path)


@by_name
def test_a_bad_file_ends_or_waits_and_says_what_to_do(place: Place, tmp_path: Path, bad: Bad) -> None:
    (job,) = drop(place.api, [write(tmp_path, bad.name, bad.body)], entity=bad.entity)
    waits = bad.code in ("needs_mapping", "wrong_entity")
    assert (job["status"], job["error_code"]) == ("needs_mapping" if waits else "failed", bad.code)
    assert [words for words in bad.says if words.lower() not in job["error_summary"].lower()] == []
    assert job["total_records"] == job["successful_records"] + job["failed_records"] + job["duplicate_records"]
    assert job["successful_records"] == 0
    level = "warning" if waits else "error"
    assert any(line["level"] == level and line["message"] == job["error_summary"] for line in job["log"])


@by_name
def test_ops_drop_prints_why_and_fails(place: Place, tmp_path: Path, bad: Bad) -> None:
    path = write(tmp_path, bad.name, bad.body)
    asked = ("--entity", bad.entity) if bad.entity else ()
    done = ops(place.state, "drop", str(path), "--tenant", "fjord", *asked)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    printed = " ".join(done.stdout.split()).lower()
    assert [words for words in bad.says if words.lower() not in printed] == []


def test_bad_files_take_nothing_from_good_ones(place: Place, tmp_path: Path) -> None:
    before = total(place.api, "supplier")
    files = [write(tmp_path, one.name, one.body) for one in BAD[:4]]
    (*failed, taken) = drop(place.api, [*files, write(tmp_path, "good.csv", SUPPLIERS)])
    assert {job["status"] for job in failed} == {"failed"}
    assert (taken["status"], taken["entity_type"]) == ("completed", "supplier")
    assert total(place.api, "supplier") == max(before, 2)


def test_an_entity_nobody_knows_is_refused_before_anything_is_uploaded(place: Place, tmp_path: Path) -> None:
    before = place.api.get("/jobs", limit=1)["total"]
    path = write(tmp_path, "skus.csv", SKUS)
    done = ops(place.state, "drop", str(path), "--tenant", "fjord", "--entity", "wizards")
    assert done.returncode == 1
    assert "wizards" in done.stderr
    assert "sku, " in done.stderr
    assert place.api.get("/jobs", limit=1)["total"] == before
