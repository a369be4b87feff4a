"""Generic entity routes: dictionary, filters, search, sort, keyset pages, one record."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.manufacturing.entities import registry
from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    made = new_plant(as_of="2026-09-30")
    made.load("sku", [
        {"sku_code": "007", "description": "Strawberry jam 340 g", "unit_cost": "0.30", "category": "jam"},
        {"sku_code": "7", "description": "100% apple_juice", "type": "raw", "unit_cost": "1.10"},
        {"sku_code": "B", "description": "Raspberry jam", "lead_time_days": "3", "category": "jam", "source_id": "44"},
    ])  # fmt: skip
    made.load("bom_component", [{"sku_code": "007", "line_no": "1", "component_sku": "7", "qty": "0.2"}])
    return made


def items(api: Api, plant: Plant, entity: str = "sku", **query: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/entities/{entity}", token(plant.code), **query)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["sku_code"] for row in rows]


def test_dictionary_knows_every_entity(api: Api, plant: Plant) -> None:
    found = {one["name"]: one for one in api.get("/entities", token(plant.code)).json}
    assert list(found) == registry().names()
    field = next(one for one in found["bom_component"]["fields"] if one["name"] == "component_sku")
    assert (field["refers_to"], field["required"]) == ("sku", True)


def test_every_entity_can_be_listed_and_sorted_by_every_field(api: Api, plant: Plant) -> None:
    for entity in registry():
        for one in entity.fields:
            assert items(api, plant, entity.name, sort=f"-{one.name}", limit=1) is not None


def test_filters_are_exact_typed_and_ranged(api: Api, plant: Plant) -> None:
    assert codes(items(api, plant, sku_code="7")) == ["7"]
    assert codes(items(api, plant, type="raw")) == ["7"]
    assert codes(items(api, plant, **{"unit_cost.from": "0.3", "unit_cost.to": "0.5"})) == ["007"]
    assert codes(items(api, plant, unit_cost="")) == ["B"]
    assert codes(items(api, plant, is_active="yes", lead_time_days="3")) == ["B"]
    wrong = api.get("/entities/sku", token(plant.code), type="rawish")
    assert (wrong.status, wrong.json["field"]) == (422, "type")
    assert "semi_finished" in wrong.json["expected"]
    assert api.get("/entities/sku", token(plant.code), colour="red").json["type"].endswith("unknown_parameter")
    assert api.get("/entities/sku", token(plant.code), unit_cost="NaN").status == 422


def test_search_takes_percent_and_underscore_as_they_are(api: Api, plant: Plant) -> None:
    assert codes(items(api, plant, q="jam straw")) == ["007"]
    assert codes(items(api, plant, q="100%")) == ["7"]
    assert codes(items(api, plant, q="apple_")) == ["7"]
    assert api.get("/entities/bom_component", token(plant.code), q="x").status == 422


def test_references_read_as_codes_and_numbers_as_text(api: Api, plant: Plant) -> None:
    row = items(api, plant, "bom_component")[0]
    assert (row["sku_code"], row["version"], row["component_sku"], row["qty"]) == ("007", "1", "7", "0.2")
    assert (row["source_system"], row["source_row"]) == ("sap", 2)
    assert items(api, plant, "bom_component", sku_code="B") == []


def test_a_page_continues_where_it_ended_in_any_order(api: Api, plant: Plant) -> None:
    for sort in (None, "-unit_cost", "lead_time_days", "category", "-created_by_nobody"):
        first = api.get("/entities/sku", token(plant.code), limit=1, sort=sort)
        if sort == "-created_by_nobody":
            assert first.status == 422
            continue
        seen, cursor = codes(first.json["items"]), first.json["next_cursor"]
        while cursor:
            page = api.get("/entities/sku", token(plant.code), limit=1, sort=sort, cursor=cursor).json
            seen, cursor = seen + codes(page["items"]), page["next_cursor"]
        assert sorted(seen) == ["007", "7", "B"]
    first = api.get("/entities/sku", token(plant.code), limit=1).json
    assert first["total"] == 3
    assert api.get("/entities/sku", token(plant.code), sort="-sku_code", cursor=first["next_cursor"]).status == 422


def test_one_record_by_code_or_id(api: Api, plant: Plant) -> None:
    by_code = api.get("/entities/sku/007", token(plant.code)).json
    assert api.get(f"/entities/sku/{by_code['id']}", token(plant.code)).json == by_code
    assert (by_code["unit_cost"], by_code["base_uom"]) == ("0.3", "EA")
    missing = api.get("/entities/sku/0007", token(plant.code))
    assert (missing.status, missing.json["value"]) == (404, "0007")
    assert api.get("/entities/nonsense", token(plant.code)).status == 404


def test_every_entity_has_a_template_to_fill_in(api: Api, plant: Plant) -> None:
    for entity in registry():
        answer = api.get(f"/entities/{entity.name}/template", token(plant.code))
        assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        names = [one.name for one in entity.fields]
        assert answer.text.splitlines()[0].split(",")[: len(names)] == names
    book = api("GET", "/api/v1/entities/sku/template", as_=token(plant.code), format="xlsx")
    assert (book.status, "sku.xlsx" in book.headers["content-disposition"]) == (200, True)
    assert api.get("/entities/sku/template", token(plant.code), format="pdf").status == 422
