"""Numbers as files write them: the column decides how they are read, one cell never does."""

from __future__ import annotations

import pytest

from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.types import Type
from tests.unit.catalogue.columns import column

QTY, PRICE, MONEY = (
    Field("qty", Type.QTY, signed=True),
    Field("price", Type.PRICE, signed=True),
    Field("sum", Type.MONEY, signed=True),
)
RATIO, INT = Field("ratio", Type.RATIO), Field("lead_time_days", Type.INT, maximum="3650")
POINT, COMMA = "0.5", "0,5"
"""A value that makes its column unmistakable."""


def one(field: Field, cell: str, beside: str = POINT) -> str | None:
    """What becomes of a cell in a column whose other value is `beside`."""
    return column(field, [cell, beside]).read[0]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("12", "12"), ("12.5", "12.5"), ("-3", "-3"), ("+7", "7"), (".5", "0.5"), ("5.", "5"), ("007", "007"),
     ("1,234.56", "1234.56"), ("1,234,567", "1234567"), ("1,23,456.78", "123456.78"), ("12,34,567", "1234567"),
     ("1 234.5", "1234.5"), ("1\u00a0234.5", "1234.5"), ("1\u2009234.5", "1234.5"), ("1\u202f234.5", "1234.5"),
     ("1'234.50", "1234.50"), ("1’234.50", "1234.50"), ("12.50-", "-12.50"), ("350.000-", "-350.000"),
     ("(1,200)", "-1200"), ("(12.5)", "-12.5"), ("−4", "-4"), ("–4", "-4"), ("4−", "-4"), ("- 4", "-4"),
     ("1.5E+03", "1500.000000000000000"), ("2e3", "2000.000000000000000"), ("１２３．５", "123.5"), ("１，２３４．５", "1234.5"),
     ("١٢٫٥", "12.5"), ("۱۲", "12"), ("१२", "12"), ("  12.5 ", "12.5"), ("12.5\u00a0", "12.5")],
)  # fmt: skip
def test_quantities_where_the_column_has_a_point(cell: str, plain: str) -> None:
    assert one(QTY, cell) == plain


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("12,5", "12.5"), ("1.234,56", "1234.56"), ("1.234.567", "1234567"), ("2.900,0", "2900.0"), ("1 234,56", "1234.56"),
     ("1\u202f234,56", "1234.56"), ("1'234,5", "1234.5"), ("12,50-", "-12.50"), ("(1.200,5)", "-1200.5"), (",5", "0.5"),
     ("5,", "5"), ("−4,5", "-4.5"), ("1,5E+03", "1500.000000000000000"), ("１２，５", "12.5")],
)  # fmt: skip
def test_quantities_where_the_column_has_a_comma(cell: str, plain: str) -> None:
    assert one(QTY, cell, COMMA) == plain


@pytest.mark.parametrize(
    "cell",
    ["12..5", "1O0", "--", "0x1F", "infinity", "ca. 12", "1,2,3", "12 x 5", "€ 5", "1e400", "5-3", "(5", "-(5)-", "--5",
     "1234567890123", "12,3456,789", "1 23", "1,23,45", "$", "5 EUR", "twelve", "1/2", "½", "12.5.", "1.2.3", "#REF!",
     "#VALUE!", "1:30", "5%", "12 QQQ", "12 pcs of", "+", "."],
)  # fmt: skip
def test_what_is_not_one_number_is_refused(cell: str) -> None:
    assert one(QTY, cell) == "bad_number?"


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("$1,234.50", "1234.50"), ("$ 1,234.50", "1234.50"), ("1,234.50 $", "1234.50"), ("US$ 5", "5"), ("USD 5.00", "5.00"),
     ("5.00 USD", "5.00"), ("€5", "5"), ("5 €", "5"), ("£5.10", "5.10"), ("¥500", "500"), ("￥500", "500"), ("R$ 5.50", "5.50"),
     ("Rs 5", "5"), ("Rs. 1,23,456.00", "123456.00"), ("₹1,23,456.78", "123456.78"), ("INR 5", "5"), ("CHF 1'234.50", "1234.50"),
     ("Fr. 12.50", "12.50"), ("12.50 kr", "12.50"), ("kr 12.50", "12.50"), ("kr. 12.50", "12.50"), ("12.50 zł", "12.50"),
     ("12.50 Kč", "12.50"), ("C$5", "5"), ("A$ 5", "5"), ("NZ$5", "5"), ("HK$5", "5"), ("NT$5", "5"), ("S$5", "5"), ("RM5", "5"),
     ("Rp 5", "5"), ("₩500", "500"), ("₺5", "5"), ("₽5", "5"), ("₪5", "5"), ("฿5", "5"), ("₫500", "500"), ("₱5", "5"),
     ("ZAR 5", "5"), ("MXN 5", "5"), ("-$5.00", "-5.00"), ("$-5.00", "-5.00"), ("$5.00-", "-5.00"), ("($5.00)", "-5.00"),
     ("$(5.00)", "-5.00"), ("(5.00) €", "-5.00"), ("12.-", "12"), ("CHF 12.-", "12"), ("5.00 CR", "-5.00"), ("5.00 Cr", "-5.00"),
     ("5.00 DR", "5.00"), ("5.00 Dr.", "5.00"), ("$ -", "0"), ("- €", "0"), ("eur 5", "5")],
)  # fmt: skip
def test_prices_with_every_currency_before_and_behind(cell: str, plain: str) -> None:
    assert one(PRICE, cell) == plain


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("€ 1.290,79", "1290.79"), ("kr. 12,50", "12.50"), ("1 234,50 kr", "1234.50"), ("12,-", "12"), ("kr 12,-", "12"),
     ("12,-- €", "12"), ("(€ 5,10)", "-5.10"), ("R$ 1.234,56", "1234.56"), ("CHF 1'234,50", "1234.50"), ("€ ?", "bad_number?"),
     ("5 pcs", "bad_number?")],
)  # fmt: skip
def test_prices_with_a_comma(cell: str, plain: str) -> None:
    assert one(PRICE, cell, COMMA) == plain


@pytest.mark.parametrize(
    "cell", ["n/a", "N/A", "#N/A", "NULL", "none", "None", "nil", "-", "–", "?", "tbd", "NaN", "unknown", "k.A.", ""]
)
def test_words_for_nothing_are_empty_cells_and_never_zero(cell: str) -> None:
    assert one(PRICE, cell) is None
    assert one(QTY, cell) is None
    assert one(Field("qty", Type.QTY, required=True), cell) == "required_missing?"


def test_a_dash_is_zero_only_among_amounts_where_accountants_write_it_so() -> None:
    assert one(MONEY, "-") == "0"
    assert one(MONEY, "n/a") is None


@pytest.mark.parametrize(
    ("cell", "read"), [("", None), ("-", None), ("none", None), ("n/a", "bad_number?"), ("?", "bad_number?")]
)
def test_a_field_whose_empty_cells_mean_zero_does_not_take_unknown_for_it(cell: str, read: str | None) -> None:
    assert one(Field("reserved", Type.QTY, default="0"), cell) == read


@pytest.mark.parametrize(
    ("cell", "ratio"),
    [("0.05", "0.05"), ("5%", "0.0500000000"), ("5 %", "0.0500000000"), ("5％", "0.0500000000"), ("5 pct", "0.0500000000"),
     ("100%", "1.0000000000"), ("1", "1"), ("5", "bad_number?"), ("150%", "bad_number?"), ("-5%", "negative_not_allowed?")],
)  # fmt: skip
def test_ratios_and_percentages(cell: str, ratio: str) -> None:
    assert one(RATIO, cell) == ratio


@pytest.mark.parametrize(
    ("cell", "whole"),
    [("14", "14"), ("14.0", "14"), ("1,000", "1000"), ("14 days", "14"), ("14 Tage", "14"), ("14 jours", "14"), ("14d", "14"),
     ("10.5", "bad_number?"), ("2147483648", "bad_number?"), ("2 weeks", "bad_number?"), ("-3", "negative_not_allowed?"),
     ("3651", "out_of_range?"), ("n/a", None)],
)  # fmt: skip
def test_whole_numbers(cell: str, whole: str) -> None:
    assert column(INT, [cell, "7"], delimiter=",").read[0] == whole


def test_a_column_of_both_signs_is_nobodys_to_read() -> None:
    found = column(QTY, ["1.5", "2.5", "1,5", "2,5"])
    assert (found.check.number.problem, found.check.refused) == ("mixed", True)
    assert set(found.check.number.samples) == {"1.5", "1,5"}


def test_where_one_sign_is_the_rule_the_others_are_refused_one_by_one_and_so_is_what_could_be_either() -> None:
    found = column(QTY, ["1.5", "2.25", "3.75", "0.125", "1,5", "1,234", "1.234", "1234", "12,345.5"])
    assert found.read == [
        "1.5",
        "2.25",
        "3.75",
        "0.125",
        "bad_number?",
        "bad_number?",
        "bad_number?",
        "1234",
        "12345.5",
    ]


def test_bounds_and_zero_are_judged_as_the_column_keeps_them() -> None:
    assert one(Field("factor", Type.QTY, positive=True), "0.0000001") == "not_positive?"
    assert one(Field("scrap", Type.RATIO, below="1"), "100%") == "out_of_range?"
    assert one(Field("scrap", Type.RATIO, below="1"), "99.9%") == "0.9990000000"
    assert one(Field("celsius", Type.QTY, signed=True, minimum="-273.15"), "-300") == "out_of_range?"
    assert one(Field("celsius", Type.QTY, signed=True, minimum="-273.15"), "-18") == "-18"
