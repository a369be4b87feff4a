"""Rules across rows, in a real load: what a status may become, what may not overlap, what may not go into itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import plant as support

BOUGHT = {"po_number": "P1", "supplier_code": "V1", "order_date": "2026-09-01"}


@pytest.fixture
def plant() -> Iterator[support.Plant]:
    with support.plant() as one:
        one.load("sku", [{"sku_code": code, "description": code} for code in "ABCD"])
        one.load("supplier", [{"supplier_code": "V1", "name": "Sugar Ltd"}])
        yield one


def faults(plant: support.Plant) -> list[dict[str, Any]]:
    """The first error of every kept record, with the record's number and status."""
    rows = plant.rows(
        "SELECT record_no, validation_status, errors FROM staging.staging_data ORDER BY created_at, record_no"
    )
    return [{"no": row["record_no"], "status": row["validation_status"], **row["errors"][0]} for row in rows]


def order(status: str, number: str = "W1", **more: str) -> dict[str, str]:
    """A work order in that status."""
    return {"wo_number": number, "sku_code": "A", "ordered_qty": "10", "status": status, **more}


def boms(plant: support.Plant, *codes: str, **more: str) -> None:
    """One recipe per item."""
    assert (
        plant.load("bom", [{"sku_code": code, "version": "1", "status": "approved", **more} for code in codes]).rejected
        == 0
    )


def part(parent: str, child: str, line: str = "1", version: str = "1", **more: str) -> dict[str, str]:
    """`child` goes into `parent`."""
    return {"sku_code": parent, "version": version, "line_no": line, "component_sku": child, "qty": "1", **more}


@pytest.mark.parametrize(
    ("old", "new"),
    [("created", "scheduled"), ("created", "closed"), ("scheduled", "completed"), ("in_progress", "paused"),
     ("paused", "in_progress"), ("in_progress", "on_hold"), ("on_hold", "scheduled"), ("on_hold", "closed"),
     ("completed", "closed"), ("created", "cancelled"), ("in_progress", "in_progress")],
)  # fmt: skip
def test_a_work_order_may_skip_states_because_files_show_moments(plant: support.Plant, old: str, new: str) -> None:
    plant.load("work_order", [order(old)])
    assert plant.load("work_order", [order(new)]).rejected == 0
    assert plant.rows("SELECT status FROM manufacturing.work_orders") == [{"status": new}]


@pytest.mark.parametrize(
    ("old", "new"),
    [("closed", "in_progress"), ("cancelled", "created"), ("completed", "cancelled"), ("completed", "scheduled"),
     ("in_progress", "created"), ("paused", "scheduled")],
)  # fmt: skip
def test_a_work_order_never_goes_back_and_is_told_where_it_may_go(plant: support.Plant, old: str, new: str) -> None:
    plant.load("work_order", [order(old), order(old, "W2")])
    counts = plant.load("work_order", [order(new), order(old, "W2"), order("created", "W3")])
    assert (counts.inserted, counts.updated, counts.rejected, counts.duplicates) == (1, 0, 1, 1)
    (fault,) = faults(plant)
    assert (fault["code"], fault["field"], fault["raw_value"], fault["status"]) == (
        "bad_transition",
        "status",
        new,
        "invalid",
    )
    assert old.replace("_", " ") in fault["message"]
    assert new.replace("_", " ") in fault["message"]
    assert (
        "nothing comes after it" in fault["expected"]
        if old in ("closed", "cancelled")
        else "one of" in fault["expected"]
    )


def test_a_purchase_order_received_is_not_open_again(plant: support.Plant) -> None:
    plant.load("purchase_order", [{**BOUGHT, "status": "received"}])
    assert plant.load("purchase_order", [{**BOUGHT, "status": "sent"}]).rejected == 1
    assert plant.load("purchase_order", [{**BOUGHT, "currency": "EUR"}]).rejected == 0
    assert plant.rows("SELECT status FROM manufacturing.purchase_orders") == [{"status": "received"}]


def test_a_line_whose_header_goes_back_is_refused_with_it(plant: support.Plant) -> None:
    line = {**BOUGHT, "line_no": "10", "sku_code": "A", "ordered_qty": "5"}
    plant.load("purchase_order_line", [{**line, "status": "closed"}])
    counts = plant.load("purchase_order_line", [{**line, "status": "draft", "ordered_qty": "7"},
                                                {**line, "po_number": "P2", "status": "draft"}])  # fmt: skip
    assert (counts.inserted, counts.rejected) == (1, 1)
    assert faults(plant)[0]["code"] == "bad_transition"


def test_p31_a_loop_in_one_file_is_named_and_the_rest_is_loaded(plant: support.Plant) -> None:
    boms(plant, "A", "B", "C")
    counts = plant.load("bom_component", [part("A", "B"), part("B", "C"), part("C", "A"), part("A", "D", "2")])
    assert (counts.inserted, counts.rejected) == (1, 3)
    assert {fault["code"] for fault in faults(plant)} == {"cycle"}
    assert faults(plant)[0]["message"] == "It would go into itself: A → B → C → A."
    assert faults(plant)[0]["raw_value"] == "B"


def test_p31_a_loop_closed_against_what_is_stored_and_one_with_itself(plant: support.Plant) -> None:
    boms(plant, "A", "B", "C")
    plant.load("bom_component", [part("A", "B"), part("B", "C")])
    counts = plant.load("bom_component", [part("C", "A"), part("B", "B", "2"), part("C", "D", "2")])
    assert (counts.inserted, counts.rejected) == (1, 2)
    assert [fault["message"].split(": ")[1] for fault in faults(plant)] == ["C → A → B → C.", "B → B."]


def test_p31_rework_and_times_that_do_not_meet_are_no_loop(plant: support.Plant) -> None:
    boms(plant, "A")
    boms(plant, "B", type="rework")
    boms(plant, "C", effective_from="2026-07-01")
    boms(plant, "D", effective_to="2026-06-30")
    counts = plant.load("bom_component", [part("A", "B"), part("B", "A"), part("C", "D"), part("D", "C")])
    assert (counts.inserted, counts.rejected) == (4, 0)


def test_a_recipe_that_shares_a_component_is_no_loop(plant: support.Plant) -> None:
    boms(plant, "A", "B", "C")
    assert (
        plant.load("bom_component", [part("A", "B"), part("A", "C", "2"), part("B", "D"), part("C", "D")]).rejected == 0
    )


def version(number: str, start: str = "", end: str = "", status: str = "approved") -> dict[str, str | None]:
    """A version of the recipe of A."""
    return {
        "sku_code": "A",
        "version": number,
        "status": status,
        "effective_from": start or None,
        "effective_to": end or None,
    }


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [(version("1", "2026-01-01", "2026-06-30"), version("2", "2026-06-01"), True),
     (version("1", "2026-01-01", "2026-06-30"), version("2", "2026-07-01"), False),
     (version("1", "2026-01-01", "2026-06-30"), version("2", "2026-06-30"), False),
     (version("1", "2026-01-01"), version("2", "2026-06-01"), False),
     (version("1"), version("2"), True),
     (version("1", "2026-01-01", "2026-06-30"), version("2", "2026-06-01", status="draft"), False)],
)  # fmt: skip
def test_one_approved_recipe_per_item_and_day(
    plant: support.Plant, first: dict[str, Any], second: dict[str, Any], clash: bool
) -> None:
    assert plant.load("bom", [first, second]).rejected == int(clash)
    assert [fault["code"] for fault in faults(plant)] == ["validity_overlap"] * clash
    plant.rows("SELECT 1")
    with support.plant("other") as other:
        other.load("sku", [{"sku_code": "A", "description": "A"}])
        other.load("bom", [first])
        assert other.load("bom", [second]).rejected == int(clash)


def test_a_version_that_ends_in_the_same_file_makes_room_for_the_next(plant: support.Plant) -> None:
    plant.load("bom", [version("1", "2026-01-01", "2026-12-31")])
    counts = plant.load("bom", [version("2", "2026-07-01"), version("1", "2026-01-01", "2026-06-30")])
    assert (counts.inserted, counts.updated, counts.rejected) == (1, 1, 0)


def test_versions_whose_status_the_file_does_not_say_are_nobodys_claim(plant: support.Plant) -> None:
    assert plant.load("bom", [{"sku_code": "A", "version": "1"}, {"sku_code": "A", "version": "2"}]).rejected == 0


def test_prices_that_overlap_name_the_other_one(plant: support.Plant) -> None:
    price = {"sku_code": "A", "supplier_code": "V1", "price": "2"}
    counts = plant.load("sku_supplier", [
        {**price, "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
        {**price, "valid_from": "2026-06-01", "valid_to": "2027-05-31"},
        {**price, "valid_from": "2027-06-01", "valid_to": None},
    ])  # fmt: skip
    assert (counts.inserted, counts.rejected) == (2, 1)
    (fault,) = faults(plant)
    assert (fault["code"], fault["field"], fault["raw_value"]) == ("validity_overlap", "valid_from", "2026-06-01")
    assert "2026-01-01 to 2026-12-31" in fault["message"]
