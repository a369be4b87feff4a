"""Money: Decimal, one currency at a time, parts that add up (A3, P-19, P-20, P-21)."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.money import Money, allocate, minor_units, rounded, total

CENTS = st.integers(-(10**12), 10**12)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


def test_p19_ten_cents_and_twenty_cents_are_thirty() -> None:
    assert total([Money(D("0.1"), "EUR"), Money(D("0.2"), "EUR")]) == Money(D("0.3"), "EUR")


def test_p19_a_float_amount_is_refused_by_every_operation() -> None:
    wrong: Any = 0.1
    for use in (
        lambda: total([Money(wrong, "EUR")]), lambda: allocate(wrong, [D(1)], "EUR"), lambda: rounded(wrong, "EUR")
    ):  # fmt: skip
        with pytest.raises((TypeError, AttributeError)):
            use()


def test_a3_p20_a_hundred_over_three_equal_parts() -> None:
    assert allocate(D("100.00"), [D(1)] * 3, "EUR") == [D("33.34"), D("33.33"), D("33.33")]


def test_a3_p20_the_second_worked_example() -> None:
    assert allocate(D("99.99"), [D(5), D(3), D(2)], "EUR") == [D("49.99"), D("30.00"), D("20.00")]


@settings(deadline=None)
@given(CENTS, WEIGHTS, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_p20_rounded_parts_sum_to_the_total_exactly(minor: int, weights: list[int], currency: str) -> None:
    unit = D(1).scaleb(-minor_units(currency))
    amount = minor * unit
    parts = allocate(amount, [D(one) for one in weights], currency)
    assert sum(parts) == amount
    share = [amount * one / sum(weights) for one in weights]
    assert all(abs(part - exact) <= unit for part, exact in zip(parts, share, strict=True))
    assert all(part == part.quantize(unit) for part in parts)


def test_p20_an_amount_finer_than_the_smallest_coin_cannot_be_split_without_loss() -> None:
    with pytest.raises(ValidationFailed) as caught:
        allocate(D("100.005"), [D(1), D(1)], "EUR")
    assert caught.value.field == "amount"


@pytest.mark.parametrize("weights", [[], [D(0)], [D(0), D(0)], [D(-1)], [D(3), D(-1)]])
def test_weights_that_cannot_split_anything_are_refused(weights: list[D]) -> None:
    with pytest.raises(ValidationFailed) as caught:
        allocate(D(10), weights, "EUR")
    assert caught.value.field == "weights"


def test_p21_two_currencies_are_never_added() -> None:
    with pytest.raises(ValidationFailed) as caught:
        total([Money(D(1), "USD"), Money(D(1), "EUR")])
    assert caught.value.code == "currency_mismatch"
    assert (caught.value.value, caught.value.expected) == ("EUR", "USD")


def test_p21_not_even_when_one_of_the_amounts_is_nothing() -> None:
    with pytest.raises(ValidationFailed):
        total([Money(D(0), "USD"), Money(D(5), "EUR")])


def test_the_sum_of_no_amounts_is_unknown_and_not_zero() -> None:
    assert total([]) is None


@pytest.mark.parametrize(
    ("amount", "currency", "printed"),
    [("2.345", "EUR", "2.35"), ("-2.345", "EUR", "-2.35"), ("2.5", "JPY", "3"), ("1.2345", "KWD", "1.235"),
     ("1e3", "USD", "1000.00"), ("0.004", "USD", "0.00")],
)  # fmt: skip
def test_p21_rounding_is_half_up_to_the_currencys_own_coin(amount: str, currency: str, printed: str) -> None:
    assert str(rounded(D(amount), currency)) == printed
