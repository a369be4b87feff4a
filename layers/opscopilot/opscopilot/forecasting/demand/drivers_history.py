"""Which buckets of the demand history were on promotion."""

from __future__ import annotations

from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

_LENGTH = {"daily": "1 day", "weekly": "7 days", "monthly": "1 month", "quarterly": "3 months"}

# A promotion of one location marks that location's history and the item's as a whole.
_MARK = """
UPDATE forecast.{table} h SET was_promo = NOT h.was_promo, updated_at = now()
WHERE h.period = :period AND h.was_promo <> EXISTS (
    SELECT 1 FROM manufacturing.promotions p WHERE p.tenant_id = h.tenant_id AND p.sku_id = h.sku_id
      AND p.status <> 'cancelled' AND p.starts_on < h.bucket_start + CAST(:length AS interval)
      AND p.ends_on >= h.bucket_start {place})
"""
_TABLES = {
    "demand_history": "",
    "demand_history_locations": "AND (p.location_id IS NULL OR p.location_id = h.location_id)",
}


def mark_promotions(tx: Tx, period: Period) -> int:
    """Bring `was_promo` of the demand history in line with the promotions on record; the rows that changed."""
    return sum(
        tx.execute(_MARK.format(table=table, place=place), period=period.name, length=_LENGTH[period.name])
        for table, place in _TABLES.items()
    )
