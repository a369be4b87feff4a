"""A planner drops whatever the ERP gives: workbooks, archives, nested orders, unknown headers, files in the wrong order."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from local.client import OpsClient
from tests.support.e2e import drop, live, total, until, write

ITEMS = [["sku_code", "description", "base_uom"], ["00100001", "Jam 340 g", "EA"], ["00100002", "Jam 900 g", "EA"]]
CUSTOMERS = [["customer_code", "name"], ["0010", "Føtex"], ["0011", "Netto"]]
LINES = [
    ["order_number", "line_no", "customer_code", "order_date", "sku_code", "ordered_qty"],
    ["SO1", "10", "0010", "2026-09-01", "00100001", "5"],
    ["SO1", "20", "0010", "2026-09-01", "00100002", "7"],
    ["SO2", "10", "0011", "2026-09-02", "00100001", "2"],
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with live(tmp_path_factory) as (one, _):
        yield one


def text(rows: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def sheets(api: OpsClient, receipt: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The jobs of every table of an object, once all are over, by file name."""

    def all_over() -> dict[str, dict[str, Any]] | None:
        jobs = [one for one in api.pages("/jobs") if one["file_name"].startswith(receipt["file_name"])]
        over = all(one["status"] in ("completed", "partially_failed", "failed") for one in jobs)
        return {one["file_name"]: one for one in jobs} if over else None

    return until(all_over, 180, "end of all tables")


def test_every_sheet_of_a_workbook_is_a_job_and_masters_come_first(stack: Any, tmp_path: Path) -> None:
    api = stack.tenant("bookish")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in (("Orders", LINES), ("Items", ITEMS), ("Customers", CUSTOMERS)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "month.xlsx")
    (receipt,) = drop(api, [tmp_path / "month.xlsx"], "excel")
    jobs = sheets(api, receipt)
    assert {one["entity_type"]: (one["status"], one["successful_records"]) for one in jobs.values()} == {
        "sales_order_line": ("completed", 3), "sku": ("completed", 2), "customer": ("completed", 2)}  # fmt: skip
    assert any("Items" in name for name in jobs)
    found = api.get("/entities/sku", sku_code="00100001")["items"]
    assert [one["sku_code"] for one in found] == ["00100001"], "leading zeros survive"


def test_an_archive_is_unpacked_and_nested_orders_become_lines(stack: Any, tmp_path: Path) -> None:
    api = stack.tenant("zipped")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/items.csv", text(ITEMS))
        archive.writestr("export/customers.csv", text(CUSTOMERS))
        archive.writestr("__MACOSX/._items.csv", b"\x00\x05\x16\x07")
    (receipt,) = drop(api, [write(tmp_path, "masters.zip", packed.getvalue())], "shop")
    assert {one["entity_type"] for one in sheets(api, receipt).values()} == {"sku", "customer"}
    orders = [
        {"order_number": "W1", "order_date": "2026-09-03", "customer_code": "0010",
         "lines": [{"line_no": 1, "sku_code": "00100001", "ordered_qty": 3}, {"line_no": 2, "sku_code": "00100002", "ordered_qty": 4}]},
        {"order_number": "W2", "order_date": "2026-09-04", "customer_code": "0011",
         "lines": [{"line_no": 1, "sku_code": "00100001", "ordered_qty": 1}]},
    ]  # fmt: skip
    (receipt,) = drop(api, [write(tmp_path, "orders.json", json.dumps(orders))], "shop")
    assert (receipt["entity_type"], receipt["status"], receipt["successful_records"]) == (
        "sales_order_line", "completed", 3)  # fmt: skip
    assert total(api, "sales_order") == 2


def test_unknown_headers_wait_for_a_person_once(stack: Any, tmp_path: Path) -> None:
    api = stack.tenant("curious")
    body = "Ding;Wie es heisst;Zaehlart\n00100001;Jam 340 g;EA\n00100002;Jam 900 g;EA\n"
    (receipt,) = drop(api, [write(tmp_path, "dinge_2026-09-01.csv", body)], "eigenbau")
    assert receipt["status"] == "needs_mapping"
    proposal = api.get(f"/jobs/{receipt['id']}/mapping")
    assert "Wie es heisst" in json.dumps(proposal, ensure_ascii=False)
    columns = {"sku_code": "Ding", "description": "Wie es heisst", "base_uom": "Zaehlart"}
    api.post(f"/jobs/{receipt['id']}/mapping", {"entity": "sku", "columns": columns})
    done = until(lambda: over(api, receipt["id"]), 180, "loaded file")
    assert (done["status"], done["successful_records"]) == ("completed", 2)
    again = body.replace("Jam 900 g", "Jam 901 g")
    (second,) = drop(api, [write(tmp_path, "dinge_2026-10-01.csv", again)], "eigenbau")
    assert (second["status"], second["successful_records"], second["duplicate_records"]) == ("completed", 1, 1)


def over(api: OpsClient, job_id: str) -> dict[str, Any] | None:
    """The job, once it is over."""
    job: dict[str, Any] = api.get(f"/jobs/{job_id}")
    return job if job["status"] in ("completed", "partially_failed", "failed") else None


def test_rejects_are_corrected_and_replayed_under_their_own_job(stack: Any, tmp_path: Path) -> None:
    api = stack.tenant("mending")
    body = "sku_code,description,base_uom,unit_cost\n00100001,Jam,EA,1.20\n00100002,Tea,EA,12O\n00100003,Oil,XYZ,2.50\n"
    (receipt,) = drop(api, [write(tmp_path, "items.csv", body)], "sheet")
    assert (receipt["status"], receipt["successful_records"], receipt["failed_records"]) == ("partially_failed", 1, 2)
    rejects = api.get(f"/jobs/{receipt['id']}/rejects")["items"]
    corrections = [
        {"record_no": rejects[0]["record_no"], "values": {"unit_cost": "12.0"}},
        {"record_no": rejects[1]["record_no"], "values": {"base_uom": "LTR"}},
    ]
    for _ in range(2):  # the second time changes nothing
        api.post(f"/jobs/{receipt['id']}/replay", {"records": corrections})
        until(lambda: api.get(f"/jobs/{receipt['id']}")["status"] == "completed", 180, "healed job")
    job = api.get(f"/jobs/{receipt['id']}")
    assert (job["successful_records"], job["failed_records"], job["duplicate_records"]) == (3, 0, 0)
    line = api.get("/lineage/sku/00100002")
    assert "items.csv" in json.dumps(line)


def test_lines_that_came_before_their_items_heal_by_themselves(stack: Any, tmp_path: Path) -> None:
    api = stack.tenant("hasty")
    (early,) = drop(api, [write(tmp_path, "lines.csv", text(LINES))], "erp")
    assert early["failed_records"] == 3
    assert early["waiting_records"] == 3
    drop(api, [write(tmp_path, "customers.csv", text(CUSTOMERS))], "erp")
    drop(api, [write(tmp_path, "items.csv", text(ITEMS))], "erp")
    job = until(lambda: healed(api, early["id"]), 180, "healed job")
    assert (job["status"], job["successful_records"], job["waiting_records"]) == ("completed", 3, 0)
    assert total(api, "sales_order_line") == 3


def healed(api: OpsClient, job_id: str) -> dict[str, Any] | None:
    """The job, once nothing of it failed."""
    job: dict[str, Any] = api.get(f"/jobs/{job_id}")
    return job if job["failed_records"] == 0 else None
