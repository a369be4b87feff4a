"""Work orders in progress, overdue, and pooled scrap (P-02)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant


def order(number: str, qty: str = "100", **more: str) -> dict[str, str]:
    return {"wo_number": number, "sku_code": "A", "ordered_qty": qty, **more}


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    made = new_plant(as_of="2026-09-30")
    made.load("sku", [{"sku_code": "A", "description": "Jam"},
                      {"sku_code": "B", "description": "Mash", "base_uom": "KGM"}])  # fmt: skip
    return made


def status(api: Api, plant: Plant, **query: Any) -> dict[str, Any]:
    answer = api.get("/production/status", token(plant.code), **query)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_in_progress_and_overdue_as_of_the_day(api: Api, plant: Plant) -> None:
    plant.load("work_order", [
        order("RUNS", actual_start="2026-09-28", due_date="2026-10-10"),
        order("LATE", "7", actual_start="2026-09-01", due_date="2026-09-20"),
        order("ENDS-LATER", actual_start="2026-09-01", actual_end="2026-10-02", due_date="2026-09-29",
              status="completed"),
        order("ENDED", actual_start="2026-09-01", actual_end="2026-09-30", due_date="2026-09-20"),
        order("DONE-UNDATED-END", status="completed", scheduled_start="2026-09-01", due_date="2026-09-02"),
        order("CANCELLED", status="cancelled", scheduled_start="2026-09-01", due_date="2026-09-02"),
        order("PLANNED", status="scheduled", scheduled_start="2026-09-29", due_date="2026-10-02"),
        order("PLANNED-LATE", "5", status="scheduled", scheduled_start="2026-09-20", due_date="2026-09-25"),
        order("UNDATED"),
    ])  # fmt: skip
    found = status(api, plant)
    assert (found["in_progress"], found["overdue"], found["undated"]) == (3, 3, 1)
    assert [one["wo_number"] for one in found["items"]] == ["LATE", "PLANNED-LATE", "ENDS-LATER"]
    assert found["overdue_quantities"] == [{"uom": "EA", "quantity": "112"}]
    assert (found["oldest_due"], found["items"][0]["days_late"], found["total_items"]) == ("2026-09-20", 10, 3)
    running = status(api, plant, show="in_progress", limit=2)
    rest = status(api, plant, show="in_progress", cursor=running["next_cursor"])
    names = [one["wo_number"] for one in (*running["items"], *rest["items"])]
    assert names == ["LATE", "ENDS-LATER", "RUNS"]


def test_scrap_is_pooled_per_unit_and_never_a_mean_of_rates(api: Api, plant: Plant) -> None:
    plant.load("work_order", [
        order("1", "10", good_qty="5", scrap_qty="5", reason_code="trim", actual_end="2026-09-01"),
        order("2", "990", good_qty="990", scrap_qty="0", actual_end="2026-09-02"),
        order("3", "100", scrap_qty="10", reason_code="paint", actual_end="2026-08-01"),
        order("4", "100"),
    ])  # fmt: skip
    scrap = status(api, plant)["scrap"]
    assert scrap["by_uom"][0] == {
        "uom": "EA", "scrap_qty": "15", "produced_qty": "1100", "scrap_rate": "0.0136364", "work_orders": 3,
        "work_orders_with_scrap": 2,
    }  # fmt: skip
    assert scrap["scrap_rate"] == "0.0136364"
    assert [(one["reason"], one["scrap_qty"]) for one in scrap["by_reason"]] == [("paint", "10"), ("trim", "5")]
    september = status(api, plant, **{"from": "2026-09-01"})["scrap"]
    assert (september["scrap_rate"], september["period_from"]) == ("0.005", "2026-09-01")
    plant.load("work_order", [{**order("5", "10", good_qty="8", scrap_qty="2"), "sku_code": "B"}])
    mixed = status(api, plant)["scrap"]
    assert (mixed["scrap_rate"], [one["uom"] for one in mixed["by_uom"]]) == (None, ["EA", "KGM"])
