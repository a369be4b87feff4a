"""Recipes: effectivity, explosion, loops, where-used, cost roll-up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant


def part(assembly: str, number: str, component: str, qty: str = "1", **more: str) -> dict[str, str]:
    return {"sku_code": assembly, "line_no": number, "component_sku": component, "qty": qty, **more}


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    made = new_plant(as_of="2026-09-30")
    made.load("sku", [
        {"sku_code": code, "description": f"Item {code}", "unit_cost": cost, "list_price": "20"}
        for code, cost in zip(["TOP", "SUB", "KIT", "P1", "P2", "OLD"], ["0", "0", "0", "2", "3", "9"], strict=True)
    ])  # fmt: skip
    return made


def get(api: Api, plant: Plant, path: str, **query: Any) -> dict[str, Any]:
    answer = api.get(path, token(plant.code), **query)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def load_recipe(plant: Plant) -> None:
    plant.load("bom", [
        {"sku_code": "TOP", "version": "1", "base_qty": "1"}, {"sku_code": "SUB", "version": "1", "base_qty": "10",
         "expected_yield": "0.5"}, {"sku_code": "KIT", "version": "1", "type": "phantom"},
        {"sku_code": "TOP", "version": "0", "effective_to": "2025-12-31"},
    ])  # fmt: skip
    plant.load("bom_component", [
        part("TOP", "1", "SUB", "2", version="1"), part("TOP", "2", "KIT", "1", version="1"),
        part("TOP", "3", "P1", "95", version="1", scrap_rate="0.05"),
        part("TOP", "4", "OLD", "1", version="1", component_to="2026-09-29"),
        part("SUB", "1", "P1", "10", version="1"), part("SUB", "2", "P2", "4", version="1", fixed_qty="true"),
        part("KIT", "1", "P2", "3", version="1"), part("TOP", "1", "OLD", "7", version="0"),
        {"line_no": "99", "component_sku": "TOP", "qty": "1"},
    ])  # fmt: skip


def test_explosion_passes_through_phantoms_and_divides_by_yield_and_scrap(api: Api, plant: Plant) -> None:
    load_recipe(plant)
    found = get(api, plant, "/boms/TOP/explode", qty="5", cost=True)
    needs = {one["sku_code"]: (one["quantity"], one["kind"], one["level"]) for one in found["components"]}
    assert needs == {
        "SUB": ("10", "made", 1), "KIT": ("5", "phantom", 1), "P1": ("520", "purchased", 2),
        "P2": ("23", "purchased", 2),
    }  # fmt: skip
    assert (found["leaf_components"], found["first_level_components"], found["gaps"]) == (2, 3, [])
    assert found["cost"]["total_cost"] == "1109"
    assert found["cost"]["exceeds_list_price"] is True


def test_the_version_effective_on_the_need_date_is_used(api: Api, plant: Plant) -> None:
    load_recipe(plant)
    yesterday = get(api, plant, "/boms/TOP/explode", effective_on="2026-09-29")
    assert "OLD" in {one["sku_code"] for one in yesterday["components"]}
    listed = get(api, plant, "/boms/components")
    assert (listed["total"], listed["top_level"]) == (7, 1)
    assert [one["top_level"] for one in listed["items"] if one["component"] == "TOP"] == [True]
    assert get(api, plant, "/boms/components", effective_on="2025-06-01")["total"] == 9


def test_unknown_cost_gives_no_total(api: Api, plant: Plant) -> None:
    load_recipe(plant)
    plant.load("sku", [{"sku_code": "P2", "description": "Item P2", "unit_cost": "0"}])
    cost = get(api, plant, "/boms/top/explode", cost=True)["cost"]
    assert (cost["complete"], cost["total_cost"], cost["unknown"]) == (False, None, ["P2"])
    assert cost["exceeds_list_price"] is None


def test_a_missing_unit_factor_is_a_gap_and_not_a_guess(api: Api, plant: Plant) -> None:
    plant.load("bom_component", [part("TOP", "1", "P1", "2", uom="ONZ")])
    found = get(api, plant, "/boms/TOP/explode")
    assert [(one["quantity"], one["uom"]) for one in found["components"]] == [("2", "ONZ")]
    assert "no factor" in found["gaps"][0]


def test_a_loop_is_named(api: Api, plant: Plant) -> None:
    plant.load("bom_component", [part("TOP", "1", "SUB"), part("SUB", "1", "KIT"), part("KIT", "1", "OLD")])
    plant.point_recipe_at("KIT", "SUB")
    answer = api.get("/boms/TOP/explode", token(plant.code))
    assert (answer.status, answer.json["value"]) == (409, "SUB → KIT → SUB")
    used = get(api, plant, "/boms/KIT/where-used")
    assert {one["sku_code"] for one in used["items"]} == {"SUB", "TOP"}


def test_where_used_goes_up_to_the_top(api: Api, plant: Plant) -> None:
    load_recipe(plant)
    found = get(api, plant, "/boms/P2/where-used")
    assert [(one["sku_code"], one["level"], one["top_level"]) for one in found["items"]] == [
        ("KIT", 1, False), ("SUB", 1, False), ("TOP", 2, True)
    ]  # fmt: skip
    assert found["direct"] == 2
    nothing = api.get("/boms/TOPS/explode", token(plant.code))
    assert nothing.status == 404
    assert "TOP Item TOP" in nothing.json["expected"]
