"""How a file writes numbers and dates: decided by all values, never row by row."""

from __future__ import annotations

import pytest

from opscopilot.catalogue.formats import Shape, date_layouts, number_formats, reading


@pytest.mark.parametrize(
    ("value", "says"),
    [("12", ""), ("12.5", "."), ("12,5", ","), ("1,234.56", "."), ("1.234,56", ","), ("1.234", ".?"), ("1,234", ",?"),
     ("0.999", "."), ("0,999", ","), ("1.234.567", ","), ("1,234,567", "."), ("46554.000", "."), (".5", "."),
     ("€ 1.290,79", ","), ("1'234.50", "."), ("1 234,50", ","), ("12..5", ""), ("1,2,3", "")],
)  # fmt: skip
def test_what_one_number_says(value: str, says: str) -> None:
    assert reading(value) == says


def decimals(delimiter: str = ";", *, dots: bool = False, **columns: list[str]) -> dict[str, str]:
    """The decimal sign found per column; assumed ones have a ? behind."""
    given = {name: [Shape(value, 1, value) for value in values] for name, values in columns.items()}
    found = number_formats(given, delimiter, day_first_dots=dots)
    return {name: one.decimal + ("?" if one.assumed else "") for name, one in found.items()}


def test_one_unmistakable_value_decides_for_its_column() -> None:
    assert decimals(qty=["1.234", "500", "12,5"]) == {"qty": ","}
    assert decimals(qty=["287.000", "96.000", "5300.000"]) == {"qty": "."}


def test_another_column_of_the_file_decides_where_a_column_cannot() -> None:
    assert decimals(qty=["1.234", "12"], price=["12,50", "3,99"]) == {"qty": ",", "price": ","}


def test_a_column_goes_with_its_own_values_against_the_rest_of_the_file() -> None:
    assert decimals(qty=["1.5", "2.25"], price=["1,50", "2,99", "3,10"]) == {"qty": ".", "price": ","}


@pytest.mark.parametrize(
    ("values", "delimiter", "dots", "taken"),
    [(["1.234", "12"], ";", True, ",?"), (["1.234", "12"], ",", False, ".?"), (["1.234", "5.000"], ";", True, ".?"),
     (["1,234", "12"], ",", False, ".?"), (["1,234", "5,000"], ";", False, ",?"), (["1,234", "12"], ";", False, ",?")],
)  # fmt: skip
def test_where_nothing_decides_the_files_manner_does_and_it_is_said(
    values: list[str], delimiter: str, dots: bool, taken: str
) -> None:
    assert decimals(delimiter, dots=dots, qty=values) == {"qty": taken}


def test_whole_numbers_need_no_decision() -> None:
    assert decimals(qty=["1", "22", "-3"]) == {"qty": "."}


def layouts(order: str | None = None, **columns: list[str]) -> dict[str, str]:
    """Layout or problem per column."""
    given = {name: [(day, 1) for day in days] for name, days in columns.items()}
    found = date_layouts(given, order)  # type: ignore[arg-type]
    return {name: one.problem or one.layout.name for name, one in found.items()}


@pytest.mark.parametrize(
    ("days", "layout"),
    [(["2026-09-30", "2026-01-02"], "iso"), (["20260930"], "compact"), (["30.09.2026", "01.02.2026"], "dmy_dot"),
     (["01.02.2026"], "dmy_dot"), (["2026/09/30"], "ymd_slash"), (["30/09/2026"], "dmy_slash"),
     (["09/30/2026"], "mdy_slash"), (["30-04-2011"], "dmy_dash"), (["04-30-2011", "04-01-2011"], "mdy_dash"),
     (["05/05/2026"], "dmy_slash"), ([], "iso"), (["soon"], "iso")],
)  # fmt: skip
def test_layout_of_a_column(days: list[str], layout: str) -> None:
    assert layouts(day=days) == {"day": layout}


def test_p84_days_that_could_be_months_are_ambiguous() -> None:
    assert layouts(day=["04/05/2026", "11/12/2026"]) == {"day": "ambiguous"}
    found = date_layouts({"day": [("04/05/2026", 9), ("07/07/2026", 1)]})["day"]
    assert found.samples == ("04/05/2026",)


def test_p84_both_orders_in_one_column_are_refused_whatever_the_sign() -> None:
    assert layouts(day=["30-04-2011", "04/30/2011"]) == {"day": "mixed"}
    assert layouts(day=["16/08/2026", "08/27/2026"]) == {"day": "mixed"}


def test_another_column_of_the_file_settles_day_and_month() -> None:
    assert layouts(ordered=["04/05/2026"], due=["30/05/2026"]) == {"ordered": "dmy_slash", "due": "dmy_slash"}
    assert layouts(ordered=["04/05/2026"], due=["05/30/2026"]) == {"ordered": "mdy_slash", "due": "mdy_slash"}
    contradicting = layouts(ordered=["04/05/2026"], due=["05/30/2026"], sent=["30/05/2026"])
    assert contradicting["ordered"] == "ambiguous"


def test_a_person_settles_day_and_month() -> None:
    assert layouts("mdy", day=["04/05/2026"]) == {"day": "mdy_slash"}


def test_a_few_days_written_otherwise_do_not_change_the_columns_layout() -> None:
    assert layouts(day=["2026-01-01"] * 9 + ["31.12.2025"]) == {"day": "iso"}
    assert layouts(day=["2026-01-01", "31.12.2025"]) == {"day": "mixed"}
