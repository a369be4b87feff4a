"""Two tenants with the same codes: nobody sees the other, whatever is sent (P-60 to P-62)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from opscopilot.kernel.ids import tenant_id_for
from tests.support.api import Answer, Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant

PUBLIC = re.compile(r"^(/api/v1)?/health|^/docs$|^/openapi\.json$")
BY_LINK = "/api/v1/notify/act/{token}"


def load(plant: Plant, word: str, on_hand: str) -> None:
    plant.load("location", [{"code": "WH1", "name": f"Hall of {word}"}])
    plant.load("sku", [{"sku_code": "A", "description": f"Jam of {word}", "unit_cost": "1", "reorder_point": "9"},
                       {"sku_code": "B", "description": f"Tea of {word}"}])  # fmt: skip
    plant.load("inventory_snapshot", [{"sku_code": "A", "location_code": "WH1", "snapshot_at": "2026-09-29T12:00:00Z",
                                       "quantity_on_hand": on_hand, "lot_code": "L-1"}])  # fmt: skip
    plant.load("customer", [{"customer_code": "C1", "name": f"Shop of {word}"}])
    plant.load("supplier", [{"supplier_code": "S1", "name": f"Farm of {word}"}])
    plant.load("sales_order", [{"order_number": "O1", "customer_code": "C1", "order_date": "2026-09-28"}])
    plant.load("sales_order_line", [{"order_number": "O1", "line_no": "1", "sku_code": "A", "ordered_qty": on_hand,
                                     "unit_price": "2"}])  # fmt: skip
    plant.load("work_order", [{"wo_number": "W1", "sku_code": "A", "ordered_qty": on_hand, "scrap_qty": "1",
                               "due_date": "2026-09-01", "reason_code": f"fault of {word}"}])  # fmt: skip
    plant.load("bom_component", [{"sku_code": "A", "line_no": "1", "component_sku": "B", "qty": on_hand}])


@pytest.fixture
def plants(new_plant: NewPlant) -> tuple[Plant, Plant]:
    mine, theirs = new_plant(as_of="2026-09-30"), new_plant(as_of="2026-09-30")
    load(mine, "mine", "11")
    load(theirs, "theirs", "77")
    return mine, theirs


PATHS = (
    "/inventory/current", "/inventory/current?by=location", "/inventory/health", "/orders/open", "/orders",
    "/orders/summary", "/suppliers", "/production/status", "/boms/components", "/boms/A/explode?qty=7",
    "/boms/B/where-used", "/entities/sku", "/entities/sku/A", "/entities/inventory_snapshot?lot_code=L-1",
    "/users", "/tenants/current", "/jobs", "/quality/inventory-check",
)  # fmt: skip


def test_the_same_codes_are_each_tenants_own(api: Api, plants: tuple[Plant, Plant]) -> None:
    mine, theirs = plants
    for path in PATHS:
        answers = {plant.code: fetch(api, path, plant.code).text for plant in plants}
        assert "theirs" not in answers[mine.code]
        assert "of mine" not in answers[theirs.code]
        assert theirs.code not in answers[mine.code]
    assert '"11"' in fetch(api, "/inventory/current", mine.code).text
    assert '"77"' in fetch(api, "/inventory/current", theirs.code).text


def fetch(api: Api, path: str, code: str, /, **headers: str) -> Answer:
    bare, _, query = path.partition("?")
    pairs: dict[str, Any] = dict(pair.split("=") for pair in query.split("&")) if query else {}
    answer = api("GET", f"/api/v1{bare}", as_=token(code, "admin"), headers=headers, **pairs)
    assert answer.status == 200, answer.text
    return answer


def test_naming_another_tenant_changes_nothing(api: Api, plants: tuple[Plant, Plant]) -> None:
    mine, theirs = plants
    plain = fetch(api, "/inventory/current", mine.code).json
    other = str(tenant_id_for(theirs.code))
    for name in ("x-tenant-id", "x-tenant", "tenant", "app.tenant"):
        assert fetch(api, "/inventory/current", mine.code, **{name: other}).json == plain
    assert api.get("/inventory/current", token(mine.code), tenant_id=other).status == 422
    body = {"name": "Renamed", "tenant_id": other, "code": theirs.code}
    assert api("PATCH", "/api/v1/tenants/current", as_=token(mine.code, "admin"), body=body).status == 422
    assert api.get("/tenants/current", token(theirs.code)).json["name"] != "Renamed"
    sneaky = api.get("/entities/sku", token(mine.code), q="x'; SET app.tenant = '" + other)
    assert sneaky.json["items"] == []


def test_the_others_row_looks_like_no_row(api: Api, plants: tuple[Plant, Plant]) -> None:
    mine, theirs = plants
    foreign = fetch(api, "/entities/sku/A", theirs.code).json["id"]
    there = api.get(f"/entities/sku/{foreign}", token(mine.code)).json
    nowhere = api.get("/entities/sku/00000000-0000-7000-8000-000000000000", token(mine.code)).json
    assert {**there, "value": "", "detail": "", "correlation_id": "", "instance": ""} == {
        **nowhere, "value": "", "detail": "", "correlation_id": "", "instance": ""
    }  # fmt: skip


def test_a_request_after_a_crashed_one_sees_its_own_tenant(api: Api, plants: tuple[Plant, Plant]) -> None:
    mine, theirs = plants
    for _ in range(4):
        assert api.get("/orders/open", token(mine.code), cursor="WyJ4IiwieSJd").status == 422
        assert "of theirs" in fetch(api, "/entities/sku/A", theirs.code).text


def test_every_route_but_the_public_ones_needs_a_token(api: Api) -> None:
    tried = 0
    for path, operations in api.app.openapi()["paths"].items():
        for method in operations:
            concrete = re.sub(r"{[^}]*}", "00000000-0000-7000-8000-000000000000", path)
            answer = api(method.upper(), concrete, body={} if method in ("post", "put", "patch") else None)
            assert answer.headers["x-correlation-id"]
            if PUBLIC.match(path):
                assert answer.status == 200
            elif path == BY_LINK:
                assert answer.status == 404  # its token is in the path, and this one is made up
            else:
                assert (answer.status, path) == (401, path)
                tried += 1
    assert tried > 60
