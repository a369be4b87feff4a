"""One comparison of the demo: what is true, and what the product said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Check:
    """One comparison: what was expected, what the product said."""

    name: str
    expected: str
    found: str
    ok: bool

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def same(name: str, expected: Any, found: Any) -> Check:
    """Equal as numbers where both are numbers, else as text."""
    try:
        ok = Decimal(str(expected)) == Decimal(str(found))
    except ArithmeticError:
        ok = str(expected) == str(found)
    return Check(name, str(expected), str(found), ok)


def holds(name: str, expected: str, found: Any, ok: bool) -> Check:
    """A condition that is not a plain equality."""
    return Check(name, expected, str(found), ok)
