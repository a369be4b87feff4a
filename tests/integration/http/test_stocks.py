"""Stock and supply routes before the first forecast, and who may approve a safety stock."""

from __future__ import annotations

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant


def test_without_a_forecast_every_stock_question_says_what_to_do(api: Api, new_plant: NewPlant) -> None:
    plant = new_plant()
    plant.load("sku", [{"sku_code": "A", "description": "Jam"}])
    plant.load("supplier", [{"supplier_code": "V1", "name": "Mill"}])
    for path in (
        "/planning/safety-stocks", "/planning/safety-stocks/classification", "/planning/safety-stocks/A",
        "/planning/inventory/levels", "/planning/inventory/levels/A",
        "/planning/inventory/risk", "/planning/inventory/health", "/forecast/supply/risks",
        "/forecast/supply/suppliers", "/forecast/supply/suppliers/V1",
    ):  # fmt: skip
        answer = api.get(path, token(plant.code))
        assert (answer.status, answer.json["type"].rpartition("/")[2]) == (404, "no_forecast"), path
    assert api.get("/planning/inventory/projection", token(plant.code), sku="A").status == 404
    asked = api.post("/planning/safety-stocks/recalculate", token(plant.code), {"service_level": "0.97"})
    assert asked.status == 404
    impossible = api.post("/planning/safety-stocks/recalculate", token(plant.code), {"service_level": "1.2"})
    assert impossible.status == 422


def test_a_safety_stock_is_approved_by_planners_only_and_kept_with_its_reason(api: Api, new_plant: NewPlant) -> None:
    plant = new_plant()
    plant.load("sku", [{"sku_code": "A", "description": "Jam", "base_uom": "EA"}])
    body = {"qty": "40", "reason": "supplier on strike", "valid_from": "2026-01-05"}
    assert api.put("/planning/safety-stocks/A", token(plant.code, "viewer"), body).status == 403
    kept = api.put("/planning/safety-stocks/A", token(plant.code, "planner"), body)
    assert kept.status == 200
    assert (kept.json["qty"], kept.json["uom"], kept.json["row_version"]) == ("40", "EA", 1)
    again = api.put("/planning/safety-stocks/A", token(plant.code, "planner"), {**body, "qty": "45"})
    assert (again.status, again.json["expected"]) == (409, "1, to correct it")
    right = api.put("/planning/safety-stocks/A", token(plant.code, "planner"), {**body, "qty": "45", "row_version": 1})
    assert (right.json["qty"], right.json["row_version"]) == ("45", 2)
    assert api.put("/planning/safety-stocks/A", token(plant.code, "planner"), {"qty": "1"}).status == 422
