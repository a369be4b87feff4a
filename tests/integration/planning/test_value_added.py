"""Accuracy at the lag that mattered and what planners added, against figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api, token

WHY = {"reason": "Campaign in the shops", "reason_category": "promotion"}


@pytest.fixture
def lived(make_plant: Callable[..., Any], run: Callable[[Any], Any], api: Api, clock: Any) -> Any:
    """Two items forecast at 100 and 10 a week; a planner says 150 for A; 160 and 12 are asked for."""
    plant = make_plant("lived-in", as_of=None)
    clock.instant = datetime(2025, 3, 31, 9, tzinfo=UTC)
    plant.sku("A", category="Jam", lead_time_days=7)
    plant.sku("B", category="Tea", lead_time_days=7, list_price=2)
    plant.weeks("A", [100] * 40, last=date(2025, 3, 24))
    plant.weeks("B", [10] * 40, last=date(2025, 3, 24))
    run(plant)
    who = token(plant.code, "planner")
    first = api.get("/planning/forecasts", who, sku="A", limit=1).json["items"][0]
    assert api.put(f"/planning/forecasts/{first['id']}/override", who, {"value": "150", **WHY}).status == 200
    plant.order("A", date(2025, 3, 31), 160)
    plant.order("B", date(2025, 3, 31), 12)
    clock.advance(timedelta(days=7))
    run(plant)
    return plant


def test_p52_p53_errors_are_added_up_before_anything_is_divided(lived: Any, api: Api) -> None:
    who = token(lived.code)
    page = api.get("/planning/forecasts/accuracy", who, kind="live", lag_basis="lead_time").json
    assert page["bias_convention"].endswith("negative = over-forecast")
    [total] = page["items"]
    assert (total["level"], total["lag"], total["n"], total["overridden"], total["uom"]) == ("total", 0, 2, 1, "EA")
    assert total["wape"] == pytest.approx((10 + 2) / 172, abs=1e-4)
    assert total["bias"] == pytest.approx((10 + 2) / 172, abs=1e-4)
    assert total["naive_wape"] == pytest.approx((60 + 2) / 172, abs=1e-4)
    by_family = api.get("/planning/forecasts/accuracy", who, kind="live", lag=1, level="family").json["items"]
    assert {one["group_code"]: round(one["wape"], 3) for one in by_family} == {"Tea": 0.167, "Jam": 0.062}
    assert [one["group_code"] for one in by_family] == ["Tea", "Jam"]
    item = api.get("/planning/forecasts/accuracy", who, kind="live", lag=1, sku="B").json["items"]
    assert {(one["sku_code"], one["lag_basis"], one["lag"]) for one in item} == {
        ("B", "fixed", 1),
        ("B", "lead_time", 1),
    }
    classes = api.get("/planning/forecasts/accuracy", who, kind="live", lag=1, level="abc_class").json["items"]
    assert {one["group_code"] for one in classes} == {"A", "C"}
    assert api.get("/planning/forecasts/accuracy", who, sku="B", kind="backtest").json["total"] == 2
    jam = api.get("/planning/forecasts/accuracy", who, family="Jam", level="item", kind="live", lag=1)
    assert {one["sku_code"] for one in jam.json["items"]} == {"A"}


def test_value_added_by_planner_reason_item_and_in_total(lived: Any, api: Api) -> None:
    who = token(lived.code)

    def added(by: str, **more: Any) -> list[dict[str, Any]]:
        found = api.get("/planning/forecasts/value-added", who, by=by, **more)
        assert found.status == 200, found.text
        items: list[dict[str, Any]] = found.json["items"]
        return items

    [planner] = added("planner")
    assert (planner["key"], planner["n"], planner["uom"]) == (f"planner@{lived.code}", 1, "EA")
    assert planner["engine_absolute"] == pytest.approx(60, abs=0.01)
    assert planner["final_absolute"] == pytest.approx(10, abs=0.01)
    assert planner["override_added"] == pytest.approx(50 / 160, abs=1e-4)
    assert [one["key"] for one in added("reason_category", lag=1)] == ["promotion"]
    [total] = added("total")
    assert total["override_added"] == pytest.approx(50 / 172, abs=1e-4)
    assert total["engine_added"] == pytest.approx(0, abs=1e-4)
    assert [(one["key"], one["overridden"]) for one in added("sku")] == [("A", 1), ("B", 0)]
    page = api.get("/planning/forecasts/value-added", who, by="sku", limit=1).json
    rest = api.get("/planning/forecasts/value-added", who, by="sku", limit=1, cursor=page["next_cursor"]).json
    assert [page["items"][0]["key"], rest["items"][0]["key"], rest["next_cursor"]] == ["A", "B", None]
    assert added("planner", lag=2) == []


def test_an_override_that_came_too_late_or_was_taken_back_earns_nothing(
    lived: Any, api: Api, run: Callable[[Any], Any], clock: Any
) -> None:
    """Said for the week of 7 April in that very week's last days, or revoked before it began."""
    who = token(lived.code, "planner")
    first, second = api.get("/planning/forecasts", who, sku="A", limit=2).json["items"]
    assert first["bucket_start"] == "2025-04-07"
    clock.advance(timedelta(days=5))
    assert api.put(f"/planning/forecasts/{first['id']}/override", who, {"value": "500", **WHY}).status == 200
    assert api.put(f"/planning/forecasts/{second['id']}/override", who, {"value": "500", **WHY}).status == 200
    assert api.delete(f"/planning/forecasts/{second['id']}/override", who).status == 200
    lived.order("A", date(2025, 4, 7), 100)
    lived.order("A", date(2025, 4, 14), 100)
    clock.advance(timedelta(days=2))
    run(lived)
    clock.advance(timedelta(days=7))
    run(lived)
    [planner] = api.get("/planning/forecasts/value-added", who, by="planner").json["items"]
    assert (planner["n"], planner["final_absolute"]) == (1, pytest.approx(10, abs=0.01))


def test_items_in_several_units_are_weighted_with_their_price(
    make_plant: Callable[..., Any], run: Callable[[Any], Any], api: Api, clock: Any
) -> None:
    plant = make_plant("lived-in", as_of=None)
    clock.instant = datetime(2025, 3, 31, 9, tzinfo=UTC)
    plant.sku("A", list_price=10)
    plant.sku("K", list_price=2, base_uom="KGM")
    plant.weeks("A", [100] * 40, last=date(2025, 3, 24))
    plant.weeks("K", [1000] * 40, last=date(2025, 3, 24))
    plant.change("UPDATE manufacturing.sales_order_lines SET uom = 'KGM' WHERE sku_id = :k", k=plant.ids["K"])
    run(plant)
    plant.order("A", date(2025, 3, 31), 110)
    plant.order("K", date(2025, 3, 31), 900, uom="KGM")
    clock.advance(timedelta(days=7))
    run(plant)
    who = token(plant.code)
    [total] = api.get("/planning/forecasts/accuracy", who, kind="live", lag=1).json["items"]
    assert total["uom"] is None
    assert total["wape"] == pytest.approx((10 * 10 + 100 * 2) / (110 * 10 + 900 * 2), abs=1e-4)
    units = api.get("/planning/forecasts/accuracy", who, kind="live", lag=1, level="plant", lag_basis="fixed").json
    assert {one["uom"]: round(one["wape"], 4) for one in units["items"]} == {"EA": 0.0909, "KGM": 0.1111}
