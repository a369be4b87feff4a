"""OData, Odoo and ERPNext, pulled in the order of change: ties, changes meanwhile, lies; each record exactly once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from opscopilot.staging.connectors.base import BaseConnector, ConnectorFailed
from tests.support.servers.pulls import connector, fetch
from tests.support.servers.systems import FrappeSite, ODataService, OdooDatabase, second
from tests.support.servers.web import Answer, Reply, Request, Server, serve


@dataclass(frozen=True)
class System:
    """A kind of system: its server over moments, and the connector to it with pages of four."""

    server: Callable[[list[int]], Any]
    connect: Callable[[Server], BaseConnector]
    key: str
    stamp: Callable[[int], str]
    column: str


def _odata(version: str) -> System:
    def connect(server: Server) -> BaseConnector:
        stream = {"name": "orders", "entity_set": "Orders", "change_field": "Changed", "key": ["Id"]}
        config = {"service_url": server.url, "version": version, "page_size": 4, "streams": [stream]}
        return connector("odata", config)

    def make(moments: list[int]) -> Any:
        return ODataService([{"Id": f"{n:03}", "Changed": second(at)} for n, at in enumerate(moments)], version)

    return System(make, connect, "Id", second, "Changed")


def _odoo() -> System:
    def stamp(at: int) -> str:
        return second(at).replace("T", " ").removesuffix("Z")

    def make(moments: list[int]) -> Any:
        # Within a second the database's own order is that of microseconds, not of ids.
        return OdooDatabase([
            {"id": n, "write_date": f"{stamp(at)}.{(997 * (50 - n)) % 1_000_000:06}"} for n, at in enumerate(moments)
        ])  # fmt: skip

    def connect(server: Server) -> BaseConnector:
        stream = {"name": "lines", "model": "sale.order.line", "fields": ["name"]}
        config = {"url": server.url, "database": "plant", "page_size": 4, "streams": [stream]}
        return connector("odoo", config, {"username": "ops", "password": "pw"})

    return System(make, connect, "id", stamp, "write_date")


def _frappe() -> System:
    def stamp(at: int) -> str:
        return second(at).replace("T", " ").removesuffix("Z") + ".123456"

    def make(moments: list[int]) -> Any:
        return FrappeSite([{"name": f"SO-{n:03}", "modified": stamp(at)} for n, at in enumerate(moments)])

    def connect(server: Server) -> BaseConnector:
        stream = {"name": "orders", "doctype": "Sales Order"}
        config = {"url": server.url, "page_size": 4, "streams": [stream]}
        return connector("erpnext", config, {"api_key": "k", "api_secret": "s"})

    return System(make, connect, "name", stamp, "modified")


SYSTEMS = {"odata v2": _odata("v2"), "odata v4": _odata("v4"), "odoo": _odoo(), "erpnext": _frappe()}
SHAPES = {
    "one after the other": list(range(23)),
    "all in one second": [5] * 23,
    "a large group in the middle": [1, 2, 3, *[4] * 11, 5, 6],
    "groups as large as a page": [1] * 4 + [2] * 4 + [3] * 4,
    "nothing": [],
    "one": [1],
}
both = pytest.mark.parametrize("name", SYSTEMS)


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_every_record_arrives_exactly_once(name: str, shape: str) -> None:
    system, moments = SYSTEMS[name], SHAPES[shape]
    answer = system.server(moments)
    with serve(answer) as server:
        found = fetch(system.connect(server))
    assert sorted(found.ids(system.key)) == sorted(one[system.key] for one in answer.rows)
    if moments:
        assert found.watermark == system.stamp(max(moments))


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_a_pull_that_goes_on_after_any_batch_misses_and_repeats_nothing(name: str, shape: str) -> None:
    system = SYSTEMS[name]
    answer = system.server(SHAPES[shape])
    with serve(answer) as server:
        first = fetch(system.connect(server), batches=2)
        resume = first.resumes[-1] if first.resumes else None
        rest = fetch(system.connect(server), resume=resume) if resume else first
    together = first.ids(system.key) + (rest.ids(system.key) if resume else [])
    assert sorted(together) == sorted(one[system.key] for one in answer.rows)


@both
def test_the_next_pull_brings_what_changed_since(name: str) -> None:
    system = SYSTEMS[name]
    answer = system.server(list(range(10)))
    with serve(answer) as server:
        mark = fetch(system.connect(server)).watermark
        answer.rows += [
            {**one, system.key: f"new {at}"} for at, one in enumerate(system.server([11, 12]).rows)
        ]  # fmt: skip
        again = fetch(system.connect(server), watermark=mark)
    new = [one for one in again.ids(system.key) if str(one).startswith("new")]
    assert len(new) == 2
    assert len(again.records) <= 3, "the record at the watermark itself comes again, nothing else"


@both
@pytest.mark.parametrize("fault", [
    Reply(status=503), Reply(status=429, headers={"Retry-After": "2"}), Reply({"d": 1, "value": 2}, cut=5),
    Reply(raw=b'{"data": [{"name'),
], ids=["503", "429", "dropped", "truncated"])  # fmt: skip
def test_trouble_on_the_way_loses_and_repeats_nothing(name: str, fault: Reply) -> None:
    system = SYSTEMS[name]
    answer = system.server(SHAPES["a large group in the middle"])
    with serve(answer) as server:
        server.faults.extend([None, None, fault, fault, None, fault])
        found = fetch(system.connect(server))
    assert sorted(found.ids(system.key)) == sorted(one[system.key] for one in answer.rows)


@both
def test_a_record_that_changes_while_we_read_pushes_no_other_over_the_edge(name: str) -> None:
    """With page numbers the fifth record would slip into the first page and never be read."""
    system = SYSTEMS[name]
    answer = system.server(list(range(12)))
    moved = system.server([90]).rows[0][system.column]
    asked = 0

    def meanwhile(request: Request) -> Reply:
        nonlocal asked
        reply = answer(request)
        asked += 1
        if asked == (3 if name == "odoo" else 2):
            answer.rows[1][system.column] = moved
        return reply if isinstance(reply, Reply) else Reply(reply)

    with serve(meanwhile) as server:
        found = fetch(system.connect(server))
    assert set(found.ids(system.key)) == {one[system.key] for one in answer.rows}
    assert found.ids(system.key).count(answer.rows[1][system.key]) == 2, "it is brought again, as it is now"


def unfiltered(answer: Answer) -> Answer:
    """A system that does not filter by the change field: every page is the first."""

    def lie(request: Request) -> Reply:
        query = {**request.query, "$filter": "", "filters": "[]"}
        body = request.body
        if body and body["params"]["service"] == "object":
            args = list(body["params"]["args"])
            args[5] = [[]]
            body = {"params": {**body["params"], "args": args}}
        return answer(Request(request.method, request.path, query, request.headers, body))

    return lie


@both
def test_a_system_that_does_not_filter_is_refused_instead_of_read_for_ever(name: str) -> None:
    system = SYSTEMS[name]
    with serve(unfiltered(system.server(list(range(12))))) as server:
        with pytest.raises(ConnectorFailed) as raised:
            fetch(system.connect(server))
        assert len(server.requests) < 12
    assert raised.value.code == "not_in_order"
    assert system.column in raised.value.message


@both
def test_one_page_of_before_in_between_is_asked_for_again(name: str) -> None:
    system = SYSTEMS[name]
    answer = system.server(list(range(12)))
    asked = 0

    def once(request: Request) -> Reply:
        nonlocal asked
        asked += 1
        return (unfiltered(answer) if asked == 4 else answer)(request)

    with serve(once) as server:
        found = fetch(system.connect(server))
    assert sorted(found.ids(system.key)) == sorted(one[system.key] for one in answer.rows)


@pytest.mark.parametrize("version", ["v2", "v4"])
@pytest.mark.parametrize("change", [True, False])
def test_odata_follows_the_services_own_links_on_its_public_name(version: str, change: bool) -> None:
    service = ODataService([{"Id": f"{n:03}", "Changed": second(n)} for n in range(23)], version, cut=3)
    stream: dict[str, Any] = {"name": "orders", "entity_set": "Orders", "key": ["Id"]}
    if change:
        stream["change_field"] = "Changed"
    with serve(service) as server:
        config = {"service_url": server.url, "version": version, "page_size": 50, "sap_client": "100",
                  "streams": [stream]}  # fmt: skip
        found = fetch(connector("odata", config))
        assert all(one.query["sap-client"] == "100" for one in server.requests)
    assert found.ids("Id") == [f"{n:03}" for n in range(23)]


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_odata_without_a_change_field_is_read_whole_by_skip(version: str) -> None:
    service = ODataService([{"Id": f"{n:03}", "Changed": second(n)} for n in range(23)], version)
    stream = {"name": "orders", "entity_set": "Orders", "key": ["Id"]}
    with serve(service) as server:
        found = fetch(connector("odata", {"service_url": server.url, "version": version, "page_size": 5,
                                          "streams": [stream]}))  # fmt: skip
    assert found.ids("Id") == [f"{n:03}" for n in range(23)]
    assert found.watermark is None


def test_odata_dates_lines_and_the_protocols_own_members() -> None:
    record = {
        "__metadata": {"uri": "x"}, "SalesOrder": "0000012345", "CreationDate": "/Date(1790726400000)/",
        "LastChangeDateTime": "/Date(1790769600123+0120)/", "LocalTime": "PT11H30M00S", "Net": "12.50",
        "At": "/Date(1790730000000)/", "Old": "/Date(-2208988800000)/", "to_Partner": {"__deferred": {"uri": "y"}},
        "to_Item": {"results": [{"__metadata": {}, "Material": "PTFE", "Day": "/Date(1790726400000)/"}]},
    }  # fmt: skip
    with serve(lambda r: Reply({"d": {"results": [] if "$skip" in r.query else [record]}})) as server:
        stream = {"name": "o", "entity_set": "A_SalesOrder", "expand": ["to_Item"], "filter": "A eq '1' or B eq '2'"}
        found = fetch(connector("odata", {"service_url": server.url, "streams": [stream]}))
        assert server.requests[0].query["$expand"] == "to_Item"
        assert server.requests[0].query["$filter"] == "(A eq '1' or B eq '2')"
    assert found.records == [{
        "SalesOrder": "0000012345", "CreationDate": "2026-09-30", "LastChangeDateTime": "2026-09-30T12:00:00.123000Z",
        "LocalTime": "11:30:00", "Net": "12.50", "At": "2026-09-30T01:00:00", "Old": "1900-01-01",
        "to_Item": [{"Material": "PTFE", "Day": "2026-09-30"}],
    }]  # fmt: skip


def test_odata_of_the_other_version_says_so() -> None:
    with serve(ODataService([], "v4")) as server, pytest.raises(ConnectorFailed, match="is it the other version"):
        fetch(connector("odata", {"service_url": server.url, "streams": [{"name": "o", "entity_set": "X"}]}))


def test_odoo_says_when_the_login_is_wrong() -> None:
    with serve(OdooDatabase([])) as server:
        made = connector("odoo", {"url": server.url, "database": "plant"}, {"username": "ops", "password": "wrong"})
        with pytest.raises(ConnectorFailed) as raised:
            fetch(made)
    assert raised.value.code == "auth_failed"
    assert "wrong" not in raised.value.message


def test_odoo_values_are_made_plain() -> None:
    row = {"id": 3, "write_date": "2026-09-30 10:00:00.5", "product_id": [7, "[FG-1] Jam"], "note": False,
           "active": False, "tax_ids": [1, 2], "qty": 0}  # fmt: skip
    with serve(OdooDatabase([row])) as server:
        found = fetch(connector("odoo", {"url": server.url, "database": "p"}, {"username": "o", "password": "pw"}))
    assert found.records == [{
        "id": 3, "write_date": "2026-09-30 10:00:00", "product_id": "[FG-1] Jam", "product_id/id": 7, "note": None,
        "active": False, "tax_ids": [1, 2], "qty": 0,
    }]  # fmt: skip


def test_odoo_without_fields_reads_the_plain_stored_ones_only() -> None:
    database = OdooDatabase([])
    with serve(database) as server:
        streams = [{"name": "lines", "model": "sale.order.line"}]
        config = {"url": server.url, "database": "p", "streams": streams}
        fetch(connector("odoo", config, {"username": "o", "password": "pw"}))
    assert database.calls[0]["fields"] == ["name", "qty", "id", "write_date"]


def test_erpnext_lines_come_with_their_document() -> None:
    with serve(FrappeSite([{"name": "SO-1", "modified": "2026-09-30 10:00:00.1"}])) as server:
        stream = {"name": "orders", "doctype": "Sales Order", "children": ["items"]}
        config = {"url": server.url, "streams": [stream]}
        found = fetch(connector("erpnext", config, {"api_key": "k", "api_secret": "s"}))
        assert server.requests[0].path == "/api/resource/Sales%20Order"
    assert found.records[0]["items"] == [{"item_code": "SO-1-1", "qty": 2}]


def test_presets_know_the_streams_of_odoo_and_erpnext() -> None:
    with serve(OdooDatabase([])) as server:
        odoo = connector("odoo", {"url": server.url, "database": "p"})
        erpnext = connector("erpnext", {"url": server.url})
    assert [one.name for one in odoo.streams()][:2] == ["products", "customers"]
    assert "sales_orders" in [one.name for one in erpnext.streams()]
