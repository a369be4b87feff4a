"""GS1 keys against the worked values of formula A1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.gs1 import GTIN_LENGTHS, case_gtin, check_digit, valid_gtin, valid_key

DIGITS = st.text("0123456789", min_size=7, max_size=17)


@pytest.mark.parametrize(
    ("body", "digit"), [("629104150021", 3), ("890400021003", 7), ("03600024145", 7), ("952006700001", 6)]
)
def test_a1_check_digits_of_the_worked_examples(body: str, digit: int) -> None:
    assert check_digit(body) == digit


def test_a1_an_sscc_of_extension_prefix_and_serial() -> None:
    body = "0" + "9520067" + "000000123"
    assert body + str(check_digit(body)) == "095200670000001235"
    assert valid_key("095200670000001235", frozenset({18}))


def test_p23_a_case_gtin_has_a_check_digit_of_its_own() -> None:
    assert case_gtin("6291041500213", 1) == "16291041500210"
    assert not valid_gtin("1" + "6291041500213")


@pytest.mark.parametrize("gtin", ["6291041500213", "16291041500210", "036000241457", "96385074"])
def test_right_gtins_of_all_four_lengths(gtin: str) -> None:
    assert valid_gtin(gtin)


@pytest.mark.parametrize(
    "gtin",
    ["6291041500214", "629104150021", "0000000000000", "00000000", "62910415002AB", "６２９１０４１５００２１３",
     "", " ", "6.29104E+12", "6291041500213 ", "629104150021３"],
)  # fmt: skip
def test_p23_what_is_no_gtin_is_refused(gtin: str) -> None:
    assert not valid_gtin(gtin)


def test_p22_leading_zeros_of_a_key_are_part_of_it() -> None:
    assert valid_gtin("036000241457")
    assert not valid_gtin("36000241457")


@settings(deadline=None)
@given(DIGITS)
def test_a1_one_wrong_digit_is_always_noticed(body: str) -> None:
    key = body + str(check_digit(body))
    lengths = frozenset({len(key)})
    for position in range(len(key)):
        wrong = key[:position] + str((int(key[position]) + 1) % 10) + key[position + 1 :]
        assert not valid_key(wrong, lengths)


def test_the_four_gtin_lengths() -> None:
    assert frozenset({8, 12, 13, 14}) == GTIN_LENGTHS
