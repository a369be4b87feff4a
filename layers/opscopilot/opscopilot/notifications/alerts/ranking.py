"""What an hour of waiting costs: by this alerts of one severity are ranked. The same in Python and in SQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_HOUR = Decimal(3600)
_CENT = Decimal("0.01")

SQL = """round(coalesce(a.amount_per_hour, CASE WHEN a.deadline IS NOT NULL THEN a.amount / greatest(
    extract(epoch FROM a.deadline - CAST(:now AS timestamptz)) / 3600, 1) END), 2)"""
"""The same of a row `a` of notification.alerts at `:now`. (`greatest` passes over nulls, so a missing deadline is asked
for first.)"""


def per_hour(
    amount: Decimal | None, amount_per_hour: Decimal | None, deadline: datetime | None, now: datetime
) -> Decimal | None:
    """Money per hour, to the cent: what it is known to cost, or the amount at stake over the hours that are left until
    the deadline (at least one, also when it is past). None where no money or no deadline is known."""
    if amount_per_hour is not None:
        return amount_per_hour.quantize(_CENT, ROUND_HALF_UP)
    if amount is None or deadline is None:
        return None
    left = (deadline - now) // timedelta(microseconds=1)
    hours = max(Decimal(left) / 1_000_000 / _HOUR, Decimal(1))
    return (amount / hours).quantize(_CENT, ROUND_HALF_UP)
