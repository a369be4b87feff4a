"""Figures as people read them: thousands separators, units, currencies, percentages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from opscopilot.kernel import uom


def number(value: Any, places: int | None = None) -> str:
    """1,234.5 for '1234.500000'; with `places` exactly that many decimals. 'unknown' for nothing."""
    if value is None:
        return "unknown"
    exact = Decimal(str(value))
    if places is None:
        exact = exact.normalize()
        exponent = exact.as_tuple().exponent
        places = min(6, -exponent) if isinstance(exponent, int) and exponent < 0 else 0
    return f"{exact:,.{places}f}"


def about(value: Any) -> str:
    """An estimate, without the decimals it does not deserve: none from 10 on, one below."""
    exact = Decimal(str(value))
    return number(exact, 0 if abs(exact) >= 10 or exact == 0 else 1)


def measure(value: Any, unit: str | None) -> str:
    """A quantity with its unit; 'an unknown quantity' for nothing."""
    if value is None:
        return "an unknown quantity"
    return f"{number(value)} {uom.label(unit)}" if unit else number(value)


def percent(ratio: Any, places: int = 1) -> str:
    """A ratio of 0 to 1 as a percentage."""
    return f"{Decimal(str(ratio)) * 100:,.{places}f} %"


def quantities(rows: Iterable[Mapping[str, Any]], key: str) -> str:
    """Quantities per unit, side by side: units are never added to each other (P-17)."""
    return " and ".join(measure(one[key], one["uom"]) for one in rows) or "nothing"


def amounts(rows: Iterable[Mapping[str, Any]]) -> str:
    """Amounts per currency, side by side: currencies are never added to each other (P-21)."""
    return " and ".join(f"{number(one['amount'], 2)} {one['currency']}" for one in rows) or "an unknown amount"


def capped(total: int, shown: int, what: str = "items") -> list[str]:
    """A line that says that the list goes on; nothing when it is whole."""
    return [f"Of {number(total)} {what} only the first are listed."] if total > shown else []
