"""Announcing files, pushing records, following jobs, connectors."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from opscopilot.entrypoints.parts import Outside
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant, Tenant
from tests.support.outside import MemoryStore
from tests.support.plant import Plant


@pytest.fixture
def store(around: Outside) -> MemoryStore:
    assert isinstance(around.landing.store, MemoryStore)
    return around.landing.store


def test_announced_files_are_jobs_with_a_link_each(api: Api, tenant: Tenant) -> None:
    code = tenant()
    body = {"source_system": "sap", "files": [{"file_name": "MARA.csv.gz", "entity": "sku"}, {"file_name": "x.csv"}]}
    assert api.post("/ingest/uploads", token(code, "viewer"), body).status == 403
    answer = api.post("/ingest/uploads", token(code, "planner"), body)
    assert answer.status == 201, answer.text
    first, second = answer.json["uploads"]
    assert first["key"] == f"landing/{code}/sap/{first['job_id']}/MARA.csv.gz"
    assert (first["method"], first["url"].split("?")[0]) == ("PUT", f"https://s3.test/landing/{first['key']}")
    job = api.get(f"/jobs/{first['job_id']}", token(code)).json
    assert (job["status"], job["entity_type"], job["requested_by"]) == ("pending", "sku", f"planner@{code}")
    assert api.get(f"/sync/job/{second['job_id']}", token(code)).json["entity_type"] is None
    page = api.get("/jobs", token(code), limit=1).json
    assert (page["total"], page["items"][0]["id"]) == (2, second["job_id"])
    rest = api.get("/jobs", token(code), limit=1, cursor=page["next_cursor"]).json
    assert (rest["items"][0]["id"], rest["next_cursor"]) == (first["job_id"], None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"source_system": "sap", "files": [{"file_name": "../x.csv"}]}, "file_name"),
        ({"source_system": "sap", "files": [{"file_name": ".."}]}, "file_name"),
        ({"source_system": "sap", "files": [{"file_name": "x.csv", "entity": "skus"}]}, "entity"),
        ({"source_system": "../sap", "files": [{"file_name": "x.csv"}]}, "source_system"),
        ({"source_system": "sap", "files": []}, "files"),
        ({"source_system": "sap", "files": [{"file_name": "x.csv"}], "tenant": "other"}, "tenant"),
    ],
)
def test_wrong_announcements_name_the_field(api: Api, tenant: Tenant, body: dict[str, Any], field: str) -> None:
    answer = api.post("/ingest/uploads", token(tenant(), "planner"), body)
    assert (answer.status, answer.json["field"]) == (422, field)


def test_pushed_records_become_a_file_once(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    code = tenant()
    records = [{"sku_code": "007", "description": 'Jam "extra", 340 g', "is_active": True},
               {"sku_code": "8", "unit_cost": 0.1, "base_uom": None}]  # fmt: skip
    sent = [
        api("POST", "/api/v1/ingest", as_=token(code, "planner"), headers={"Idempotency-Key": "batch-1"},
            body={"entity": "sku", "records": records}) for _ in range(2)
    ]  # fmt: skip
    assert [one.status for one in sent] == [202, 202]
    job_id = sent[0].json["job_id"]
    assert (sent[1].json["job_id"], sent[0].json["records"]) == (job_id, 2)
    mine = {key: body for (_, key), body in store.objects.items() if f"/{code}/" in key}
    assert list(mine) == [f"landing/{code}/api/{job_id}/records-{job_id}.csv"]
    assert next(iter(mine.values())).decode() == (
        'sku_code,description,is_active,unit_cost,base_uom\n007,"Jam ""extra"", 340 g",true,,\n8,,,0.1,\n'
    )
    status = api.get(f"/sync/status/{job_id}", token(code)).json
    assert (status["status"], status["entity_type"], status["source_type"]) == ("pending", "sku", "external_api")
    assert api.post("/ingest", token(code, "planner"), {"records": []}).status == 422


def test_rejects_say_what_would_be_right(api: Api, new_plant: NewPlant) -> None:
    plant = new_plant()
    plant.load("sku", [{"sku_code": "A", "description": "Jam"}])
    plant.load("supplier", [{"supplier_code": "S", "name": "Acme"}])
    plant.load("sku_supplier", [
        {"sku_code": "A", "supplier_code": "S", "price_uom": "XCS"}, {"sku_code": "A", "supplier_code": "S"},
        {"sku_code": "NO", "supplier_code": "S"},
    ])  # fmt: skip
    job = next(one for one in api.get("/jobs", token(plant.code)).json["items"] if one["total_records"] == 3)
    receipt = api.get(f"/jobs/{job['id']}", token(plant.code)).json
    assert receipt["rejects_by_code"] == {"reference_not_found": 1, "uom_conversion_missing": 1}
    assert receipt["waiting_records"] == 2
    page = api.get(f"/jobs/{job['id']}/rejects", token(plant.code), limit=1).json
    assert (page["total"], page["items"][0]["record_no"], page["items"][0]["errors"][0]["raw_value"]) == (2, 1, "XCS")
    rest = api.get(f"/jobs/{job['id']}/rejects", token(plant.code), cursor=page["next_cursor"]).json
    assert [one["record_no"] for one in rest["items"]] == [3]
    only = api.get(f"/jobs/{job['id']}/rejects", token(plant.code), code="uom_conversion_missing").json
    assert only["total"] == 1
    assert api.get(f"/jobs/{uuid4()}/rejects", token(plant.code)).status == 404


def test_another_tenants_job_is_no_job(api: Api, tenant: Tenant) -> None:
    mine, theirs = tenant(), tenant()
    body = {"source_system": "sap", "files": [{"file_name": "x.csv"}]}
    job = api.post("/ingest/uploads", token(theirs, "planner"), body).json["uploads"][0]["job_id"]
    for path in (f"/jobs/{job}", f"/jobs/{job}/rejects", f"/sync/status/{job}"):
        assert api.get(path, token(mine)).status == 404


def test_connectors_are_checked_against_the_catalogue(api: Api, tenant: Tenant) -> None:
    code = tenant()
    planner = token(code, "planner")

    def put(config: dict[str, Any], **more: Any) -> Any:
        return api("PUT", "/api/v1/connectors/sap", as_=planner, body={"config": config, **more})

    good = {"files": [{"pattern": "P*.csv", "entity": "sku", "columns": {"sku_code": "Nr", "description": "Name"}}]}
    assert put(good).json["row_version"] == 1
    assert put(good, is_active=False).json["row_version"] == 2
    assert api.get("/connectors/sap", token(code)).json["config"] == good
    assert [one["name"] for one in api.get("/connectors", token(code)).json] == ["sap"]
    wrong = put({"files": [{"pattern": "*", "entity": "sku", "columns": {"sku_cod": "Nr"}}]})
    assert (wrong.status, wrong.json["errors"][0]["field"]) == (422, "files.0.columns.sku_cod")
    assert put({"files": [{"pattern": "*"}]}).json["errors"][0]["field"] == "config.files.0.entity"
    assert put(good, connector_type="odbc").json["expected"].startswith("one of: file_drop, ")
    assert api.get("/connectors/none", token(code)).status == 404


def test_pulling_from_what_is_pushed_says_how_to_push(api: Api, tenant: Tenant) -> None:
    code = tenant()
    assert api.post("/sync/run", token(code, "planner"), {"connector": "sap"}).status == 404
    api("PUT", "/api/v1/connectors/sap", as_=token(code, "planner"), body={"config": {}})
    answer = api.post("/sync/run", token(code, "planner"), {"connector": "sap"})
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (409, "not_pullable")
    assert "/api/v1/ingest/uploads" in answer.json["expected"]


def test_data_quality_reports_issues_and_questions(api: Api, new_plant: NewPlant) -> None:
    plant: Plant = new_plant(as_of="2026-09-30")
    plant.load("location", [{"code": "W", "name": "Hall"}])
    plant.load("sku", [
        {"sku_code": f"S{n:02}", "description": f"Item {n}", "unit_cost": "0" if n < 4 else "2",
         "safety_stock": "20", "reorder_point": "10"} for n in range(24)
    ])  # fmt: skip
    plant.load("supplier", [{"supplier_code": "S", "name": "Acme"}])
    plant.load("sku_supplier", [{"sku_code": "S01", "supplier_code": "S", "price_uom": "XCS"}])
    plant.load("inventory_snapshot", [
        {"sku_code": f"S{n:02}", "location_code": "W", "snapshot_at": "2026-09-29T10:00:00Z",
         "quantity_on_hand": "-3" if n == 5 else "9", "expiry_date": "2026-09-01" if n == 6 else ""}
        for n in range(22)
    ])  # fmt: skip
    found = api.get("/quality/inventory-check", token(plant.code)).json
    counts = {one["code"]: one["count"] for one in found["issues"]}
    assert counts == {"negative_stock": 1, "expired_stock_usable": 1, "units_without_factor": 1, "missing_cost": 4,
                      "no_stock_record": 2}  # fmt: skip
    assert found["issues_found"] == 9
    question = found["mapping_questions"][0]
    assert (question["code"], question["count"], question["checked"]) == ("safety_above_reorder", 24, 24)
    assert found["issues"][0]["severity"] == "high"
    negative = next(one for one in found["issues"] if one["code"] == "negative_stock")
    assert negative["examples"] == [{"code": "S05", "name": "Item 5", "found": "-3 EA at W"}]
