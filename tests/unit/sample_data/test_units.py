"""Numbers as the three systems write them, and check digits."""

from __future__ import annotations

import pytest

from sample_data.units import check_digit, european, fixed, gtin13, gtin14, sap, whole


def test_check_digit_of_known_codes() -> None:
    assert check_digit("629104150021") == "3"
    assert check_digit("1629104150021") == "0"


def test_a_case_has_its_own_check_digit() -> None:
    assert (gtin13(100001), gtin14(100001)) == ("9520001000010", "19520001000017")


@pytest.mark.parametrize(("milli", "text"), [(0, "0.000"), (12_500, "12.500"), (-350_000, "350.000-"), (-1, "0.001-")])
def test_sap_puts_the_minus_behind(milli: int, text: str) -> None:
    assert sap(milli) == text


@pytest.mark.parametrize(
    ("value", "text"), [(12_345_670_000, "1.234.567,00"), (5_000, "0,50"), (-12_345_600, "-1.234,56")]
)
def test_european_numbers(value: int, text: str) -> None:
    assert european(value, 4, 2) == text


def test_fixed_keeps_leading_zero() -> None:
    assert fixed(5, 3, 2) == "0.00"
    assert fixed(-1500, 3, 1) == "-1.5"


def test_pieces_are_counted_and_kilograms_weighed() -> None:
    assert whole(1499.0, "EA") == 1000
    assert whole(1449.0, "KGM") == 1400
