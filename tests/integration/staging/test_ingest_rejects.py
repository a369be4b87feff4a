"""Each fault of a cell rejects its record only, with field, value and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.dropping import Yard

HEADER = (
    "sku_code,description,type,base_uom,gtin,unit_cost,currency,shelf_life_days,lot_controlled,reorder_point,valid_from"
)
GOOD = {
    "sku_code": "00100234", "description": "Jam", "type": "finished", "base_uom": "EA", "gtin": "6291041500213",
    "unit_cost": "1.20", "currency": "EUR", "shelf_life_days": "540", "lot_controlled": "yes", "reorder_point": "40",
    "valid_from": "2026-01-31",
}  # fmt: skip
FAULTS = [
    ("required_missing", "description", "", "text"),
    ("required_missing", "sku_code", "  ", "64 characters"),
    ("bad_number", "unit_cost", "ask Ole", "2.35"),
    ("bad_number", "reorder_point", "12..5", "1250.5"),
    ("bad_number", "reorder_point", "1234567890123", "1250.5"),
    ("bad_number", "shelf_life_days", "10.5", "whole number"),
    ("bad_date", "valid_from", "2026-02-30", "2026-09-30"),
    ("bad_date", "valid_from", "00:00.0", "2026-09-30"),
    ("bad_date", "valid_from", "31.12.2025", "2026-09-30"),
    ("bad_enum", "type", "thing", "semi_finished"),
    ("bad_enum", "currency", "EURO", "ISO 4217"),
    ("negative_not_allowed", "reorder_point", "-40", "positive"),
    ("bad_check_digit", "gtin", "6291041500214", "check digit"),
    ("bad_check_digit", "gtin", "62910416", "check digit"),
    ("bad_check_digit", "gtin", "6.29104E+12", "check digit"),
    ("bad_check_digit", "gtin", "0000000000000", "check digit"),
    ("uom_unknown", "base_uom", "QQQ", "XCS"),
    ("bad_bool", "lot_controlled", "perhaps", "yes or no"),
    ("too_long", "sku_code", "9" * 65, "64 characters"),
    ("damaged_code", "sku_code", "1.23457E+12", "as text"),
    ("damaged_code", "sku_code", "2019-07-13", "as text"),
    ("damaged_code", "sku_code", "1-Mar", "as text"),
    ("damaged_code", "sku_code", "#N/A", "as text"),
]  # fmt: skip


def line(**changes: str) -> str:
    """A line of the file."""
    return ",".join({**GOOD, **changes}[name] for name in HEADER.split(","))


@pytest.mark.parametrize("value", ["0", "0.00", "-12", "0.0000001"])
def test_a_factor_must_be_more_than_zero(drops: Yard, value: str) -> None:
    answer = drops.drop("units.csv", f"sku_code,uom,factor_to_base\n1,XCS,12\n2,XCS,{value}\n3,XCS,0.000001\n")
    assert (answer["entity"], answer["total_records"], answer["failed_records"]) == ("sku_uom", 3, 1)
    (error,) = drops.rejects(answer["job_id"])[0]["errors"]
    assert (error["code"], error["field"], error["raw_value"]) == ("bad_number", "factor_to_base", value)
    assert error["message"] == f"Factor to base is '{value}'; it must be more than zero."
    assert error["expected"] == "a number such as 1250.5, more than zero"


@pytest.mark.parametrize(("field", "value"), [("base_qty", "0"), ("expected_yield", "0 %")])
def test_a_recipe_makes_something(drops: Yard, field: str, value: str) -> None:
    body = f"sku_code,version,effective_from,{field}\n1,1,2026-01-01,{value}\n2,1,2026-01-01,0.5\n"
    answer = drops.drop("boms.csv", body)
    assert (answer["entity"], answer["failed_records"]) == ("bom", 1)
    (error,) = drops.rejects(answer["job_id"])[0]["errors"]
    assert (error["code"], error["field"]) == ("bad_number", field)


@pytest.mark.parametrize(("code", "field", "value", "expected"), FAULTS)
def test_a_fault_is_named_with_field_value_and_what_would_be_right(
    drops: Yard, code: str, field: str, value: str, expected: str
) -> None:
    good = [line(sku_code=f"0{number}") for number in range(9)]
    body = "\n".join([HEADER, *good[:5], line(**{field: value}), *good[5:]]) + "\n"
    answer = drops.drop("items.csv", body)
    assert answer["status"] == "staged"
    assert (answer["total_records"], answer["failed_records"]) == (10, 1)
    assert len(drops.staged(answer)) == 9
    (reject,) = drops.rejects(answer["job_id"])
    assert (reject["record_no"], reject["validation_status"], reject["entity_type"]) == (6, "invalid", "sku")
    assert reject["raw_data"]["source_row"] == 7
    assert reject["raw_data"][field] == (value.strip() or None)
    (error,) = reject["errors"]
    assert (error["code"], error["field"]) == (code, field)
    assert error["raw_value"] == (value.strip() or None)
    assert expected in error["expected"]
    assert error["message"].endswith(".")
    assert value.strip()[:80] in error["message"]


def test_all_faults_of_a_record_are_told_at_once(drops: Yard) -> None:
    body = f"{HEADER}\n{line()}\n{line(type='x', unit_cost='y', base_uom='z')}\n"
    (reject,) = drops.rejects(drops.drop("items.csv", body)["job_id"])
    assert sorted((error["field"], error["code"]) for error in reject["errors"]) == [
        ("base_uom", "uom_unknown"), ("type", "bad_enum"), ("unit_cost", "bad_number")]  # fmt: skip
    assert reject["natural_key"] == "00100234"


def test_a_line_of_a_wrong_width_and_a_stray_mark_cost_one_record_each(drops: Yard) -> None:
    body = 'sku_code,description\n1,a\n2,b,c\n3\n"4,d\n5,e\n'
    answer = drops.drop("items.csv", body)
    assert [row["sku_code"] for row in drops.staged(answer)] == ["1", "5"]
    rejects = drops.rejects(answer["job_id"])
    assert [(one["record_no"], one["errors"][0]["code"]) for one in rejects] == [
        (2, "wrong_column_count"), (3, "wrong_column_count"), (4, "wrong_column_count")]  # fmt: skip
    assert rejects[0]["raw_data"]["line"] == "2,b,c"
    assert "quotation mark" in rejects[2]["errors"][0]["message"]


ALIASES: list[tuple[str, str, Any]] = [
    ("type", "FERT", "finished"), ("type", "Semi Finished", "semi_finished"), ("type", "semi-finished", "semi_finished"),
    ("base_uom", "Stk.", "H87"), ("base_uom", "KG", "KGM"), ("lot_controlled", "X", "true"), ("lot_controlled", "nein", "false"),
    ("currency", "eur", "EUR"), ("unit_cost", "€ 1.20", "1.20"), ("unit_cost", "0", "0"), ("gtin", "036000291452", "036000291452"),
    ("valid_from", "2026-01-31 00:00:00.000", "2026-01-31"), ("valid_from", "0001-01-01", None), ("reorder_point", "NULL", None),
    ("shelf_life_days", "540.0", "540"), ("description", "Jam, 5/8\" jar", "Jam, 5/8\" jar"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "kept"), ALIASES)
def test_spellings_of_right_values(drops: Yard, field: str, value: str, kept: str | None) -> None:
    quoted = '"' + value.replace('"', '""') + '"'
    answer = drops.drop("items.csv", f"{HEADER}\n{line()}\n{line(**{field: quoted})}\n")
    assert drops.rejects(answer["job_id"]) == []
    assert drops.staged(answer)[1][field] == kept


def test_another_systems_ids_are_not_read_as_ours(drops: Yard) -> None:
    body = "LIFNR;NAME1;LAND1;ORT01;STCD1\n0000100;Nordhandel;DE;Köln;12\n;Ohne;DE;Köln;13\n"
    answer = drops.drop("LFA1.csv", body, system="sap")
    assert drops.staged(answer)[0]["supplier_code"] == "0000100"
    assert drops.rejects(answer["job_id"])[0]["errors"][0]["field"] == "supplier_code"
