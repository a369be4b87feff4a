"""What a row was, which extract it is from, and what an extract that holds everything says by leaving rows out."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.loading import Dock

JAM = {"sku_code": "1", "description": "Jam", "base_uom": "EA", "unit_cost": "1.5"}


@pytest.fixture
def yard(dock: Dock) -> Dock:
    return dock


def at(hour: int) -> datetime:
    return datetime(2026, 9, 30, hour, tzinfo=UTC)


def skus(first: int, last: int, **more: Any) -> list[dict[str, Any]]:
    return [{**JAM, "sku_code": f"{n:03}", **more} for n in range(first, last)]


def cost(yard: Dock) -> str:
    (row,) = yard.plant.rows("SELECT unit_cost::numeric(9,2)::text AS c FROM manufacturing.skus WHERE sku_code = '1'")
    return str(row["c"])


def history(yard: Dock) -> list[dict[str, Any]]:
    return yard.plant.rows("SELECT * FROM manufacturing.row_history ORDER BY changed_at, id")


def test_a_changed_row_keeps_what_it_was_and_whose_values_those_were(yard: Dock) -> None:
    first = yard.load("sku", [{**JAM, "sku_code": "2"}, JAM])
    second = yard.load("sku", [{**JAM, "description": "Strawberry jam", "unit_cost": None}])
    assert (second["inserted_records"], second["updated_records"]) == (0, 1)
    (was,) = history(yard)
    assert was["old_values"] == {"description": "Jam", "unit_cost": "1.500000"}
    assert (was["old_job_id"], was["old_source_row"], was["old_version"]) == (first["id"], 3, 1)
    assert (was["new_job_id"], was["new_source_row"], was["kind"]) == (second["id"], 2, "updated")
    yard.load("sku", [{**JAM, "description": "Strawberry jam", "unit_cost": None}])
    assert len(history(yard)) == 1, "an equal row has no history"


def test_an_empty_value_that_is_filled_was_empty(yard: Dock) -> None:
    yard.load("sku", [{"sku_code": "1", "description": "Jam"}])
    yard.load("sku", [{"sku_code": "1", "description": "Jam", "category": "spread"}])
    assert history(yard)[0]["old_values"] == {"category": None}


def test_history_is_only_ever_added_to(yard: Dock) -> None:
    yard.load("sku", [JAM])
    yard.load("sku", [{**JAM, "unit_cost": "2"}])
    with (
        pytest.raises(Exception, match="permission denied"),
        yard.plant.db("ops_normalize").tenant(yard.plant.tenant_id) as tx,
    ):
        tx.execute("DELETE FROM manufacturing.row_history")


def test_p25_an_older_extract_that_arrives_late_overwrites_nothing(yard: Dock) -> None:
    yard.load("sku", [JAM], as_of=at(8))
    yard.load("sku", [{**JAM, "unit_cost": "3"}], as_of=at(12))
    late = yard.load("sku", [{**JAM, "unit_cost": "2"}, {**JAM, "sku_code": "2"}], as_of=at(10))
    assert (cost(yard), yard.counters(late)) == ("3.00", ("completed", 2, 1, 0, 1))
    assert "older_than_stored" in yard.log(late)
    yard.load("sku", [{**JAM, "unit_cost": "4"}], as_of=at(13))
    assert cost(yard) == "4.00"


def test_p25_values_that_a_later_extract_only_confirmed_are_newer_too(yard: Dock) -> None:
    yard.load("sku", [{**JAM, "unit_cost": "3"}], as_of=at(8))
    yard.load("sku", [{**JAM, "unit_cost": "3"}, {**JAM, "sku_code": "2"}], as_of=at(12))
    yard.load("sku", [{**JAM, "unit_cost": "2"}], as_of=at(10))
    assert cost(yard) == "3.00"


def test_an_older_extract_of_other_rows_is_taken(yard: Dock) -> None:
    yard.load("sku", [JAM, {**JAM, "sku_code": "2"}], as_of=at(8))
    yard.load("sku", [{**JAM, "sku_code": "2", "unit_cost": "9"}], as_of=at(12))
    yard.load("sku", [{**JAM, "unit_cost": "2"}], as_of=at(10))
    assert cost(yard) == "2.00", "the later one did not hold this row"


def test_a_file_without_a_time_overwrites_and_the_known_time_stays(yard: Dock) -> None:
    yard.load("sku", [JAM], as_of=at(12))
    yard.load("sku", [{**JAM, "unit_cost": "2"}])
    assert cost(yard) == "2.00"
    yard.load("sku", [{**JAM, "unit_cost": "9"}], as_of=at(10))
    assert cost(yard) == "2.00"


def active(yard: Dock) -> list[str]:
    rows = yard.plant.rows("SELECT sku_code FROM manufacturing.skus WHERE is_active ORDER BY 1")
    return [row["sku_code"] for row in rows]


def test_p32_what_a_full_extract_lacks_is_deactivated_and_nothing_is_deleted(yard: Dock) -> None:
    yard.load("sku", skus(1, 6))
    yard.load("sku", [{**JAM, "sku_code": "900"}], source_system="mes")
    job = yard.load("sku", [*skus(1, 3), *skus(3, 4, unit_cost="7"), *skus(7, 8)], full_extract=True)
    assert active(yard) == ["001", "002", "003", "007", "900"], "another system's rows are not in it"
    assert (job["deactivated_records"], job["inserted_records"], job["updated_records"]) == (2, 1, 1)
    assert {(one["what"], one["count"]) for one in job["changes"]} >= {("deactivated", 2)}
    gone = [one for one in history(yard) if one["kind"] == "deactivated"]
    assert [(one["reason"], one["old_values"]) for one in gone] == [
        ("missing_in_full_extract", {"is_active": "true"})
    ] * 2
    assert len(yard.plant.rows("SELECT 1 FROM manufacturing.skus")) == 7
    again = yard.load("sku", [*skus(1, 3), *skus(3, 4, unit_cost="7"), *skus(7, 8)], full_extract=True)
    assert (again["deactivated_records"], yard.counters(again)) == (0, ("completed", 4, 0, 0, 4))


def test_what_comes_back_in_a_later_extract_is_in_use_again(yard: Dock) -> None:
    yard.load("sku", skus(1, 6), full_extract=True)
    yard.load("sku", skus(1, 5), full_extract=True)
    assert "005" not in active(yard)
    job = yard.load("sku", [*skus(1, 5), *skus(5, 6, unit_cost="2")], full_extract=True)
    assert "005" in active(yard)
    assert yard.counters(job) == ("completed", 5, 1, 0, 4)
    yard.load("sku", skus(1, 5), full_extract=True)
    job = yard.load("sku", [*skus(1, 5), *skus(5, 6, unit_cost="2")], full_extract=True)
    assert (yard.counters(job), len(active(yard))) == (("completed", 5, 1, 0, 4), 5)


def test_an_extract_that_was_cut_short_deactivates_nothing(yard: Dock) -> None:
    yard.load("sku", skus(0, 100), full_extract=True)
    job = yard.load("sku", skus(0, 60), full_extract=True)
    assert (len(active(yard)), job["deactivated_records"]) == (100, 0)
    assert "full_extract_suspicious" in yard.log(job)


def test_a_record_that_was_rejected_is_in_the_extract_all_the_same(yard: Dock) -> None:
    yard.load("sku", skus(1, 4))
    file = yard.stage("sku", skus(1, 2), full_extract=True)
    yard.job(file, 2, failed=1)
    with yard.plant.db("ops_ingest").tenant(yard.plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.staging_data (tenant_id, job_id, record_no, entity_type, natural_key, raw_data,
                   validation_status, errors) VALUES (:t, :job, 2, 'sku', '002', '{}', 'invalid', '[]')""",
            t=yard.plant.tenant_id, job=file.job_id,
        )  # fmt: skip
    yard.run(file)
    assert active(yard) == ["001", "002"]


def test_a_record_that_nobody_can_read_keeps_everything_in_use(yard: Dock) -> None:
    yard.load("sku", skus(1, 4))
    file = yard.stage("sku", skus(1, 2), full_extract=True)
    yard.job(file, 2, failed=1)
    with yard.plant.db("ops_ingest").tenant(yard.plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.staging_data (tenant_id, job_id, record_no, entity_type, raw_data,
                   validation_status, errors) VALUES (:t, :job, 2, 'sku', '{"line": "x;y"}', 'invalid', '[]')""",
            t=yard.plant.tenant_id, job=file.job_id,
        )  # fmt: skip
    yard.run(file)
    assert active(yard) == ["001", "002", "003"]
    assert "full_extract_unread" in yard.log(yard.of(file))


def test_orders_that_a_full_extract_lacks_are_cancelled_unless_they_ended(yard: Dock) -> None:
    yard.load("customer", [{"customer_code": "C1", "name": "Shop"}])
    head = {"customer_code": "C1", "order_date": "2026-09-01"}
    yard.load("sales_order", [
        {**head, "order_number": "S1", "status": "confirmed"}, {**head, "order_number": "S2", "status": "confirmed"},
        {**head, "order_number": "S3", "status": "completed"},
    ])  # fmt: skip
    yard.load("sales_order", [{**head, "order_number": "S1", "status": "confirmed"}], full_extract=True)
    found = yard.plant.rows("SELECT order_number, status FROM manufacturing.sales_orders ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [("S1", "confirmed"), ("S2", "cancelled"), ("S3", "completed")]


def test_a_full_extract_in_parts_is_compared_when_all_of_it_is_in(yard: Dock) -> None:
    yard.load("sku", skus(1, 8))
    one = yard.stage("sku", skus(1, 4), part=1, last=False, full_extract=True)
    two = yard.stage("sku", skus(4, 7), first=4, part=2, last=True, full_extract=True, job_id=one.job_id)
    yard.job(one, 6, parts=(3, 3))
    yard.run(one)
    assert len(active(yard)) == 7
    yard.run(two)
    assert active(yard) == ["001", "002", "003", "004", "005", "006"]


def test_loads_of_one_entity_at_once_queue_up(yard: Dock) -> None:
    files = []
    for number in range(4):
        rows = skus(0, 40, unit_cost=str(number + 1))
        file = yard.stage("sku", rows if number % 2 else rows[::-1])
        yard.job(file, len(rows))
        files.append(file)
    failed: list[BaseException] = []

    def work(file: Any) -> None:
        try:
            yard.run(file)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(file,)) for file in files]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert [yard.counters(file)[:3] for file in files] == [("completed", 40, 40)] * 4
    assert len(history(yard)) == 120
