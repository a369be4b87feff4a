"""Open orders by the house definition, order totals, sales of a period."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant


def line(order: str, number: str, qty: str, **more: str) -> dict[str, str]:
    return {"order_number": order, "line_no": number, "sku_code": "A", "ordered_qty": qty, "unit_price": "10", **more}


def order(number: str, day: str = "2026-09-01", **more: str) -> dict[str, str]:
    return {"order_number": number, "customer_code": "C1", "order_date": day, **more}


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    made = new_plant(as_of="2026-09-30")
    made.load("sku", [{"sku_code": "A", "description": "Jam"},
                      {"sku_code": "B", "description": "Tea", "base_uom": "KGM"}])  # fmt: skip
    made.load("customer", [{"customer_code": "C1", "name": "Shop"}, {"customer_code": "C2", "name": "Web"}])
    return made


def get(api: Api, plant: Plant, path: str, **query: Any) -> dict[str, Any]:
    answer = api.get(path, token(plant.code), **query)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_what_counts_as_open(api: Api, plant: Plant) -> None:
    plant.load("sales_order", [
        order("SHIPPED-LATER", ship_date="2026-10-02"), order("SHIPPED-ALL", ship_date="2026-09-30"),
        order("PART"), order("BY-SHIPMENT"), order("CANCELLED", status="cancelled"), order("DRAFT", status="draft"),
        order("FUTURE", "2026-10-01"), order("DONE", status="completed"), order("REST-CANCELLED"),
    ])  # fmt: skip
    plant.load("sales_order_line", [
        line("SHIPPED-LATER", "1", "3", discount="0.1"), line("SHIPPED-ALL", "1", "5"),
        line("PART", "1", "10", shipped_qty="4", cancelled_qty="1", requested_date="2026-09-20"),
        line("BY-SHIPMENT", "1", "10", shipped_qty="10"), line("CANCELLED", "1", "9"), line("DRAFT", "1", "9"),
        line("FUTURE", "1", "9"), line("DONE", "1", "9"), line("REST-CANCELLED", "1", "9", cancelled_qty="9"),
    ])  # fmt: skip
    plant.load("shipment_line", [
        {"shipment_no": f"S{day}", "order_number": "BY-SHIPMENT", "line_no": "1", "shipped_at": f"{day}T10:00:00Z",
         "qty": qty} for day, qty in (("2026-09-29", "6"), ("2026-10-02", "4"))
    ])  # fmt: skip
    found = get(api, plant, "/orders/open")
    assert {one["order_number"]: one["open_qty"] for one in found["items"]} == {
        "SHIPPED-LATER": "3", "PART": "5", "BY-SHIPMENT": "4"
    }  # fmt: skip
    assert (found["orders"], found["lines"], found["late_lines"]) == (3, 3, 1)
    assert found["value"] == [{"currency": "EUR", "amount": "117", "without_price": 0}]
    assert found["items"][0]["order_number"] == "PART"
    assert (found["items"][0]["days_late"], found["items"][0]["file"], found["items"][0]["row"]) == (10, "test.csv", 4)
    assert "shipped" in found["definition"]


def test_currencies_and_units_stay_apart(api: Api, plant: Plant) -> None:
    plant.load("sales_order", [order("E"), order("U", currency="USD"), order("J", currency="JPY")])
    plant.load("sales_order_line", [
        line("E", "1", "1", unit_price="0.1"), line("E", "2", "1", unit_price="0.2", sku_code="B"),
        line("U", "1", "1", unit_price="3"), line("J", "1", "1", unit_price="99.6"),
    ])  # fmt: skip
    found = get(api, plant, "/orders/open")
    assert {one["currency"]: one["amount"] for one in found["value"]} == {"EUR": "0.3", "USD": "3", "JPY": "100"}
    assert {one["uom"]: one["quantity"] for one in found["quantities"]} == {"EA": "3", "KGM": "1"}


def test_lines_are_paged_by_urgency(api: Api, plant: Plant) -> None:
    plant.load("sales_order", [order("O")])
    days = {"1": "2026-10-05", "2": "2026-10-01", "3": "", "4": "2026-10-03"}
    plant.load("sales_order_line", [line("O", number, "1", requested_date=day) for number, day in days.items()])
    first = get(api, plant, "/orders/open", limit=2)
    plant.load("sales_order_line", [line("O", "5", "1", requested_date="2026-09-01")])
    second = get(api, plant, "/orders/open", limit=2, cursor=first["next_cursor"])
    assert [one["line_no"] for one in (*first["items"], *second["items"])] == ["2", "4", "1", "3"]
    assert (first["lines"], second["lines"], second["next_cursor"]) == (4, 5, None)


def test_orders_have_totals_and_filters(api: Api, plant: Plant) -> None:
    plant.load("sales_order", [order("O1"), order("O2", "2026-09-10", customer_code="C2", channel="web")])
    plant.load("sales_order_line", [line("O1", "1", "3", cancelled_qty="1"), line("O2", "1", "2", discount="0.5")])
    everything = get(api, plant, "/orders")
    assert [(one["order_number"], one["total_amount"]) for one in everything["items"]] == [("O2", "10"), ("O1", "20")]
    assert get(api, plant, "/orders", customer="web")["items"][0]["order_number"] == "O2"
    assert get(api, plant, "/orders", to="2026-09-05")["total"] == 1
    wrong = api.get("/orders", token(plant.code), status="open")
    assert (wrong.status, wrong.json["field"]) == (422, "status")
    grouped = get(api, plant, "/orders/summary", group_by="channel")
    assert [(one["key"], one["orders"], one["value"][0]["amount"]) for one in grouped["groups"]] == [
        ("not recorded", 1, "20"), ("web", 1, "10")
    ]  # fmt: skip
    assert (grouped["orders"], grouped["lines"]) == (2, 2)
    weeks = get(api, plant, "/orders/summary", group_by="week")
    assert [one["key"] for one in weeks["groups"]] == ["2026-08-31", "2026-09-07"]
