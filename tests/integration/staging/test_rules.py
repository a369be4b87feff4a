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


MAY = [
    ("created", "scheduled"), ("created", "closed"), ("scheduled", "completed"), ("in_progress", "paused"),
    ("paused", "in_progress"), ("in_progress", "on_hold"), ("on_hold", "scheduled"), ("on_hold", "closed"),
    ("completed", "closed"), ("created", "cancelled"),
]  # fmt: skip
MAY_NOT = [
    ("closed", "in_progress"), ("cancelled", "created"), ("completed", "cancelled"), ("completed", "scheduled"),
    ("in_progress", "created"), ("paused", "scheduled"),
]  # fmt: skip


def test_a_work_order_may_skip_states_because_files_show_moments(plant: support.Plant) -> None:
    plant.load("work_order", [order(old, f"W{number}") for number, (old, _) in enumerate(MAY)])
    counts = plant.load("work_order", [order(new, f"W{number}") for number, (_, new) in enumerate(MAY)])
    assert (counts.updated, counts.rejected) == (len(MAY), 0)
    found = plant.rows("SELECT status FROM manufacturing.work_orders ORDER BY wo_number")
    assert [row["status"] for row in found] == [new for _, new in MAY]


def test_a_work_order_never_goes_back_and_is_told_where_it_may_go(plant: support.Plant) -> None:
    plant.load(
        "work_order", [order(old, f"W{number}") for number, (old, _) in enumerate(MAY_NOT)] + [order("paused", "X")]
    )
    counts = plant.load("work_order", [order(new, f"W{number}") for number, (_, new) in enumerate(MAY_NOT)]
                        + [order("paused", "X"), order("created", "Y")])  # fmt: skip
    assert (counts.inserted, counts.updated, counts.rejected, counts.duplicates) == (1, 0, len(MAY_NOT), 1)
    for fault, (old, new) in zip(faults(plant), MAY_NOT, strict=True):
        assert (fault["code"], fault["field"], fault["raw_value"], fault["status"]) == (
            "bad_transition", "status", new, "invalid")  # fmt: skip
        assert f"is {old.replace('_', ' ')} cannot become {new.replace('_', ' ')}" in fault["message"]
        wanted = "nothing comes after it" if old in ("closed", "cancelled") else "one of"
        assert wanted in fault["expected"]


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


PAIRS: list[tuple[tuple[str, str], tuple[str, str], bool]] = [
    (("2026-01-01", "2026-06-30"), ("2026-06-01", ""), True), (("2026-01-01", "2026-06-30"), ("2026-07-01", ""), False),
    (("2026-01-01", "2026-06-30"), ("2026-06-30", ""), False), (("2026-01-01", ""), ("2026-06-01", ""), False),
    (("", ""), ("", ""), True),
]  # fmt: skip


def test_one_approved_recipe_per_item_and_day_in_the_file_and_against_what_is_stored(plant: support.Plant) -> None:
    codes = [f"{kind}{number}" for kind in "FS" for number in range(len(PAIRS))]
    plant.load("sku", [{"sku_code": code, "description": code} for code in codes])
    file = [
        {**version(str(one), *(pair[1] if one else pair[0])), "sku_code": f"F{number}"}
        for number, pair in enumerate(PAIRS)
        for one in (0, 1)
    ]
    assert plant.load("bom", file).rejected == sum(clash for *_, clash in PAIRS)
    for one in (0, 1):
        plant.load(
            "bom",
            [
                {**version(str(one), *(pair[1] if one else pair[0])), "sku_code": f"S{n}"}
                for n, pair in enumerate(PAIRS)
            ],
        )
    expected = [n for n, pair in enumerate(PAIRS) if pair[2]]
    told = plant.rows("SELECT natural_key, errors FROM staging.staging_data ORDER BY natural_key")
    assert [row["natural_key"] for row in told] == [f"{kind}{n}/1" for kind in "FS" for n in expected]
    assert {row["errors"][0]["code"] for row in told} == {"validity_overlap"}


def test_a_draft_may_overlap(plant: support.Plant) -> None:
    counts = plant.load("bom", [version("1", "2026-01-01", "2026-06-30"), version("2", "2026-06-01", status="draft")])
    assert counts.rejected == 0


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
