"""AdventureWorks, a foreign plant, through nothing but a mapping: FACTS.json comes out of the API.

The files are no part of the repository; the tests run wherever they lie beside it (see README.md).
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.client import OpsClient
from local.constants import REPOSITORY
from local.demo import plants, run
from tests.support.e2e import Live, drop, live, total, write

DATA = REPOSITORY.parent / "shared" / "data" / "adventureworks"
FACTS = DATA / "FACTS.json"
CODE = "adventureworks"
BIKE = "BK-R93R-62"
pytestmark = pytest.mark.skipif(
    not FACTS.exists(),
    reason=f"NOT TESTED: the AdventureWorks files are not in {DATA}, so none of its facts was checked",
)


@dataclass
class World:
    """The plant after one run of the demo."""

    live: Live
    plant: plants.DemoPlant
    facts: dict[str, Any]
    report: dict[str, Any]

    @property
    def api(self) -> OpsClient:
        """Its planner."""
        return self.live.api(CODE)

    def receipt(self, name: str) -> dict[str, Any]:
        """The receipt of a file."""
        return next(one for one in self.report["receipts"] if one["file_name"].startswith(f"{name}.csv"))

    def ask(self, question: str, *before: str, role: str = "planner") -> dict[str, Any]:
        """The answer to the last of these questions of one conversation."""
        session: dict[str, str] = {}
        api = self.live.api(CODE, role)
        for earlier in before:
            session = {"session_id": api.post("/copilot/query", {"question": earlier, **session})["session_id"]}
        return dict(api.post("/copilot/query", {"question": question, **session}))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    plant = plants.adventureworks(DATA)
    with live(tmp_path_factory) as (one, _):
        yield World(one, plant, json.loads(FACTS.read_text()), run.run(plant, one.client))


def rows(name: str) -> list[dict[str, str]]:
    """A file as it is, read without any of our code."""
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_check_of_the_demo_holds(world: World) -> None:
    wrong = [check for check in world.plant.check(world.report) if not check.ok]
    assert not wrong


def test_every_row_of_every_file_is_accounted_for(world: World) -> None:
    for job in world.report["receipts"]:
        assert job["total_records"] == len(rows(job["file_name"].split(".")[0])), job["file_name"]
        expected = 306 if job["entity_type"] == "sku_supplier" else 0
        assert (job["failed_records"], job["duplicate_records"]) == (expected, 0), job["file_name"]
        assert job["successful_records"] == job["total_records"] - expected, job["file_name"]


def test_p18_vendor_units_without_a_factor_wait_and_none_is_taken_as_one(world: World) -> None:
    job = world.receipt("ProductVendor")
    assert job["rejects_by_code"] == {"uom_conversion_missing": 306}
    assert job["waiting_records"] == 306
    assert {one["price_uom"] for one in world.api.pages("/entities/sku_supplier", limit=500)} == {"EA"}
    units = {
        row["raw_data"]["price_uom"] for row in world.api.pages(f"/jobs/{job['id']}/rejects", limit=200)
    }  # cartons, cans, cases, gallons, dozens, packs
    assert units == {"XCT", "XCX", "XCS", "GLL", "DZN", "XPK"}


def test_p28_a_rule_that_breaks_on_every_row_is_one_question(world: World) -> None:
    quality = world.report["quality"]
    asked = {one["code"]: (one["count"], one["checked"]) for one in quality["mapping_questions"]}
    assert asked == {"safety_above_reorder": (world.facts["safety>reorder"], 504)}
    assert "safety_above_reorder" not in {one["code"] for one in quality["issues"]}


def test_p29_unknown_costs_are_unknown(world: World) -> None:
    issues = {one["code"]: one["count"] for one in world.report["quality"]["issues"]}
    assert issues == {
        "missing_cost": world.facts["products_cost_zero"],
        "no_stock_record": 72,
        "units_without_factor": 306,
    }
    (value,) = world.report["inventory"]["value"]
    assert value["without_price"] > 0
    rolled = world.api.get(f"/boms/{BIKE}/explode", cost="true")["cost"]
    assert (rolled["complete"], rolled["total_cost"]) == (False, None)
    assert rolled["unknown"]
    assert Decimal(rolled["known_cost"]) == Decimal(str(world.facts["explode_749_purchased_std_cost"]))


def test_stock(world: World) -> None:
    health, facts = world.report["inventory"], world.facts
    assert [(one["uom"], Decimal(one["quantity_on_hand"])) for one in health["quantities"]] == [
        ("EA", facts["inv_qty"])
    ]
    assert [(one["currency"], one["amount"]) for one in health["value"]] == [("USD", str(facts["inv_value_std"]))]
    assert health["skus"] == facts["products"]
    assert health["skus_with_stock_records"] == facts["products_with_inventory"]
    assert health["skus_without_stock_records"] == 72
    assert health["at_or_below_reorder_point"] == facts["inv_at_or_below_reorder"]
    assert health["below_safety_stock"] == facts["inv_below_safety"]


def test_finished_goods_without_a_stock_record_are_unknown_not_zero(world: World) -> None:
    counted = {row["ProductID"] for row in rows("ProductInventory")}
    never = [row["ProductNumber"] for row in rows("Product") if row["ProductID"] not in counted]
    assert len(never) == 72
    below = {one["sku_code"] for one in world.report["below_reorder"]["items"]}
    assert not below & set(never)
    answer = world.api.get("/inventory/current", sku=never[0])
    assert answer["items"] == []
    assert "unknown" in world.ask(f"How much of {never[0]} do we have?")["answer"]


def test_recipes(world: World) -> None:
    assert world.report["bom_components"] == world.facts["bom_active_asof"]
    exploded = world.api.get(f"/boms/{BIKE}/explode")
    assert (exploded["first_level_components"], exploded["leaf_components"]) == (14, 48)
    ids = {row["ProductNumber"]: row["ProductID"] for row in rows("Product")}
    need = {ids[one["sku_code"]]: Decimal(one["quantity"]) for one in exploded["components"]}
    in_pieces = {
        row["ComponentID"] for row in rows("BillOfMaterials") if row["UnitMeasureCode"].strip() == "EA"
    }  # what is asked for in ounces or inches has no factor to pieces
    expected = world.facts["explode_749_top"]
    assert {one: need[one] for one in expected if one in in_pieces} == {
        one: Decimal(str(qty)) for one, qty in expected.items() if one in in_pieces
    }


def test_open_orders(world: World) -> None:
    found, facts = world.report["open_orders"], world.facts
    assert (found["orders"], found["lines"]) == (
        facts["open_orders_asof(ordered<=asof<ship)"],
        facts["open_lines_asof"],
    )
    assert [(one["currency"], one["amount"]) for one in found["value"]] == [("USD", str(facts["open_value_asof"]))]


def test_production(world: World) -> None:
    found, facts = world.report["production"], world.facts
    assert (found["in_progress"], found["overdue"]) == (facts["wo_inprogress_asof"], facts["wo_overdue_asof"])
    assert found["overdue_quantities"] == [{"uom": "EA", "quantity": "1185"}]
    assert found["oldest_due"] == "2025-03-20"
    assert found["undated"] == facts["wo"] - facts["wo_dated"]


def test_p02_scrap_is_pooled(world: World) -> None:
    scrap, facts = world.report["production"]["scrap"], world.facts
    (pieces,) = scrap["by_uom"]
    assert Decimal(pieces["scrap_qty"]) == facts["wo_scrap"]
    assert Decimal(pieces["produced_qty"]) == facts["wo_orderqty"]
    assert Decimal(pieces["scrap_rate"]) * 100 == Decimal(str(facts["wo_scrap_rate_pct"]))
    assert pieces["work_orders_with_scrap"] == facts["wo_with_scrap"]
    top = {one["reason"]: int(one["scrap_qty"]) for one in scrap["by_reason"][:5]}
    assert top == facts["scrap_by_reason_top5"]


def test_suppliers_and_purchases(world: World) -> None:
    facts, api = world.facts, world.api
    assert api.get("/suppliers", limit=1)["total"] == facts["vendors"]
    assert api.get("/suppliers", limit=1, active_only="true")["total"] == facts["vendors_active"]
    assert total(api, "purchase_order") == facts["po"]
    lines = list(api.pages("/entities/purchase_order_line", limit=500))
    assert len(lines) == facts["po_lines"]
    for name in ("ordered", "received", "rejected"):
        assert sum(Decimal(one[f"{name}_qty"]) for one in lines) == Decimal(str(facts[f"po_{name}_qty"])), name


def test_p72_no_on_time_delivery_is_claimed(world: World) -> None:
    assert total(world.api, "receipt") == 0
    answer = world.ask("How good is the on-time delivery of our suppliers?")
    assert answer["outcome"] == "refuse"
    assert "%" not in answer["answer"]


def test_what_was_ordered_per_month(world: World) -> None:
    summary = world.api.get("/orders/summary", **{"from": "2024-03-01", "to": "2025-02-28", "group_by": "month"})
    found = {
        one["key"][:7]: {"units": int(one["quantities"][0]["quantity"]), "lines": one["lines"],
                         "sales": float(one["value"][0]["amount"])}
        for one in summary["groups"]
    }  # fmt: skip
    expected = {month: one for month, one in world.facts["monthly"].items() if month < "2025-03"}
    assert found == expected


@contextmanager
def as_of(world: World, day: str) -> Iterator[None]:
    admin = world.live.api(CODE, "admin")
    admin.call("PATCH", "/tenants/current", json={"as_of": day})
    try:
        yield
    finally:
        admin.call("PATCH", "/tenants/current", json={"as_of": world.facts["as_of"]})


@pytest.mark.parametrize("day", ["2024-12-31", "2025-04-30"])
def test_as_of_is_a_setting_of_the_plant(world: World, day: str) -> None:
    orders = {
        row["SalesOrderID"] for row in rows("SalesOrderHeader") if row["OrderDate"][:10] <= day < row["ShipDate"][:10]
    }
    lines = [row for row in rows("SalesOrderDetail") if row["SalesOrderID"] in orders]
    worth = sum(
        Decimal(row["OrderQty"]) * Decimal(row["UnitPrice"]) * (1 - Decimal(row["UnitPriceDiscount"])) for row in lines
    )
    with as_of(world, day):
        found = world.api.get("/orders/open", limit=1)
    assert date.fromisoformat(found["as_of"]) == date.fromisoformat(day)
    assert (found["orders"], found["lines"]) == (len(orders), len(lines))
    assert abs(Decimal(found["value"][0]["amount"]) - worth) <= Decimal("0.01")


QUESTIONS = {
    "Q02": ("clarify", [r"fits 6", "BK-M68S-38", "BK-M68B-46", r"Which one", r"as a family: 973"], []),
    "Q04": ("answer", [r"\b8 items\b", r"HN-4402 .*725 ea available, reorder point 750 ea", r"record: 72\. Unknown, not zero",
                       r"BK-T79Y-54 .*75 ea available, reorder point 75 ea"], [r"\b74\b"]),
    "Q06": ("answer", [r"497 orders", r"1,253 lines", r"431,278\.23", r"ordered by that day, and neither shipped"], []),
    "Q08": ("answer", [r"358 orders", r"\b896 ea\b", r"307,836\.30", r"5 of 7 days of the week: not comparable"], [r"25 %"]),
    "Q10": ("answer", [r"241 work orders are overdue", r"1,185 ea", r"oldest was due 2025-03-20", r"1,406 are in progress"], []),
    "Q14": ("answer", [r"14 components directly", r"48 purchased ones", r"effective 2025-03-28"], []),
    "Q16": ("answer", [r"13 periods \(weekly\)", r"95 % of what comes", r"method: ", r"WAPE"], [r"\(-"]),
    "Q20": ("answer", [r"alerts are open", r"8 items are at or below", r"241 work orders are overdue", r"Not looked at: "],
            [r"all good"]),
    "Q22": ("answer", [r"no factor from XCT to EA", r"unit factors \(sku_uom\)"], [r"\b144\b", r"\b12 (pieces|ea)\b"]),
}  # fmt: skip


@pytest.mark.parametrize("number", sorted(QUESTIONS))
def test_operations_questions(world: World, number: str) -> None:
    asked = DATA.parent / "questions" / "questions.jsonl"
    given = {one["id"]: one for one in map(json.loads, asked.read_text(encoding="utf-8").splitlines())}[number]
    outcome, says, never = QUESTIONS[number]
    answer = world.ask(given["question"], *given["history"], role=given["role"])
    assert answer["outcome"] == outcome
    assert {call["tool"] for call in answer["tool_calls"]} <= {
        one["name"] for one in given["tools"] + given["alternatives"]
    }
    assert answer["dropped_sentences"] == 0
    assert all(cited["as_of"] and cited["sources"] for cited in answer["citations"] if outcome == "answer")
    assert [pattern for pattern in says if not re.search(pattern, answer["answer"])] == []
    assert [pattern for pattern in never if re.search(pattern, answer["answer"])] == []


def test_p83_a_file_of_65535_records_is_suspected_to_be_cut(world: World, tmp_path: Path) -> None:
    mirror = world.live.tenant("mirror")
    codes = "".join(f"C{number}\n" for number in range(65_535))
    (job,) = drop(mirror, [write(tmp_path, "Customer.csv", "customer_code\n" + codes)], entity="customer")
    assert (job["status"], job["successful_records"]) == ("completed", 65_535)
    (warning,) = [line for line in job["log"] if line["code"] == "truncated_suspected"]
    assert "65,535" in warning["message"]
