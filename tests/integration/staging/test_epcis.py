"""EPCIS documents dropped as files: events, what they are about, what is wrong with them, and errors declared."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.support.dropping import Yard
from tests.support.epcis import document, event, rows, take


def test_an_event_becomes_rows_whatever_the_file_is_called(drops: Yard) -> None:
    answer = take(drops, "whatever.txt.gz", gzip.compress(document(event())))
    (made,) = rows(drops, "trace_events", "event_id")
    assert (made["event_id"], made["event_type"], made["action"]) == ("urn:uuid:1", "object", "observe")
    assert made["event_time"] == datetime(2026, 9, 29, 22, 30, tzinfo=UTC)
    assert (made["event_time_zone_offset"], made["production_day"]) == ("+02:00", date(2026, 9, 30))
    assert (made["biz_step"], made["read_point_gln"]) == ("shipping", "4012345000016")
    assert json.loads(made["biz_transactions"]) == [{"type": "desadv", "id": "urn:epcglobal:cbv:bt:4012345000009:77"}]
    assert json.loads(made["destinations"]) == [{"type": "owning_party", "id": "urn:epc:id:pgln:0614141.00777"}]
    assert json.loads(made["metadata"]) == {"example:truck": {"plate": "AB 1"}}
    (item,) = rows(drops, "trace_event_items", "position")
    assert (item["trace_event_id"], item["role"], item["kind"]) == (made["id"], "what", "class")
    assert (item["gtin"], item["lot_code"], item["assigner"]) == ("04012345123456", "0007-A", "4012345")
    assert (item["quantity"], item["uom"]) == (Decimal("200.5"), "KGM")
    assert item["epc"] == "urn:epc:class:lgtin:4012345.012345.0007-A"
    jobs = {drops.job(one["job_id"])["entity_type"]: drops.job(one["job_id"]) for one in answer["load"]}
    assert {name: (job["status"], job["total_records"]) for name, job in jobs.items()} == {
        "trace_event": ("completed", 1), "trace_event_item": ("completed", 1)}  # fmt: skip


def test_wrong_events_are_kept_with_their_faults_and_the_right_ones_load(drops: Yard) -> None:
    wrong = [
        event(eventID="urn:uuid:2", eventTime="2026-09-29 22:30"),
        event(eventID="urn:uuid:3", action="SEE"),
        event(eventID="urn:uuid:4", quantityList=[{"epcClass": "https://id.gs1.org/01/04012345123457/10/X"}]),
        event(eventID="urn:uuid:5", quantityList=None),
        event(eventID="urn:uuid:6", type="TransformationEvent", action=None, quantityList=None,
              inputEPCList=["urn:epc:id:sgtin:4012345.011122.25"]),
        event(eventID="urn:uuid:7", quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.1.X", "quantity": 1}]),
        event(eventID="urn:uuid:8", eventTimeZoneOffset=None),
    ]  # fmt: skip
    answer = take(drops, "e.jsonld", document(event(), *wrong))
    job = drops.job(answer["load"][0]["job_id"])
    assert (job["status"], job["successful_records"], job["failed_records"]) == ("partially_failed", 1, 7)
    kept = {one["natural_key"]: one["errors"][0] for one in drops.rejects(job["id"])}
    assert {key: (one["field"], one["code"]) for key, one in kept.items()} == {
        "urn:uuid:2": ("eventTime", "bad_date"), "urn:uuid:3": ("action", "bad_enum"),
        "urn:uuid:4": ("epc", "bad_check_digit"), "urn:uuid:5": ("epcList", "required_missing"),
        "urn:uuid:6": ("outputQuantityList", "required_missing"), "urn:uuid:7": ("epc", "bad_epc"),
        "urn:uuid:8": ("eventTimeZoneOffset", "required_missing"),
    }  # fmt: skip
    assert kept["urn:uuid:2"]["message"].startswith("Event urn:uuid:2: '2026-09-29 22:30'")
    assert "2026-09-30T14:05:00+02:00" in kept["urn:uuid:2"]["expected"]
    assert kept["urn:uuid:4"]["expected"].startswith("04012345123456")
    raw = drops.rejects(job["id"])[0]["raw_data"]
    assert (raw["source_row"], raw["event"]["eventTime"]) == (2, "2026-09-29 22:30")
    assert [one["event_id"] for one in rows(drops, "trace_events", "event_id")] == ["urn:uuid:1"]


def test_the_same_event_again_changes_nothing_and_one_without_an_id_has_its_own(drops: Yard) -> None:
    bare = event(eventID=None)
    take(drops, "a.json", document(bare, event()))
    before = rows(drops, "trace_events", "event_id")
    assert before[0]["event_id"].startswith("ni:///sha-256;")
    answer = take(drops, "b.json", document({**bare, "recordTime": "2026-09-30T00:00:00Z", "eventID": None}, event()))
    del answer
    again = take(drops, "c.json", json.dumps(bare).encode())
    assert drops.job(again["load"][0]["job_id"])["duplicate_records"] == 1
    after = rows(drops, "trace_events", "event_id")
    assert [(one["id"], one["event_id"]) for one in after] == [(one["id"], one["event_id"]) for one in before]
    assert len(rows(drops, "trace_event_items", "id")) == 2


def test_p37_a_declared_error_deletes_nothing_and_names_what_corrects_it(drops: Yard) -> None:
    told = {"declarationTime": "2026-09-30T08:00:00+02:00", "reason": "https://ref.gs1.org/cbv/ER-incorrect_data",
            "correctiveEventIDs": ["urn:uuid:9"]}  # fmt: skip
    take(drops, "first.json", document(event()))
    take(drops, "error.json", document(event(errorDeclaration=told), event(eventID="urn:uuid:9")))
    take(drops, "first-again.json", document(event(), event(eventID="urn:uuid:10")))
    first = rows(drops, "trace_events", "event_id")[0]
    (error,) = rows(drops, "trace_event_errors", "declared_at")
    assert (error["trace_event_id"], error["reason"]) == (first["id"], "incorrect_data")
    assert json.loads(error["corrective_event_ids"]) == ["urn:uuid:9"]
    assert error["declared_at"] == datetime(2026, 9, 30, 6, tzinfo=UTC)


def test_p37_shipments_reported_twice_under_two_ids_are_both_kept(drops: Yard) -> None:
    take(drops, "twice.json", document(event(), event(eventID="urn:uuid:2")))
    one, other = rows(drops, "trace_events", "event_id")
    same = ("event_time", "biz_step", "read_point", "destinations")
    assert [one[name] for name in same] == [other[name] for name in same]


def test_p50_lots_of_two_assigners_stay_two(drops: Yard) -> None:
    classes = ["urn:epc:class:lgtin:4012345.012345.L1", "urn:epc:class:lgtin:0614141.077777.L1"]
    take(drops, "e.json", document(event(quantityList=[{"epcClass": one, "quantity": 1} for one in classes])))
    found = rows(drops, "trace_event_items", "position")
    assert [(one["lot_code"], one["assigner"]) for one in found] == [("L1", "4012345"), ("L1", "0614141")]


def test_a_document_that_breaks_off_or_has_no_event_says_so(drops: Yard) -> None:
    cut = drops.drop("cut.json", document(event())[:-80])
    assert drops.job(cut["job_id"])["error_code"] == "bad_epcis"
    empty = drops.drop("empty.json", document())
    assert drops.job(empty["job_id"])["error_code"] == "no_rows"
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"/>'
    assert drops.job(drops.drop("bomb.xml", bomb)["job_id"])["error_code"] == "bad_epcis"
    assert rows(drops, "trace_events", "event_id") == []
