"""A receipt a planner can trust: what was recognised, what is wrong, what waits, how fresh it is; data and page."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from opscopilot.entrypoints.parts import Outside
from opscopilot.kernel.events import FileProcessed
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.floor import Floor
from tests.support.outside import MemoryStore

EVIL = "<script>alert(1)</script><img src=x onerror=y>"


@pytest.fixture
def floor(api: Api, around: Outside, new_plant: NewPlant) -> Floor:
    assert isinstance(around.landing.store, MemoryStore)
    return Floor(api, new_plant(), around.landing.store)


def messy(floor: Floor) -> UUID:
    """Five items: two right, one with a wrong price and a wrong unit, two with a wrong price."""
    return floor.drop(
        "items.csv",
        "sku_code,description,base_uom,unit_cost,colour\n1,Jam,EA,1.5,red\n2,Tea,EA,cheap,\n3,Oil,??,dear,\n"
        f'4,"{EVIL}",EA,"{EVIL}",\n5,Salt,EA,2,\n',
    )


def test_the_receipt_says_what_was_recognised_and_why(floor: Floor) -> None:
    told = floor.receipt(messy(floor))
    found = told["recognised"]
    assert (found["entity"], found["title"]) == ("sku", told["entity_title"])
    assert {one["field"]: one["source"] for one in found["columns"]}["unit_cost"] == "unit_cost"
    assert found["unmapped"] == ["colour"]
    assert "decimal '.'" in next(one for one in found["columns"] if one["field"] == "unit_cost")["notes"]
    count = told["counts"]
    assert (count["total"], count["loaded"], count["inserted"], count["failed"], count["waiting"]) == (5, 2, 2, 3, 0)
    assert told["headline"] == "items.csv: 3 of 5 skus could not be loaded"
    assert told["links"]["replay"] == f"/api/v1/jobs/{told['id']}/replay"
    assert "recipe" not in told["read_as"]


def test_the_commonest_errors_come_first_with_row_value_and_what_would_be_right(floor: Floor) -> None:
    job = messy(floor)
    first = floor.receipt(job)["faults"][0]
    assert (first["field"], first["records"], first["waiting"], len(first["examples"])) == ("unit_cost", 3, 0, 3)
    example = first["examples"][0]
    assert (example["record_no"], example["row"], example["raw_value"]) == (2, 3, "cheap")
    assert example["expected"]
    summary = floor.get(f"/jobs/{job}/rejects/summary").json
    assert [one["records"] for one in summary] == sorted((one["records"] for one in summary), reverse=True)


def test_waiting_records_say_what_they_wait_for_until_it_comes(floor: Floor) -> None:
    floor.drop("items.csv", "sku_code,description,base_uom\nA1,Jam,EA\n")
    job = floor.drop("sku_suppliers.csv", "sku_code,supplier_code,unit_price,currency\nA1,S7,1,EUR\nA1,S8,2,EUR\n")
    told = floor.receipt(job)
    assert told["waiting_records"] == 2
    assert {(one["field"], one["value"], one["records"]) for one in told["waits_for"]} == {
        ("supplier_code", "S7", 1), ("supplier_code", "S8", 1)
    }  # fmt: skip
    text = floor.api("GET", f"/api/v1/jobs/{job}/receipt", as_=floor.planner, format="text").text
    assert "wait and load by themselves" in text
    assert "Drop the files with what is missing" in text
    floor.drop("suppliers.csv", "supplier_code,name\nS7,Acme\nS8,Other\n")
    assert floor.counters(job)[0] == "completed"
    assert floor.receipt(job)["waits_for"] == []


def test_a_file_that_waits_for_a_mapping_shows_what_it_could_be(floor: Floor) -> None:
    job = floor.drop("unclear.csv", f'Alpha,Beta,Description\nx1,y1,"{EVIL}"\nx2,y2,Tea\n')
    told = floor.receipt(job)
    assert told["status"] == "needs_mapping"
    assert told["proposal"]["headers"] == ["Alpha", "Beta", "Description"]
    text = floor.get(f"/jobs/{job}/receipt", format="text").text
    assert text.startswith("unclear.csv waits: somebody has to say what its columns are")
    assert "POST /api/v1/jobs/" in text
    page = floor.get(f"/jobs/{job}/receipt", format="html").text
    assert "The first rows" in page
    assert "<script" not in page
    assert (floor.post(f"/jobs/{job}/cancel").json)["status"] == "cancelled"


def test_what_changed_downstream_is_said_in_sentences(floor: Floor) -> None:
    floor.drop("items.csv", "sku_code,description,unit_cost\n1,Jam,1.5\n2,Tea,2\n")
    job = floor.drop("later.csv", "sku_code,description,unit_cost\n1,Jam,1.75\n2,Tea,2\n3,Oil,9\n")
    told = floor.receipt(job)
    said = {one["what"]: one["sentence"] for one in told["changes"]}
    assert said["added"] == "1 new sku"
    assert said["changed"] == "1 sku changed (unit cost in 1)"
    assert said["price_changed"] == "the unit cost of 1 sku changed (1: 1.5 → 1.75)"
    count = told["counts"]
    assert (count["loaded"], count["inserted"], count["updated"], count["duplicates"]) == (2, 1, 1, 1)
    assert "the unit cost of 1 sku changed" in floor.get(f"/jobs/{job}/receipt", format="html").text
    assert "What changed:" in floor.get(f"/jobs/{job}/receipt", format="text").text


def test_freshness_names_the_file_each_kind_of_data_came_from(floor: Floor) -> None:
    job = floor.drop("items.csv", "sku_code,description\n1,Jam\n2,Tea\n")
    fresh = {one["entity"]: one for one in floor.get("/freshness").json}
    assert (fresh["sku"]["job_id"], fresh["sku"]["file_name"], fresh["sku"]["records"]) == (str(job), "items.csv", 2)
    assert fresh["supplier"]["loaded_at"] is None
    assert floor.receipt(job)["freshness"]["file_name"] == "items.csv"
    later = floor.drop("again.csv", "sku_code,description\n1,Jam\n")
    assert {one["entity"]: one for one in floor.get("/freshness").json}["sku"]["job_id"] == str(later)


def test_p64_the_page_shows_data_and_runs_none_of_it(floor: Floor) -> None:
    job = messy(floor)
    page = floor.api("GET", f"/api/v1/jobs/{job}/receipt", as_=floor.planner, headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-content-type-options"] == "nosniff"
    for forbidden in ("<script", "<img", "<a ", "src=x on" + "error=y>", "http"):
        assert forbidden not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    for part in (
        "3 of 5 skus could not be loaded",
        "What is wrong",
        "cheap",
        "Right would be",
        "colour",
        "What to do next",
    ):
        assert part in page.text


def test_p64_names_of_files_and_columns_are_data_too(floor: Floor) -> None:
    job = floor.drop(f"{EVIL.replace('/', '')}.csv", f'sku_code,description,"{EVIL}"\n1,Jam,x\n')
    for shape in ("html", "json", "text"):
        page = floor.get(f"/jobs/{job}/receipt", format=shape)
        assert page.status == 200
    assert "<script" not in floor.get(f"/jobs/{job}/receipt", format="html").text
    assert floor.get(f"/jobs/{job}/receipt", format="pdf").status == 422


def test_rejects_are_found_by_code_field_status_and_text(floor: Floor) -> None:
    job = messy(floor)
    every = floor.get(f"/jobs/{job}/rejects").json
    assert [(one["record_no"], one["row"]) for one in every["items"]] == [(2, 3), (3, 4), (4, 5)]
    code = every["items"][0]["errors"][0]["code"]

    def found(**query: str) -> list[int]:
        return [one["record_no"] for one in floor.get(f"/jobs/{job}/rejects", **query).json["items"]]

    assert found(code=code, field="unit_cost") == [2, 3, 4]
    assert found(field="sku_code") == []
    assert found(search="DEAR") == [3]
    assert found(search="%") == []
    assert found(status="pending") == []
    assert found(status="invalid", search="script") == [4]
    floor.fix(job, r2={"unit_cost": "1"})
    assert found() == [3, 4]
    assert found(status="healed") == [2]
    assert floor.get(f"/jobs/{job}/rejects", status="lost").status == 422


def test_p87_open_rejects_over_all_jobs_page_by_key_latest_job_first(floor: Floor) -> None:
    first = messy(floor)
    second = floor.drop("more.csv", "sku_code,description,unit_cost\n8,Ham,x\n9,Egg,1\n", system="sap")
    found, cursor = [], None
    while True:
        page = floor.get("/rejects", limit=1, cursor=cursor).json
        assert page["total"] == 4
        found += [(one["job_id"], one["record_no"]) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [(str(second), 1), *((str(first), number) for number in (2, 3, 4))]
    assert floor.get("/rejects", source_system="sap").json["total"] == 1
    assert floor.get("/rejects", entity="supplier").json["total"] == 0
    assert floor.get("/rejects", cursor="abc").status == 422
    other = token(floor.plant.code, "viewer")
    assert floor.api.get("/rejects", other).json["total"] == 4, "everybody of the plant may read"


def test_p63_the_end_of_a_job_is_an_event_with_the_receipt_in_it(floor: Floor) -> None:
    job = messy(floor)
    refused = floor.drop("letter.csv", "Dear Sir\nplease find enclosed\n")
    rows = floor.plant.rows("SELECT detail FROM platform.outbox WHERE detail_type = 'FileProcessed' ORDER BY event_id")
    told = {
        event.job_id: event for row in rows for event in [FileProcessed.model_validate_json(json.dumps(row["detail"]))]
    }
    assert set(told) == {job, refused}
    assert (told[job].status, told[job].severity, told[job].failed_records) == ("partially_failed", "low", 3)
    assert told[job].headline == "items.csv: 3 of 5 skus could not be loaded"
    assert "'cheap'" in told[job].message
    assert "ops replay" in told[job].message
    assert told[refused].severity == "medium"
    assert told[refused].status in ("failed", "needs_mapping")
