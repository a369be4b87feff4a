"""Records that wait load by themselves: files in any order end as if they had come in the right one."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from tests.support.loading import Dock

SKU = [{"sku_code": "00100234", "description": "Jam", "base_uom": "EA"}]
FACTOR = [{"sku_code": "00100234", "uom": "XCS", "factor_to_base": "12"}]
CUSTOMER = [{"customer_code": "C1", "name": "Shop"}]
ORDER = [{"order_number": "SO1", "customer_code": "C1", "order_date": "2026-09-01", "currency": "EUR"}]
LINES: list[dict[str, Any]] = [
    {"order_number": "SO1", "line_no": "1", "sku_code": "00100234", "ordered_qty": "3", "uom": "XCS"},
    {"order_number": "SO1", "line_no": "2", "sku_code": "00100234", "ordered_qty": "5", "uom": None},
]
FILES: dict[str, list[dict[str, Any]]] = {
    "sku": SKU,
    "sku_uom": FACTOR,
    "customer": CUSTOMER,
    "sales_order": ORDER,
    "sales_order_line": LINES,
}


@pytest.fixture
def yard(dock: Dock) -> Dock:
    return dock


def test_an_order_heals_and_then_its_lines_do(yard: Dock) -> None:
    yard.load("sku", SKU)
    yard.load("sku_uom", FACTOR)
    lines = yard.load("sales_order_line", LINES)
    order = yard.load("sales_order", ORDER)
    assert yard.counters(lines) == ("failed", 2, 0, 2, 0)
    assert yard.counters(order) == ("failed", 1, 0, 1, 0)
    yard.load("customer", CUSTOMER)
    assert yard.counters(order) == ("completed", 1, 1, 0, 0)
    assert yard.counters(lines) == ("completed", 2, 2, 0, 0)
    assert "healed" in yard.log(lines)
    kept = yard.plant.rows("SELECT validation_status, promoted_at, errors FROM staging.staging_data")
    assert {row["validation_status"] for row in kept} == {"valid"}
    assert all(row["promoted_at"] and row["errors"] for row in kept), "what had been wrong stays readable"
    (row,) = yard.plant.rows(
        "SELECT error_code, error_summary FROM staging.ingestion_jobs WHERE id = :id", id=lines["id"]
    )
    assert row == {"error_code": None, "error_summary": None}


@pytest.mark.parametrize("order", list(itertools.permutations(FILES))[::29])
def test_p82_files_in_any_order_give_the_same_rows(yard: Dock, order: tuple[str, ...]) -> None:
    made = [yard.load(entity, FILES[entity]) for entity in order]
    assert {yard.counters(job)[0] for job in made} == {"completed"}
    found = yard.plant.rows(
        """SELECT l.line_no, l.uom, l.uom_factor, l.source_row FROM manufacturing.sales_order_lines l
           JOIN manufacturing.sales_orders o ON o.id = l.sales_order_id ORDER BY 1"""
    )
    assert [tuple(row.values()) for row in found] == [("1", "XCS", 12, 2), ("2", "EA", 1, 3)]


def test_p18_a_unit_factor_heals_the_lines_that_wait_for_it(yard: Dock) -> None:
    for entity in ("sku", "customer", "sales_order"):
        yard.load(entity, FILES[entity])
    lines = yard.load("sales_order_line", LINES)
    assert yard.counters(lines) == ("partially_failed", 2, 1, 1, 0)
    (kept,) = yard.plant.rows("SELECT waits_for, errors FROM staging.staging_data")
    assert kept["waits_for"] == ["sku", "sku_uom"]
    assert ", cs, " in kept["errors"][0]["message"], "as the file may have written it"
    assert kept["errors"][0]["expected"].endswith("the record is loaded by itself as soon as it is there")
    yard.load("sku_uom", FACTOR)
    assert yard.counters(lines) == ("completed", 2, 2, 0, 0)


def test_lines_of_a_header_that_was_refused_wait_too(yard: Dock) -> None:
    yard.load("sku", SKU)
    flat = yard.load("sales_order_line", [{**ORDER[0], **LINES[1]}, {**ORDER[0], **LINES[1], "line_no": "3"}])
    assert yard.counters(flat) == ("failed", 2, 0, 2, 0)
    (kept, _) = yard.plant.rows("SELECT waits_for, errors FROM staging.staging_data")
    assert kept["errors"][0]["field"] == "customer_code", "the line says why its order is missing"
    assert set(kept["waits_for"]) == {"customer", "sales_order"}
    yard.load("customer", CUSTOMER)
    assert yard.counters(flat) == ("completed", 2, 2, 0, 0)
    assert len(yard.plant.rows("SELECT 1 FROM manufacturing.sales_orders")) == 1


def test_what_still_fails_says_what_it_waits_for_now(yard: Dock) -> None:
    order = yard.load("sales_order_line", [{**ORDER[0], **LINES[0]}])
    assert yard.plant.rows("SELECT errors FROM staging.staging_data")[0]["errors"][0]["field"] == "customer_code"
    yard.load("customer", CUSTOMER)
    (kept,) = yard.plant.rows("SELECT errors, waits_for, validation_status FROM staging.staging_data")
    assert ([one["field"] for one in kept["errors"]], kept["waits_for"]) == (["sku_code"], ["sku"])
    assert kept["validation_status"] == "pending"
    assert yard.counters(order)[0] == "failed"


def test_healing_again_changes_nothing(yard: Dock) -> None:
    waiting = yard.load("sku_uom", FACTOR)
    file = yard.stage("sku", SKU)
    yard.job(file, 1)
    assert yard.run(file)["healed"] == 1
    before = yard.counters(waiting)
    again = yard.run(file)
    assert (again["status"], again["healed"]) == ("unchanged", 0)
    yard.load("sku", [{**SKU[0], "description": "Other"}])
    assert yard.counters(waiting) == before == ("completed", 1, 1, 0, 0)


def test_a_crash_between_load_and_healing_loses_nothing(yard: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = yard.load("sku_uom", FACTOR)
    file = yard.stage("sku", SKU)
    yard.job(file, 1)

    def died(*_: Any) -> int:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("opscopilot.staging.loading.heal.Healer.heal", died)
        with pytest.raises(ConnectionError):
            yard.run(file)
    assert yard.counters(waiting)[0] == "failed"
    assert yard.run(file)["healed"] == 1
    assert yard.counters(waiting)[0] == "completed"


def test_p25_a_record_that_heals_late_does_not_overwrite_a_later_file(yard: Dock) -> None:
    for entity in ("sku", "customer", "sales_order"):
        yard.load(entity, FILES[entity])
    old = yard.load("sales_order_line", LINES[:1])
    yard.load("sales_order_line", [{**LINES[0], "ordered_qty": "40", "uom": "EA"}])
    yard.load("sku_uom", FACTOR)
    assert yard.counters(old) == ("completed", 1, 0, 0, 1), "known already, and newer"
    (row,) = yard.plant.rows("SELECT ordered_qty, uom FROM manufacturing.sales_order_lines")
    assert (row["ordered_qty"], row["uom"]) == (40, "EA")


def test_of_two_files_that_waited_the_later_one_wins(yard: Dock) -> None:
    old = yard.load("sku_uom", [{**FACTOR[0], "factor_to_base": "10"}])
    newer = yard.load("sku_uom", FACTOR)
    yard.load("sku", SKU)
    assert {yard.counters(one) for one in (old, newer)} == {("completed", 1, 1, 0, 0)}
    (row,) = yard.plant.rows("SELECT factor_to_base FROM manufacturing.sku_uoms")
    assert row["factor_to_base"] == 12


def test_ids_of_the_other_system_heal_with_their_rows(yard: Dock) -> None:
    yard.load("sku_uom", [{**FACTOR[0], "source_id": "77"}])
    yard.load("sku", SKU)
    yard.load("sales_order", [{**ORDER[0], "source_id": "5", "customer_code": "C2"}])
    yard.load("sales_order", ORDER)
    yard.load("customer", [*CUSTOMER, {"customer_code": "C2", "name": "Kiosk"}])
    assert [row["source_id"] for row in yard.plant.rows("SELECT source_id FROM manufacturing.sku_uoms")] == ["77"]
    (order,) = yard.plant.rows(
        """SELECT o.source_id, c.customer_code FROM manufacturing.sales_orders o
           JOIN manufacturing.customers c ON c.id = o.customer_id"""
    )
    assert tuple(order.values()) == ("5", "C1"), "the later file had no ids, so the one that is known stays"


def test_loads_at_the_same_time_miss_nothing(yard: Dock) -> None:
    files = []
    for entity, rows in FILES.items():
        file = yard.stage(entity, rows)
        yard.job(file, len(rows))
        files.append(file)
    with yard.plant.db("ops_normalize").tenant(yard.plant.tenant_id) as tx:
        tx.execute("UPDATE staging.ingestion_jobs SET updated_at = now() - interval '3 hours'")  # nobody waits
    failed: list[BaseException] = []

    def work(file: Any) -> None:
        try:
            yard.run(file)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(file,)) for file in reversed(files)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert {yard.counters(file)[0] for file in files} == {"completed"}
