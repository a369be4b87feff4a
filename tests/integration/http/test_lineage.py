"""From a figure to the line of the file it came from, and what it was before."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from opscopilot.entrypoints.parts import Outside
from tests.support.api import Api
from tests.support.fixtures import NewPlant
from tests.support.floor import Floor
from tests.support.outside import MemoryStore

ITEMS = "sku_code,description,base_uom,unit_cost\n00100234,Jam,EA,1.5\nA/7,Odd code,EA,\n"
HEAD = "order_number,line_no,customer_code,order_date,sku_code,ordered_qty,uom\n"


@pytest.fixture
def floor(api: Api, around: Outside, new_plant: NewPlant) -> Floor:
    assert isinstance(around.landing.store, MemoryStore)
    one = Floor(api, new_plant(), around.landing.store)
    one.drop("items.csv", ITEMS, system="sap")
    one.drop("customers.csv", "customer_code,name\nC1,Shop\n", system="crm")
    return one


def test_a_row_is_walked_back_to_its_line_and_so_is_what_it_refers_to(floor: Floor) -> None:
    job = floor.drop("orders.csv", HEAD + "S1,1,C1,2026-09-01,00100234,5,EA\nS1,2,C1,2026-09-01,00100234,7,EA\n")
    told = floor.get("/lineage/sales_order_line/S1/2").json
    assert (told["key"], told["values"]["ordered_qty"], told["version"]) == ("S1/2", "7.000000", 1)
    source = told["source"]
    assert (source["job_id"], source["file_name"], source["source_row"]) == (str(job), "orders.csv", 3)
    assert source["object_key"].endswith(f"{job}/orders.csv")
    refers = {one["field"]: (one["entity"], one["key"], one["source"]["file_name"], one["source"]["source_row"])
              for one in told["references"]}  # fmt: skip
    assert refers == {
        "order_number": ("sales_order", "S1", "orders.csv", 2), "sku_code": ("sku", "00100234", "items.csv", 2),
    }  # fmt: skip
    assert floor.get(f"/lineage/sales_order_line/{told['id']}").json["key"] == "S1/2"


def test_history_says_from_what_to_what_by_which_file_newest_first(floor: Floor) -> None:
    second = floor.drop("items2.csv", "sku_code,description,base_uom,unit_cost\n00100234,Jam,EA,2.5\n", system="sap")
    third = floor.drop("items3.csv", "sku_code,description,base_uom,unit_cost\n00100234,Jelly,EA,3\n", system="sap")
    told = floor.get("/lineage/sku/00100234").json
    assert told["version"] == 3
    newest, oldest = told["history"]
    assert newest["changes"] == [
        {"field": "description", "was": "Jam", "became": "Jelly"},
        {"field": "unit_cost", "was": "2.500000", "became": "3.000000"},
    ]  # fmt: skip
    assert oldest["changes"] == [{"field": "unit_cost", "was": "1.500000", "became": "2.500000"}]
    assert (newest["after"]["job_id"], newest["before"]["job_id"]) == (str(third), str(second))
    assert (oldest["before"]["file_name"], oldest["before"]["source_row"]) == ("items.csv", 2)


def test_a_reference_that_changed_is_told_by_its_key(floor: Floor) -> None:
    floor.drop("o1.csv", HEAD + "S1,1,C1,2026-09-01,00100234,5,EA\n")
    floor.drop("o2.csv", HEAD + "S1,1,C1,2026-09-01,A/7,5,EA\n")
    (step,) = floor.get("/lineage/sales_order_line/S1/1").json["history"]
    assert step["changes"] == [{"field": "sku_code", "was": "00100234", "became": "A/7"}]


@pytest.mark.parametrize("code", ["A/7", quote("A/7", safe="")])
def test_a_code_may_hold_a_slash(floor: Floor, code: str) -> None:
    assert floor.get(f"/lineage/sku/{code}").json["values"]["description"] == "Odd code"


def test_a_record_that_never_got_in_says_why(floor: Floor) -> None:
    job = floor.drop("orders.csv", HEAD + "S1,1,C1,2026-09-01,4711,5,EA\n")
    told = floor.get("/lineage/sales_order_line/S1/1").json
    assert (told["id"], told["values"], told["source"]) == (None, {}, None)
    (tried,) = told["attempts"]
    assert (tried["job_id"], tried["source_row"], tried["status"]) == (str(job), 2, "pending")
    assert tried["errors"][0]["raw_value"] == "4711"
    floor.drop("late.csv", "sku_code,description,base_uom\n4711,Late,EA\n")
    told = floor.get("/lineage/sales_order_line/S1/1").json
    assert (told["source"]["file_name"], told["source"]["source_row"]) == ("orders.csv", 2)
    assert told["attempts"][0]["status"] == "valid"
    assert told["source"]["record"]["sku_code"] == "4711"


def test_an_unknown_key_is_answered_with_near_ones_and_how_to_write_it(floor: Floor) -> None:
    answer = floor.get("/lineage/sku/0010023")
    assert answer.status == 404
    assert "00100234" in answer.json["detail"]
    assert answer.json["errors"] == [{"near": "00100234"}]
    answer = floor.get("/lineage/inventory_snapshot/1/W1")
    assert "{sku_code}/{location_code}/{lot_code}/{bin}/{snapshot_at}" in answer.json["expected"]
    answer = floor.get("/lineage/nonsense/1")
    assert (answer.status, "sku_uom" in answer.json["expected"]) == (404, True)


def test_a_key_with_an_empty_part_and_an_instant(floor: Floor) -> None:
    floor.drop("places.csv", "code,name,is_nettable,temperature_zone\nW1,Main,true,chilled\n")
    floor.drop("stock.csv", "sku_code,location_code,quantity_on_hand,snapshot_at\n00100234,W1,5,2026-09-29T06:00:00Z\n")
    key = "00100234/W1///2026-09-29T06:00:00Z"
    assert floor.get(f"/lineage/inventory_snapshot/{key}").json["values"]["quantity_on_hand"] == "5.000000"
    assert floor.get("/lineage/inventory_snapshot/00100234/W1///soon").status == 404


def test_p60_another_tenants_rows_have_no_lineage_here(
    floor: Floor, api: Api, around: Outside, new_plant: NewPlant
) -> None:
    assert isinstance(around.landing.store, MemoryStore)
    other = Floor(api, new_plant(), around.landing.store)
    assert other.get("/lineage/sku/00100234").status == 404
