"""GS1 keys: check digits of GTIN, GLN and SSCC (FORMULAS A1). Keys are text; leading zeros matter."""

from __future__ import annotations

GTIN_LENGTHS = frozenset({8, 12, 13, 14})


def check_digit(body: str) -> int:
    """The modulo-10 check digit for `body` (without it): weights 3, 1, 3, 1 … from the right."""
    weighted = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(body)))
    return (10 - weighted % 10) % 10


def valid_key(key: str, lengths: frozenset[int]) -> bool:
    """Whether `key` has a legal length, digits only, is not all zeros and ends in its check digit."""
    return (
        len(key) in lengths
        and key.isascii()
        and key.isdigit()
        and key.strip("0") != ""
        and check_digit(key[:-1]) == int(key[-1])
    )


def valid_gtin(gtin: str) -> bool:
    """GTIN-8, -12, -13 or -14 with a right check digit (P-23)."""
    return valid_key(gtin, GTIN_LENGTHS)


def case_gtin(item_gtin: str, indicator: int) -> str:
    """The GTIN-14 of a case: indicator, the item's 12 digits, and a *new* check digit."""
    body = f"{indicator}{item_gtin.zfill(14)[1:13]}"
    return body + str(check_digit(body))
