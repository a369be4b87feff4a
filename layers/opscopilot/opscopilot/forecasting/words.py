"""Quantities and money as people read them in a sentence. Figures in fields keep their full precision."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from opscopilot.kernel import uom as units
from opscopilot.kernel.money import minor_units, rounded


def plain(quantity: Decimal) -> str:
    """The exact quantity without trailing zeros, for data."""
    return f"{quantity.normalize():f}"


def amount(quantity: Decimal, uom: str) -> str:
    """'1,240 ea', '12.5 kg': whole from 100 on and for counted units, else at most two decimals."""
    whole = abs(quantity) >= 100 or (uom in units.DISCRETE and abs(quantity) >= 10)
    shown = quantity.quantize(Decimal(1) if whole else Decimal("0.01"), ROUND_HALF_UP)
    text = f"{shown:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {units.label(uom)}"


def money(value: Decimal, currency: str) -> str:
    """'4,210.50 EUR'."""
    return f"{rounded(value, currency):,.{minor_units(currency)}f} {currency}"


def days(value: Decimal | float) -> str:
    """'1 day', '12 days', '4.5 days'."""
    shown = Decimal(str(round(float(value), 1))).normalize()
    text = f"{shown:f}"
    return f"{text} day" if text == "1" else f"{text} days"


def percent(share: float) -> str:
    """'85 %'; never rounds an uncertainty away: 0.997 is 'over 99 %'."""
    if 0.99 < share < 1:
        return "over 99 %"
    if 0 < share < 0.01:
        return "under 1 %"
    return f"{share * 100:.0f} %"
