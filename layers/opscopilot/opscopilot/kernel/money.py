"""Money: Decimal amounts that always stand beside their currency. No float is ever accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from opscopilot.kernel.errors import ValidationFailed

_MINOR = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3, "JOD": 3}


class Money(NamedTuple):
    """An amount in one currency."""

    amount: Decimal
    currency: str


def minor_units(currency: str) -> int:
    """Decimals of the currency's smallest coin: 2 for most, 0 for JPY, 3 for KWD (ISO 4217)."""
    return _MINOR.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the currency's minor unit, half up; only for document totals and for print."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)


def total(amounts: Iterable[Money]) -> Money | None:
    """The sum of amounts of one currency, None for no amounts; two currencies are never added (P-21)."""
    result: Money | None = None
    for one in amounts:
        if result is not None and result.currency != one.currency:
            raise ValidationFailed(
                f"Amounts in {result.currency} and {one.currency} cannot be added without a dated rate.",
                code="currency_mismatch", field="currency", value=one.currency, expected=result.currency,
            )  # fmt: skip
        result = Money((result.amount if result else Decimal(0)) + one.amount, one.currency)
    return result


def allocate(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split `amount` by weights so that the parts add up exactly: largest remainder, ties first (A3, P-20)."""
    unit = Decimal(1).scaleb(-minor_units(currency))
    whole = sum(weights, Decimal(0))
    if whole <= 0 or min(weights) < 0:
        raise ValidationFailed(
            "An amount is split by weights of zero or more that add up to more than zero.",
            field="weights", value=[str(one) for one in weights], expected="for example 5, 3, 2",
        )  # fmt: skip
    if amount != amount.quantize(unit):
        raise ValidationFailed(
            f"{amount} {currency} is finer than the smallest coin, so no rounded parts can add up to it.",
            field="amount", value=amount, expected=f"a whole number of {unit} {currency}; round the total first",
        )  # fmt: skip
    exact = [amount * weight / whole for weight in weights]
    parts = [share.quantize(unit, ROUND_FLOOR) for share in exact]
    missing = int((amount - sum(parts, Decimal(0))) / unit)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[:missing]:
        parts[index] += unit
    return parts
