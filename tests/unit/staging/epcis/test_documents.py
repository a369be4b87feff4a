"""EPCIS documents of every shape: what is one, and the events in it, in the words of the JSON binding."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opscopilot.staging.epcis.documents import events, is_epcis
from opscopilot.staging.epcis.reading import open_epcis, open_if_epcis
from opscopilot.staging.epcis.rows import Right, Wrong, convert
from opscopilot.staging.epcis.words import json_text, word
from opscopilot.staging.refusal import Refused
from tests.support.epcis import document, event

XML_1_2 = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:ex="http://example.com/" schemaVersion="1.2">
 <EPCISBody><EventList>
  <ObjectEvent>
   <eventTime>2026-09-29T22:30:00.1234567+02:00</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>
   <baseExtension><eventID>urn:uuid:x1</eventID><errorDeclaration>
     <declarationTime>2026-09-30T06:00:00Z</declarationTime><reason>urn:epcglobal:cbv:er:incorrect_data</reason>
     <correctiveEventIDs><correctiveEventID>urn:uuid:x2</correctiveEventID></correctiveEventIDs>
   </errorDeclaration></baseExtension>
   <epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc><epc>urn:epc:id:sgtin:0614141.107346.2018</epc></epcList>
   <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
   <readPoint><id>urn:epc:id:sgln:0614141.00777.0</id></readPoint>
   <bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">http://x.example/po/1</bizTransaction></bizTransactionList>
   <extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.012345.L</epcClass>
     <quantity>0.10</quantity><uom>KGM</uom></quantityElement></quantityList>
     <sourceList><source type="urn:epcglobal:cbv:sdt:location">urn:epc:id:sgln:0614141.00777.0</source></sourceList>
     <ilmd><ex:best>2027-01-01</ex:best><ex:best>2027-02-01</ex:best></ilmd></extension>
   <ex:truck plate="AB 1">big</ex:truck>
  </ObjectEvent>
  <extension><TransformationEvent>
   <eventTime>2026-09-29T22:30:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
   <inputEPCList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></inputEPCList>
   <outputEPCList><epc>urn:epc:id:sgtin:0614141.107346.9</epc></outputEPCList>
  </TransformationEvent></extension>
 </EventList></EPCISBody>
</epcis:EPCISDocument>"""


def written(folder: Path, body: bytes) -> Path:
    path = folder / "document"
    path.write_bytes(body)
    return path


def right(given: Any) -> Right:
    found = convert(given)
    assert isinstance(found, Right), found
    return found


def test_xml_of_1_2_says_the_same_as_json(tmp_path: Path) -> None:
    assert is_epcis(XML_1_2)
    first, second = (right(one) for one in events(written(tmp_path, XML_1_2)))
    assert first.event["event_id"] == "urn:uuid:x1"
    assert first.event["event_time"] == "2026-09-29T20:30:00.123456+00:00"
    assert (first.event["biz_step"], first.event["read_point_gln"]) == ("commissioning", "0614141007776")
    assert json.loads(first.event["biz_transactions"]) == [{"type": "po", "id": "http://x.example/po/1"}]
    assert json.loads(first.event["sources"]) == [{"type": "location", "id": "urn:epc:id:sgln:0614141.00777.0"}]
    assert json.loads(first.event["ilmd"]) == {"ex:best": ["2027-01-01", "2027-02-01"]}
    assert json.loads(first.event["metadata"]) == {"ex:truck": {"plate": "AB 1", "#text": "big"}}
    assert [(one["position"], one["kind"], one["quantity"]) for one in first.items] == [
        ("1", "instance", ""), ("2", "instance", ""), ("3", "class", "0.100000")]  # fmt: skip
    assert first.error is not None
    assert first.error["reason"] == "incorrect_data"
    assert json.loads(first.error["corrective_event_ids"]) == ["urn:uuid:x2"]
    assert (second.event["event_type"], second.event["action"]) == ("transformation", "")
    assert [one["role"] for one in second.items] == ["input", "output"]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (document(event(), event()), 2),
        (json.dumps(event()).encode(), 1),
        (json.dumps([event(), event()]).encode(), 2),
        (b"\xef\xbb\xbf" + document(event()), 1),
        (json.dumps({"type": "EPCISDocument", "epcisBody": {"event": event()}}).encode(), 1),
        (json.dumps({"type": "EPCISQueryDocument", "epcisBody": {"queryResults": {
            "queryName": "q", "resultsBody": {"eventList": [event(), event(), event()]}}}}).encode(), 3),
        (json.dumps({"epcisHeader": {"eventList": "no"}, "epcisBody": {"eventList": [event()]},
                     "type": "EPCISDocument"}).encode(), 1),
    ],
)  # fmt: skip
def test_events_are_found_wherever_the_document_keeps_them(tmp_path: Path, body: bytes, count: int) -> None:
    assert is_epcis(body)
    assert [one["eventID"] for one in events(written(tmp_path, body))] == ["urn:uuid:1"] * count


@pytest.mark.parametrize(
    "body",
    [
        b'{"orders": [{"eventTime": "2026-01-01"}]}', b"sku_code,eventTime\n", b"", b"<html><body>EPCISDocument</body></html>",
        b'{"$schema": "x", "properties": {"epcisBody": {}, "type": {"const": "EPCISDocument"}}}',
        b"[1, 2]", b'"EPCISDocument"',
    ],
)  # fmt: skip
def test_other_files_are_none(tmp_path: Path, body: bytes) -> None:
    assert not is_epcis(body)
    assert open_if_epcis(written(tmp_path, body)) == []


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    body = document(event(ilmd={"w": 0})).replace(b'{"w": 0}', b'{"w": 0.10000000000000000055}')
    body = body.replace(b"200.5", b"123456789012.123456")
    found = right(next(events(written(tmp_path, body))))
    assert found.event["ilmd"] == '{"w":0.10000000000000000055}'
    assert found.items[0]["quantity"] == "123456789012.123456"
    assert json_text({"a": [Decimal("1.50"), True, None, 7, "é"]}) == '{"a":[1.50,true,null,7,"é"]}'


def test_large_documents_are_cut_into_parts_that_set_end_to_end_are_the_whole(tmp_path: Path) -> None:
    path = written(
        tmp_path, document(*(event(eventID=f"urn:uuid:{n}", action="ADD" if n % 7 else "NO") for n in range(40)))
    )
    tables = open_epcis(path)
    assert [one.name for one in tables] == ["events", "items"]
    for table in tables:
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "b").mkdir(exist_ok=True)
        whole, parts = table.prepare(tmp_path / "a"), table.prepare(tmp_path / "b", 4000)
        assert len(parts.parts) > 1
        assert b"".join(one.read_bytes() for one in parts.parts) == whole.parts[0].read_bytes()
        rows = list(csv.reader(whole.parts[0].read_text(encoding="utf-8").splitlines()))
        assert {len(row) for row in rows} == {len(table.headers) + 2}
        assert (whole.records, whole.rejected, len(rows)) == ((40, 6, 34) if table.name == "events" else (34, 0, 34))
        assert rows[0][:3] == (["2", "2", "urn:uuid:1"] if table.name == "events" else ["1", "2", "urn:uuid:1"])


def test_an_event_that_is_too_long_or_no_event_is_wrong() -> None:
    for given, code in ((event(ilmd={"x": "y" * 1_000_001}), "too_long"), ("text", "bad_event"), ({}, "required_missing"),
                        (event(type="Event"), "bad_event"), (event(quantityList=[{"epcClass": "x", "quantity": -1}]), "bad_event"),
                        (event(quantityList=[{"epcClass": "x", "quantity": 1, "uom": "kilo"}]), "bad_event"),
                        (event(eventTimeZoneOffset="CET"), "bad_event"), (event(readPoint={}), "required_missing")):  # fmt: skip
        found = convert(given)
        assert isinstance(found, Wrong)
        assert found.errors[0]["code"] == code, found


def test_hashes_follow_the_content_and_not_its_order_or_record() -> None:
    one = event(eventID=None)
    same = {name: one[name] for name in reversed(list(one))} | {"recordTime": "2026-10-01T00:00:00Z"}
    ids = [right(given).event["event_id"] for given in (one, same, {**one, "eventTime": "2026-09-30T00:30:00+02:00"})]
    assert len(set(ids)) == 1
    assert right({**one, "action": "ADD"}).event["event_id"] != ids[0]
    assert ids[0].endswith("?ver=OPS1")


def test_words_of_the_standard_in_every_spelling() -> None:
    for given in ("shipping", "cbv:BizStep-shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping",
                  "https://ns.gs1.org/cbv/BizStep-shipping"):  # fmt: skip
        assert word(given) == "shipping"
    assert word("https://example.org/steps/drying") == "https://example.org/steps/drying"
    assert word(None) is None


def test_an_xml_bomb_and_a_broken_document_are_refused(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]>' + XML_1_2.split(b"-->")[1]
    for body in (bomb, XML_1_2[:-400], document(event())[:-30]):
        with pytest.raises(Refused) as caught:
            list(events(written(tmp_path, body)))
        assert caught.value.code == "bad_epcis"
