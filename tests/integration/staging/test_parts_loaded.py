"""Parts of one job are loaded in order, each once; corrections of kept records are loaded into the job they came from."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.kernel.errors import DependenciesPending
from tests.support.loading import Dock

JAM = {"sku_code": "1", "description": "Jam", "base_uom": "EA"}


@pytest.fixture
def yard(dock: Dock) -> Dock:
    return dock


def parts(yard: Dock, entity: str, *groups: list[dict[str, Any]], **more: Any) -> list[Any]:
    """The hand-overs of one job of several parts, with its job."""
    made: list[Any] = []
    first = 1
    for number, rows in enumerate(groups, 1):
        same = {"job_id": made[0].job_id} if made else {}
        made.append(yard.stage(entity, rows, first=first, part=number, last=number == len(groups), **same, **more))
        first += len(rows)
    yard.job(made[0], first - 1, parts=tuple(map(len, groups)))
    return made


def skus(*codes: str, **more: Any) -> list[dict[str, Any]]:
    return [{**JAM, "sku_code": code, **more} for code in codes]


def test_a_job_of_three_parts_ends_with_their_sums(yard: Dock) -> None:
    one, two, three = parts(yard, "sku", skus("1", "2"), skus("3"), skus("4", "5"))
    assert yard.run(one)["status"] == "running"
    assert yard.counters(one) == ("running", 5, 2, 0, 0), "progress is visible"
    assert yard.run(two)["status"] == "running"
    assert yard.run(three)["status"] == "completed"
    assert yard.counters(one) == ("completed", 5, 5, 0, 0)
    job = yard.of(one)
    assert (job["inserted_records"], job["updated_records"]) == (5, 0)
    assert job["changes"] == [{"what": "added", "entity": "sku", "count": 5, "examples": []}]
    (events,) = yard.plant.rows("SELECT count(*) AS n FROM platform.outbox WHERE detail_type = 'DataNormalized'")
    assert events["n"] == 1


def test_p82_a_part_that_was_loaded_is_not_loaded_again(yard: Dock) -> None:
    one, two = parts(yard, "sku", skus("1"), skus("2"))
    yard.run(one)
    assert yard.run(one)["status"] == "unchanged"
    yard.run(two)
    assert (yard.run(two)["status"], yard.run(one)["status"]) == ("unchanged", "unchanged")
    assert yard.counters(one) == ("completed", 2, 2, 0, 0)


def test_a_part_waits_for_those_before_it(yard: Dock) -> None:
    one, two = parts(yard, "sku", skus("1"), skus("2"))
    with pytest.raises(DependenciesPending, match="waits for part 1"):
        yard.run(two)
    yard.run(one)
    assert yard.run(two)["status"] == "completed"


@pytest.mark.parametrize("known", [False, True], ids=["new rows", "rows that are there already"])
def test_a_key_that_comes_again_in_a_later_part_is_a_duplicate_or_a_conflict(yard: Dock, known: bool) -> None:
    if known:
        yard.load("sku", skus("1", "2"))
    one, two = parts(yard, "sku", skus("1", "2"), [*skus("1"), *skus("2", description="Other"), *skus("3")])
    yard.run(one)
    assert yard.run(two)["status"] == "partially_failed"
    assert yard.counters(one)[3] == 1
    (kept,) = yard.plant.rows("SELECT record_no, errors FROM staging.staging_data")
    assert (kept["record_no"], kept["errors"][0]["code"]) == (4, "conflicting_duplicate")
    found = yard.plant.rows("SELECT description FROM manufacturing.skus ORDER BY sku_code")
    assert [row["description"] for row in found] == ["Jam", "Jam", "Jam"]


def test_an_order_whose_lines_lie_in_two_parts_is_one_order(yard: Dock) -> None:
    yard.load("sku", skus("1"))
    yard.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    head = {
        "order_number": "S1",
        "customer_code": "C1",
        "order_date": "2026-09-01",
        "sku_code": "1",
        "ordered_qty": "2",
    }
    one, two = parts(
        yard, "sales_order_line", [{**head, "line_no": "1"}],
        [{**head, "line_no": "2", "order_date": "2026-09-02"}, {**head, "line_no": "1"}],
    )  # fmt: skip
    yard.run(one)
    yard.run(two)
    assert yard.counters(one) == ("completed", 3, 2, 0, 1)
    (order,) = yard.plant.rows("SELECT order_date::text, row_version FROM manufacturing.sales_orders")
    assert order == {"order_date": "2026-09-01", "row_version": 1}, "the first one wins"


def test_a_broken_part_leaves_nothing_behind(yard: Dock) -> None:
    one, two = parts(yard, "sku", skus("1"), skus("2"))
    yard.run(one)
    whole = yard.staged[two.staged_key].read_bytes()
    yard.staged[two.staged_key].write_bytes(whole[:-40])
    with pytest.raises(Exception, match=r"(?i)parquet"):
        yard.run(two)
    assert yard.counters(one) == ("running", 2, 1, 0, 0)
    yard.staged[two.staged_key].write_bytes(whole)
    assert yard.run(two)["status"] == "completed"


def replay(yard: Dock, job: Any, rows: list[dict[str, Any]], name: str = "0" * 32) -> Any:
    """Corrections of a job's kept records, as ingest stages them."""
    with yard.plant.db("ops_ingest").tenant(yard.plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.replays (tenant_id, job_id, id, status, records, corrected)
               VALUES (:t, :job, :id, 'staged', :n, :n) ON CONFLICT DO NOTHING""",
            t=yard.plant.tenant_id, job=job.job_id, id=name, n=len(rows),
        )  # fmt: skip
    fields = [key for key in rows[0] if key != "record_no"]
    return yard.stage(job.entity, rows, job_id=job.job_id, fields=fields, replay=name)


def test_p82_corrections_load_once_and_adjust_their_job(yard: Dock) -> None:
    file = yard.stage("sku", skus("1"), first=3)
    yard.job(file, 3, failed=2)
    with yard.plant.db("ops_ingest").tenant(yard.plant.tenant_id) as tx:
        for number in (1, 2):
            tx.execute(
                """INSERT INTO staging.staging_data (tenant_id, job_id, record_no, entity_type, raw_data,
                       validation_status, errors) VALUES (:t, :job, :n, 'sku', '{"Material": "x"}', 'invalid',
                       '[{"code": "bad"}]')""", t=yard.plant.tenant_id, job=file.job_id, n=number,
            )  # fmt: skip
    yard.run(file)
    assert yard.counters(file) == ("partially_failed", 3, 1, 2, 0)
    # Record 3 was loaded before and 9 was never kept: neither is a correction of anything.
    fixed = replay(
        yard, file, [{**JAM, "sku_code": code, "record_no": n} for code, n in (("7", 1), ("8", 3), ("9", 9))]
    )
    assert yard.run(fixed)["status"] == "partially_failed"
    assert yard.counters(file) == ("partially_failed", 3, 2, 1, 0)
    assert yard.run(fixed)["status"] == "unchanged"
    rest = replay(
        yard, file, [{**JAM, "sku_code": "8", "record_no": 2}, {**JAM, "sku_code": "7", "record_no": 1}], "1" * 32
    )
    assert yard.run(rest)["status"] == "completed"
    assert yard.counters(file) == ("completed", 3, 3, 0, 0)
    found = yard.plant.rows("SELECT sku_code, source_row FROM manufacturing.skus ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [("1", 4), ("7", 2), ("8", 3)], "lines are those of the file"
    (row,) = yard.plant.rows("SELECT loaded_records, status FROM staging.replays WHERE id = :id", id="1" * 32)
    assert row == {"loaded_records": 1, "status": "done"}


def test_a_correction_may_still_wait_and_heals_as_corrected(yard: Dock) -> None:
    file = yard.stage("sku_uom", [{"sku_code": "99", "uom": "XCS", "factor_to_base": "6"}])
    yard.job(file, 1)
    yard.run(file)
    yard.run(replay(yard, file, [{"sku_code": "1", "uom": "XCS", "factor_to_base": "12", "record_no": 1}]))
    assert yard.counters(file) == ("failed", 1, 0, 1, 0)
    (kept,) = yard.plant.rows("SELECT raw_data, transformed_data, natural_key, errors FROM staging.staging_data")
    assert (kept["raw_data"]["sku_code"], kept["transformed_data"]["sku_code"]) == ("99", "1")
    assert (kept["natural_key"], kept["errors"][0]["raw_value"]) == ("1/XCS", "1")
    yard.load("sku", [JAM])
    assert yard.counters(file) == ("completed", 1, 1, 0, 0)
