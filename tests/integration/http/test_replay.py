"""Rejects are work: downloaded, corrected, sent in again; nothing is lost, and nothing is done twice."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from opscopilot.entrypoints.parts import Outside
from opscopilot.kernel.ids import uuid7
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.floor import Floor
from tests.support.outside import MemoryStore

ITEMS = (
    "sku_code;description;base_uom;unit_cost\n"
    "00100;Jam;EA;1,50\n"
    "00200;Honey;EA;cheap\n"
    "00300;=cmd|' /C calc'!A0;EA;dear\n"
    "00400;Tea;EA;2,75\n"
)


@pytest.fixture
def floor(api: Api, around: Outside, new_plant: NewPlant) -> Floor:
    assert isinstance(around.landing.store, MemoryStore)
    return Floor(api, new_plant(), around.landing.store)


def skus(floor: Floor) -> dict[str, Any]:
    rows = floor.plant.rows("SELECT sku_code, description, unit_cost FROM manufacturing.skus ORDER BY 1")
    return {row["sku_code"]: (row["description"], row["unit_cost"]) for row in rows}


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def kept(floor: Floor, job: UUID) -> list[dict[str, Any]]:
    return floor.plant.rows("SELECT * FROM staging.staging_data WHERE job_id = :id ORDER BY record_no", id=job)


def test_p82_a_corrected_record_is_loaded_and_the_job_adds_up(floor: Floor) -> None:
    job = floor.drop("items.csv", ITEMS)
    assert floor.counters(job) == ("partially_failed", 4, 2, 2, 0)
    answer = floor.fix(job, r2={"unit_cost": "3,25"})
    assert (answer.status, answer.json["records"]) == (202, 1), answer.text
    assert floor.counters(job) == ("partially_failed", 4, 3, 1, 0)
    assert skus(floor)["00200"] == ("Honey", Decimal("3.25"))
    status = floor.get(answer.json["status_url"].removeprefix("/api/v1")).json
    assert (status["status"], status["records"], status["corrected"], status["loaded_records"]) == ("done", 1, 1, 1)
    healed, wrong = kept(floor, job)
    assert (healed["validation_status"], healed["raw_data"]["unit_cost"]) == ("valid", "3,25")
    assert healed["promoted_at"] is not None
    assert healed["original_data"]["unit_cost"] == "cheap", "what the file had said is kept"
    assert wrong["validation_status"] == "invalid"
    floor.fix(job, r3={"unit_cost": 4})
    assert floor.counters(job) == ("completed", 4, 4, 0, 0)
    assert skus(floor)["00300"][0] == "=cmd|' /C calc'!A0"
    assert [line["code"] for line in floor.receipt(job)["log"]].count("replayed") >= 2


def test_p82_the_same_corrections_twice_are_one_replay_and_change_nothing_later(floor: Floor) -> None:
    job = floor.drop("items.csv", ITEMS)
    body = {"records": [{"record_no": 2, "values": {"unit_cost": "3,25"}}]}
    asked = [floor.post(f"/jobs/{job}/replay", body).json for _ in range(2)]
    assert asked[0] == asked[1]
    (key,) = [key for _, key in floor.store.objects if f"{job}/replay/" in key]
    floor.settle()
    before = (floor.counters(job), kept(floor, job), skus(floor), len(floor.receipt(job)["log"]))
    assert floor.arrive(key) == {"status": "unchanged", "job_id": str(job)}, "the object delivered again"
    again = floor.replay(job, body)
    assert (again.status, again.json["records"], again.json["status"]) == (202, 0, "done")
    assert (floor.counters(job), kept(floor, job), skus(floor), len(floor.receipt(job)["log"])) == before


def test_what_is_still_wrong_stays_with_its_new_reason(floor: Floor) -> None:
    job = floor.drop("items.csv", ITEMS)
    answer = floor.fix(job, r2={"unit_cost": "-5", "description": "Honey, dark"})
    assert floor.counters(job) == ("partially_failed", 4, 2, 2, 0)
    first = floor.get(f"/jobs/{job}/rejects").json["items"][0]
    assert first["raw_data"]["description"] == "Honey, dark"
    assert first["errors"][0]["raw_value"] == "-5"
    status = floor.get(answer.json["status_url"].removeprefix("/api/v1")).json
    assert (status["status"], status["failed_records"], status["loaded_records"]) == ("done", 1, 0)


def test_the_download_is_the_file_with_the_reasons_and_comes_back_corrected(floor: Floor) -> None:
    job = floor.drop("items.csv", ITEMS)
    answer = floor.get(f"/jobs/{job}/rejects/file", format="csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="items-rejects.csv"'
    rows = table(answer.text)
    assert list(rows[0]) == ["_record_no", "_row", "_error", "sku_code", "description", "base_uom", "unit_cost"]
    assert [(row["_record_no"], row["_row"], row["sku_code"]) for row in rows] == [
        ("2", "3", "00200"),
        ("3", "4", "00300"),
    ]
    assert rows[0]["_error"].startswith("unit_cost: 'cheap' in Unit cost is no")
    assert "right would be" in rows[0]["_error"]
    assert rows[1]["description"] == "'=cmd|' /C calc'!A0", "a spreadsheet must not run it"
    corrected = answer.text.replace(",EA,cheap", ',EA,"3,25"').replace(",EA,dear", ',EA,"4,00"')
    assert floor.replay(job, corrected, kind="text/csv").status == 202
    assert floor.counters(job) == ("completed", 4, 4, 0, 0)
    assert skus(floor)["00300"][0] == "=cmd|' /C calc'!A0", "the apostrophe is gone again"


def test_a_download_saved_by_a_western_spreadsheet_is_read(floor: Floor) -> None:
    job = floor.drop("items.csv", ITEMS)
    rows = table(floor.get(f"/jobs/{job}/rejects/file").text)
    out = io.StringIO()
    writer = csv.DictWriter(out, ["_record_no", "_row", "_error", "description", "unit_cost"], delimiter=";")
    writer.writeheader()
    writer.writerow({"_record_no": rows[0]["_record_no"], "description": "Honig süß", "unit_cost": "3,25"})
    found = floor.api(
        "POST",
        f"/api/v1/jobs/{job}/replay",
        as_=floor.planner,
        body=out.getvalue(),
        headers={"content-type": "text/csv"},
    )
    floor.settle()
    assert found.status == 202, found.text
    assert skus(floor)["00200"][0] == "Honig süß", "a column that was deleted stays as it was"


def test_workbooks_hold_text_only_so_zeros_and_formulas_are_safe(floor: Floor) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from opscopilot.staging.reject_files import reject_file
    from opscopilot.staging.rejected import RejectFilter

    job = floor.drop("items.csv", ITEMS)
    with floor.plant.db("ops_copilot").tenant(floor.plant.tenant_id) as tx:
        made = reject_file(tx, job, RejectFilter(), "xlsx", None)
    sheet = openpyxl.load_workbook(io.BytesIO(made.body)).active
    rows = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]
    assert [value for value, _ in rows[0]][3:] == ["sku_code", "description", "base_uom", "unit_cost"]
    assert rows[1][3] == ("00200", "s")
    assert rows[2][4] == ("=cmd|' /C calc'!A0", "s")


def test_large_downloads_come_in_parts(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opscopilot.staging.reject_files.MAX_ROWS", 2)
    job = floor.drop("items.csv", "sku_code,description,unit_cost\n0,good,1\n" + "".join(
        f"{number},item,bad\n" for number in range(1, 6)
    ))  # fmt: skip
    found, cursor = [], None
    while True:
        part = floor.get(f"/jobs/{job}/rejects/file", cursor=cursor)
        found += [row["_record_no"] for row in table(part.text)]
        cursor = part.headers.get("x-next-cursor")
        if cursor is None:
            break
    assert found == ["2", "3", "4", "5", "6"]
    assert floor.get(f"/jobs/{job}/rejects/file", cursor="nonsense").status == 422


def test_records_refused_by_their_references_are_corrected_under_the_files_own_headers(floor: Floor) -> None:
    floor.drop("items.csv", "sku_code,description,base_uom\nA1,Jam,EA\n")
    floor.drop("suppliers.csv", "supplier_code,name\nS1,Acme\n")
    body = "sku_code,supplier_code,unit_price,currency,valid_from\nA1,S1,1.5,EUR,04/30/2026\nNO,S1,2.5,EUR,05/31/2026\n"
    job = floor.drop("sku_suppliers.csv", body)
    assert floor.counters(job) == ("partially_failed", 2, 1, 1, 0)
    (row,) = table(floor.get(f"/jobs/{job}/rejects/file").text)
    assert (row["sku_code"], row["supplier_code"]) == ("NO", "S1")
    assert (
        floor.replay(job, {"records": [{"record_no": 2, "values": {"sku_code": "A1", "supplier_code": "S9"}}]}).status
        == 202
    )
    assert floor.counters(job) == ("partially_failed", 2, 1, 1, 0)
    floor.drop("more.csv", "supplier_code,name\nS9,Other\n")
    assert floor.counters(job) == ("completed", 2, 2, 0, 0), "it healed with the correction in it"


def test_records_of_the_wrong_width_are_filled_in_or_taken_apart(floor: Floor) -> None:
    job = floor.drop(
        "items.csv", "sku_code,description,unit_cost\n1,Jam,1.5\n2,Tea,and more,2.5\n3,Salt;3.5\n4,Oil,4\n"
    )
    assert floor.counters(job)[:4] == ("partially_failed", 4, 2, 2)
    answer = floor.get(f"/jobs/{job}/rejects/file")
    rows = table(answer.text)
    assert [row["_line"] for row in rows] == ["2,Tea,and more,2.5", "3,Salt;3.5"]
    assert rows[0]["sku_code"] == ""
    floor.fix(job, r2={"sku_code": "2", "description": "Tea and more", "unit_cost": "2.5"})
    floor.fix(job, r3={"_line": "3,Salt,3.5"})
    assert floor.counters(job) == ("completed", 4, 4, 0, 0)
    assert skus(floor)["2"][0] == "Tea and more"
    assert skus(floor)["3"][0] == "Salt"


def test_lines_without_numbers_keep_their_place_when_they_are_replayed(floor: Floor) -> None:
    floor.drop("items.csv", "sku_code,description,base_uom\nA1,Jam,EA\n")
    floor.drop("customers.csv", "customer_code,name\nC1,Shop\n")
    lines = "order_number,customer_code,order_date,currency,sku_code,ordered_qty\n" + "".join(
        f"SO1,C1,2026-09-01,EUR,A1,{quantity}\n" for quantity in ("3", "many", "5")
    )
    job = floor.drop("sales_order_lines.csv", lines)
    assert floor.counters(job) == ("partially_failed", 3, 2, 1, 0)
    floor.fix(job, r2={"ordered_qty": "4"})
    found = floor.plant.rows("SELECT line_no, ordered_qty, source_row FROM manufacturing.sales_order_lines ORDER BY 1")
    assert [(row["line_no"], int(row["ordered_qty"]), row["source_row"]) for row in found] == [
        ("1", 3, 2), ("2", 4, 3), ("3", 5, 4)
    ]  # fmt: skip


def test_lines_that_take_their_document_from_above_are_replayed_with_it(floor: Floor) -> None:
    floor.drop("items.csv", "sku_code,description,base_uom\nA1,Jam,EA\n")
    floor.drop("customers.csv", "customer_code,name\nC1,Shop\n")
    lines = "order_number,customer_code,order_date,currency,sku_code,ordered_qty\n" + "".join(
        f"{head},A1,{quantity}\n"
        for head, quantity in (
            ("SO1,C1,2026-09-01,EUR", "3"),
            (",,,", "many"),
            ("SO2,C1,2026-09-02,EUR", "5"),
            (",,,", "6"),
        )
    )
    job = floor.drop("sales_order_lines.csv", lines)
    assert floor.counters(job) == ("partially_failed", 4, 3, 1, 0)
    (row,) = table(floor.get(f"/jobs/{job}/rejects/file").text)
    assert (row["order_number"], row["customer_code"], row["order_date"]) == ("SO1", "C1", "2026-09-01")
    floor.fix(job, r2={"ordered_qty": "4"})
    found = floor.plant.rows(
        """SELECT o.order_number, l.line_no, l.ordered_qty FROM manufacturing.sales_order_lines l
           JOIN manufacturing.sales_orders o ON o.id = l.sales_order_id ORDER BY 1, 2"""
    )
    assert [(row["order_number"], row["line_no"], int(row["ordered_qty"])) for row in found] == [
        ("SO1", "1", 3), ("SO1", "2", 4), ("SO2", "1", 5), ("SO2", "2", 6)
    ]  # fmt: skip


def test_all_open_records_are_tried_again_when_a_person_has_said_how_to_read_them(floor: Floor) -> None:
    floor.drop("items.csv", "sku_code,description,base_uom\nA1,Jam,EA\n")
    floor.drop("suppliers.csv", "supplier_code,name\nS1,Acme\nS2,Other\n")
    job = floor.drop("sku_suppliers.csv", "sku_code,supplier_code,unit_price,currency,valid_from\n"
                     "A1,S1,1.5,EUR,04/05/2026\nA1,S2,2.5,EUR,05/06/2026\n")  # fmt: skip
    assert floor.receipt(job)["error_code"] == "ambiguous_date"
    assert floor.replay(job, {"all": True}).json["records"] == 2
    assert floor.counters(job)[3] == 2, "nobody has said anything yet"
    told = {"config": {"files": [], "dates": "mdy"}}
    assert floor.api("PUT", "/api/v1/connectors/sheet", as_=floor.planner, body=told).status == 200
    assert floor.replay(job, {"all": True}).json["records"] == 2
    assert floor.counters(job) == ("completed", 2, 2, 0, 0)
    (first, _) = floor.plant.rows("SELECT valid_from FROM manufacturing.sku_suppliers ORDER BY valid_from")
    assert str(first["valid_from"]) == "2026-04-05"


def test_all_with_a_code_tries_these_only(floor: Floor) -> None:
    job = floor.drop("items.csv", "sku_code,description,unit_cost\n1,Jam,bad\n,Tea,1\n3,Oil,2\n")
    codes = list(floor.receipt(job)["rejects_by_code"])
    assert len(codes) == 2
    assert floor.replay(job, {"all": True, "code": codes[0]}).json["records"] == 1


def test_a_file_too_large_for_one_call_goes_through_a_link(floor: Floor) -> None:
    job = floor.drop("items.csv", ITEMS)
    made = floor.post(f"/jobs/{job}/replay/upload").json
    key = made["url"].split("?")[0].removeprefix("https://s3.test/landing/")
    assert key.startswith(f"landing/{floor.plant.code}/sheet/{job}/replay/")
    floor.store.objects["landing", key] = b'_record_no,unit_cost\n2,"3,25"\n'
    floor.settle()
    assert floor.counters(job) == ("partially_failed", 4, 3, 1, 0)
    assert floor.get(made["status_url"].removeprefix("/api/v1")).json["loaded_records"] == 1
    assert floor.replay(job, "x" * (5 << 20) + "xx", kind="text/csv").status == 413


@pytest.mark.parametrize(
    "content", [b"", b"sku_code\n1\n", b"_record_no,nonsense\n2,x\n", b"_record_no,unit_cost\nabc,1\n", b"\xff\xfe\x00"]
)
def test_an_upload_nobody_can_read_fails_alone_and_says_why(floor: Floor, content: bytes) -> None:
    job = floor.drop("items.csv", ITEMS)
    made = floor.post(f"/jobs/{job}/replay/upload").json
    key = made["url"].split("?")[0].removeprefix("https://s3.test/landing/")
    floor.store.objects["landing", key] = content
    before = (floor.counters(job), kept(floor, job))
    (answer,) = floor.settle()
    assert answer["status"] == "failed"
    status = floor.get(made["status_url"].removeprefix("/api/v1")).json
    assert status["status"] == "failed"
    assert status["error_summary"]
    assert (floor.counters(job), kept(floor, job)) == before


@pytest.mark.parametrize(
    ("body", "field", "named"),
    [
        ({"records": [{"record_no": 2, "values": {"price": "1"}}]}, "values", "price"),
        ({"records": [{"record_no": 99, "values": {"unit_cost": "1"}}]}, "record_no", "99"),
        ({"records": [{"record_no": 1, "values": {"unit_cost": "1"}}]}, "record_no", "1"),
        ({"records": [{"record_no": 2}, {"record_no": 2}]}, "record_no", "2"),
        ({"records": [{"record_no": 2, "values": {"unit_cost": {"a": 1}}}]}, "values", "text"),
        ({}, "records", "Nothing"),
        ({"records": [{"record_no": 0}]}, "records.0.record_no", "greater"),
        ({"tenant": "other", "all": True}, "tenant", "Extra"),
        ("no json", "0", "JSON"),
    ],
)
def test_wrong_corrections_are_named(floor: Floor, body: Any, field: str, named: str) -> None:
    job = floor.drop("items.csv", ITEMS)
    answer = floor.replay(job, body)
    assert (answer.status, answer.json["field"]) == (422, field), answer.text
    assert named in answer.text


def test_jobs_that_have_not_ended_are_not_replayed_but_can_be_called_off(floor: Floor) -> None:
    body = {"source_system": "sap", "files": [{"file_name": "x.csv"}]}
    made = floor.post("/ingest/uploads", body).json["uploads"][0]
    job = UUID(made["job_id"])
    assert floor.replay(job, {"all": True}).status == 409
    assert floor.api.post(f"/jobs/{job}/cancel", token(floor.plant.code, "viewer")).status == 403
    gone = floor.post(f"/jobs/{job}/cancel").json
    assert (gone["status"], gone["error_summary"]) == ("cancelled", f"Called off by planner@{floor.plant.code}.")
    floor.store.objects["landing", made["key"]] = ITEMS.encode()
    floor.settle()
    assert floor.receipt(job)["status"] == "cancelled"
    assert skus(floor) == {}
    assert floor.post(f"/jobs/{job}/cancel").status == 409


@pytest.mark.parametrize("moment", ["while it is read", "before it is loaded"])
def test_a_running_job_that_is_called_off_loads_nothing(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    job = uuid7()
    key = f"landing/{floor.plant.code}/sheet/{job}/items.csv"
    upload, load = floor.store.upload, Floor.load

    def call_off() -> None:
        assert floor.post(f"/jobs/{job}/cancel").status == 200

    def while_read(source: Path, bucket: str, name: str) -> None:
        call_off()
        upload(source, bucket, name)

    def before_load(one: Floor, hand_over: dict[str, Any]) -> dict[str, Any]:
        call_off()
        return load(one, hand_over)

    if moment == "while it is read":
        monkeypatch.setattr(floor.store, "upload", while_read)
    else:
        monkeypatch.setattr(Floor, "load", before_load)
    floor.store.objects["landing", key] = ITEMS.encode()
    floor.settle()
    assert floor.receipt(job)["status"] == "cancelled"
    assert skus(floor) == {}


def test_p60_another_tenants_job_is_no_job_on_any_path(floor: Floor, new_plant: NewPlant) -> None:
    job = floor.drop("items.csv", ITEMS)
    replay = floor.fix(job, r2={"unit_cost": "x"}).json["replay_id"]
    spy = token(new_plant().code, "planner")
    for path in ("rejects", "rejects/summary", "rejects/file", "receipt", f"replays/{replay}"):
        assert floor.api.get(f"/jobs/{job}/{path}", spy).status == 404, path
    for path in ("replay", "replay/upload", "cancel"):
        assert floor.api.post(f"/jobs/{job}/{path}", spy, {"all": True}).status == 404, path
    assert floor.api.get("/rejects", spy).json["total"] == 0
    assert floor.get(f"/jobs/{uuid4()}/rejects/file").status == 404
    assert floor.api.post(f"/jobs/{job}/replay", token(floor.plant.code, "viewer"), {"all": True}).status == 403
