"""Files that cannot be taken end as failed jobs whose message a planner understands."""

from __future__ import annotations

import gzip
import random

import pytest

from opscopilot.staging.ingest import Limits
from tests.support.dropping import STAGING, Yard

CUSTOMERS = "Customer No.,Name,City,Country\nC1,Nordhandel GmbH,Köln,DE\n"


@pytest.mark.parametrize(
    ("name", "body", "code", "says"),
    [
        ("garbage.csv", random.Random(7).randbytes(5000), "not_a_table", "binary"),
        ("empty.csv", b"", "empty_file", "0 bytes"),
        ("empty.csv.gz", b"", "empty_file", "0 bytes"),
        ("nothing.csv.gz", gzip.compress(b"", mtime=0), "empty_file", "gzip of nothing"),
        ("cut.csv.gz", gzip.compress(CUSTOMERS.encode() * 99, mtime=0)[:-15], "damaged_gzip", "cut off"),
        ("cut.xlsx", b"PK\x03\x04" + bytes(400), "damaged_file", "end is missing"),
        ("letter.csv", b"Dear Lars\nplease find attached\nthe numbers.\n", "not_a_table", "no columns"),
        ("header.csv", b"SKU;Description\n", "no_rows", "no records"),
        ("totals.csv", b"SKU;Description;Unit\nTotal;;\n", "no_rows", "no records"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken(drops: Yard, name: str, body: bytes, code: str, says: str) -> None:
    answer = drops.drop(name, body)
    job = drops.job(answer["job_id"])
    assert (answer["status"], answer["error_code"]) == ("failed", code)
    assert (job["status"], job["error_code"]) == ("failed", code)
    assert says in job["error_summary"]
    assert job["completed_at"] is not None
    assert drops.log(answer["job_id"])[code]["level"] == "error"


def test_what_nobody_knows_waits_for_a_person(drops: Yard) -> None:
    answer = drops.drop("staff.csv", b"Employee;Birthday;Salary\nLars;1980-01-01;1\n")
    job = drops.job(answer["job_id"])
    assert (job["status"], job["error_code"], job["completed_at"]) == ("needs_mapping", "needs_mapping", None)
    assert "--entity" in job["error_summary"]


def test_a_file_of_another_entity_than_said_names_both(drops: Yard) -> None:
    answer = drops.drop("items.csv", CUSTOMERS, entity="sku")
    assert answer["error_code"] == "wrong_entity"
    summary = drops.job(answer["job_id"])["error_summary"]
    assert "Sku code" in summary
    assert "--entity customer" in summary


def test_an_item_list_dropped_as_recipes_is_a_slip(drops: Yard) -> None:
    answer = drops.drop("MARA.csv", "MATNR;MAKTX;MTART;MATKL;MEINS;EAN11\n1;Jam;FERT;J;EA;\n", entity="bom")
    assert answer["error_code"] == "wrong_entity"
    assert "--entity sku" in drops.job(answer["job_id"])["error_summary"]


def test_a_file_that_lacks_a_column_of_what_was_said(drops: Yard) -> None:
    answer = drops.drop("items.csv", "SKU;Foo\n1;2\n", entity="sku")
    assert answer["error_code"] == "missing_columns"
    assert "Description" in drops.job(answer["job_id"])["error_summary"]


def test_an_entity_nobody_knows(drops: Yard) -> None:
    answer = drops.drop("items.csv", CUSTOMERS, entity="clients")
    assert answer["error_code"] == "unknown_entity"
    assert "customer" in drops.job(answer["job_id"])["error_summary"]


@pytest.mark.parametrize(
    "days", [("04/05/2026", "06/07/2026"), ("16/08/2026", "08/27/2026"), ("30-04-2011", "04/30/2011")]
)
def test_p84_day_and_month_in_doubt_refuse_the_whole_file_and_show_why(drops: Yard, days: tuple[str, str]) -> None:
    body = "sku_code,location_code,snapshot_at,quantity_on_hand\n" + "".join(f"1,A,{day},7\n" for day in days)
    answer = drops.drop("stock.csv", body)
    job = drops.job(answer["job_id"])
    assert (job["status"], job["error_code"], job["total_records"], job["failed_records"]) == (
        "failed", "ambiguous_date", 2, 2)  # fmt: skip
    assert days[0] in job["error_summary"]
    rejects = drops.rejects(answer["job_id"])
    assert [reject["errors"][0]["code"] for reject in rejects] == ["ambiguous_date"] * 2
    assert rejects[0]["raw_data"]["snapshot_at"] == days[0]


def test_a_file_without_a_single_right_record_has_failed(drops: Yard) -> None:
    answer = drops.drop("items.csv", "sku_code,description\n1,\n2,\n")
    job = drops.job(answer["job_id"])
    assert (job["status"], job["error_code"], job["total_records"], job["failed_records"]) == (
        "failed", "all_records_rejected", 2, 2)  # fmt: skip
    assert "Contents" not in drops.client.list_objects_v2(Bucket=STAGING)


def test_too_large_a_file_is_refused_before_it_is_read(drops: Yard) -> None:
    drops.limits = Limits(max_object_bytes=50)
    answer = drops.drop("items.csv", CUSTOMERS * 5)
    assert answer["error_code"] == "too_large"


def test_a_file_deleted_before_it_is_read(drops: Yard) -> None:
    landing = drops.put("items.csv", CUSTOMERS.encode())
    drops.client.delete_object(Bucket=landing.bucket, Key=landing.key)
    assert drops.run(landing)["error_code"] == "object_missing"


def test_a_tenant_nobody_knows_is_ignored_and_leaves_no_trace(drops: Yard) -> None:
    answer = drops.drop("items.csv", CUSTOMERS, tenant="nobody")
    assert answer == {"status": "ignored", "reason": "unknown_tenant", "key": "landing/nobody/sheet/items.csv"}
    assert drops.plant.rows("SELECT count(*) AS n FROM staging.ingestion_jobs")[0]["n"] == 0


def test_a_suspended_tenant_is_ignored(drops: Yard) -> None:
    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        tx.execute("UPDATE platform.tenants SET status = 'suspended'")
    assert drops.drop("items.csv", CUSTOMERS)["status"] == "ignored"
